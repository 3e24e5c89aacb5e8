"""How input files are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting
from seqnet.core.errors import SettingError

__all__ = ["ReadOptions"]


@dataclass(frozen=True)
class ReadOptions(Settings):
    """What a reader needs to know beyond the path; formats ignore what does not concern them."""

    section: ClassVar[str] = "read"

    region: str | None = setting(None, "BAM, CRAM: only reads that overlap this region, such as chr22:1,000-2,000")
    min_mapq: int = setting(0, "BAM, CRAM: only reads with at least this mapping quality", minimum=0, maximum=255)
    reference: str | None = setting(None, "CRAM: the reference FASTA that it was compressed against", input=True)
    name_column: str | None = setting(
        None,
        "tables: column of the record names [default: the first column]; GenBank, EMBL, UniProt, Stockholm: what to "
        "take the names from, such as locus_tag",
    )
    sequence_column: str = setting("sequence", "tables: column of the sequences")
    gaps: str = setting(
        "keep",
        "gaps of alignments (- . ~): keep them, so that they are errors, or remove them",
        choices=("keep", "remove"),
    )
    feature: str | None = setting(
        None, "GenBank, EMBL: read the features of this type, such as CDS, in place of whole records"
    )
    translate: bool = setting(
        False,
        "with --feature CDS: read proteins, by the genetic code and frame of each feature; those that do not code for "
        "one are left out and counted",
    )
    columns: tuple[str, ...] = setting((), "tables: further columns to read")
    batch_bytes: int = setting(
        1 << 19, "bytes of uncompressed text, or of names and bases, in a batch", minimum=1, maximum=1 << 40
    )
    threads: int = setting(1, "threads that compute, and that decompress CRAM", minimum=1, maximum=65_536)
    reader_process: str = setting(
        "auto",
        "read files in a process of their own [auto: with several threads, those of 32 MiB or more on disk]",
        choices=("auto", "always", "never"),
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks that only what codes for proteins is translated."""
        super().__post_init__()
        if self.translate and self.feature != "CDS":
            raise SettingError("read.translate", True, problem="needs --feature CDS")
