from __future__ import annotations

import pytest

from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import SettingError


def test_fractions_are_numbers_by_class_whose_name_may_have_an_equals_sign() -> None:
    assert PredictOptions(expected_fraction=("a=0.25", "b=c=0.5")).fractions() == {"a": 0.25, "b=c": 0.5}
    assert PredictOptions().fractions() == {}


@pytest.mark.parametrize(
    ("given", "reported"),
    [
        (("a=1",), "must be CLASS=F with F between 0 and 1, or auto alone, not 'a=1'"),
        (("a=x",), "must be CLASS=F with F between 0 and 1, or auto alone, not 'a=x'"),
        (("0.5",), "must be CLASS=F with F between 0 and 1"),
        (("a=0.1", "a=0.2"), "gives class a twice"),
    ],
)
def test_invalid_fractions_are_refused(given: tuple[str, ...], reported: str) -> None:
    with pytest.raises(SettingError) as caught:
        PredictOptions(expected_fraction=given).fractions()
    assert str(caught.value).startswith(f"predict.expected_fraction {reported}")


def test_a_vote_has_no_probabilities_to_adjust() -> None:
    for other in ({"max_error": 0.1}, {"expected_fraction": ("a=0.1",)}):
        with pytest.raises(SettingError, match="vote can't be combined with --max-error or --expected-fraction"):
            PredictOptions(vote=True, **other)
