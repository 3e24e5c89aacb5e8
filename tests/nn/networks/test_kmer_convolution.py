"""Training by words compared with training by convolution: the same logits, the same gradients."""

import pytest
import torch
from torch.nn import functional

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import network_config
from seqnet.configs.run import compose
from seqnet.core.alphabets import alphabet
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.kmer_convolution import _PooledRows
from tests.building import make_classifier, padded, random_strings

PLAIN: dict[str, object] = {"filters": [8], "kernels": [2], "pools": [2], "dense": [16]}
SEEN: dict[str, dict[str, object]] = {
    "pool 2": PLAIN,
    "pool 1, no hidden layer": PLAIN | {"pools": [1], "dense": []},
    "pool 3, tanh, layer norm": PLAIN | {"pools": [3], "activation": "tanh", "norm": "layer"},
    "kernel 1, sigmoid": PLAIN | {"kernels": [1], "activation": "sigmoid", "head": "sigmoid"},
    "dropout of dense layers": PLAIN | {"dropout_dense": [0.2]},
}
BATCHES = {
    "whole": [21] * 60,
    "padded": [21] * 600 + [20, 13, 5, 1],
}


def classifier(settings: dict[str, object], encoder: str = "onehot") -> Classifier:
    shape = {"summary": ["flatten"], "padding": "valid", "strands": "single", "activation": "relu"} | settings
    torch.manual_seed(3)
    return Classifier(alphabet("dna"), 2, EncoderConfig(name=encoder), network_config(shape), 21).train()


def results(made: Classifier, strings: list[str]) -> list[torch.Tensor]:
    torch.manual_seed(4)
    made.zero_grad()
    logits = made(*padded(strings))
    logits.square().sum().backward()
    gradients = [parameter.grad for parameter in made.parameters()]
    return [logits.detach(), *(gradient.clone() for gradient in gradients if gradient is not None)]


@pytest.mark.parametrize("encoder", ["onehot", "embedding"])
@pytest.mark.parametrize("lengths", BATCHES)
@pytest.mark.parametrize("name", SEEN)
def test_words_train_as_the_convolution_does(name: str, lengths: str, encoder: str) -> None:
    made, strings = classifier(SEEN[name], encoder), random_strings(BATCHES[lengths])
    assert made.words is not None
    assert made.words.features(padded(strings)[0]) is not None
    found = results(made, strings)
    made.words = None
    expected = results(made, strings)
    assert len(found) == len(expected) > 3
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
        assert one.abs().max() > 0


@pytest.mark.parametrize(
    ("settings", "strings"),
    [
        pytest.param({"norm": "batch"}, random_strings([21] * 60), id="statistics of the batch"),
        pytest.param({"dropout_conv": 0.1}, random_strings([21] * 60), id="dropout of filters"),
        pytest.param({}, [*random_strings([21] * 60), "N" * 21], id="an ambiguity code"),
        pytest.param({}, random_strings([21]), id="fewer places than words"),
    ],
)
def test_where_words_would_not_do_the_convolution_is_computed(settings: dict[str, object], strings: list[str]) -> None:
    made = classifier(PLAIN | settings)
    assert made.words is not None
    assert made.words.features(padded(strings)[0]) is None
    assert len(results(made, strings)) > 3


@pytest.mark.parametrize("width", [2, 3])
def test_the_first_of_equals_has_the_gradient_as_in_max_pooling(width: int) -> None:
    # Whole numbers from 0 to 2 for 16 short words of two symbols, so there are many ties.
    base, kernel, places = 4, 2, 40
    rng = torch.Generator().manual_seed(1)
    rows = torch.randint(0, 3, (base**kernel, 5), generator=rng).float().requires_grad_()
    long = kernel + width - 1
    index = torch.randint(0, base**long, (2, places), generator=rng, dtype=torch.int32)
    wanted = torch.randn(2, places, 5, generator=rng)
    found = _PooledRows.apply(rows, index, base, width, torch.float32)  # type: ignore[no-untyped-call]
    (gradient,) = torch.autograd.grad((found * wanted).sum(), rows)
    # The short words in each long word, from first to last: (2, P, width).
    short = torch.stack([index // base ** (width - 1 - place) % base**kernel for place in range(width)], dim=2).long()
    apart = rows[short].permute(0, 1, 3, 2).flatten(0, 1)  # (2 · P, 5, width)
    expected = functional.max_pool1d(apart, width).view(2, places, 5)
    (other,) = torch.autograd.grad((expected * wanted).sum(), rows)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradient, other)


def test_equal_words_share_one_gradient_however_often_they_stand() -> None:
    made = classifier(PLAIN | {"activation": "identity"})
    many = results(made, ["ACGTACGTACGTACGTACGTA"] * 50)
    made.words = None
    for one, other in zip(many, results(made, ["ACGTACGTACGTACGTACGTA"] * 50), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("window", [9, 36, 200])
@pytest.mark.parametrize("first", [0, 1])
def test_words_are_counted_alike_in_one_product_and_place_by_place(
    window: int, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = compose("dna-cnn", None, None, None, [f"network.window={window}"])
    words = make_classifier(run, window=window).words
    assert words is not None
    tokens = torch.randint(first, 5, (7, window), dtype=torch.uint8)
    found = []
    for largest in (0, 1 << 30):
        monkeypatch.setattr("seqnet.nn.networks.kmer_convolution._LARGEST_BAND", largest)
        found.append(words.index(tokens, first))
    symbols = tokens.long() - first
    by_hand = [
        sum(int(symbols[0, place * 2 + step]) * (5 - first) ** (4 - step) for step in range(5))
        for place in range(words.places)
    ]
    assert torch.equal(*found)
    assert found[0][0].tolist() == by_hand
