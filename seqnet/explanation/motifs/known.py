"""Known motifs of a MEME file, and the nearest one to each motif by Tomtom's measure.

Source: Gupta et al. 2007, doi:10.1186/gb-2007-8-2-r24 (Tomtom); MEME suite,
https://meme-suite.org/meme/doc/meme-format.html (the format); Benjamini & Hochberg 1995,
doi:10.1111/j.2517-6161.1995.tb02031.x (the adjustment for the number of known motifs).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import EmptyInputError, FormatError, InputError, TruncatedError
from seqnet.core.printable import counted
from seqnet.explanation.motifs.motif import KnownMotif, Match, Motif

__all__ = ["FEW_KNOWN", "matched", "read_known"]

FEW_KNOWN = 50
"""With fewer known motifs, p-values depend much on which they are; the limit of MEME's tomtom."""
_VERSION = re.compile(r"MEME version\s+\d")
_WIDTH = re.compile(r"\bw=\s*(\d+)")
_NAMES = {"DNA": "ACGT", "RNA": "ACGU", "PROTEIN": "ACDEFGHIKLMNPQRSTVWY"}
_TOLERANCE = 0.01
"""How far the shares of a position may be from a sum of 1, because files round them."""

_Lines = Iterator[tuple[int, str]]


def read_known(path: Path, alphabet: Alphabet) -> list[KnownMotif]:
    """Returns the motifs of a file in MEME's format.

    Args:
        path: the file.
        alphabet: that of the model, which the file must have; RNA and DNA are the same here.

    Raises:
        InputError: the file is not in this format, is damaged, has another alphabet, or has no motifs.
        OSError: the file can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("this is not a text file", "give motifs in MEME format", path=str(path)) from error
    try:
        return _parsed(text, alphabet)
    except InputError as error:
        raise error.at(str(path)) from None


def _parsed(text: str, alphabet: Alphabet) -> list[KnownMotif]:
    lines = iter([(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)])
    order: list[int] | None = None
    found: list[KnownMotif] = []
    version, name, last = False, "", 0
    for number, line in lines:
        last = number
        if _VERSION.match(line):
            version = True
        elif not version and line:
            problem = "this is not a file of motifs in MEME format: it does not begin with MEME version"
            raise FormatError(problem, "give a file that begins with MEME version 4", line=number)
        elif line.startswith("ALPHABET"):
            order = _order(line, number, alphabet)
        elif line.startswith("MOTIF"):
            name = " ".join(line.split()[1:3])
            if not name:
                raise FormatError("the motif has no name", "write MOTIF NAME", line=number)
        elif line.startswith("letter-probability matrix"):
            if order is None:
                raise FormatError("there is no ALPHABET line before this matrix", "add one", line=number)
            found.append(KnownMotif(name, _matrix(lines, line, number, name, order)))
    if not found:
        raise EmptyInputError("this file has no motifs", "give a file with letter-probability matrices", line=last or 1)
    return found


def _order(line: str, number: int, alphabet: Alphabet) -> list[int]:
    """Returns the column of each canonical symbol in the matrices of a file.

    Raises:
        FormatError: the file has another alphabet.
    """
    words = line.removeprefix("ALPHABET").lstrip("= ").split()
    name = words[0].strip('"') if words else ""
    letters = _NAMES.get(name.upper(), name)
    # Motifs of DNA are often compared with those of RNA.
    expected = (
        alphabet.canonical if alphabet.name == "protein" or "U" in letters else alphabet.canonical.replace("U", "T")
    )
    if "U" in letters:
        expected = expected.replace("T", "U")
    if len(letters) != len(expected) or set(letters) != set(expected):
        problem = f"these motifs have the alphabet {letters or 'of nothing'}, and the model is for {alphabet.name}"
        raise FormatError(problem, f"give motifs of {alphabet.name}", line=number)
    return [letters.index(letter) for letter in expected]


def _matrix(lines: _Lines, header: str, number: int, name: str, order: Sequence[int]) -> NDArray[np.float64]:
    """Returns the shares (W, S) of the matrix behind its header line, in the order of the model's symbols.

    Raises:
        InputError: a row is wrong, or there are too few.
    """
    stated = _WIDTH.search(header)
    width = int(stated[1]) if stated else None
    rows: list[list[float]] = []
    last = number
    while width is None or len(rows) < width:
        last, line = next(lines, (last, ""))
        if not line:
            break
        rows.append(_row(line, last, len(order)))
    if not rows or (width is not None and len(rows) < width):
        problem = f"the matrix of motif {name} has {counted(len(rows), 'rows')}" + (f", not {width}" if width else "")
        raise TruncatedError(problem, "get the file again", line=last)
    shares = np.array(rows)[:, order]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _row(line: str, number: int, size: int) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        values = []
    good = len(values) == size and all(0 <= value <= 1 for value in values)
    if not good or abs(sum(values) - 1) > _TOLERANCE:
        raise FormatError(
            f"this row of a matrix does not have {size} shares with a sum of 1", "correct it", line=number
        )
    return values


def matched(motifs: Sequence[Motif], known: Sequence[KnownMotif]) -> list[Motif]:
    """Returns the motifs, each with the known motif that is nearest to it.

    Raises:
        ImportError: the package memelite is missing.
    """
    if not motifs:
        return []
    from memelite import tomtom

    turning = motifs[0].alphabet.has_strands
    queries = [motif.frequencies.T for motif in motifs]
    targets = [one.shares.T for one in known]
    with warnings.catch_warnings():
        # The summary says it of few known motifs.
        warnings.simplefilter("ignore")
        p_values = np.asarray(tomtom(queries, targets, reverse_complement=turning, n_jobs=1)[0])  # (M, T)
    found = []
    for motif, row in zip(motifs, np.clip(p_values, 0, 1), strict=True):
        nearest = int(row.argmin())
        q_value = float(false_discovery_control(row)[nearest])
        found.append(replace(motif, match=Match(known[nearest].name, float(row[nearest]), q_value)))
    return found
