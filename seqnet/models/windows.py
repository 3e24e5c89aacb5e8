"""Probabilities of many windows of one token sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.core.ragged import Ragged
from seqnet.evaluation.calibration import tempered
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import class_probabilities, ensembled, evaluating
from seqnet.models.scoring import Scorer
from seqnet.nn.networks.folded_classifier import FoldedClassifier
from seqnet.nn.networks.folded_scan import scan_logits

__all__ = ["WindowScores", "window_scores"]


class WindowScores(NamedTuple):
    """Calibrated probabilities of N windows.

    Attributes:
        probabilities: (N, K) float64, those of the model: for an ensemble the mean, or the shares of votes.
        members: (M, N, K) float64, those of each of the M members of an ensemble; M is 0 for a single network.
    """

    probabilities: NDArray[np.float64]
    members: NDArray[np.float64]


def window_scores(
    bundle: Bundle,
    tokens: NDArray[np.uint8],
    starts: NDArray[np.int64],
    window: int,
    *,
    members: Sequence[Scorer],
    vote: bool = False,
) -> WindowScores:
    """Returns the probabilities of N windows; each is what the model predicts for the window as a record of its own.

    Args:
        bundle: the model.
        tokens: (L,) uint8; anything outside the windows, and no invalid token within them.
        starts: (N,) int64, start of each window in the tokens.
        window: length of the windows; windows longer than that of the model are divided, as records are.
        members: result of `scoring.ready`.
        vote: whether to count votes instead of averaging probabilities.
    """
    if not len(starts):
        classes = len(bundle.classes)
        return WindowScores(np.empty((0, classes)), np.empty((0 if len(members) == 1 else len(members), 0, classes)))
    each = [_of_member(member, tokens, starts, window) for member in members]
    found = ensembled(bundle, each, vote=vote).probabilities
    calibrated = [tempered(one, bundle.calibration.temperature) for one in each] if len(each) > 1 else []
    return WindowScores(found, np.array(calibrated).reshape(len(calibrated), *found.shape))


def _of_member(
    member: Scorer, tokens: NDArray[np.uint8], starts: NDArray[np.int64], window: int
) -> NDArray[np.float64]:
    """Returns the probabilities (N, K) float64 of one network for N windows, not calibrated."""
    if isinstance(member, FoldedClassifier) and window == member.window:
        with evaluating(member):
            # A copy, because PyTorch has no tensors that can't be written to.
            logits = scan_logits(member, torch.from_numpy(tokens.copy()), torch.from_numpy(starts))
            return logits.double().softmax(dim=1).numpy()
    rows = sliding_window_view(tokens, window)[starts].reshape(-1)
    return class_probabilities(member, Ragged.from_lengths(rows, np.full(len(starts), window, dtype=np.int64)))
