from __future__ import annotations

import pytest

from seqnet.core.errors import SettingError
from seqnet.core.launch import ALONE, Launch, this_launch

GROUP = {"RANK": "3", "WORLD_SIZE": "4", "MASTER_ADDR": "node1", "MASTER_PORT": "29500"}


def test_the_variables_of_torchrun() -> None:
    more = {"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "7"}
    assert this_launch(GROUP | more) == Launch(3, 4, 1, 2, torchrun=True)
    assert not this_launch(GROUP).first
    assert this_launch(GROUP | {"RANK": "0"}).first


@pytest.mark.parametrize("missing", GROUP)
def test_without_one_of_the_variables_there_is_no_group(missing: str) -> None:
    assert this_launch({name: value for name, value in GROUP.items() if name != missing}) == ALONE


def test_one_process_is_no_group() -> None:
    assert this_launch(GROUP | {"WORLD_SIZE": "1", "RANK": "0"}) == ALONE


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"RANK": "4"}, "RANK must be a whole number from 0 to 3, not '4'"),
        ({"WORLD_SIZE": "many"}, "WORLD_SIZE must be a whole number of at least 1, not 'many'"),
        ({"LOCAL_RANK": "-1"}, "LOCAL_RANK must be a whole number of at least 0, not '-1'"),
        ({"MASTER_PORT": "65536"}, "MASTER_PORT must be a whole number from 1 to 65535, not '65536'"),
    ],
)
def test_contradictions_are_errors(changed: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        this_launch(GROUP | changed)
    assert str(caught.value) == message
