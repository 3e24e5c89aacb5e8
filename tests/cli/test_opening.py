from __future__ import annotations

from pathlib import Path

import pytest
import torch

from seqnet.cli.opening import open_model
from seqnet.core.errors import ContainerError, SettingError


def test_a_model_is_found_by_name_and_computes_with_the_threads_that_are_requested() -> None:
    bundle = open_model(Path("human-dna"), "cpu", 1, ())
    assert (bundle.classes, bundle.classifier.device, torch.get_num_threads()) == (
        ("human", "random"),
        torch.device("cpu"),
        1,
    )


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ContainerError, match="no such file"):
        open_model(Path("human"), "cpu", 1, ())
    with pytest.raises(SettingError, match=r"^device must be one of .*cpu.*, not 'tpu'"):
        open_model(Path("human-dna"), "tpu", 1, ())
