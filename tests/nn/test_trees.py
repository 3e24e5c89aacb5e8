"""Trees compared with decisions in plain Python."""

from __future__ import annotations

import pytest
import torch

from seqnet.nn.trees import Trees


def filled(classes: int = 2) -> Trees:
    """Returns two rounds: "feature 1 above 0.5, and if so, feature 0 above 2"; the second round is a single leaf."""
    trees = Trees(3, classes, rounds=2, leaves=3, depth=2)
    step = trees.logits
    trees.feature[0, :2] = torch.tensor([1, 0])
    trees.bound[0, :2] = torch.tensor([0.5, 2.0])
    trees.branches[0] = torch.tensor([[2, 1], [3, 4], [2, 2], [3, 3], [4, 4]])
    trees.value[0] = torch.tensor([9.0, 9.0, 1.0, 10.0, 100.0])
    trees.value[step, 0] = 0.25
    trees.start[0] = 1000.0
    return trees


PROFILES = torch.tensor([[5.0, 0.5, 0], [2.0, 0.75, 0], [2.5, 0.75, 0]])
SUMS = [1001.25, 1010.25, 1100.25]


def test_two_classes_have_one_logit() -> None:
    expected = torch.tensor([[0.0, total] for total in SUMS])
    assert torch.equal(filled()(PROFILES), expected)


def test_of_three_classes_each_has_its_trees() -> None:
    expected = torch.tensor([[total, 0.0, 0.0] for total in SUMS])
    assert torch.equal(filled(classes=3)(PROFILES), expected)


def test_empty_trees_have_logits_of_zero() -> None:
    assert torch.equal(Trees(3, 2, 4, 5, 6)(PROFILES), torch.zeros(3, 2))


@pytest.mark.parametrize(("table", "value"), [("feature", 3), ("feature", -1), ("branches", 5), ("branches", -1)])
def test_tables_that_point_beyond_their_end_are_refused(table: str, value: int) -> None:
    state = filled().state_dict()
    state[table] = state[table].clone()
    state[table].view(-1)[-1] = value
    with pytest.raises(RuntimeError, match="points beyond its end"):
        Trees(3, 2, 2, 3, 2).load_state_dict(state)
