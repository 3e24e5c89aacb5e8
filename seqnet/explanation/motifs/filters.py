"""What the filters of the first convolution respond to: the places of their strongest activations.

A hit of a filter is a place where its activation is above the middle between its median and its maximum over all given
sequences. For a rectified filter that is silent at most places, that is half of its maximum, as in Basset. The place is
what the kernel sees: its width, or more where it is dilated or reads k-mers. Of a network with normalised maxima, see
`ParallelNetwork.fits` for the activation of a place.

Source: Kelley et al. 2016, doi:10.1101/gr.200535.115; Alipanahi et al. 2015, doi:10.1038/nbt.3300 (matrices of the
sequences that a filter responds to).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seqnet.core.alphabets import Alphabet
from seqnet.core.ragged import Ragged
from seqnet.core.threads import check_wanted
from seqnet.explanation.motifs.matrices import Sites
from seqnet.models.probabilities import evaluating
from seqnet.nn.batching import TokenStore, buckets, chunked_parts
from seqnet.nn.devices import moved
from seqnet.nn.encoders import KmerEmbedding, LanguageModelStates
from seqnet.nn.layers import ConvolutionBlock, ConvolutionStack, MaskedConvolution
from seqnet.nn.networks import Classifier
from seqnet.nn.networks.cnn import ParallelNetwork
from seqnet.nn.strands import reverse_complement

__all__ = ["FilterHits", "filter_hits", "without_filters"]

_BATCH = 1 << 23
"""Maximum number of activations that are computed together."""
_SAMPLED = 1 << 16
"""Activations of a filter of which its median is taken; they are drawn from the first batches."""
_MOST = 20_000
"""Maximum number of hits of a filter; the strongest are kept."""


@dataclass(frozen=True)
class FilterHits:
    """The hits of one filter.

    Attributes:
        name: its number, 1-based, with the number of the branch or member in front where there are several.
        sites: where it responds.
    """

    name: str
    sites: Sites


@dataclass(frozen=True)
class _Bank:
    """Filters of one width that look at the sequence itself.

    Attributes:
        name: what names of its filters begin with.
        before: symbols in front of the position of an output that its kernel sees.
        width: symbols that its kernel sees.
        activations: features (B, C, L) and lengths → activations (B, F, L').
    """

    name: str
    before: int
    width: int
    activations: Callable[[Tensor, Tensor | None], Tensor]


def without_filters(classifier: Classifier) -> str | None:
    """Returns why a network has no filters that look at the sequence; None if it has some."""
    if isinstance(classifier.encoder, LanguageModelStates):
        return "the input of the network is a language model, not the sequence"
    return None if _banks(classifier) else "the network has no convolution"


def _banks(classifier: Classifier) -> list[_Bank]:
    network, reach = classifier.network, 0
    if isinstance(classifier.encoder, KmerEmbedding):
        reach = classifier.encoder.k - 1
    stack = getattr(network, "stack", None)
    if isinstance(stack, ConvolutionStack):
        block = stack.blocks[0]
        assert isinstance(block, ConvolutionBlock)
        return [_bank("", block.convolution, reach, block.unpooled)]
    if not isinstance(network, ParallelNetwork):
        return []
    found = []
    for index, branch in enumerate(network.convolutions):
        assert isinstance(branch, MaskedConvolution)
        found.append(_bank(f"{index + 1}.", branch, reach, partial(network.fits, index)))
    return found


def _bank(name: str, layer: MaskedConvolution, reach: int, activations: Callable[..., Tensor]) -> _Bank:
    width = layer.convolution.dilation[0] * (layer.convolution.kernel_size[0] - 1) + 1
    return _Bank(name, layer.ends[0], width + reach, activations)


def filter_hits(classifier: Classifier, sequences: Ragged, alphabet: Alphabet, name: str = "") -> list[FilterHits]:
    """Returns the hits of the filters of a network that have any, in the order of the filters.

    Hits on both strands are found for a model that predicts on both. Only whole stretches count: not those that reach
    beyond an end of the sequence. Sequences longer than the window are looked at in windows, as in prediction.

    Args:
        classifier: the network.
        sequences: N token sequences.
        alphabet: of the sequences.
        name: what names of filters begin with.
    """
    found = []
    with evaluating(classifier):
        for bank in _banks(classifier):
            levels = _levels(classifier, bank, sequences)
            for index, sites in enumerate(_collected(classifier, bank, sequences, levels)):
                if len(sites):
                    found.append(FilterHits(f"{name}{bank.name}{index + 1}", sites))
    return found


@dataclass(frozen=True)
class _Seen:
    """Activations of a batch of parts of sequences, on one strand.

    Attributes:
        values: (B, F, P), activations.
        inside: (B, P) bool, whether the kernel sees only symbols of the part.
        record: (B,) int64, the sequence of each part.
        start: (B,) int64, where each part begins in it.
        length: (B,) int64, of each part.
        turned: whether the parts are read as their reverse complements.
        places: (P,) int64, first position of the part, as it is read, that the kernel sees.
    """

    values: Tensor
    inside: Tensor
    record: NDArray[np.int64]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    turned: bool
    places: NDArray[np.int64]


def _passes(classifier: Classifier, bank: _Bank, sequences: Ragged) -> Iterator[_Seen]:
    """Yields the activations of all parts of sequences, on each strand that the model predicts on."""
    store = TokenStore(sequences)
    size = max(_BATCH // classifier.width, 1)
    for record, start, length in chunked_parts(store.lengths, classifier.window, 1 << 18):
        padded = np.full_like(length, classifier.window) if classifier.flattens else length
        for batch in buckets(padded, size):
            check_wanted()
            of, at, long = record[batch], start[batch], length[batch]
            tokens, lengths = store.gather(store.starts[of] + at, long)
            tokens, lengths = moved(tokens, classifier.device), moved(lengths, classifier.device)
            for turned in (False, True) if classifier.both_strands else (False,):
                read = reverse_complement(tokens, lengths, classifier.complement) if turned else tokens
                yield _seen(classifier, bank, read, lengths, (of, at, long), turned)


def _seen(
    classifier: Classifier,
    bank: _Bank,
    tokens: Tensor,
    lengths: Tensor,
    parts: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    turned: bool,
) -> _Seen:
    if classifier.flattens and tokens.shape[1] < classifier.window:
        tokens = functional.pad(tokens, (0, classifier.window - tokens.shape[1]))  # (B, window)
    features = classifier.encoder(tokens)  # (B, C, L)
    if not classifier.flattens:
        features = features * (tokens != 0)[:, None, :]
    values = bank.activations(features, None if classifier.flattens else lengths)  # (B, F, L')
    first = torch.arange(values.shape[2], device=values.device) - bank.before  # first symbol that an output sees
    inside = (first >= 0) & (first + bank.width <= lengths[:, None])  # (B, L')
    return _Seen(values, inside, *parts, turned, first.cpu().numpy())


def _levels(classifier: Classifier, bank: _Bank, sequences: Ragged) -> Tensor:
    """Returns the activation (F,) above which a filter is hit; infinite for a filter whose activation never changes."""
    most: Tensor | None = None
    sample: list[Tensor] = []
    sampled = 0
    for seen in _passes(classifier, bank, sequences):
        values = seen.values.transpose(1, 2)[seen.inside]  # (P, F)
        if not len(values):
            continue
        top = values.amax(dim=0)
        most = top if most is None else torch.maximum(most, top)
        if sampled < _SAMPLED:
            sample.append(values[: _SAMPLED - sampled])
            sampled += len(sample[-1])
    if most is None:
        return torch.empty(0)
    middle = torch.cat(sample).median(dim=0)[0]
    return torch.where(most > middle, (most + middle) / 2, torch.inf)


def _collected(classifier: Classifier, bank: _Bank, sequences: Ragged, levels: Tensor) -> list[Sites]:
    """Returns the sites of each filter, the strongest ones where there are too many, in the order of sequences."""
    if not len(levels):
        return []
    hits: list[list[NDArray[np.float64]]] = [[] for _ in range(len(levels))]
    for seen in _passes(classifier, bank, sequences):
        above = (seen.values > levels[:, None]) & seen.inside[:, None, :]
        row, column, place = (axis.cpu().numpy() for axis in torch.nonzero(above, as_tuple=True))
        strength = seen.values[above].double().cpu().numpy()
        first = seen.places[place]
        if seen.turned:
            first = seen.length[row] - first - bank.width
        found = np.stack([seen.record[row], seen.start[row] + first, np.full(len(row), seen.turned), strength], axis=1)
        order = np.argsort(column, kind="stable")
        for index, part in enumerate(np.split(found[order], np.searchsorted(column[order], np.arange(1, len(levels))))):
            if len(part):
                hits[index].append(part)
    return [_sites(parts, bank.width) for parts in hits]


def _sites(parts: list[NDArray[np.float64]], width: int) -> Sites:
    hits = np.concatenate(parts) if parts else np.empty((0, 4))
    hits = hits[np.argsort(-hits[:, 3], kind="stable")[:_MOST]]
    # Windows overlap, and a place is one hit.
    _, first = np.unique(hits[:, :3], axis=0, return_index=True)
    hits = hits[first]
    return Sites(hits[:, 0].astype(np.int64), hits[:, 1].astype(np.int64), hits[:, 2].astype(bool), width)
