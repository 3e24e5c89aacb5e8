"""Motifs → MEME, JASPAR and TRANSFAC files and a table.

JASPAR and TRANSFAC are formats for nucleotides. MEME files have proteins, too, in MEME's order of the letters.

Source: MEME suite, https://meme-suite.org/meme/doc/meme-format.html (minimal MEME motif format, version 4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.explanation.motifs.motif import Motif, Motifs

__all__ = ["MOTIF_FILES", "motif_files", "write_motif_files"]

MOTIF_FILES = ("motifs.meme", "motifs.tsv", "motifs.jaspar", "motifs.transfac")
"""Names of the files; those of proteins are the first two."""


def motif_files(alphabet: str) -> tuple[str, ...]:
    """Returns the names of the files for an alphabet."""
    return MOTIF_FILES[:2] if alphabet == "protein" else MOTIF_FILES


def write_motif_files(found: Motifs, targets: Sequence[Path]) -> None:
    """Writes the files of `motif_files`.

    Args:
        found: the motifs.
        targets: where each of the files goes, in their order.
    """
    writers = {"meme": _meme, "tsv": _table, "jaspar": _jaspar, "transfac": _transfac}
    for name, target in zip(motif_files(found.alphabet.name), targets, strict=True):
        target.write_text(writers[name.rpartition(".")[2]](found), encoding="utf-8", newline="\n")


def _meme(found: Motifs) -> str:
    letters = "".join(sorted(found.alphabet.canonical))
    order = [found.alphabet.canonical.index(letter) for letter in letters]
    shares = " ".join(f"{letter} {share:.5f}" for letter, share in zip(letters, found.background[order], strict=True))
    lines = ["MEME version 4", "", f"ALPHABET= {letters}", ""]
    if found.alphabet.has_strands:
        lines += ["strands: + -" if found.both_strands else "strands: +", ""]
    lines += ["Background letter frequencies", shares, ""]
    for motif in found.motifs:
        lines += [f"MOTIF {motif.name} {motif.consensus}", ""]
        sizes = {"alength": len(letters), "w": len(motif), "nsites": motif.hits, "E": 0}
        lines.append("letter-probability matrix: " + " ".join(f"{name}= {size}" for name, size in sizes.items()))
        lines += [" ".join(f"{share:.6f}" for share in row) for row in _rounded(motif.frequencies[:, order])]
        lines.append("")
    return "\n".join(lines)


def _rounded(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns shares (W, S) with six decimals that add up to 1."""
    rounded = np.round(rows, 6)
    rounded[np.arange(len(rows)), rows.argmax(axis=1)] += 1 - rounded.sum(axis=1)
    return np.asarray(rounded)


def _jaspar(found: Motifs) -> str:
    from Bio.motifs import jaspar

    # Biopython's writer knows A, C, G and T only.
    rows = [jaspar.Motif(one.name, one.consensus, alphabet="ACGT", counts=_counts(one, "ACGT")) for one in found.motifs]
    return str(jaspar.write(rows, "jaspar"))


def _transfac(found: Motifs) -> str:
    from Bio.motifs import transfac

    rows = []
    for one in found.motifs:
        motif = transfac.Motif(alphabet="ACGT", counts=_counts(one, "ACGT"))
        motif["ID"], motif["NA"] = one.name, one.consensus
        rows.append(motif)
    return str(transfac.write(rows))


def _counts(motif: Motif, letters: str) -> dict[str, list[float]]:
    """Returns letter → counts at each position; U of RNA is T in these formats."""
    return {
        letter: [round(float(n), 2) for n in column] for letter, column in zip(letters, motif.counts.T, strict=True)
    }


def _table(found: Motifs) -> str:
    header = ["motif", "source", "consensus", "length", "hits", "records", "shuffled_records", "q_value"]
    header += ["information", "effect", *(f"share_{name}" for name in found.classes)]
    header += [f"labelled_{name}" for name in found.classes] if found.labelled else []
    header += ["known", "known_p", "known_q"] if found.compared else []
    lines = ["\t".join(header)]
    for motif in found.motifs:
        row = [motif.name, motif.source, motif.consensus, str(len(motif)), str(motif.hits), str(motif.records)]
        row += [str(motif.shuffled), f"{motif.q_value:.3g}", f"{motif.information.sum():.2f}", f"{motif.effect:.4f}"]
        row += [_share(share) for share in motif.shares]
        if found.labelled:
            shares = [math.nan] * len(found.classes) if motif.labelled is None else motif.labelled
            row += [_share(share) for share in shares]
        if found.compared:
            match = motif.match
            row += ["", "", ""] if match is None else [match.name, f"{match.p_value:.3g}", f"{match.q_value:.3g}"]
        lines.append("\t".join(row))
    return "\n".join(lines) + "\n"


def _share(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.4f}"
