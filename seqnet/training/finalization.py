"""Parts of a model that replace its training records later: baselines, calibration and validation scores."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqnet.core.errors import LabelError
from seqnet.datasets.dataset import Dataset
from seqnet.evaluation.baselines import fit_baselines
from seqnet.evaluation.calibration import Calibration, ValidationScores, tempered
from seqnet.models.bundles import Bundle

__all__ = ["with_baselines", "with_calibration"]


def with_baselines(
    bundle: Bundle, dataset: Dataset, note: Callable[[str], None]
) -> tuple[Bundle, KeyboardInterrupt | None]:
    """Returns the bundle with baselines that are fitted to the train split of its dataset, and what stopped that.

    Ctrl-C leaves them out: the network is complete, and a resumed run adds them.

    Args:
        bundle: its settings have the number of records and the seed by which they are drawn.
        dataset: what the model was trained on.
        note: called with a line about what was fitted, or why nothing was.
    """
    most, seed = bundle.config.training.baseline_records, bundle.config.training.seed
    if not most:
        return bundle, None
    started = time.monotonic()
    try:
        fitted = fit_baselines(dataset, most, seed)
    except LabelError as error:
        note(f"no baselines: {error}")
        return bundle, None
    except KeyboardInterrupt as stop:
        note("stopped while baselines were fitted: the model has none; run train again with --resume to add them")
        return bundle, stop
    records = next(iter(fitted.values())).records
    note(f"baselines fitted to {records:,} training records in {time.monotonic() - started:.1f} s")
    return replace(bundle, baselines=fitted), None


def with_calibration(
    bundle: Bundle, calibration: Calibration, labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> Bundle:
    """Returns the bundle with its calibration, and with the scores of records that it was fitted to.

    Args:
        bundle: the model.
        calibration: what was fitted.
        labels: (N,) int64, true classes of the records.
        probabilities: (N, K) float64, raw output of the network.
    """
    after = tempered(probabilities, calibration.temperature)
    kept = ValidationScores.keep(labels, after, bundle.config.training.seed)
    return replace(bundle, calibration=calibration, validation=kept)
