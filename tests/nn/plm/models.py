"""Tiny ESM models with random weights, in folders as transformers writes them."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
import transformers
from transformers.utils import logging

from seqnet.configs.encoders import EncoderConfig
from seqnet.core.alphabets import alphabet
from seqnet.nn.plm import settled

# The vocabulary of ESM-2.
VOCABULARY = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
CHANNELS = 8


@contextmanager
def without_bars() -> Iterator[None]:
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def save_model(folder: Path, seed: int = 0, limit: int = 100, vocabulary: list[str] = VOCABULARY, **about: Any) -> Path:
    """Writes a tiny ESM model that takes at most `limit` residues, and returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = transformers.EsmConfig(
        vocab_size=len(vocabulary),
        hidden_size=CHANNELS,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        position_embedding_type="rotary",
        token_dropout=True,
        pad_token_id=1,
        mask_token_id=32,
        max_position_embeddings=104,
        initializer_range=0.5,
        **about,
    )
    with torch.random.fork_rng(devices=[]), without_bars():
        torch.manual_seed(seed)
        model = transformers.EsmModel(config, add_pooling_layer=False)
        # Rotary positions have no weights, so models with any limit are equal.
        model.config.max_position_embeddings = limit + 4
        model.save_pretrained(folder)
    words = folder / "words.txt"
    words.write_text("\n".join(vocabulary), encoding="utf-8")
    transformers.EsmTokenizer(str(words)).save_pretrained(folder)
    words.unlink()
    return folder


_shared: dict[int, Path] = {}


def shared_model(limit: int = 100) -> Path:
    """Returns the folder of a tiny model that tests only read and never change."""
    if limit not in _shared:
        folder = Path(mkdtemp(prefix="esm-"))
        atexit.register(shutil.rmtree, folder)
        _shared[limit] = save_model(folder, limit=limit)
    return _shared[limit]


def silent(text: str) -> None:
    """Ignores messages for the user."""


def settled_config(folder: Path, cache: Path | None = None) -> EncoderConfig:
    """Returns the complete settings of the encoder with a model."""
    config = EncoderConfig(name="plm", model=str(folder), cache=str(cache) if cache else "none")
    return settled(config, alphabet("protein"), silent)
