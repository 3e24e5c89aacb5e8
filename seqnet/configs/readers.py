"""How input files are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting
from seqnet.core.errors import SettingError

__all__ = ["ReadOptions"]


@dataclass(frozen=True)
class ReadOptions(Settings):
    """What a reader needs to know beyond the path; see `readers.format_options` for what only some formats use."""

    section: ClassVar[str] = "read"

    region: str | None = setting(
        None, "BAM, CRAM: read only alignments that overlap this region, such as chr22:1,000-2,000"
    )
    min_mapq: int = setting(
        0, "SAM, BAM, CRAM: read only alignments with at least this mapping quality", minimum=0, maximum=255
    )
    reference: str | None = setting(None, "CRAM: reference FASTA that the file was compressed with", input=True)
    name_column: str | None = setting(
        None,
        "tables: column with the record names [default: the first column]; GenBank, EMBL, UniProt, Stockholm: the "
        "qualifier or annotation that is the name, such as locus_tag",
    )
    sequence_column: str = setting("sequence", "tables: column with the sequences")
    gaps: str = setting(
        "keep",
        "gaps in alignments (- . ~): keep treats them as errors, remove deletes them",
        choices=("keep", "remove"),
    )
    feature: str | None = setting(
        None, "GenBank, EMBL: read features of this type, such as CDS, instead of whole records"
    )
    translate: bool = setting(
        False,
        "with --feature CDS: read the translated proteins, using the genetic code and frame of each feature; features "
        "that do not code for a protein are left out and counted",
    )
    columns: tuple[str, ...] = setting((), "tables: further columns to read")
    part_start: int = setting(
        0, "read only the part of the file that begins at this stored byte", minimum=0, maximum=1 << 60
    )
    part_end: int | None = setting(
        None, "read only the part of the file that ends before this stored byte", minimum=0, maximum=1 << 60
    )
    originals: bool = setting(False, "also return the entries of the file as they are stored")
    some_unused: bool = setting(False, "settings that the format of a file does not use are no error")
    batch_bytes: int = setting(
        1 << 19, "bytes of uncompressed text, or of names and bases, in a batch", minimum=1, maximum=1 << 40
    )
    threads: int = setting(1, "threads that compute, and that decompress CRAM", minimum=1, maximum=65_536)
    reader_process: str = setting(
        "auto",
        "read files in a separate process; auto does so with two or more threads, for files of 32 MiB or more",
        choices=("auto", "always", "never"),
    )

    @property
    def has_part(self) -> bool:
        """Whether only a part of the file is read."""
        return self.part_start > 0 or self.part_end is not None

    def __post_init__(self) -> None:
        """See `Settings`; also checks that only what codes for proteins is translated."""
        super().__post_init__()
        if self.translate and self.feature != "CDS":
            raise SettingError("read.translate", True, problem="needs --feature CDS")
