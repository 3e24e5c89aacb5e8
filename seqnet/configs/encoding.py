"""How a dataset is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Settings, setting
from seqnet.configs.similarity import CLUSTER_SIMILARITY, KMER_LENGTHS, by_alphabet
from seqnet.core.errors import SettingError

__all__ = ["EncodeOptions"]


@dataclass(frozen=True)
class EncodeOptions(Settings):
    """What becomes of the records on their way into a dataset."""

    section: ClassVar[str] = "encode"

    alphabet: str = setting("auto", "what the sequences are made of", choices=("auto", "dna", "rna", "protein"))
    unknown: str = setting(
        "error",
        "a record with a symbol outside the alphabet: stop, leave the record out, or mask the symbol",
        choices=("error", "skip", "mask"),
    )
    length: str | None = setting(None, "keep only sequences of this length or range: 36, 30-200, 40- or -500")
    window: int | None = setting(
        None, "cut each sequence into windows of this many symbols", minimum=1, maximum=MOST_RECORDS
    )
    stride: int | None = setting(
        None, "distance between window starts [default: the window]", minimum=1, maximum=MOST_RECORDS
    )
    crop: int | None = setting(
        None,
        "for genomes: hold sequences as blocks, from which training draws windows of this many symbols anew in every "
        "epoch, on both strands, and generated classes with them",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    held_out: int = setting(
        10_000, "with --crop: windows of each class to validate, and to test", minimum=1, maximum=MOST_RECORDS
    )
    limit: int | None = setting(
        None, "at most this many records of each class, drawn at random", minimum=1, maximum=MOST_RECORDS
    )
    split: str = setting("80/10/10", "percent of records to train, validate and test")
    group_by: str | None = setting(
        None,
        "records to keep in one split: an expression whose first group, found in the name, is the record's group; "
        "a column of a table; or a file of clusters: two columns, cluster and member (MMseqs2 createtsv), or .clstr "
        "(CD-HIT, with -d 0)",
        input=True,
    )
    split_by: str = setting(
        "random",
        "what else keeps records in one split: nothing, or the k-mers they share. Similar records, and what is similar "
        "to these, become one group, joined with those of --group-by",
        choices=("random", "similarity"),
    )
    similarity: float | None = setting(
        None,
        "with --split-by similarity: records are similar that share this part of the k-mers of the shorter one "
        + by_alphabet(CLUSTER_SIMILARITY),
        above=0,
        maximum=1,
    )
    kmer: int | None = setting(
        None,
        "with --split-by similarity: length of the k-mers " + by_alphabet(KMER_LENGTHS),
        minimum=2,
        maximum=32,
    )
    label_regex: str | None = setting(None, r"class in the header: its first group, such as label=(\S+)")
    label_column: str | None = setting(
        None,
        "tables: column of the class; GenBank, EMBL, UniProt, Stockholm: the qualifier or annotation that is the "
        "class, such as product or organism",
    )
    labels: str | None = setting(None, "file of two tab-separated columns: record name, class", input=True)
    missing_labels: str = setting(
        "error",
        "a record whose label is missing (empty, NA, NaN, None, null): stop, or leave the record out",
        choices=("error", "skip"),
    )
    positive: str | None = setting(
        None, "class that binary metrics call positive [default: the first --class, else the last in sorted order]"
    )
    seed: int = setting(1, "seed of the split, of --limit and of generated sequences", minimum=0, maximum=LARGEST_SEED)

    def __post_init__(self) -> None:
        """See `Settings`; also checks that windows are asked for in one way, and similarity where it counts."""
        super().__post_init__()
        for name in ("similarity", "kmer"):
            if self.split_by != "similarity" and getattr(self, name) is not None:
                raise SettingError(f"encode.{name}", getattr(self, name), "--split-by similarity with it")
        if self.stride is not None and self.window is None:
            raise SettingError("encode.stride", self.stride, "a window with it")
        if self.crop is not None and self.window is not None:
            raise SettingError("encode.crop", self.crop, "no window with it, which cuts windows once and for all")
