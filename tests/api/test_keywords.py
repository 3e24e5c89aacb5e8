from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.api.explain_keywords import ExplainFileKeywords, ExplainKeywords, WordKeywords, explain_options
from seqnet.api.keywords import (
    EvaluateKeywords,
    PredictFileKeywords,
    PredictKeywords,
    as_listener,
    as_path,
    embed_options,
    predict_options,
    read_options,
    scan_options,
)
from seqnet.api.python_words import python_words
from seqnet.configs.evaluation import EvaluationOptions
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import AlphabetMismatchError, SeqnetError, SettingError, SymbolError, UnknownSettingError
from seqnet.explanation.survey import LabelSource


def fields(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_the_keywords_are_the_settings() -> None:
    assert set(PredictKeywords.__annotations__) == fields(PredictOptions) - {"precision"}
    reading = fields(ReadOptions) - {"threads", "columns", "originals", "part_start", "part_end", "some_unused"}
    assert set(PredictFileKeywords.__annotations__) - set(PredictKeywords.__annotations__) == reading
    assert set(EvaluateKeywords.__annotations__) == fields(EvaluationOptions)
    assert set(ExplainKeywords.__annotations__) == fields(ExplainOptions)
    assert set(WordKeywords.__annotations__) == fields(WordOptions) | {"alphabet", "unknown"}
    every = set.union(*map(fields, (ExplainOptions, MotifOptions, WordOptions, LabelSource))) | reading
    assert set(ExplainFileKeywords.__annotations__) == every


def test_values_of_numpy_and_paths_are_settings() -> None:
    options = predict_options({"max_error": np.float32(0.25), "expected_fraction": {"a=b": np.float64(0.1)}}, "float32")
    assert options == PredictOptions(precision="float32", max_error=0.25, expected_fraction=("a=b=0.1",))
    assert options.fractions() == {"a=b": 0.1}
    read, decide = read_options({"min_mapq": np.int64(3), "reference": Path("x.fa"), "unknown": "mask"}, "auto", 2)
    assert read == ReadOptions(min_mapq=3, reference="x.fa", threads=2)
    assert decide == PredictOptions(unknown="mask")


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"part_start": 3}, "there is no setting part_start; use one of "),
        ({"regoin": "chr1"}, "there is no setting regoin; did you mean region?"),
        ({"max_eror": 0.1}, "there is no setting max_eror; did you mean max_error?"),
        ({"threads": 2}, "there is no setting threads; use one of "),
        ({"unknown": "maks"}, "unknown must be one of report, mask, not 'maks'; did you mean mask?"),
        (
            {"expected_fraction": ["a=0.1"]},
            "expected_fraction must be a mapping of class to fraction, such as {'human': 0.1}, not ['a=0.1']",
        ),
        ({"vote": True, "max_error": 0.1}, "vote can't be combined with max_error or expected_fraction"),
    ],
)
def test_errors_name_keywords(keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingError) as caught, python_words():
        read_options(keywords, "auto", 1)
    assert str(caught.value).startswith(text)
    assert caught.value.name in keywords


def test_options_without_an_effect_are_refused() -> None:
    for options, keywords, text in (
        (embed_options, {"vote": True}, "vote has no effect on embeddings"),
        (embed_options, {"max_error": 0.1}, "max_error has no effect on embeddings"),
        (embed_options, {"expected_fraction": {"a": 0.1}}, "expected_fraction has no effect on embeddings"),
        (scan_options, {"max_error": 0.1}, "max_error has no effect on windows, which have no labels"),
        (scan_options, {"expected_fraction": "auto"}, "expected_fraction must be a mapping of class to fraction"),
    ):
        with pytest.raises(SettingError) as caught, python_words():
            options(keywords, "auto")
        assert str(caught.value).startswith(text)
    assert embed_options({"vote": False, "max_error": None}, "auto") == PredictOptions()
    assert scan_options({"expected_fraction": {"a": 0.1}}, "auto").fractions() == {"a": 0.1}
    with pytest.raises(SettingError, match=r'^steps needs method="integrated"$'), python_words():
        explain_options({"steps": 8})


def test_options_of_explanations() -> None:
    options = explain_options({"method": "integrated", "steps": np.int64(8), "target": "human", "unknown": "mask"})
    assert options == ExplainOptions("integrated", 8, "human", unknown="mask")
    wrong = r"method must be one of mutagenesis, gradient, integrated, not 'gradeint'; did you mean gradient\?"
    with pytest.raises(SettingError, match=wrong), python_words():
        explain_options({"method": "gradeint"})


