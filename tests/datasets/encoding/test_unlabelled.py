from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import AlphabetMismatchError, EmptyInputError, SettingError, SymbolError
from seqnet.core.ragged import Ragged
from seqnet.datasets.encoding.unlabelled import DrawnSequences, draw_sequences, read_tokens
from tests.building import encoded, random_strings

DNA = alphabet("dna")


def text(tokens: Ragged) -> list[str]:
    return [DNA.decode(np.frombuffer(tokens[index], dtype=np.uint8)).tobytes().decode() for index in range(len(tokens))]


def drawn(strings: list[str], length: int = 20, **options: object) -> DrawnSequences:
    return draw_sequences([encoded(strings)], DNA, DistillOptions(**{"count": 400, **options}), length)  # type: ignore[arg-type]


def test_half_are_pieces_of_the_sequences_and_half_are_random() -> None:
    genome = "".join(random_strings([4_000]))
    found = drawn([genome])
    pieces = text(found.tokens)
    assert len(pieces) == 400
    assert found.real == 200
    assert all(piece in genome for piece in pieces[:200])
    assert not any(piece in genome for piece in pieces[200:])
    assert {len(piece) for piece in pieces} == {20}
    assert found.validation.sum() == 2 * 10


def test_pieces_for_validation_overlap_no_piece_for_training() -> None:
    genome = "".join(random_strings([4_000]))
    found = drawn([genome], random="none")
    places = np.array([genome.index(piece) for piece in text(found.tokens)])
    train, held_out = places[~found.validation], places[found.validation]
    assert len(held_out) == 20
    assert np.abs(train[:, None] - held_out).min() >= 20


def test_all_places_are_drawn_and_codes_are_in_no_piece() -> None:
    genome = "".join(random_strings([300]))
    genome = genome[:100] + "N" + genome[101:]
    pieces = text(drawn([genome], random="none", count=20_000).tokens)
    places = {genome.index(piece) for piece in pieces}
    assert not any("N" in piece for piece in pieces)
    # Blocks of 80 symbols, from 0 and from 101 on; no piece has symbols of two blocks.
    blocks = [(0, 80), (80, 100), (101, 181), (181, 261), (261, 300)]
    assert places == {at for start, end in blocks for at in range(start, end - 20 + 1)}


def test_short_sequences_are_whole_and_random_ones_have_their_lengths() -> None:
    short = random_strings([9, 14, 20], seed=3)
    pieces = text(drawn(short).tokens)
    assert set(pieces[:200]) == set(short)
    assert [len(piece) for piece in pieces[200:]] == [len(piece) for piece in pieces[:200]]


def test_shuffled_pieces_keep_their_composition() -> None:
    pieces = text(drawn(["".join(random_strings([4_000]))], random="dinucleotide").tokens)
    assert [sorted(piece) for piece in pieces[200:]] == [sorted(piece) for piece in pieces[:200]]
    assert sum(one != other for one, other in zip(pieces[200:], pieces[:200], strict=True)) > 190


def test_without_sequences_all_are_uniform() -> None:
    found = draw_sequences(None, DNA, DistillOptions(count=5_000), 30)
    assert found.real == 0
    assert found.validation.sum() == 250
    assert set(found.tokens.lengths.tolist()) == {30}
    counts = np.bincount(found.tokens.data, minlength=5)
    assert counts[0] == 0
    # Within five standard errors of a quarter.
    assert np.abs(counts[1:] / 150_000 - 0.25).max() < 5 * (0.25 * 0.75 / 150_000) ** 0.5
    with pytest.raises(SettingError, match=r"distill.random needs SEQUENCES"):
        draw_sequences(None, DNA, DistillOptions(random="dinucleotide"), 30)


def test_the_seed_decides() -> None:
    genome = ["".join(random_strings([4_000]))]
    one, same, other = (drawn(genome, seed=seed).tokens.data.tobytes() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_sequences_that_are_too_short_or_ambiguous_are_refused() -> None:
    with pytest.raises(EmptyInputError, match=r"^SEQUENCES: there are too few sequences without ambiguity codes"):
        drawn(["N" * 50, "ACGT" * 3 + "N"])
    with pytest.raises(EmptyInputError, match="too few sequences"):
        draw_sequences([], DNA, DistillOptions(), 20)


def test_files_of_another_alphabet_or_with_unknown_symbols_are_refused(tmp_path: Path) -> None:
    protein, odd = tmp_path / "p.fa", tmp_path / "odd.fa"
    protein.write_text(">p\nMKVLEERWFQPLILKKDEWWMNHHQRSTVY\n")
    odd.write_text(">good\nACGTACGT\n>bad\nACGTACGTACGTACGTACGTACGTACG!ACGT\n")
    with pytest.raises(AlphabetMismatchError):
        read_tokens([str(protein)], DNA, ReadOptions())
    with pytest.raises(SymbolError, match="bad"):
        read_tokens([str(odd)], DNA, ReadOptions())
    good = tmp_path / "good.fa"
    good.write_text(">good\nACGTN\n>other\nTTGG\n")
    assert text(Ragged.concatenate(read_tokens([str(good)], DNA, ReadOptions()))) == ["ACGTN", "TTGG"]
