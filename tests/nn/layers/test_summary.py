from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from seqnet.nn.layers import Summary
from tests.nn.layers.examples import LENGTHS, ragged_features


@pytest.mark.parametrize("way", ["mean", "max", "attention"])
def test_summaries_by_hand(way: str) -> None:
    x = torch.tensor([[[1.0, 4.0, -2.0, 0.0]], [[-3.0, -5.0, 0.0, 0.0]]])
    lengths = torch.tensor([3, 2])
    summary = Summary(1, (way,))
    if summary.score is not None:
        nn.init.constant_(summary.score.weight, math.log(2))
    # An attention score of x · ln 2 weighs each position by 2 to the power of x.
    weighted = [(1 * 2 + 4 * 16 - 2 / 4) / (2 + 16 + 1 / 4), (-3 / 8 - 5 / 32) / (1 / 8 + 1 / 32)]
    expected = {"mean": [1.0, -4.0], "max": [4.0, -3.0], "attention": weighted}[way]
    assert summary(x, lengths)[:, 0].tolist() == pytest.approx(expected, abs=1e-6)
    whole = summary(x[:, :, :2], None)[:, 0].tolist()
    assert whole == pytest.approx(summary(x, torch.tensor([2, 2]))[:, 0].tolist(), abs=1e-6)


def test_summaries_follow_each_other() -> None:
    x = ragged_features()
    both = Summary(3, ("max", "mean"))
    assert both.channels == 6
    parts = [Summary(3, (way,))(x, LENGTHS) for way in ("max", "mean")]
    assert torch.equal(both(x, LENGTHS), torch.cat(parts, dim=1))
