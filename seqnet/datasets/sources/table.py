"""Table of sources: name → address, licence, citation and checks of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from seqnet.core.errors import SettingError
from seqnet.core.registry import Choice, Registry

__all__ = ["CONTENTS", "SOURCES", "Source", "find_source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A published file.

    Attributes:
        name: name on the command line.
        title: description in one line.
        url: address of the file.
        filename: default file name.
        size: size in bytes, if known.
        sha256: hexadecimal digest, if known.
        licence: terms of use.
        citation: publication to cite.
        content: check in `CONTENTS` that the file must pass.
    """

    name: str
    title: str
    url: str
    filename: str
    size: int | None
    sha256: str | None
    licence: str
    citation: str
    content: str

    def with_sha256(self, sha256: str) -> Source:
        """Returns the source with another checksum, and so of any size.

        Raises:
            SettingError: it is no SHA-256.
        """
        if not re.fullmatch("[0-9a-fA-F]{64}", sha256):
            raise SettingError("sha256", sha256, "64 hexadecimal digits")
        return replace(self, sha256=sha256.lower(), size=None)


CONTENTS = Registry(
    "content",
    {
        "bam": Choice(
            "seqnet.datasets.sources.content_checks:check_bam", "BAM: readable header and end-of-file marker"
        ),
        "token-arrays": Choice(
            "seqnet.datasets.sources.content_checks:check_token_arrays",
            "npz: integer arrays `positives` and `negatives`",
        ),
    },
)

_ROWS = (
    Source(
        name="human-reads",
        title="human 36-bp reads: ENCODE UW Repli-seq, cell line BG02ES, phase G1b, aligned to hg19",
        url="https://hgdownload.soe.ucsc.edu/goldenpath/hg19/encodeDCC/wgEncodeUwRepliSeq/"
        "wgEncodeUwRepliSeqBg02esG1bAlnRep1.bam",
        filename="wgEncodeUwRepliSeqBg02esG1bAlnRep1.bam",
        size=None,
        sha256=None,
        licence="ENCODE data: free to use without restriction; cite the ENCODE Consortium and the laboratory",
        citation="Hansen et al. 2010, PNAS 107:139-144, doi:10.1073/pnas.0912402107; "
        "ENCODE Project Consortium 2012, Nature 489:57-74, doi:10.1038/nature11247",
        content="bam",
    ),
    Source(
        name="solubility",
        title="18,453 proteins of up to 200 residues, soluble or insoluble when expressed in E. coli, as tokens",
        url="https://github.com/whitead/dmol-book/raw/main/data/solubility.npz",
        filename="solubility.npz",
        size=2_384_379,
        sha256="37b2e198e5d28a7468c67d7599c88f4ab4c37d8d2481be7fb314f40caeaf085d",
        licence="CC BY-NC 3.0: not for commercial use",
        citation="Chang et al. 2014, Brief. Bioinform. 15:953-962, doi:10.1093/bib/bbt057; "
        "White 2022, Deep Learning for Molecules and Materials, doi:10.33011/livecoms.3.1.1499",
        content="token-arrays",
    ),
)

SOURCES: Mapping[str, Source] = {row.name: row for row in _ROWS}


def find_source(name: str) -> Source:
    """Returns the source with this name.

    Raises:
        SettingError: the table has no such name.
    """
    if name not in SOURCES:
        raise SettingError("source", name, choices=SOURCES)
    return SOURCES[name]
