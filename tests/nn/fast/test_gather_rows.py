"""Looked-up rows and the sums of their gradients, against torch's own."""

import pytest
import torch
from torch.nn import functional

from seqnet.nn.fast.gather_rows import gather_rows, sum_by_row


@pytest.mark.parametrize("rows", [1, 7, 70_000])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_rows_and_gradients_are_those_of_an_embedding(rows: int, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    index = torch.randint(0, min(rows, torch.iinfo(dtype).max), (5, 40)).to(dtype)
    ours = torch.randn(rows, 3, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    wanted = torch.randn(5, 40, 3)
    found, expected = gather_rows(ours, index), functional.embedding(index.long(), theirs)
    assert torch.equal(found, expected)
    found.backward(wanted)  # type: ignore[no-untyped-call]
    expected.backward(wanted)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_rows_without_places_sum_to_zero() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert sum_by_row(values, torch.tensor([3, 1, 3]), 5).tolist() == [[0, 0], [3, 4], [0, 0], [6, 8], [0, 0]]
