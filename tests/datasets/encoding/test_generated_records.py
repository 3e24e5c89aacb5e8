from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from seqnet.core.alphabets import ALPHABETS
from seqnet.core.containers import Spool
from seqnet.core.ragged import Ragged
from seqnet.datasets.encoding.class_sources import ClassSource
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.generated_records import generate_records

LENGTH = 12_000_000


def mapped_bytes() -> int:
    """Returns how much of mapped files is in memory."""
    status = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in status if line.startswith(("RssFile:", "RssShmem:")))


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux counts")
def test_real_records_are_not_in_memory_twice_while_others_are_generated() -> None:
    spool, rng = Spool(np.uint8), np.random.default_rng(0)
    spool.append(rng.integers(1, 5, LENGTH, dtype=np.uint8))
    nothing = np.zeros(1, np.int64)
    real = EncodedRecords(
        Ragged(spool.view(), np.array([0, LENGTH])), Ragged.from_strings([b"x"]), nothing.astype(np.int32), nothing
    )
    sources = [ClassSource.parse("a=x.fa"), ClassSource.parse("b=@uniform")]
    before = mapped_bytes()
    generated, which = next(generate_records(sources, ["a", "b"], real, range(1), ALPHABETS["dna"], rng))
    assert mapped_bytes() - before < LENGTH / 2
    assert (which.tolist(), len(generated.tokens.data)) == ([0], LENGTH)
    real.drop_pages()
    spool.close()
