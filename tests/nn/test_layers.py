from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqnet.configs.networks import ACTIVATIONS, CnnConfig, DenseConfig
from seqnet.nn.layers import (
    ConvolutionStack,
    Head,
    MaskedBatchNorm,
    MaskedConvolution,
    MaskedMaxPool,
    Recurrence,
    Summary,
    activation,
    mask_of,
)

LENGTHS = torch.tensor([7, 1, 4, 11])


def ragged_features(channels: int = 3, lengths: Tensor = LENGTHS, seed: int = 0) -> Tensor:
    """Returns random features (B, C, L) that are zero past the end of each sequence."""
    x = torch.randn((len(lengths), channels, int(lengths.max())), generator=torch.Generator().manual_seed(seed))
    return x * mask_of(lengths, x.shape[2])


def alone(x: Tensor, row: int, lengths: Tensor = LENGTHS) -> Tensor:
    """Returns one sequence (1, C, length) without padding."""
    return x[row : row + 1, :, : lengths[row]]


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=tolerance)


def test_the_mask_is_true_on_sequences() -> None:
    mask = mask_of(torch.tensor([2, 0, 3]), 3)
    assert mask.tolist() == [[[True, True, False]], [[False, False, False]], [[True, True, True]]]


@pytest.mark.parametrize(
    ("name", "at_minus_one"),
    [
        ("relu", 0.0),
        ("leaky_relu", -0.01),
        ("tanh", math.tanh(-1)),
        ("sigmoid", 1 / (1 + math.e)),
        ("gelu", -(1 - math.erf(1 / math.sqrt(2))) / 2),
        ("silu", -1 / (1 + math.e)),
        ("identity", -1.0),
    ],
)
def test_activations(name: str, at_minus_one: float) -> None:
    assert activation(name)(torch.tensor(-1.0)).item() == pytest.approx(at_minus_one, abs=1e-6)


def test_every_activation_of_the_settings_is_there() -> None:
    for name in ACTIVATIONS:
        assert activation(name)(torch.tensor(1.0)).item() > 0.7


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("dilation", [1, 3])
def test_convolution_is_that_of_torch_on_each_sequence(kernel: int, dilation: int) -> None:
    ours = MaskedConvolution(3, 5, kernel, dilation)
    theirs = nn.Conv1d(3, 5, kernel, dilation=dilation, padding="same")
    theirs.load_state_dict(ours.convolution.state_dict())
    x = ragged_features()
    out = ours(x, LENGTHS)
    assert tuple(out.shape) == (4, 5, 11)
    for row, length in enumerate(LENGTHS.tolist()):
        close(out[row : row + 1, :, :length], theirs(alone(x, row)))
        assert not out[row, :, length:].any()


@pytest.mark.parametrize("kernel", [1, 4, 5])
def test_valid_convolution_of_a_window_is_that_of_torch(kernel: int) -> None:
    ours = MaskedConvolution(3, 5, kernel, padding="valid")
    theirs = nn.Conv1d(3, 5, kernel)
    theirs.load_state_dict(ours.convolution.state_dict())
    x = ragged_features()
    close(ours(x, None), theirs(x))
    x.requires_grad_()
    close(ours(x, None), theirs(x))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pooling_is_the_maximum_of_each_part(width: int) -> None:
    # All values are negative, so that a padding of zeros would win every maximum.
    x = -ragged_features().abs() - mask_of(LENGTHS, 11).float()
    pooled, lengths = MaskedMaxPool(width)(x, LENGTHS)
    assert lengths.tolist() == [math.ceil(length / width) for length in LENGTHS.tolist()]
    for row, length in enumerate(LENGTHS.tolist()):
        parts = [x[row, :, at : min(at + width, length)].amax(dim=1) for at in range(0, length, width)]
        assert torch.equal(pooled[row, :, : len(parts)], torch.stack(parts, dim=1))
        assert not pooled[row, :, len(parts) :].any()


def test_pooling_of_a_window_leaves_out_a_part_of_a_pool() -> None:
    x = ragged_features()
    pooled, lengths = MaskedMaxPool(2)(x, None)
    assert lengths is None
    assert torch.equal(pooled, nn.functional.max_pool1d(x, 2))
    assert pooled.shape[2] == 5


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


def stack_of(**settings: object) -> ConvolutionStack:
    config = CnnConfig(**{"filters": (4,), "kernels": (3,), "pools": (1,), **settings})  # type: ignore[arg-type]
    return ConvolutionStack(3, config).eval()


def test_a_residual_adds_the_input() -> None:
    stack = stack_of(filters=(3,), residual=True)
    plain = stack_of(filters=(3,))
    plain.load_state_dict(stack.state_dict())
    x = ragged_features()
    close(stack(x, LENGTHS)[0], plain(x, LENGTHS)[0] + x)


def test_a_residual_to_other_channels_is_projected() -> None:
    stack = stack_of(residual=True)
    projection = stack.blocks[0].get_submodule("shortcut")
    plain = stack_of()
    plain.load_state_dict({name: value for name, value in stack.state_dict().items() if "shortcut" not in name})
    x = ragged_features()
    close(stack(x, LENGTHS)[0], plain(x, LENGTHS)[0] + projection(x))


