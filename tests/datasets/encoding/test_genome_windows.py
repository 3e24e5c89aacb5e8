from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.core.alphabets import alphabet
from seqnet.core.ragged import Ragged
from seqnet.datasets.encoding import genome_windows
from seqnet.datasets.encoding.collection import EncodedRecords
from seqnet.datasets.encoding.genome_windows import cut_blocks, draw_windows

DNA = alphabet("dna")


def examples(*sequences: str) -> EncodedRecords:
    symbols = Ragged.from_strings(sequences)
    count = len(sequences)
    return EncodedRecords(
        Ragged(DNA.encode(symbols.data), symbols.offsets),
        Ragged.from_strings([f"r{number}" for number in range(count)]),
        np.arange(count, dtype=np.int32),
        np.arange(count, dtype=np.int64) * 10,
    )


def decoded(tokens: Ragged) -> list[str]:
    return Ragged(DNA.decode(tokens.data), tokens.offsets).text()


def blocks_of(sequence: str, crop: int, size: int) -> list[tuple[int, str]]:
    """Returns start and text of the blocks of a sequence, by a loop."""
    found: list[tuple[int, str]] = []
    at = 0
    for stretch in sequence.replace("R", "N").split("N"):
        for start in range(0, len(stretch), size):
            if len(stretch[start : start + size]) >= crop:
                found.append((at + start, stretch[start : start + size]))
        at += len(stretch) + 1
    return found


@given(st.lists(st.text("ACGTACGTNR", max_size=30), max_size=5), st.integers(1, 6))
def test_blocks_are_those_of_a_loop(sequences: list[str], crop: int) -> None:
    left_out: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(genome_windows, "_BLOCK", 8)
        patch.setattr(genome_windows, "_BLOCKS", 1)
        found = cut_blocks(examples(*sequences), DNA.size, crop, left_out)
    size = max(min(8, sum(map(len, sequences))), 4 * crop)
    expected = [(i, start, text) for i, one in enumerate(sequences) for start, text in blocks_of(one, crop, size)]
    assert decoded(found.tokens) == [text for _, _, text in expected]
    assert found.names.text() == [f"r{i}:{start + 1}-{start + len(text)}" for i, start, text in expected]
    assert found.labels.tolist() == [i for i, _, _ in expected]
    assert found.groups.tolist() == [10 * i for i, _, _ in expected]
    rest = sum(map(len, sequences)) - sum(len(text) for _, _, text in expected)
    assert sum(left_out.values()) == rest


def test_blocks_grow_with_the_windows() -> None:
    for crop in (10_001, 50_000):
        found = cut_blocks(examples("ACGT" * 100_000), DNA.size, crop, Counter()).tokens.lengths
        assert found.sum() == 400_000 - (400_000 % (4 * crop) if 400_000 % (4 * crop) < crop else 0)
        assert (found >= crop).all()
        assert found.max() == min(4 * crop, 400_000)


def test_blocks_are_of_ten_thousand_symbols() -> None:
    found = cut_blocks(examples("ACGT" * 251_000), DNA.size, 36, Counter())
    assert found.tokens.lengths.tolist() == [10_000] * 100 + [4_000]


def test_a_short_genome_is_cut_into_as_many_blocks() -> None:
    assert cut_blocks(examples("ACGT" * 2000), DNA.size, 10, Counter()).tokens.lengths.tolist() == [80] * 100
    # But not into blocks that are hardly longer than a window.
    assert cut_blocks(examples("ACGT" * 200), DNA.size, 30, Counter()).tokens.lengths.tolist() == [120] * 6 + [80]


BLOCKS = examples("AACCGGTTAC", "ACGT", "GGGGGA")


@pytest.mark.parametrize("both", [True, False])
def test_a_window_has_the_symbols_at_the_position_in_its_name(both: bool) -> None:
    windows, of = draw_windows(BLOCKS, 4, 10, DNA.complement if both else None, np.random.default_rng(1))
    assert len(windows) == len(set(windows.names.text())) == 10
    sources = decoded(BLOCKS.tokens)
    for name, text, block, label in zip(
        windows.names.text(), decoded(windows.tokens), of.tolist(), windows.labels.tolist(), strict=True
    ):
        strand = "-" if "-" in name else "+"
        record, offset = name.split(strand)
        assert record == f"r{block}"
        assert label == block
        part = sources[block][int(offset) : int(offset) + 4]
        assert text == (part if strand == "+" else Seq(part).reverse_complement())  # type: ignore[no-untyped-call]
    strands = {"-" in name for name in windows.names.text()}
    assert strands == ({True, False} if both else {False})
    assert windows.groups.tolist() == [10 * block for block in of.tolist()]


def test_windows_are_drawn_once_each_and_uniformly_over_all_places() -> None:
    # Seven positions in the first block, one in the second, three in the third.
    everything, _ = draw_windows(BLOCKS, 4, 100, None, np.random.default_rng(0))
    assert sorted(everything.names.text()) == sorted(
        [f"r0+{at}" for at in range(7)] + ["r1+0"] + [f"r2+{at}" for at in range(3)]
    )
    seen: Counter[str] = Counter()
    strands: Counter[bool] = Counter()
    for seed in range(400):
        drawn, _ = draw_windows(BLOCKS, 4, 3, DNA.complement, np.random.default_rng(seed))
        seen.update(name.replace("-", "+") for name in drawn.names.text())
        strands.update("-" in name for name in drawn.names.text())
    assert set(seen) == set(everything.names.text())
    assert chisquare(list(seen.values())).pvalue > 0.001
    assert chisquare(list(strands.values())).pvalue > 0.001
