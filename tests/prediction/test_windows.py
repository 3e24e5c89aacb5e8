from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.alphabets import INVALID, alphabet
from seqnet.core.errors import SettingError
from seqnet.core.ragged import Ragged
from seqnet.prediction import windows
from seqnet.prediction.windows import (
    Grid,
    SequencePiece,
    Tokens,
    WindowStatus,
    grid_of,
    lengths_without_stops,
    pieces_of,
    window_count,
    window_tokens,
)
from tests.building import make_bundle, run_config

DNA = alphabet("dna")


@given(
    st.lists(st.text("ACGT", max_size=40), max_size=6),
    st.integers(1, 9),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_pieces_have_all_complete_windows_once_and_in_order(
    strings: list[str], window: int, stride: int, most: int
) -> None:
    symbols, grid = Ragged.from_strings(strings), Grid(window, stride)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_WINDOWS", most)
        pieces = list(pieces_of(symbols, symbols.lengths, grid))
    found = [
        (int(record), int(start), piece.symbols[at : at + window].tobytes().decode())
        for piece in pieces
        for record, start, at in zip(piece.record, piece.start, piece.at, strict=True)
    ]
    expected = [
        (record, start, string[start : start + window])
        for record, string in enumerate(strings)
        for start in range(0, len(string) - window + 1, stride)
    ]
    assert found == expected
    assert all(len(piece.at) <= most for piece in pieces)
    assert window_count(symbols.lengths, grid) == len(expected)
    # Symbols that are counted as fresh are counted once.
    fresh = [piece.offset + place for piece in pieces for place in range(piece.fresh, len(piece.symbols))]
    assert len(fresh) == len(set(fresh))


def one_piece(strings: list[str], grid: Grid, name: str = "dna") -> tuple[SequencePiece, Tokens]:
    symbols = Ragged.from_strings(strings)
    (piece,) = pieces_of(symbols, lengths_without_stops(symbols, alphabet(name)), grid)
    return piece, window_tokens(piece, symbols.offsets, grid, alphabet(name))


def words(tokens: Tokens) -> list[str]:
    return [WindowStatus(status).word for status in tokens.status]


def test_a_window_without_a_score_has_a_reason() -> None:
    _, found = one_piece(["ACGTNNNNACGN!CGTaCGT"], Grid(4, 4))
    assert words(found) == ["scored", "all_ambiguous", "scored", "invalid_symbol", "scored"]
    assert found.invalid is not None
    assert (found.invalid.record, found.invalid.position, found.invalid.symbol) == (0, 12, "!")
    _, skipped = one_piece(["ACGTNNNNACGN!CGTaCGT"], Grid(4, 4, skips_softmasked=True))
    assert words(skipped) == ["scored", "all_ambiguous", "scored", "invalid_symbol", "soft_masked"]


def test_unknown_symbols_are_masked_and_counted_once_but_gaps_are_none() -> None:
    piece, found = one_piece(["A!GTACG-ACGT"], Grid(4, 2, mask=True))
    assert words(found) == ["scored", "scored", "invalid_symbol", "invalid_symbol", "scored"]
    assert found.masked == 1
    assert found.tokens[1] == DNA.mask_token
    assert found.tokens[7] == INVALID
    assert piece.fresh == 0


def test_symbols_of_records_without_windows_are_not_counted() -> None:
    _, found = one_piece(["ACGT", "!!", "ACGT"], Grid(4, 4, mask=True))
    assert (words(found), found.masked) == (["scored", "scored"], 0)
    _, found = one_piece(["ACGT", "!!", "AC!T"], Grid(4, 4))
    assert found.invalid is not None
    assert (found.invalid.record, found.invalid.position) == (2, 2)


def test_the_stop_at_the_end_of_a_protein_is_in_no_window() -> None:
    piece, found = one_piece(["MKVLA*", "MKVL", "*"], Grid(3, 1), "protein")
    assert piece.start.tolist() == [0, 1, 2, 0, 1]
    assert words(found) == ["scored"] * 5


def test_the_windows_are_those_of_the_model_unless_others_are_given() -> None:
    bundle = make_bundle(window=12)
    assert grid_of(bundle, None, None, mask=False, softmask="keep") == Grid(12, 12)
    assert grid_of(bundle, 30, None, mask=True, softmask="skip") == Grid(30, 30, True, True)
    assert grid_of(bundle, None, 5, mask=False, softmask="keep") == Grid(12, 5)
    by_words = make_bundle(run_config(encoder={"name": "kmer", "k": 3, "dimension": 4}), window=12)
    with pytest.raises(SettingError, match=r"scan\.window must be at least 3, the shortest sequence"):
        grid_of(by_words, 2, None, mask=False, softmask="keep")
