"""A frozen protein language model: tokens → hidden states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import InputError
from seqnet.nn.batching import window_parts
from seqnet.nn.plm.model_files import FoundModel
from seqnet.nn.plm.vocabulary import translation

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["LanguageModel", "load_model"]

# Weights on which the hidden states do not depend; they may be missing.
_UNUSED = ("contact_head.", "pooler.", "lm_head.")


class LanguageModel:
    """An ESM model in evaluation mode. Not an `nn.Module`, so that it is in no state and no optimiser.

    Args:
        network: the model of transformers, float32.
        found: files and identity of the model.
        table: (T,) int64, the model's token for each token of seqnet.
        start: the model's token before a sequence.
        end: the model's token after a sequence.
    """

    def __init__(
        self, network: torch.nn.Module, found: FoundModel, table: NDArray[np.int64], start: int, end: int
    ) -> None:
        self._network = network.eval().requires_grad_(False)
        self._found, self._table = found, table
        self._start, self._end = start, end

    def embed(self, tokens: NDArray[np.uint8], device: torch.device) -> Tensor:
        """Returns the last hidden states (L, C) float32 of one sequence, without those of the special tokens.

        A sequence that is longer than the model's limit is divided into windows that overlap by half. Each residue has
        the state from the window in which it is further from a cut.

        Args:
            tokens: (L,) uint8 of the protein alphabet, L at least 1.
            device: device for the computation.
        """
        self._network.to(device)
        _, starts, lengths = window_parts(np.array([len(tokens)]), self._found.limit)
        ends = starts + lengths
        # Two windows meet in the middle of their overlap.
        cuts = [0, *((starts[1:] + ends[:-1]) // 2).tolist(), len(tokens)]
        parts = [
            self._states(tokens[start:end], device)[low - start : high - start]
            for start, end, low, high in zip(starts, ends, cuts[:-1], cuts[1:], strict=True)
        ]
        return torch.cat(parts)

    def environment(self, device: torch.device) -> dict[str, Any]:
        """Returns everything that can change a bit of a hidden state, as JSON values."""
        import transformers

        if device.type == "cpu":
            machine = f"cpu {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
        else:
            machine = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        return {
            "weights": self._found.sha256,
            "limit": self._found.limit,
            "tokens": [self._start, *self._table.tolist(), self._end],
            "machine": machine,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    @torch.no_grad()
    def _states(self, tokens: NDArray[np.uint8], device: torch.device) -> Tensor:
        # One at a time, so that the states of a sequence never depend on other sequences, not even in the last bit.
        ids = torch.from_numpy(np.concatenate([[self._start], self._table[tokens], [self._end]]))[None].to(device)
        with torch.autocast(device.type, enabled=False):
            states: Tensor = self._network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return states[0, 1:-1]  # (L, C)


@lru_cache(maxsize=1)
def load_model(found: FoundModel, alphabet_name: str) -> LanguageModel:
    """Returns the language model; the last one is cached, for the other members of an ensemble.

    Args:
        found: files and identity of the model.
        alphabet_name: alphabet of the sequences.

    Raises:
        InputError: files are damaged, or do not match each other.
    """
    from transformers import AutoTokenizer, EsmModel

    from seqnet.core.alphabets import alphabet

    place, remedy = str(found.folder), "fetch or save the model again"
    with _quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
            network, about = EsmModel.from_pretrained(
                place,
                add_pooling_layer=False,
                local_files_only=True,
                use_safetensors=True,
                # Mismatches are checked below. Heads that are not used may have any shape.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        except Exception as error:  # transformers raises many types of errors for damaged files
            problem = f"the language model can't be read ({' '.join(str(error).split())[:200]})"
            raise InputError(problem, remedy, path=place) from error
    # A mismatch is a name, or a tuple of a name and two shapes.
    unlike = {one if isinstance(one, str) else one[0] for one in about["mismatched_keys"]}
    # Older releases also store absolute position embeddings for rotary models, but do not use them.
    rotary = getattr(network.config, "position_embedding_type", "absolute") == "rotary"
    unused = (*_UNUSED, "embeddings.position_embeddings.") if rotary else _UNUSED
    unfit = {name for name in unlike.union(about["missing_keys"]) if not name.startswith(unused)}
    if unfit:
        problem = f"the weights have no {min(unfit)} as config.json describes it, and lack {len(unfit) - 1} others"
        raise InputError(problem, remedy, path=place)
    table = _table(tokenizer, alphabet(alphabet_name), place)
    return LanguageModel(network.float(), found, table, tokenizer.cls_token_id, tokenizer.eos_token_id)


def _table(tokenizer: PreTrainedTokenizerBase, alphabet: Alphabet, place: str) -> NDArray[np.int64]:
    special = (tokenizer.cls_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id)
    try:
        if None in special:
            raise ValueError("no token for start, end or unknown symbols")
        return translation(alphabet, tokenizer.get_vocab(), tokenizer.unk_token_id)
    except ValueError as error:
        raise InputError(f"the vocabulary of the language model has {error}", "", path=place) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses progress bars and reports of transformers."""
    from transformers.utils import logging

    level, shown = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