def test_a_keyword_of_a_file_is_none_of_sequences() -> None:
    with pytest.raises(UnknownSettingError):
        predict_options({"region": "chr1"}, "auto")


def test_options_of_the_command_line_are_keywords_in_errors() -> None:
    remedy = "give dna sequences, or use --alphabet dna if these are"
    with pytest.raises(AlphabetMismatchError) as caught, python_words():
        raise AlphabetMismatchError("x.fa", "protein", "dna", remedy)
    assert caught.value.remedy == 'give dna sequences, or pass alphabet="dna" if these are'
    assert str(caught.value).endswith(caught.value.remedy)


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ("choose another name or use --force", "choose another name or pass force=True"),
        (
            "continue it with --resume, or start over with --force",
            "continue it with resume=True, or start over with force=True",
        ),
        ("or increase --wait", "or increase wait"),
        ("use --gaps remove to take gaps out", 'pass gaps="remove" to take gaps out'),
        ("use --class, --label-regex or --labels", "pass classes, label_regex or labels"),
        ("because --group-by separates them", "because group_by separates them"),
        ("or use --no-baselines", "or pass baselines=False"),
        (
            "add a second one, such as --class random=@uniform",
            'add a second one, such as classes={"random": "@uniform"}',
        ),
        ("make one with seqnet encode", "make one with seqnet.encode"),
        ("train with --optimize balanced", 'train with optimize="balanced"'),
        ("--set balance=none turns this off", 'settings={"balance": "none"} turns this off'),
    ],
)
def test_remedies_are_in_words_of_python(reported: str, wanted: str) -> None:
    with pytest.raises(SeqnetError) as caught, python_words():
        raise SeqnetError("x", "wrong", reported)
    assert caught.value.remedy == wanted


def test_a_setting_with_a_hyphen_is_named_as_its_keyword() -> None:
    with pytest.raises(SettingError) as caught, python_words():
        raise SettingError("group-by", "x", problem="needs --split-by similarity")
    assert str(caught.value) == 'group_by needs split_by="similarity"'


def test_a_path_is_text_or_a_path() -> None:
    assert as_path("a/b") == as_path(Path("a/b")) == Path("a/b")
    for wrong in (None, 5, b"a"):
        with pytest.raises(SettingError, match=r"path must be text or a pathlib.Path, not"):
            as_path(wrong)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("predict.max_error", "max_error"),
        ("training.epochs", "training.epochs"),
        ("network.name", "network"),
        ("name", "name"),
        ("label-regex", "label_regex"),
    ],
)
def test_a_setting_is_named_as_it_is_given(name: str, wanted: str) -> None:
    with pytest.raises(SettingError) as caught, python_words():
        raise SettingError(name, None, "text")
    assert caught.value.name == wanted
    assert caught.value.problem == f"{wanted} must be text, not None"
    assert (caught.value.place, str(caught.value)) == ("", caught.value.problem)


def test_an_unknown_symbol_is_reported_in_words_of_python() -> None:
    with pytest.raises(SymbolError) as caught, python_words():
        raise SymbolError("x.fa", "a", 2, "!", "dna")
    assert caught.value.place == "x.fa: record a: position 2"
    assert caught.value.problem == "symbol '!' is not in the dna alphabet"
    assert caught.value.remedy == 'correct it, use another alphabet, or pass unknown="skip" or unknown="mask"'
    with pytest.raises(SymbolError) as caught, python_words({"use --gaps remove to remove them": "remove them"}):
        raise SymbolError("x", "a", 2, "-", "dna")
    assert caught.value.remedy == "remove them"


@pytest.mark.parametrize("wrong", [0, 1, -0.5, 2, "0.1", None, float("nan")])
def test_an_expected_fraction_is_between_0_and_1(wrong: Any) -> None:
    with pytest.raises(SettingError) as caught, python_words():
        predict_options({"expected_fraction": {"human": wrong}}, "auto")
    assert str(caught.value) == f'expected_fraction["human"] must be a number between 0 and 1, not {wrong!r}'


def test_progress_is_a_function() -> None:
    reported: list[str] = []
    as_listener(reported.append)("a")
    as_listener(None)("b")
    assert reported == ["a"]
    with pytest.raises(SettingError, match="progress must be a function that takes a line, such as print, or None"):
        as_listener(True)  # type: ignore[arg-type]
