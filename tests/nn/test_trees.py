"""Trees compared with decisions in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqnet.nn.trees import Trees


def filled(classes: int = 2) -> Trees:
    """Returns two rounds: "feature 1 above 0.5, and if so, feature 0 above 2"; the second round is a single leaf."""
    trees = Trees(3, classes, rounds=2, leaves=3, depth=2)
    trees.load_state_dict(tables(trees.logits))
    return trees


def tables(step: int) -> dict[str, torch.Tensor]:
    """Returns the tables of these trees for so many logits, with nodes in no order."""
    state = Trees(3, 2 if step == 1 else step, 2, 3, 2).state_dict()
    state["feature"][0, :2] = torch.tensor([1, 0])
    state["bound"][0, :2] = torch.tensor([0.5, 2.0])
    state["branches"][0] = torch.tensor([[2, 1], [3, 4], [2, 2], [3, 3], [4, 4]])
    state["value"][0] = torch.tensor([9.0, 9.0, 1.0, 10.0, 100.0])
    state["value"][step, 0] = 0.25
    state["start"][0] = 1000.0
    return state


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
    state = tables(1)
    state[table].view(-1)[-1] = value
    with pytest.raises(RuntimeError, match="points beyond its end"):
        Trees(3, 2, 2, 3, 2).load_state_dict(state)


def test_nodes_are_arranged_and_stay_so() -> None:
    trees = filled()
    assert trees.branches[0].tolist() == [[1, 2], [1, 1], [3, 4], [3, 3], [4, 4]]
    assert trees.bound[0, [0, 2]].tolist() == [0.5, 2.0]
    again = Trees(3, 2, 2, 3, 2)
    again.load_state_dict(trees.state_dict())
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in trees.state_dict().items())


@pytest.mark.parametrize(
    ("branches", "depth"),
    [
        ([[2, 1], [3, 4], [2, 2], [3, 3], [4, 4]], 1),  # deeper than it may be
        ([[1, 2], [0, 2], [2, 2], [3, 3], [4, 4]], 9),  # a circle
        ([[1, 1], [2, 3], [2, 2], [3, 3], [4, 4]], 9),  # two ways to a node
    ],
)
def test_tables_that_are_not_trees_are_refused(branches: list[list[int]], depth: int) -> None:
    state = tables(1)
    state["branches"][0] = torch.tensor(branches)
    with pytest.raises(RuntimeError, match="not trees, or deeper than"):
        Trees(3, 2, 2, 3, depth).load_state_dict(state)


def test_a_batch_of_any_size_has_the_same_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    trees = Trees(7, 3, 40, 8, 3)
    state = trees.state_dict()
    inner = torch.arange(7, dtype=torch.int32)
    state["branches"].copy_(torch.arange(15)[:, None].expand(15, 2))
    state["branches"][:, :7] = torch.stack([2 * inner + 1, 2 * inner + 2], dim=1)
    state["feature"][:, :7] = torch.from_numpy(rng.integers(0, 7, (120, 7), dtype=np.int32))
    state["bound"][:, :7] = torch.from_numpy(rng.normal(size=(120, 7)).astype(np.float32))
    state["value"].copy_(torch.from_numpy(rng.normal(size=(120, 15)).astype(np.float32)))
    trees.load_state_dict(state)
    profiles = torch.from_numpy(rng.normal(size=(90, 7)).astype(np.float32))
    expected = np.zeros((90, 3))
    for row, profile in enumerate(profiles.numpy()):
        for tree in range(120):
            node = 0
            while node < 7:
                above = profile[state["feature"][tree, node]] > state["bound"][tree, node]
                node = int(state["branches"][tree, node, int(above)])
            expected[row, tree % 3] += float(state["value"][tree, node])
    np.testing.assert_allclose(trees(profiles), expected, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr("seqnet.nn.trees._PLACES", 1000)  # eight at once
    np.testing.assert_allclose(trees(profiles), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(torch.cat([trees(profiles[start : start + 7]) for start in range(0, 90, 7)]), trees(profiles))