def test_layer_norm_is_over_the_channels_of_each_position() -> None:
    stack = stack_of(norm="layer", activation="identity")
    plain = stack_of(activation="identity")
    plain.load_state_dict({name: value for name, value in stack.state_dict().items() if "norm" not in name})
    x = ragged_features()
    y = plain(x, LENGTHS)[0]
    expected = (y - y.mean(dim=1, keepdim=True)) / torch.sqrt(y.var(dim=1, unbiased=False, keepdim=True) + 1e-5)
    close(stack(x, LENGTHS)[0], expected * mask_of(LENGTHS, 11), 1e-5)


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_padding_is_zero_after_any_activation(name: str) -> None:
    out, lengths = stack_of(activation=name)(ragged_features(), LENGTHS)
    assert torch.equal(lengths, LENGTHS)
    assert not (out * ~mask_of(LENGTHS, 11)).any()
    assert out.any()


def test_dropout_of_a_convolution_takes_whole_channels() -> None:
    stack = stack_of(filters=(200,), dropout_conv=0.5, activation="sigmoid").train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        out, _ = stack(ragged_features(), LENGTHS)
    longest = out[3]  # (C, L)
    gone = (longest == 0).all(dim=1)
    assert torch.equal(gone, (longest == 0).any(dim=1))
    assert 70 < int(gone.sum()) < 130


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_recurrence_is_that_of_torch_on_each_sequence(cell: str, bidirectional: bool, layers: int) -> None:
    recurrence = Recurrence(3, cell=cell, units=4, layers=layers, bidirectional=bidirectional, dropout=0.0)
    assert recurrence.channels == (8 if bidirectional else 4)
    x = ragged_features()
    states, last = recurrence(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        expected, _ = recurrence.recurrent(alone(x, row).transpose(1, 2))  # (1, length, C')
        close(states[row, :, :length].T, expected[0], 1e-5)
        assert not states[row, :, length:].any()
        # Forwards the last state is the one at the end, backwards the one at the start.
        ends = [expected[0, -1, :4], *([expected[0, 0, 4:]] if bidirectional else [])]
        close(last[row], torch.cat(ends), 1e-5)


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


def test_a_head_is_its_dense_layers() -> None:
    head = Head(3, 2, DenseConfig(dense=(4, 5), dense_activation="tanh")).eval()
    assert [tuple(layer.weight.shape) for layer in (*head.hidden, head.output)] == [(4, 3), (5, 4), (2, 5)]
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    expected = nn.Sequential(head.hidden[0], nn.Tanh(), head.hidden[1], nn.Tanh(), head.output)(x)
    assert torch.equal(head(x), expected)


def test_a_sigmoid_head_gives_sigma_of_z() -> None:
    head = Head(3, 2, DenseConfig(dense=(), head="sigmoid"))
    assert head.output.out_features == 1
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    z = head.output(x)[:, 0]
    close(head(x).softmax(dim=1), torch.stack([1 - z.sigmoid(), z.sigmoid()], dim=1))


@pytest.mark.parametrize(
    ("dense", "rates", "expected"),
    [
        ((), (), [0.0]),
        ((), (0.2,), [0.2]),
        ((4, 5), (), [0.0, 0.0, 0.0]),
        ((4, 5), (0.3,), [0.3, 0.3, 0.3]),
        ((4, 5), (0.1, 0.0, 0.5), [0.1, 0.0, 0.5]),
    ],
)
def test_dropout_is_before_each_dense_layer_and_the_output(
    dense: tuple[int, ...], rates: tuple[float, ...], expected: list[float]
) -> None:
    head = Head(3, 2, DenseConfig(dense=dense, dropout_dense=rates))
    assert [dropout.p for dropout in head.dropouts if isinstance(dropout, nn.Dropout)] == expected
    order: list[str] = []
    for name, module in head.named_modules():
        if isinstance(module, nn.Dropout | nn.Linear):
            module.register_forward_hook(lambda *args, name=name: order.append(name.partition(".")[0]))
    head(torch.ones(1, 3))
    layers = ["hidden"] * len(dense) + ["output"]
    # Dropout that would do nothing is not called.
    assert order == [
        name for rate, layer in zip(expected, layers, strict=True) for name in ["dropouts"] * (rate > 0) + [layer]
    ]


def test_widths_of_a_stack_follow_each_other() -> None:
    stack = stack_of(filters=(4, 2, 6), kernels=(3, 2, 1), pools=(1, 2, 2), dilations=(1, 2, 1))
    assert stack.channels == 6
    convolutions = [module for module in stack.modules() if isinstance(module, nn.Conv1d)]
    assert all(one.out_channels == next_.in_channels for one, next_ in pairwise(convolutions))
    assert [convolution.dilation for convolution in convolutions] == [(1,), (2,), (1,)]
    out, lengths = stack(ragged_features(), LENGTHS)
    assert lengths.tolist() == [2, 1, 1, 3]
    assert tuple(out.shape) == (4, 6, 3)
