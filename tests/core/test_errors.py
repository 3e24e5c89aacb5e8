from __future__ import annotations

import inspect
import pickle
import re

import pytest

from seqnet.core import errors
from seqnet.core.errors import (
    AlphabetMismatchError,
    EmptyInputError,
    FormatError,
    InputError,
    LabelError,
    OutputError,
    SeqnetError,
    SequencesError,
    SettingError,
    SymbolError,
    TruncatedError,
    UnknownSettingError,
)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (SeqnetError("reads.fa", "it is wrong", "correct it"), "reads.fa: it is wrong; correct it"),
        (LabelError("class b", "it has no records"), "class b: it has no records"),
        (OutputError("", "it is wrong", "correct it"), "it is wrong; correct it"),
        (FormatError("it is wrong"), "it is wrong"),
        (FormatError("it is wrong", "correct it", path="x.fa", line=3), "x.fa: line 3: it is wrong; correct it"),
        (FormatError("it is wrong", path="x.fa", line=3, record="r1"), "x.fa: line 3: record r1: it is wrong"),
        (TruncatedError("it ends too early", record="r1"), "record r1: it ends too early"),
        (
            SymbolError("x.fa", "r1", 4, "!", "dna"),
            "x.fa: record r1: position 4: symbol '!' is not in the dna alphabet; "
            "correct it, use another --alphabet, or use --unknown skip or --unknown mask",
        ),
        (
            AlphabetMismatchError("x.fa", "protein", "dna"),
            "x.fa: this looks like protein, not dna; give dna sequences, or use a model for protein",
        ),
        (
            SettingError("training.epochs", 0, "at least 1"),
            "training.epochs must be at least 1, not 0",
        ),
        (
            UnknownSettingError("training.epoch", 0, ["epochs", "seed"]),
            "there is no setting training.epoch; did you mean training.epochs?",
        ),
    ],
)
def test_an_error_is_one_line_that_says_where_what_and_what_to_do(error: SeqnetError, line: str) -> None:
    assert str(error) == line
    handed_over = pickle.loads(pickle.dumps(error))
    assert (type(handed_over), str(handed_over), handed_over.__dict__) == (type(error), line, error.__dict__)


def test_a_path_is_added_once_by_the_layer_that_knows_it() -> None:
    error = FormatError("it is wrong", line=2)
    assert error.at("inner.fa") is error
    assert error.at("outer.fa").path == "inner.fa"
    assert str(error) == "inner.fa: line 2: it is wrong"


def test_facts_are_attributes() -> None:
    symbol = SymbolError("x.fa", "r1", 4, "!", "dna")
    assert (symbol.path, symbol.record, symbol.position, symbol.symbol) == ("x.fa", "r1", 4, "!")
    value = SettingError("training.epochs", 0, "at least 1")
    assert (value.name, value.value, value.expected) == ("training.epochs", 0, "at least 1")


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    drawn = re.findall(r"^ *(?:│ *)?[├└]── (\w+)", str(errors.__doc__), re.MULTILINE)
    classes = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SeqnetError)}
    assert {"SeqnetError", *drawn} == classes == set(errors.__all__) - {"GAPS", "SeqnetWarning"}
    assert len(drawn) == len(set(drawn))
    for kind in (FormatError, TruncatedError, EmptyInputError, SequencesError):
        assert kind.__bases__[0] is InputError


@pytest.mark.parametrize("symbol", ["-", ".", "~"])
def test_a_gap_of_an_alignment_must_not_be_masked(symbol: str) -> None:
    text = str(SymbolError("x.fa", "a", 21, symbol, "dna"))
    assert text.startswith(f"x.fa: record a: position 21: '{symbol}' is an alignment gap; use --gaps remove")
    assert "mask" not in text


def test_a_record_without_a_name() -> None:
    assert str(SymbolError("x.csv", "", 2, "!", "dna")).startswith("x.csv: a record without a name: position 2: symbol")
    assert str(FormatError("bad", path="x", record="")) == "x: a record without a name: bad"


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (FormatError("bad", "mend it", path="x", line=2), ("x: line 2", "bad", "mend it")),
        (
            SymbolError("x", "a", 2, "!", "rna"),
            ("x: record a: position 2", "symbol '!' is not in the rna alphabet", "c"),
        ),
        (AlphabetMismatchError("x", "rna", "dna"), ("x", "this looks like rna, not dna", "give dna sequences")),
        (SettingError("seed", -1, "at least 0"), ("", "seed must be at least 0, not -1", "")),
        (
            SettingError("split", "tst", choices=["test"]),
            ("", "split must be one of test, not 'tst'", "did you mean test"),
        ),
        (UnknownSettingError("sead", 1, ["seed"]), ("", "there is no setting sead", "did you mean seed?")),
    ],
)
def test_place_problem_and_remedy_are_attributes(error: SeqnetError, parts: tuple[str, str, str]) -> None:
    assert (error.place, error.problem) == parts[:2]
    assert error.remedy.startswith(parts[2])
    assert error.describe() == (error.place, error.problem, error.remedy)


def test_a_setting_is_renamed_in_its_problem() -> None:
    error = SettingError("training.seed", -1, "at least 0")
    error.rename("seed")
    assert (error.name, str(error)) == ("seed", "seed must be at least 0, not -1")


def test_what_a_program_passes_wrongly_is_a_value_error() -> None:
    for kind in (SequencesError, SymbolError, AlphabetMismatchError, LabelError, SettingError):
        assert issubclass(kind, ValueError)
    for other in (FormatError, OutputError):  # readers catch ValueErrors of other libraries
        assert not issubclass(other, ValueError)
