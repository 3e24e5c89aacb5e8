"""How well class fractions are estimated from scores: the test records of a model, drawn at other fractions.

    python -m benchmarks.class_shift MODEL DATASET [MODEL DATASET …] [--records N]

DATASET is the one that the model was trained on, made again with `seqnet encode`; its test split is drawn from. With
several models, such as those of five splits, each estimates for itself, and the calibration errors are those of the
records of all together, because the error that chance makes falls with the number of records. The last column is the
error that labels have on average if they are drawn with the corrected probabilities: an error of this size is chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqnet.datasets.dataset import open_dataset
from seqnet.evaluation.calibration import expected_calibration_error, reweighted
from seqnet.evaluation.calibration.class_shift import estimate_shift
from seqnet.evaluation.calibration.likeliest_shares import likeliest_shares
from seqnet.models.bundles import open_bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.shipped import find_model
from seqnet.prediction.decision import training_shares
from seqnet.reporting.measurement import class_order

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
DRAWS = 6
RECORDS = 1_000

Probabilities = NDArray[np.float64]
Columns = list[Probabilities]
"""Probabilities (N, 2) without a correction, with an estimated share, and with the true share."""


class Scored:
    """The test records of a model, with their probabilities.

    Args:
        model: name or path of a model with two classes.
        dataset: that it was trained on.
    """

    def __init__(self, model: Path, dataset: Path) -> None:
        bundle, data = open_bundle(find_model(model)), open_dataset(dataset)
        assert bundle.positive is not None
        members = data.members("test")
        self._bundle, self._positive = bundle, bundle.positive
        self._scores = bundle_probabilities(bundle, data.tokens, members).probabilities
        self._mine = class_order(bundle.classes, data)[data.labels[members]] == bundle.positive

    def draw(self, share: float, most: int, rng: np.random.Generator) -> tuple[list[float], NDArray[np.int64], Columns]:
        """Returns estimates of a share of the positive class, labels (N,) of the records drawn, and probabilities.

        Args:
            share: of the positive class among the records that are drawn.
            most: maximum number of records.
            rng: draws them.
        """
        mine, positive, seen = self._mine, self._positive, training_shares(self._bundle)
        count = min(most, int(mine.sum() / share), int((~mine).sum() / (1 - share)))
        own = rng.choice(np.flatnonzero(mine), round(count * share), replace=False)
        drawn = np.concatenate([own, rng.choice(np.flatnonzero(~mine), count - len(own), replace=False)])
        labels = np.where(mine[drawn], positive, 1 - positive)
        scores = self._scores[drawn]
        found = estimate_shift(scores, seen, self._bundle.validation, shrink=True)
        true = np.where(np.arange(2) == positive, share, 1 - share)
        columns = [reweighted(scores, seen, one) for one in (seen, found.applied, true)]
        estimates = [found.shares[positive], likeliest_shares(scores, seen)[positive], found.applied[positive]]
        return [*estimates, float(found.sure)], labels, columns


def floor(probabilities: Probabilities, rng: np.random.Generator) -> float:
    """Returns the calibration error of perfectly calibrated probabilities (N, 2) on N records."""
    labels = (rng.random(len(probabilities)) < probabilities[:, 1]).astype(np.int64)
    return expected_calibration_error(labels, probabilities)


def row(models: Sequence[Scored], share: float, most: int, rng: np.random.Generator) -> tuple[int, list[float]]:
    """Returns the number of records of a draw from all models, and the numbers of a row."""
    drawn = [model.draw(share, most, rng) for model in models]
    labels = np.concatenate([one for _, one, _ in drawn])
    columns = [np.concatenate(parts) for parts in zip(*(each for _, _, each in drawn), strict=True)]
    estimates = np.mean([one for one, _, _ in drawn], axis=0).tolist()
    errors = [expected_calibration_error(labels, one) for one in columns]
    return len(labels), [*estimates, *errors, floor(columns[-1], rng)]


def main() -> None:
    """Prints a row for each fraction of the positive class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="MODEL DATASET")
    parser.add_argument("--records", type=int, default=RECORDS, help="most records of a draw [default: %(default)s]")
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error("give a dataset for each model")
    models = [Scored(*pair) for pair in zip(options.files[::2], options.files[1::2], strict=True)]
    rng = np.random.default_rng(0)
    print("share  records  estimate  EM alone  used  sure  ECE before  after  at the true share  by chance")
    for share in SHARES:
        rows = [row(models, share, options.records, rng) for _ in range(DRAWS)]
        found = np.mean([each for _, each in rows], axis=0)
        print(f"{share:5.1f} {rows[0][0]:8}  " + "  ".join(f"{value:8.3f}" for value in found), flush=True)


if __name__ == "__main__":
    main()
