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

    alphabet: str = setting("auto", "type of the sequences", choices=("auto", "dna", "rna", "protein"))
    unknown: str = setting(
        "error",
        "symbols outside the alphabet: error stops, skip removes the record, mask treats them as N (DNA, RNA) or X "
        "(protein)",
        choices=("error", "skip", "mask"),
    )
    length: str | None = setting(None, "keep only sequences of this length or range, such as 36, 30-200, 40- or -500")
    window: int | None = setting(None, "cut each sequence into windows of this length", minimum=1, maximum=MOST_RECORDS)
    stride: int | None = setting(
        None,
        "distance between the starts of windows [default: the length of --window]",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    crop: int | None = setting(
        None,
        "for genomes: train on random pieces of this length, new ones in every epoch, from both strands; generated "
        "classes get new sequences, too",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    held_out: int = setting(
        10_000,
        "with --crop: number of fixed pieces of each class for validation, and as many for test",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    limit: int | None = setting(
        None, "keep at most this many records of each class, chosen at random", minimum=1, maximum=MOST_RECORDS
    )
    split: str = setting(
        "80/10/10",
        "percentages of records for train/validation/test, which add up to 100. If the input has given splits, but no "
        "validation split, a part of train becomes validation, in the proportion of the first two numbers; 100/0/0 for "
        "no validation split",
    )
    split_column: str | None = setting(
        None,
        "column of the table with the split of each record: train, validation (or valid, val, dev) or test",
    )
    split_file: str | None = setting(
        None, "file with two tab-separated columns: record name and split (see --split-column)", input=True
    )
    group_by: str | None = setting(
        None,
        "keep related records in one split. Give a regular expression on the record name, where the text in (…) is the "
        r"group, such as '^(\w+)_'; a column of the table, such as family; or a file of clusters, such as clusters.tsv "
        "with the columns cluster and member (MMseqs2 createtsv) or nr90.clstr (CD-HIT with -d 0)",
        input=True,
    )
    split_by: str = setting(
        "random",
        "split at random, or keep records with similar sequences in one split; can be combined with --group-by",
        choices=("random", "similarity"),
    )
    similarity: float | None = setting(
        None,
        "with --split-by similarity: minimum share of the shorter sequence's k-mers in common to count as similar "
        + by_alphabet(CLUSTER_SIMILARITY),
        above=0,
        maximum=1,
    )
    kmer: int | None = setting(
        None,
        "with --split-by similarity: length of k-mers " + by_alphabet(KMER_LENGTHS),
        minimum=2,
        maximum=32,
    )
    label_regex: str | None = setting(
        None, r"regular expression on the FASTA header; the text in (…) is the class, as in 'label=(\S+)'"
    )
    label_column: str | None = setting(
        None,
        "tables: column with the class; GenBank, EMBL, UniProt, Stockholm: the qualifier or annotation that is the "
        "class, such as product or organism",
    )
    labels: str | None = setting(None, "file with two tab-separated columns: record name and class", input=True)
    missing_labels: str = setting(
        "error",
        "records without a label (empty, NA, NaN, None or null): error stops, skip removes them",
        choices=("error", "skip"),
    )
    positive: str | None = setting(
        None,
        "positive class, for which precision, recall and other metrics of two classes are computed [default: the first "
        "--class, or else the last class in alphabetical order]",
    )
    seed: int = setting(
        1, "random seed of the split, of --limit and of generated sequences", minimum=0, maximum=LARGEST_SEED
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks which options go together."""
        super().__post_init__()
        if self.missing_labels == "skip" and not (self.label_column or self.label_regex or self.labels):
            problem = "needs --label-column, --label-regex or --labels"
            raise SettingError("encode.missing_labels", self.missing_labels, problem=problem)
        for names in (("label_regex", "label_column", "labels"), ("split_column", "split_file")):
            ways = [name for name in names if getattr(self, name)]
            if len(ways) > 1:
                problem = f"can't be combined with --{ways[0].replace('_', '-')}"
                raise SettingError(f"encode.{ways[1]}", getattr(self, ways[1]), problem=problem)
        for name in ("similarity", "kmer"):
            if self.split_by != "similarity" and getattr(self, name) is not None:
                raise SettingError(f"encode.{name}", getattr(self, name), problem="needs --split-by similarity")
        if self.stride is not None and self.window is None:
            raise SettingError("encode.stride", self.stride, problem="needs --window")
        if self.held_out != type(self).held_out and self.crop is None:
            raise SettingError("encode.held_out", self.held_out, problem="needs --crop")
        if self.crop is not None and self.window is not None:
            raise SettingError("encode.crop", self.crop, problem="can't be combined with --window")
