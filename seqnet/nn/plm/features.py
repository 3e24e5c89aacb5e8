"""Padded tokens → hidden states of a language model, which is loaded at first use, or from the cache."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.configs.encoders import EncoderConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import SettingError
from seqnet.core.printable import printable
from seqnet.core.ragged import Ragged
from seqnet.nn.plm.cache import EmbeddingCache, cache_folder
from seqnet.nn.plm.model import LanguageModel, load_model
from seqnet.nn.plm.model_files import Notify, find_again
from seqnet.nn.plm.vocabulary import check_protein_alphabet

__all__ = ["FrozenFeatures"]


# Maximum number of sequences that are embedded without a progress message.
_FEW = 100


class FrozenFeatures:
    """Hidden states of a language model. Not an `nn.Module`, so that it is in no model file and no optimiser.

    Args:
        alphabet: alphabet of the sequences.
        config: settled settings (see `settled`).

    Raises:
        SettingError: the sequences are not proteins, or the settings are not settled.
    """

    def __init__(self, alphabet: Alphabet, config: EncoderConfig) -> None:
        check_protein_alphabet(alphabet)
        if not config.sha256:
            raise SettingError("encoder.sha256", config.sha256, "the SHA-256 of the weights of encoder.model")
        self._alphabet, self._config = alphabet, config
        self._folder = cache_folder(config.cache)
        self._model: LanguageModel | None = None
        self._named: tuple[str, ...] = ()
        self._caches: dict[tuple[torch.device, int], EmbeddingCache] = {}

    def allow(self, named: Sequence[str]) -> None:
        """Stores the folders or hub names that the user has given; the model is loaded only from one of these."""
        self._named = tuple(named) or self._named

    def prepare(self, notify: Notify, named: Sequence[str] = ()) -> LanguageModel:
        """Finds and loads the model if this has not been done yet, and returns it.

        Args:
            notify: called with a message about downloads.
            named: see `allow`.

        Raises:
            SeqnetError: the model is missing, is damaged, or is another one.
        """
        self.allow(named)
        if self._model is None:
            found = find_again(self._config, self._named, notify)
            if found.channels != self._config.dimension:
                raise SettingError(
                    "encoder.dimension", self._config.dimension, f"{found.channels}, the width of the language model"
                )
            self._model = load_model(found, self._alphabet.name)
        return self._model

    def __call__(self, tokens: Tensor) -> Tensor:
        """Returns the features (B, C, L) float32 of tokens (B, L) uint8, padded with 0; padding has zeros."""
        model, device = self.prepare(_notify), tokens.device
        cache = self._cache(device)
        features = torch.zeros((*tokens.shape, self._config.dimension), device=device)  # (B, L, C)
        for row, sequence in enumerate(tokens.cpu().numpy()):
            residues = sequence[: np.count_nonzero(sequence)]
            if not len(residues):
                continue
            kept = cache.get(residues) if cache else None
            states = model.embed(residues, device) if kept is None else torch.from_numpy(kept)
            features[row, : len(residues)] = states.to(device)
        return features.transpose(1, 2)  # (B, C, L)

    def embed_ahead(self, tokens: Ragged, indices: NDArray[np.int64], device: torch.device, notify: Notify) -> None:
        """Computes the missing embeddings of M sequences and stores them in the cache; does nothing without a cache.

        Args:
            tokens: N token sequences.
            indices: (M,) int64, indices of the sequences.
            device: device for the computation.
            notify: called with the number of sequences, their size on disk and, for many, the progress in tenths.

        Raises:
            OutputError: there is too little disk space.
        """
        model, cache = self.prepare(notify), self._cache(device)
        if cache is None:
            notify("encoder.cache is none: the language model runs in every epoch")
            return
        wanted = [np.frombuffer(tokens[int(index)], dtype=np.uint8) for index in indices]
        absent = [sequence for sequence in wanted if sequence not in cache]
        size = sum(cache.size(len(sequence)) for sequence in absent)
        notify(
            f"embeddings in {cache.place}: {len(wanted) - len(absent):,} are stored, {len(absent):,} are computed and "
            f"take {size / 1e9:,.2f} GB"
        )
        cache.check_space(size)
        step = max(-(-len(absent) // 10), _FEW)
        for done, sequence in enumerate(absent, 1):
            if sequence not in cache:
                cache.put(sequence, model.embed(sequence, device).cpu().numpy())
            if done % step == 0:
                notify(f"embedded {done:,} of {len(absent):,} sequences")

    def _cache(self, device: torch.device) -> EmbeddingCache | None:
        if self._folder is None:
            return None
        key = (device, torch.get_num_threads())
        if key not in self._caches:
            environment = self.prepare(_notify).environment(device)
            self._caches[key] = EmbeddingCache(self._folder, environment, self._config.dimension)
        return self._caches[key]


def _notify(text: str) -> None:
    """Reports a message if `prepare` was not called."""
    print(printable(f"seqnet: {text}"), file=sys.stderr)
