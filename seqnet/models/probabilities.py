"""Class probabilities from tokens of any length, for validation, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqnet.core.errors import ResourceError
from seqnet.core.ragged import Ragged
from seqnet.core.threads import check_wanted
from seqnet.evaluation import decide
from seqnet.evaluation.calibration import tempered
from seqnet.models.bundles import Bundle
from seqnet.models.scoring import Scorer
from seqnet.nn.batching import Parts, TokenStore, buckets, chunked_parts, on_device
from seqnet.nn.devices import out_of_memory
from seqnet.nn.layers import with_embeddings

__all__ = [
    "Ensembled",
    "batch_logits",
    "best_batch_tokens",
    "bundle_probabilities",
    "class_probabilities",
    "ensembled",
    "evaluating",
]

_CPU = (1 << 21, 1 << 16)
"""Maximum values of the widest layer, and maximum tokens, of a batch on a CPU, so that it fits into the caches."""
_ELSEWHERE = (1 << 28, 1 << 22)
"""The same for other devices, on which large batches are faster."""
_PARTS = 1 << 18
"""Maximum number of sequence parts that are divided into batches together; each takes about a hundred bytes."""


def best_batch_tokens(classifier: Scorer) -> int:
    """Returns the fastest number of tokens per batch."""
    numbers, tokens = _CPU if classifier.device.type == "cpu" else _ELSEWHERE
    return min(numbers // classifier.width, tokens)


@contextmanager
def evaluating(classifier: Scorer) -> Iterator[Scorer]:
    """Yields the classifier in evaluation mode without gradients, and restores its mode afterwards."""
    was_training = classifier.training
    if was_training:
        classifier.train(False)
    try:
        with torch.inference_mode():
            yield classifier
    finally:
        if was_training:
            classifier.train()


class Ensembled(NamedTuple):
    """Probabilities of a model for M sequences.

    Attributes:
        probabilities: (M, K) float64, calibrated; the weighted mean over members, or the share of their votes.
        deviations: (M, K) float64, weighted standard deviation of the members' calibrated probabilities; zero for one
            member.
        embeddings: (M, E) float32, the embeddings of the members side by side; None if they are not wanted.
    """

    probabilities: NDArray[np.float64]
    deviations: NDArray[np.float64]
    embeddings: NDArray[np.float32] | None = None


def bundle_probabilities(
    bundle: Bundle,
    tokens: Ragged,
    indices: NDArray[np.int64] | None = None,
    *,
    members: Sequence[Scorer] = (),
    vote: bool = False,
    embed: bool = False,
    progress: Callable[[int], None] = lambda records: None,
) -> Ensembled:
    """Returns the calibrated probabilities of M sequences; see `class_probabilities` for the arguments.

    Args:
        bundle: the model.
        tokens: N token sequences.
        indices: (M,) int64, indices of the sequences; None for all.
        members: result of `scoring.ready`; empty to use the members as they are.
        vote: whether to count votes instead of averaging probabilities. Each member votes by its own calibrated
            probability and the model's threshold.
        embed: whether to return embeddings, too: the inputs of the output layer of each member.
        progress: called with the number of completed parts.
    """
    classes = len(bundle.classes)
    with with_embeddings(embed):
        found = [
            class_probabilities(one, tokens, indices, classes=classes, progress=progress)
            for one in members or bundle.members
        ]
    embeddings = np.concatenate([one[:, classes:] for one in found], axis=1, dtype=np.float32) if embed else None
    return ensembled(bundle, [one[:, :classes] for one in found], vote=vote)._replace(embeddings=embeddings)


def ensembled(bundle: Bundle, each: Sequence[NDArray[np.float64]], *, vote: bool = False) -> Ensembled:
    """Returns the calibrated probabilities of M sequences from those of each member (M, K), not calibrated."""
    temperature, weights = bundle.calibration.temperature, bundle.weights
    calibrated = [tempered(one, temperature) for one in each]
    mean = np.average(calibrated, axis=0, weights=weights)
    deviations = np.sqrt(np.average((np.asarray(calibrated) - mean) ** 2, axis=0, weights=weights))
    if vote:
        threshold = None if bundle.positive is None else bundle.calibration.threshold
        labels = [decide(one, bundle.positive, threshold) for one in calibrated]
        votes = [np.eye(len(bundle.classes))[one] for one in labels]
        return Ensembled(np.average(votes, axis=0, weights=weights), deviations)
    return Ensembled(tempered(np.average(each, axis=0, weights=weights), temperature), deviations)


def class_probabilities(
    classifier: Scorer,
    tokens: Ragged,
    indices: NDArray[np.int64] | None = None,
    *,
    classes: int | None = None,
    batch_tokens: int | None = None,
    progress: Callable[[int], None] = lambda records: None,
) -> NDArray[np.float64]:
    """Returns the probabilities (M, K) float64 of M sequences; within `with_embeddings` (M, K + H), see there.

    A sequence that is longer than the classifier's window is divided into overlapping windows; the result is the mean
    of theirs. Other sequences do not change it beyond float32 rounding. A batch that exceeds the memory is halved.

    Args:
        classifier: the model.
        tokens: N token sequences without invalid tokens, none empty.
        indices: (M,) int64, indices of the sequences; None for all.
        classes: K; needed within `with_embeddings` only.
        batch_tokens: maximum tokens of a batch, with padding; None for a value that suits classifier and device.
        progress: called with the number of completed parts.

    Raises:
        ResourceError: memory does not suffice for a single sequence.
    """
    store = TokenStore(tokens)
    chosen = np.arange(len(tokens), dtype=np.int64) if indices is None else indices
    lengths = store.lengths[chosen]
    whole = bool((lengths <= classifier.window).all())
    totals: NDArray[np.float64] | None = None
    counts = np.zeros(len(chosen), dtype=np.int64)
    with evaluating(classifier):
        for of, start, length in _batches(classifier, lengths, batch_tokens or best_batch_tokens(classifier)):
            check_wanted()
            at = chosen[of]
            parts = store.whole(at) if whole else store.gather(store.starts[at] + start, length)
            found = batch_logits(classifier, *parts).double()
            found[:, :classes] = found[:, :classes].softmax(dim=1)
            if totals is None:
                totals = np.zeros((len(chosen), found.shape[1]))
            # A sequence with several windows may occur several times in a batch.
            if whole:
                totals[of] = found.numpy()
            else:
                np.add.at(totals, of, found.numpy())
                np.add.at(counts, of, 1)
            progress(len(of))
    if totals is None:
        raise ValueError("no sequences")
    return totals if whole else totals / counts[:, None]


def _batches(classifier: Scorer, lengths: NDArray[np.int64], batch_tokens: int) -> Iterator[Parts]:
    """Yields the batches in which a classifier sees sequences of `lengths` (M,) int64, through its window."""
    for sequence, start, length in chunked_parts(lengths, classifier.window, _PARTS):
        # A network that flattens pads every part to its window.
        padded = np.full_like(length, classifier.window) if classifier.flattens else length
        for batch in buckets(padded, batch_tokens):
            yield sequence[batch], start[batch], length[batch]


def batch_logits(classifier: Scorer, tokens: Tensor, lengths: Tensor) -> Tensor:
    """Returns the logits (B, K) on the CPU (MPS has no float64); a batch that does not fit into memory is halved."""
    device = classifier.device
    try:
        return classifier.strand_logits(*on_device(tokens, lengths, device)).cpu()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(tokens) == 1:
            problem = f"there is too little memory for a sequence of {tokens.shape[1]:,} symbols"
            raise ResourceError(str(device), problem, "use fewer --threads, or a machine with more") from None
    # Not in the `except` block, where the error keeps references to intermediate results.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    halves = zip(tokens.tensor_split(2), lengths.tensor_split(2), strict=True)
    return torch.cat([batch_logits(classifier, *half) for half in halves])
