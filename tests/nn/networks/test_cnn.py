from __future__ import annotations

import math
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import CnnConfig, ParallelConfig
from seqnet.configs.run import compose
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.cnn import ParallelNetwork
from tests.building import make_classifier, padded, random_strings


def classifier_of(network: CnnConfig | ParallelConfig, window: int) -> Classifier:
    return Classifier(alphabet("dna"), 2, EncoderConfig(), network, window).eval()


def set_weights(classifier: Classifier, **values: object) -> None:
    """Sets all weights of a classifier, named by their path in the network with `__` for dots."""
    state = {f"network.{name.replace('__', '.')}": torch.tensor(value) for name, value in values.items()}
    classifier.load_state_dict(state)


def logits(classifier: Classifier, strings: list[str]) -> Tensor:
    with torch.no_grad():
        out: Tensor = classifier(*padded(strings))
    return out


#          A    C    G    T, at the first and the second position of the kernel
KERNEL = [[1.0, 0.0], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_flattened_window_by_hand() -> None:
    network = CnnConfig(
        filters=(1,), kernels=(2,), pools=(2,), padding="valid", summary=("flatten",), dense=(), strands="single"
    )
    classifier = classifier_of(network, window=7)
    set_weights(
        classifier,
        stack__blocks__0__convolution__convolution__weight=[KERNEL],
        stack__blocks__0__convolution__convolution__bias=[-0.5],
        head__output__weight=[[1.0, 10.0, 100.0], [-1.0, 0.0, 0.5]],
        head__output__bias=[0.0, 1.0],
    )
    # ACGAACC: the pairs AC CG GA AA AC CC score 3 0 0 1 3 2, less 0.5 and at least 0; pairs of pairs 2.5, 0.5, 2.5.
    assert logits(classifier, ["ACGAACC"])[0].tolist() == pytest.approx([2.5 + 5 + 250, -2.5 + 1.25 + 1])
    # ACG and padding: AC CG G- score 3 0 0.
    assert logits(classifier, ["ACG"])[0].tolist() == pytest.approx([2.5, -2.5 + 1])


def test_a_maximum_over_positions_by_hand() -> None:
    network = CnnConfig(filters=(1,), kernels=(2,), pools=(1,), dense=(1,), strands="single")
    classifier = classifier_of(network, window=7)
    set_weights(
        classifier,
        stack__blocks__0__convolution__convolution__weight=[KERNEL],
        stack__blocks__0__convolution__convolution__bias=[0.25],
        head__hidden__0__weight=[[2.0]],
        head__hidden__0__bias=[-1.0],
        head__output__weight=[[1.0], [-3.0]],
        head__output__bias=[0.0, 0.5],
    )
    # The kernel of two sees one position to the right, so that a last A scores 1 and R, half an A, 0.5.
    best = {"GGACG": 3.25, "GGA": 1.25, "R": 0.75, "GAS": 2.25, "T": 0.25}
    hidden = [max(2 * value - 1, 0.0) for value in best.values()]
    expected = [[value, 0.5 - 3 * value] for value in hidden]
    torch.testing.assert_close(logits(classifier, list(best)), torch.tensor(expected))


def test_dna_cnn_is_the_published_stack_of_torch_layers() -> None:
    classifier = make_classifier(compose("dna-cnn"), window=36)
    parts = [module for module in classifier.network.modules() if isinstance(module, nn.Conv1d | nn.Linear)]
    convolution, dense, output = parts
    turned = nn.Sequential(convolution, nn.MaxPool1d(2))
    published = nn.Sequential(nn.Flatten(), dense, nn.ReLU(), output)
    strings = random_strings([36] * 20)
    features = torch.stack([torch.eye(4)[["ACGT".index(symbol) for symbol in string]].T for string in strings])
    with torch.no_grad():
        torch.testing.assert_close(logits(classifier, strings), published(turned(features).mT))


def test_a_window_that_kernels_and_pools_use_up_is_refused() -> None:
    network = CnnConfig(
        filters=(2, 2), kernels=(3, 3), pools=(2, 2), padding="valid", summary=("flatten",), dilations=(1, 2)
    )
    # 16 - 2 = 14, 7 after the pool, 7 - 4 = 3, 1 after the pool.
    assert classifier_of(network, window=14).network.get_submodule("head.hidden.0").in_features == 2
    for window in (13, 5, 1):
        with pytest.raises(SettingError, match=f"network.window {window} is too short"):
            classifier_of(network, window=window)


def test_parallel_convolutions_by_hand() -> None:
    network = ParallelConfig(filters=(1, 2), kernels=(1, 2), dense=(), activation="tanh", strands="single")
    classifier = classifier_of(network, window=9)
    set_weights(
        classifier,
        convolutions__0__convolution__weight=[[[0.0], [0.0], [0.5], [0.0]]],
        convolutions__0__convolution__bias=[-0.25],
        convolutions__1__convolution__weight=[KERNEL, [[-1.0, -1.0]] * 4],
        convolutions__1__convolution__bias=[0.0, 1.0],
        head__output__weight=[[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]],
        head__output__bias=[0.0, 0.0],
    )
    # TAT: no G; the best pair is A then not C; the second filter of two counts symbols, and the last pair has one.
    # GAC: a G; the pair AC.
    expected = [
        [math.tanh(-0.25), math.tanh(1.0) + math.tanh(0.0)],
        [math.tanh(0.25), math.tanh(3.0) + math.tanh(0.0)],
    ]
    torch.testing.assert_close(logits(classifier, ["TAT", "GAC"]), torch.tensor(expected))
    # Also in a batch with a longer sequence: if padding counted, the filter of two would give 1 there.
    torch.testing.assert_close(logits(classifier, ["TAT", "GAC", "TTTTTTTT"])[:2], torch.tensor(expected))


def test_maxima_of_parallel_convolutions_are_normalised() -> None:
    network = ParallelConfig(filters=(2,), kernels=(1,), dense=(), norm="batch", strands="single", head="softmax")
    classifier = classifier_of(network, window=4)
    set_weights(
        classifier,
        convolutions__0__convolution__weight=[[[0.0], [1.0], [2.0], [4.0]], [[0.0], [1.0], [2.0], [4.0]]],
        convolutions__0__convolution__bias=[0.0, 0.0],
        norms__0__weight=[2.0, -1.0],
        norms__0__bias=[0.5, 0.0],
        norms__0__running_mean=[3.0, 3.0],
        norms__0__running_var=[4.0, 4.0],
        norms__0__num_batches_tracked=1,
        head__output__weight=[[1.0, 0.0], [0.0, 1.0]],
        head__output__bias=[0.0, 0.0],
    )
    # The maxima are 0, 2 and 4, so the normalised ones are -1.5, -0.5 and 0.5 for both filters. The padding after A
    # and AG does not count.
    expected = torch.tensor([[0.0, 1.5], [0.0, 0.5], [1.5, 0.0]])
    torch.testing.assert_close(logits(classifier, ["A", "AG", "AGTA"]), expected)
    # A filter with a negative factor fits where it has its maximum, like the others.
    features = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]])
    fits = cast(ParallelNetwork, classifier.network).fits(0, features, None)
    torch.testing.assert_close(fits, torch.tensor([[[0.0, 1.5], [0.0, 0.5]]]))


def test_training_normalises_maxima_by_the_batch() -> None:
    for name in ("relu", "gelu"):  # the second may fall
        network = ParallelConfig(filters=(3, 2), kernels=(3, 2), dense=(), norm="batch", activation=name)
        torch.manual_seed(1)
        parallel = cast(ParallelNetwork, classifier_of(network, window=9).network).train()
        features, lengths = torch.randn(5, 4, 9), torch.tensor([9, 4, 1, 7, 8])
        found = parallel(features, lengths, None)
        outputs = [branch(features, lengths) for branch in parallel.convolutions]
        rows = [[own[row, :, :length].amax(dim=1) for own in outputs] for row, length in enumerate(lengths.tolist())]
        maxima = torch.stack([torch.cat(row) for row in rows])
        normalised = (maxima - maxima.mean(dim=0)) / (maxima.var(dim=0, unbiased=False) + 1e-5).sqrt()
        torch.testing.assert_close(found, parallel.head(parallel.activation(normalised)))
