from __future__ import annotations

import numpy as np
import pytest

from seqnet.api.models import Model
from seqnet.core.errors import InputError, SeqnetError
from tests.building import make_bundle, random_strings

(TEXT,) = random_strings([2_000])
MODEL = Model(make_bundle(), threads=2)


def test_windows_are_predicted_like_sequences() -> None:
    found = MODEL.scan(TEXT, window=15, stride=4)
    assert found.starts.tolist() == list(range(0, 1_986, 4))
    assert (found.ends - found.starts == 15).all()
    alone = MODEL.predict([TEXT[start : start + 15] for start in found.starts])
    np.testing.assert_allclose(found.probabilities, alone.probabilities, atol=1e-6)
    assert set(found.status) == {"scored"}
    frame = found.to_pandas()
    assert list(frame.columns) == ["start", "end", "p_noise", "p_signal", "status"]
    assert len(frame) == len(found) == 497
    assert repr(found) == "<seqnet.Windows: 497 windows of 15, 497 scored>"


def test_the_window_of_the_model_is_the_default() -> None:
    assert MODEL.scan(TEXT.encode()).starts[:3].tolist() == [0, 12, 24]


def test_a_window_without_a_score_has_a_reason() -> None:
    found = MODEL.scan("ACGT" * 9 + "!" + "ACGT" * 9)
    assert found.status.tolist() == ["scored"] * 3 + ["invalid_symbol"] + ["scored"] * 2
    assert np.isnan(found.probabilities[3]).all()
    assert set(MODEL.scan("ACGT" * 9 + "!" + "ACGT" * 9, unknown="mask").status) == {"scored"}


def test_a_short_sequence_has_no_windows() -> None:
    found = MODEL.scan("ACGT")
    assert (len(found), found.probabilities.shape, found.status.tolist()) == (0, (0, 2), [])


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(SeqnetError, match="stride must be at least 1"):
        MODEL.scan(TEXT, stride=0)
    with pytest.raises(SeqnetError, match="strides"):
        MODEL.scan(TEXT, strides=3)  # type: ignore[call-arg]
    with pytest.raises(InputError, match="a sequence can't be of type int"):
        MODEL.scan(5)
    with pytest.raises(SeqnetError, match="protein"):
        MODEL.scan("MKVLWYQEDHF" * 20)
