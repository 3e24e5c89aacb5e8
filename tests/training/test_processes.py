from __future__ import annotations

import numpy as np
import torch

from seqnet.training.processes import ALONE
from tests.building import make_classifier, run_config


def test_alone_it_computes_the_whole_batch() -> None:
    batch = (torch.zeros(4, 3, dtype=torch.uint8), torch.full((4,), 3), torch.zeros(4, dtype=torch.int64))
    part = ALONE.part(batch, None)
    assert (part.tokens is batch[0], part.rows, part.weight, part.share) == (True, 4, 1.0, 1.0)


def test_alone_nothing_is_exchanged() -> None:
    classifier = make_classifier(run_config())
    assert ALONE.wrapped(classifier) is classifier
    value = torch.tensor([1.0, 2.0])
    assert ALONE.summed(value) is value
    assert ALONE.agreed((1.5, 2.0)) == [1.5, 2.0]
    assert ALONE.scored(np.array([3, 5]), 2, lambda members: members[:, None] / 2.0).tolist() == [[1.5], [2.5]]
    assert ALONE.clock() <= ALONE.clock()
