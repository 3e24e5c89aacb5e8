from __future__ import annotations

import pytest

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.plm.vocabulary import check_protein_alphabet, translation
from tests.nn.plm.models import VOCABULARY

PROTEIN = alphabet("protein")
NUMBERS = {word: number for number, word in enumerate(VOCABULARY)}
UNKNOWN = NUMBERS["<unk>"]


def letters(vocabulary: dict[str, int]) -> dict[str, str]:
    """Returns symbol → its word of the vocabulary."""
    words = {number: word for word, number in vocabulary.items()}
    table = translation(PROTEIN, vocabulary, UNKNOWN)
    assert len(table) == PROTEIN.token_count
    return {symbol: words[int(table[token])] for token, symbol in enumerate(PROTEIN.symbols, 1)}


def test_a_symbol_has_the_token_of_its_letter() -> None:
    found = letters(NUMBERS)
    own = set(PROTEIN.symbols) - {"J", "*"}
    assert {symbol: found[symbol] for symbol in own} == {symbol: symbol for symbol in own}


def test_a_code_that_the_model_lacks_is_any_residue_and_the_stop_is_none() -> None:
    assert letters(NUMBERS)["J"] == "X"
    assert letters(NUMBERS)["*"] == "<unk>"
    without = {word: number for word, number in NUMBERS.items() if word not in ("B", "X")}
    found = letters(without)
    assert (found["B"], found["J"], found["X"]) == ("<unk>",) * 3


def test_a_vocabulary_without_an_amino_acid_is_refused() -> None:
    with pytest.raises(ValueError, match="no token for C, W"):
        letters({word: number for word, number in NUMBERS.items() if word not in ("C", "W")})


@pytest.mark.parametrize("name", ["dna", "rna"])
def test_nucleotides_are_refused(name: str) -> None:
    check_protein_alphabet(PROTEIN)
    with pytest.raises(SettingError, match=f"encoder.name plm needs protein sequences, not {name}"):
        check_protein_alphabet(alphabet(name))
