"""Learning from sequences without labels: masked symbols are predicted from the symbols around them.

In: an untrained classifier and DNA records. Out: its layers over positions are trained, its head is not. A prototype
for `benchmarks.pretraining`; no command does this.

Source: Devlin et al. 2019, doi:10.18653/v1/N19-1423: 15 % of the positions are predicted; of these 80 % are masked,
10 % have a random symbol, 10 % stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from seqnet.configs.training import TrainingConfig
from seqnet.core.alphabets import Alphabet
from seqnet.datasets.dataset import Dataset
from seqnet.models.scoring import has_bfloat16
from seqnet.nn.batching import TokenStore, epoch_order
from seqnet.nn.layers import ConvolutionBlock, MaskedConvolution
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.cnn import ParallelNetwork
from seqnet.nn.networks.hybrid import HybridNetwork
from seqnet.nn.strands import reverse_complement
from seqnet.training.optimization import learning_rate

__all__ = ["Learned", "MaskedSymbols", "learn", "masked"]

_PREDICTED, _MASKED, _RANDOM = 0.15, 0.8, 0.1


@dataclass(frozen=True)
class Learned:
    """What the predictions of masked symbols are worth, in nats for each symbol.

    Attributes:
        by_composition: cross-entropy of the shares of the symbols in the train split, on the validation split.
        losses: cross-entropy of the network on the validation split, before training and after each epoch.
        accuracy: share of the masked symbols of the validation split that are predicted right, at the end.
    """

    by_composition: float
    losses: tuple[float, ...]
    accuracy: float


class MaskedSymbols(nn.Module):
    """The layers of a classifier over positions, and a convolution of width 1 to the symbols.

    After pooling, a position predicts all symbols that were pooled into it.

    Args:
        classifier: with a parallel or hybrid network; its layers over positions are used, not copied.
        symbols: K, number of canonical symbols.
    """

    def __init__(self, classifier: Classifier, symbols: int) -> None:
        super().__init__()
        network = classifier.network
        self.encoder, self.network, self.symbols, self.pooled = classifier.encoder, network, symbols, 1
        if isinstance(network, HybridNetwork):
            blocks = [block for block in network.stack.blocks if isinstance(block, ConvolutionBlock)]
            self.pooled, channels = prod(block.pool.width for block in blocks), network.recurrence.channels
        else:
            assert isinstance(network, ParallelNetwork)
            channels = network.summary.channels
        self.output = nn.Conv1d(channels, symbols * self.pooled, 1)

    def forward(self, tokens: Tensor, lengths: Tensor, predicted: Tensor) -> Tensor:
        """Returns the logits (M, K) of tokens (B, L), with lengths (B,), at the M positions `predicted` (B, L) bool."""
        x = self.encoder(tokens) * (tokens != 0)[:, None, :]  # (B, C, L)
        if isinstance(self.network, HybridNetwork):
            x, lengths = self.network.stack(x, lengths)
            x, _ = self.network.recurrence(x, lengths)
            logits: Tensor = self.output(x).unflatten(1, (self.symbols, self.pooled))  # (B, K, P, L / P)
            logits = logits.transpose(2, 3).flatten(2)[:, :, : tokens.shape[1]]  # (B, K, L)
            return logits.transpose(1, 2)[predicted]  # (M, K)
        assert isinstance(self.network, ParallelNetwork)
        maps = [_at(branch, x, predicted) for branch in self.network.convolutions]
        features = self.network.activation(torch.cat(maps, dim=1))  # (M, F)
        return functional.linear(features, self.output.weight[:, :, 0], self.output.bias)


def _at(layer: nn.Module, x: Tensor, predicted: Tensor) -> Tensor:
    """Returns the output (M, F) of a convolution of features (B, C, L) at the positions `predicted` (B, L) alone."""
    assert isinstance(layer, MaskedConvolution)
    weight, bias = layer.convolution.weight, layer.convolution.bias
    seen = functional.pad(x, layer.ends).unfold(2, weight.shape[2], 1).transpose(1, 2)  # (B, L, C, k)
    return functional.linear(seen[predicted].flatten(1), weight.flatten(1), bias)


def masked(
    tokens: NDArray[np.uint8], alphabet: Alphabet, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Returns the tokens (B, L) with masked and random symbols, and which symbols (B, L) bool are to be predicted."""
    known = (tokens >= 1) & (tokens <= alphabet.size)
    predicted = known & (rng.random(tokens.shape) < _PREDICTED)
    kind = rng.random(tokens.shape)
    other = rng.integers(1, alphabet.size + 1, tokens.shape, dtype=np.uint8)
    changed = np.where(predicted & (kind < _MASKED), np.uint8(alphabet.mask_token), tokens)
    return np.where(predicted & (kind >= 1 - _RANDOM), other, changed), predicted


