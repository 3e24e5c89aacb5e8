"""What leaks between splits that a dataset was given: held-out records that are like those of another split.

In: a dataset. Out: a line for each kind of leak. Equal sequences are counted by `encode` itself.
"""

from __future__ import annotations

import numpy as np

from seqnet.audit.audited_dataset import AuditedDataset
from seqnet.audit.findings import near_across
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from seqnet.similarity import sequence_hashes

__all__ = ["leak_lines"]


def leak_lines(dataset: Dataset) -> list[str]:
    """Returns a line if held-out records are reverse complements of train records, and one if any are similar.

    Similar records are looked for in a sample of a large dataset, which the line names.
    """
    return [*_reverse_complements(dataset), *_similar(dataset)]


def _reverse_complements(dataset: Dataset) -> list[str]:
    alphabet, held_out = dataset.alphabet, np.flatnonzero(dataset.split != 0)
    if not alphabet.has_strands or not len(held_out):
        return []
    trained = np.unique(sequence_hashes(dataset.tokens.take(dataset.members("train"))))
    own = dataset.tokens.take(held_out)
    # Reversed as a whole, the sequences are reversed and in reverse order.
    turned = Ragged.from_lengths(alphabet.complement[own.data[::-1]], own.lengths[::-1])
    found = np.isin(sequence_hashes(turned)[::-1], trained) & (sequence_hashes(turned)[::-1] != sequence_hashes(own))
    lines = []
    for split in range(1, len(SPLITS)):
        if count := int(found[dataset.split[held_out] == split].sum()):
            of = int((dataset.split == split).sum())
            what = "the reverse complement of a train record"
            lines.append(f"{count:,} of {counted(of, f'{SPLITS[split]} records')} ({count / of:.1%}) are {what}")
    return lines


def _similar(dataset: Dataset) -> list[str]:
    found = near_across(AuditedDataset(dataset, AuditOptions(), quick=True))
    return [found.text] if found.value else []
