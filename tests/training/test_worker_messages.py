from __future__ import annotations

import math

import pytest

from seqnet.core.errors import (
    ContainerError,
    FormatError,
    ResourceError,
    SettingError,
    UnknownSettingError,
)
from seqnet.training.history import EpochRow
from seqnet.training.worker_messages import (
    decoded,
    encoded,
    epoch_message,
    error_from,
    error_message,
    show_progress,
)
from tests.building import Recorder, run_config


@pytest.mark.parametrize(
    "error",
    [
        SettingError("training.learning_rate", 10.0, problem="10 is too high: training diverged"),
        SettingError("device", "gpu", choices=("cpu", "cuda")),
        UnknownSettingError("training.epoch", 3, ["epochs"]),
        ContainerError("m.safetensors", "the file is damaged", "start again"),
        ResourceError("cpu", "there is too little memory", "use a smaller network"),
        FormatError("no header", line=3, record="a").at("x.fa"),
    ],
)
def test_an_error_comes_back_with_its_facts(error: Exception) -> None:
    found = error_from(decoded(encoded(error_message(error))))
    assert type(found) is type(error)
    assert (str(found), vars(found), found.args) == (str(error), vars(error), error.args)


def test_errors_of_the_system_and_bugs_come_back() -> None:
    full = error_from(decoded(encoded(error_message(OSError(28, "No space left on device", "m.safetensors")))))
    assert isinstance(full, OSError)
    assert (full.errno, full.filename) == (28, "m.safetensors")
    assert isinstance(error_from(decoded(encoded(error_message(MemoryError())))), MemoryError)
    try:
        raise KeyError("name")
    except KeyError as error:
        bug = error_from(decoded(encoded(error_message(error))))
    assert isinstance(bug, RuntimeError)
    assert str(bug).startswith("Traceback ")
    assert str(bug).endswith("KeyError: 'name'\n")


def test_progress_is_passed_on() -> None:
    row = EpochRow(1, 30, 0.1, 0.12345678901234567, 0.75, math.nan, math.nan, math.nan)
    recorder, config = Recorder(), run_config({"epochs": 7})
    for message in (
        {"kind": "begin", "config": config.to_dict()},
        {"kind": "note", "text": "größer \udcff"},
        {"kind": "step", "values": [1, 50, 60, math.inf]},
        epoch_message(row, True),
        {"kind": "stopped"},
    ):
        show_progress(decoded(encoded(message)), recorder)
    assert (recorder.notes, recorder.steps, recorder.better) == (["größer \udcff"], [(1, 50, 60)], [True])
    assert repr(recorder.rows) == repr([row])


def test_half_a_line_is_no_message() -> None:
    with pytest.raises(ValueError, match="Unterminated string"):
        decoded(encoded({"kind": "note", "text": "abc"})[:-4])
