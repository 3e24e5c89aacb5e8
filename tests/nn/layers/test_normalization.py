from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from seqnet.nn.layers import BatchNorm, MaskedBatchNorm, MaskedConvolution, mask_of, share_statistics
from tests.nn.layers.examples import LENGTHS, alone, close, ragged_features, stack_of


def unpadded_positions(x: Tensor) -> Tensor:
    """Returns the features (ΣL, C) of all positions that are none of padding."""
    return torch.cat([alone(x, row)[0].T for row in range(len(LENGTHS))])


def test_batch_norm_in_training_is_that_of_torch_on_unpadded_positions() -> None:
    ours, theirs = MaskedBatchNorm(3), nn.BatchNorm1d(3)
    with torch.no_grad():
        for norm in (ours, theirs):
            norm.weight.copy_(torch.tensor([0.5, 2.0, -1.0]))
            norm.bias.copy_(torch.tensor([1.0, -3.0, 0.25]))
    for seed in range(3):
        x = ragged_features(seed=seed) * 2 + mask_of(LENGTHS, 11) * 5
        mine, yours = x.clone().requires_grad_(), unpadded_positions(x).requires_grad_()
        out, expected = ours.masked(mine, LENGTHS), theirs(yours)
        close(unpadded_positions(out), expected)
        assert not (out * ~mask_of(LENGTHS, 11)).any()
        for norm in (ours, theirs):
            norm.zero_grad()
        weights = torch.linspace(-1, 1, expected.numel()).reshape(expected.shape)
        (unpadded_positions(out) * weights).sum().backward()  # type: ignore[no-untyped-call]
        (expected * weights).sum().backward()
        assert mine.grad is not None
        assert yours.grad is not None
        close(unpadded_positions(mine.grad), yours.grad)
        assert not (mine.grad * ~mask_of(LENGTHS, 11)).any()
        for name, parameter in ours.named_parameters():
            found, wanted = parameter.grad, dict(theirs.named_parameters())[name].grad
            assert found is not None
            assert wanted is not None
            close(found, wanted, 1e-5)
    for name in ("running_mean", "running_var"):
        close(getattr(ours, name), getattr(theirs, name))
    assert not torch.allclose(ours.get_buffer("running_mean"), torch.zeros(3), atol=0.5)


@pytest.mark.parametrize("channels", [3, 30])
def test_batch_norm_in_evaluation_is_folded_into_the_convolution_before_it(channels: int) -> None:
    torch.manual_seed(1)
    convolution, norm = MaskedConvolution(channels, 3, 4), MaskedBatchNorm(3).eval()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, 2.0, -1.0]))
        norm.bias.copy_(torch.tensor([1.0, -3.0, 0.25]))
    norm.get_buffer("running_mean").copy_(torch.tensor([1.0, 2.0, 3.0]))
    norm.get_buffer("running_var").copy_(torch.tensor([4.0, 9.0, 16.0]))
    x = torch.randn(len(LENGTHS), channels, 11) * mask_of(LENGTHS, 11)
    close(convolution(x, LENGTHS, norm), norm(convolution(x, LENGTHS)) * mask_of(LENGTHS, 11))
    close(convolution(x, None, norm), norm(convolution(x, None)))


def test_batch_norm_of_a_window_counts_every_position() -> None:
    ours, theirs = MaskedBatchNorm(3), nn.BatchNorm1d(3)
    x = ragged_features()
    assert torch.equal(ours.masked(x, None), theirs(x))


def test_a_single_position_has_no_variance_but_a_number() -> None:
    norm = MaskedBatchNorm(2)
    out = norm.masked(torch.tensor([[[3.0, 0.0], [4.0, 0.0]]]), torch.tensor([1]))
    assert torch.equal(out, torch.zeros(1, 2, 2))
    assert torch.equal(norm.get_buffer("running_var"), torch.full((2,), 0.9))


def test_layer_norm_is_over_the_channels_of_each_position() -> None:
    stack = stack_of(norm="layer", activation="identity")
    plain = stack_of(activation="identity")
    plain.load_state_dict({name: value for name, value in stack.state_dict().items() if "norm" not in name})
    x = ragged_features()
    y = plain(x, LENGTHS)[0]
    expected = (y - y.mean(dim=1, keepdim=True)) / torch.sqrt(y.var(dim=1, unbiased=False, keepdim=True) + 1e-5)
    close(stack(x, LENGTHS)[0], expected * mask_of(LENGTHS, 11), 1e-5)


def test_the_parts_of_a_batch_are_normalised_by_the_whole() -> None:
    x = torch.randn(10, 3, generator=torch.Generator().manual_seed(1)) * 3 + 5
    whole = BatchNorm(3)
    expected = whole(x)
    parts: list[Tensor] = [x[::2], x[1::2]]
    vectors: list[Tensor] = []

    def beside_an_empty_part(own: Tensor) -> Tensor:
        vectors.append(own.detach())
        return torch.stack([own, own * 0])

    for part in parts:
        norm = BatchNorm(3)
        share_statistics(norm, beside_an_empty_part)
        close(norm(part), nn.BatchNorm1d(3)(part), 1e-5)
    for rank, part in enumerate(parts):
        norm = BatchNorm(3)
        share_statistics(norm, lambda own: torch.stack(vectors))
        close(norm(part), expected[rank::2], 1e-5)
        for name in ("running_mean", "running_var"):
            close(getattr(norm, name), getattr(whole, name), 1e-5)
        share_statistics(norm, None)
        close(norm(part), nn.BatchNorm1d(3)(part), 1e-5)