def _symbols(tokens: Tensor, predicted: NDArray[np.bool_]) -> Tensor:
    """Returns the indices (M,) int64 of the symbols that are to be predicted."""
    return tokens[torch.from_numpy(predicted)].long() - 1


def learn(classifier: Classifier, dataset: Dataset, training: TrainingConfig) -> Learned:
    """Trains the layers of a classifier over positions on the train split, both strands, and returns what they learned.

    Args:
        classifier: changed in place; in evaluation mode at the end.
        dataset: DNA; its labels are not used.
        training: epochs, batch size, learning rate, weight decay, clipping, precision and seed.
    """
    store, members = TokenStore(dataset.tokens), dataset.members("train")
    steps = len(list(epoch_order(store.lengths[members], training.batch_size, np.random.default_rng(0))))
    complement = torch.from_numpy(dataset.alphabet.complement.copy())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        model = MaskedSymbols(classifier, dataset.alphabet.size)
        weights = [weight for name, weight in model.named_parameters() if ".head." not in name]
        optimizer = torch.optim.AdamW(weights, weight_decay=training.weight_decay, fused=True)
        losses = [_measured(model, store, dataset)[0]]
        for epoch in range(training.epochs):
            rng = np.random.default_rng([training.seed, epoch])
            model.train()
            order = epoch_order(store.lengths[members], training.batch_size, rng)
            for step, rows in enumerate(order, epoch * steps):
                tokens, lengths = store.whole(members[rows])
                turned = torch.from_numpy(rng.random(len(tokens)) < 0.5)[:, None]
                tokens = torch.where(turned, reverse_complement(tokens, lengths, complement), tokens)
                changed, predicted = masked(tokens.numpy(), dataset.alphabet, rng)
                with torch.autocast("cpu", torch.bfloat16, enabled=_uses_bfloat16(training)):
                    logits = model(torch.from_numpy(changed), lengths, torch.from_numpy(predicted))
                loss = functional.cross_entropy(logits.float(), _symbols(tokens, predicted))
                optimizer.param_groups[0]["lr"] = learning_rate(training, step, steps * training.epochs)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(weights, training.clip_norm)
                optimizer.step()
            loss_now, accuracy = _measured(model, store, dataset)
            losses.append(loss_now)
    classifier.eval()
    return Learned(_by_composition(store, dataset), tuple(losses), accuracy)


def _uses_bfloat16(training: TrainingConfig) -> bool:
    return training.precision != "float32" and has_bfloat16(torch.device("cpu"))


@torch.no_grad()
def _measured(model: MaskedSymbols, store: TokenStore, dataset: Dataset) -> tuple[float, float]:
    """Returns cross-entropy and accuracy of the masked symbols of the validation split."""
    model.eval()
    total, right, count = 0.0, 0, 0
    for changed, predicted, true, lengths in _validation(store, dataset):
        logits = model(torch.from_numpy(changed), lengths, torch.from_numpy(predicted))
        total += float(functional.cross_entropy(logits, true, reduction="sum"))
        right, count = right + int((logits.argmax(dim=1) == true).sum()), count + len(true)
    return total / count, right / count


def _by_composition(store: TokenStore, dataset: Dataset) -> float:
    """Returns the cross-entropy of the shares of the symbols, on both strands, for the same masked symbols."""
    counts = np.bincount(dataset.tokens.take(dataset.members("train")).data, minlength=dataset.alphabet.token_count)
    counts = counts + counts[dataset.alphabet.complement]
    shares = counts[1 : dataset.alphabet.size + 1] / counts[1 : dataset.alphabet.size + 1].sum()
    true = np.concatenate([symbols.numpy() for _, _, symbols, _ in _validation(store, dataset)])
    return float(-np.log(shares[true]).mean())


def _validation(
    store: TokenStore, dataset: Dataset
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_], Tensor, Tensor]]:
    """Yields what `masked` returns, the symbols (M,) and lengths (B,), of the validation split; always the same."""
    rng = np.random.default_rng(0)
    members = dataset.members("validation")
    for rows in np.array_split(members, -(-len(members) // 256)):
        tokens, lengths = store.whole(rows)
        changed, predicted = masked(tokens.numpy(), dataset.alphabet, rng)
        yield changed, predicted, _symbols(tokens, predicted), lengths
