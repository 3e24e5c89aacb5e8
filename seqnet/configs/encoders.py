"""Every setting of encoders, and their table.

The table names classes by import path, so that the command line knows the choices without importing torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.network_base import WIDEST
from seqnet.configs.settings import Needs, Settings, setting
from seqnet.core.registry import Choice, Registry

__all__ = ["ENCODERS", "EncoderConfig"]

ENCODERS = Registry(
    "encoder",
    {
        "onehot": Choice("seqnet.nn.encoders:OneHot", "one channel per canonical symbol; ambiguity codes are mixtures"),
        "embedding": Choice("seqnet.nn.encoders:Embedding", "a learned vector per symbol"),
        "kmer": Choice("seqnet.nn.encoders:KmerEmbedding", "a learned vector per overlapping k-mer"),
        "plm": Choice(
            "seqnet.nn.encoders:LanguageModelStates",
            "protein: the hidden states of a frozen language model, such as ESM-2",
        ),
    },
)

_PLM = (Needs("name", ("plm",)),)


@dataclass(frozen=True)
class EncoderConfig(Settings):
    """How tokens become features."""

    section: ClassVar[str] = "encoder"

    name: str = setting("onehot", "type of encoder", choices=tuple(ENCODERS))
    dimension: int = setting(
        16,
        "embedding, kmer: length of the learned vectors; plm: width of the hidden states, set by training",
        minimum=1,
        maximum=WIDEST,
        needs=[Needs("name", ("embedding", "kmer", "plm"))],
    )
    k: int = setting(3, "kmer: symbols in a k-mer", minimum=1, maximum=8, needs=[Needs("name", ("kmer",))])
    model: str = setting("", "plm: folder of the language model, or its name on the Hugging Face hub", needs=_PLM)
    cache: str = setting(
        "auto", "plm: folder for cached embeddings; auto for the user's cache folder, none for no cache", needs=_PLM
    )
    sha256: str = setting(
        "", "plm: SHA-256 of the model's files; set by training, or checked if it is given", needs=_PLM
    )
