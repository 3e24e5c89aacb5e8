"""Datasets with planted problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqnet.audit import Check, audit_dataset
from seqnet.configs.audit import AuditOptions
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from tests.building import make_dataset
from tests.similarity.examples import random_strings

RESIDUES = "ARNDCQEGHILKMFPSTWYV"


def dataset(rows: Sequence[tuple[str, str, str, int]], **options: Any) -> Dataset:
    """Returns a dataset of (name, sequence, split, label) rows."""
    made = make_dataset([row[1] for row in rows], [row[3] for row in rows], [row[2] for row in rows], **options)
    return replace(made, names=Ragged.from_strings([row[0] for row in rows]))


def harmless(
    count: int = 100, length: int = 60, symbols: str = "ACGT", seed: int = 0
) -> list[tuple[str, str, str, int]]:
    """Returns rows of random sequences: 60 % train, 20 % validation, 20 % test, with alternating classes."""
    splits = ("train", "train", "train", "train", "train", "train", "validation", "validation", "test", "test")
    strings = random_strings(count, length, symbols, seed)
    return [(f"r{index}", string, splits[index // 2 % 10], index % 2) for index, string in enumerate(strings)]


def checks(data: Dataset, *, quick: bool = False, **options: Any) -> dict[str, Check]:
    """Returns check name → result of the check."""
    return {check.name: check for check in audit_dataset(data, AuditOptions(**options), quick=quick)}


def offenders(data: Dataset, check: Check) -> list[tuple[str, str, float]]:
    """Returns the names of the records that a check is about and of their duplicates, with their similarity."""
    assert check.offenders is not None
    found = check.offenders
    names = data.names.text()
    return [
        (names[one], names[other], float(np.round(value, 6)))
        for one, other, value in zip(found.records, found.others, found.similarity, strict=True)
    ]
