from __future__ import annotations

import numpy as np
import pytest
from Bio.Data import IUPACData
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.core.alphabets import ALPHABETS, INVALID, PADDING, Alphabet, alphabet, guess_alphabet
from seqnet.core.errors import SettingError

DNA, RNA, PROTEIN = alphabet("dna"), alphabet("rna"), alphabet("protein")


def as_bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def as_text(symbols: NDArray[np.uint8]) -> str:
    return symbols.tobytes().decode()


def reverse_complement(text: str) -> str:
    return as_text(DNA.decode(DNA.complement[DNA.encode(as_bytes(text))][::-1]))


@pytest.mark.parametrize("one", ALPHABETS.values(), ids=list(ALPHABETS))
@given(data=st.data())
def test_decoding_undoes_encoding(one: Alphabet, data: st.DataObject) -> None:
    text = data.draw(st.text(one.symbols + one.symbols.lower()))
    tokens = one.encode(as_bytes(text))
    assert tokens.dtype == np.uint8
    assert as_text(one.decode(tokens)) == text.upper()


@pytest.mark.parametrize("one", ALPHABETS.values(), ids=list(ALPHABETS))
def test_every_byte_has_its_own_token_or_none(one: Alphabet) -> None:
    tokens = one.encode(np.arange(256, dtype=np.uint8))
    letters = {ord(letter) for letter in one.symbols + "".join(one.synonyms)}
    letters |= {ord(chr(letter).lower()) for letter in letters}
    assert {byte for byte in range(256) if tokens[byte] != INVALID} == letters
    # A file can contain neither padding nor a number outside the tables.
    assert set(tokens[tokens != INVALID].tolist()) == set(range(1, one.token_count))
    assert one.token_count < INVALID


def test_tokens_are_where_files_and_models_expect_them() -> None:
    assert DNA.encode(as_bytes("ACGTacgtN")).tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 15]
    assert (DNA.token_count, DNA.mask_token, DNA.size) == (16, 15, 4)
    assert PROTEIN.encode(as_bytes("ARNDCQEGHILKMFPSTWYV")).tolist() == list(range(1, 21))
    assert (PROTEIN.token_count, PROTEIN.mask_token, PROTEIN.size) == (28, 27, 20)
    assert as_text(PROTEIN.decode(np.array([PADDING, PROTEIN.mask_token], dtype=np.uint8))) == "-X"
    assert as_text(RNA.decode(RNA.encode(as_bytes("ACGTUacgtu")))) == "ACGUUACGUU"
    assert PROTEIN.encode(as_bytes("-.1 @[`{\n\0")).tolist() == [INVALID] * 10


@given(st.text("ACGTRYSWKMBDHVN"))
def test_complement_is_that_of_biopython_and_undoes_itself(text: str) -> None:
    assert reverse_complement(text) == str(Seq(text).reverse_complement())  # type: ignore[no-untyped-call]
    assert reverse_complement(reverse_complement(text)) == text


def test_complement_keeps_padding_and_the_mask() -> None:
    assert DNA.complement[PADDING] == PADDING
    assert DNA.complement[DNA.mask_token] == DNA.mask_token
    np.testing.assert_array_equal(DNA.complement[DNA.complement], np.arange(DNA.token_count))


@pytest.mark.parametrize("one", [RNA, PROTEIN], ids=["rna", "protein"])
def test_only_dna_has_two_strands(one: Alphabet) -> None:
    assert DNA.has_strands
    assert not one.has_strands
    with pytest.raises(SettingError, match=f"{one.name} has no reverse complement"):
        _ = one.complement


def test_mixtures_of_nucleotides_are_those_of_biopython() -> None:
    for one, table in ((DNA, IUPACData.ambiguous_dna_values), (RNA, IUPACData.ambiguous_rna_values)):
        for token, symbol in enumerate(one.symbols, 1):
            members = table[symbol]
            expected = [1 / len(members) if letter in members else 0 for letter in one.canonical]
            np.testing.assert_allclose(one.mixture[token], expected, rtol=1e-7)
        # Biopython also has X for any base; no other code differs.
        assert set(table) - set(one.symbols) == {"X"}


def test_mixtures_of_amino_acids_are_those_of_biopython() -> None:
    for code, members in IUPACData.extended_protein_values.items():
        row = dict(zip(PROTEIN.canonical, PROTEIN.mixture[int(PROTEIN.to_token[ord(code)])].tolist(), strict=True))
        # Selenocysteine and pyrrolysine have no column of their own and are mixtures of all residues.
        chosen = PROTEIN.canonical if code in "UOX" else members
        assert row == pytest.approx({one: chosen.count(one) / len(chosen) for one in PROTEIN.canonical})
    assert not PROTEIN.mixture[int(PROTEIN.to_token[ord("*")])].any()


@pytest.mark.parametrize("one", ALPHABETS.values(), ids=list(ALPHABETS))
def test_mixtures_are_probabilities(one: Alphabet) -> None:
    assert one.mixture.shape == (one.token_count, one.size)
    assert one.mixture.dtype == np.float32
    assert not one.mixture[PADDING].any()
    without_stop = [token for token in range(1, one.token_count) if chr(one.to_symbol[token]) != "*"]
    np.testing.assert_allclose(one.mixture[without_stop].sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(one.mixture[1 : one.size + 1], np.eye(one.size))
    np.testing.assert_allclose(one.mixture[one.mask_token], 1 / one.size)


def test_an_unknown_alphabet_names_the_valid_ones() -> None:
    with pytest.raises(SettingError, match="one of dna, rna, protein"):
        alphabet("dnb")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ACGTNacgtn", "dna"),
        ("ACGACGACG", "dna"),
        ("ACGUNacgun", "rna"),
        ("acgu", "rna"),
        ("ACGTU", "dna"),
        ("ACGTACGTAR", "dna"),
        ("ACGTACGTRR", "dna"),
        ("MKVLAAGIVGLAEPDQ*", "protein"),
        ("mkvlaagivglaepdq", "protein"),
        ("NNNN", "dna"),
        ("12345ABC", None),
        ("ACGT-ACGT-", None),
        ("", None),
    ],
)
def test_the_alphabet_is_guessed_from_the_symbols(text: str, found: str | None) -> None:
    assert guess_alphabet(as_bytes(text)) == found


@given(st.text("ACGT", min_size=9), st.text("RYSWKMBDHVN"))
def test_one_ambiguity_code_in_ten_is_still_dna(text: str, codes: str) -> None:
    assert guess_alphabet(as_bytes(text + codes[: len(text) // 9])) == "dna"
