"""How well class fractions are estimated from scores: the test records of a model, drawn at other fractions.

    python -m benchmarks.class_shift MODEL DATASET [--records N]

DATASET is the one that the model was trained on, made again with `seqnet encode`; its test split is drawn from. The
last column is the calibration error that labels have on average if they are drawn with the corrected probabilities: an
error of this size is chance.
"""

from __future__ import annotations

import argparse
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


def floor(probabilities: Probabilities, rng: np.random.Generator) -> float:
    """Returns the calibration error of perfectly calibrated probabilities (N, 2) on N records."""
    labels = (rng.random(len(probabilities)) < probabilities[:, 1]).astype(np.int64)
    return expected_calibration_error(labels, probabilities)


def main() -> None:
    """Prints a row for each fraction of the positive class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--records", type=int, default=RECORDS, help="most records of a draw [default: %(default)s]")
    options = parser.parse_args()
    bundle, data = open_bundle(find_model(options.model)), open_dataset(options.dataset)
    assert bundle.positive is not None
    members, seen, rng = data.members("test"), training_shares(bundle), np.random.default_rng(0)
    scores = bundle_probabilities(bundle, data.tokens, members).probabilities
    positive = class_order(bundle.classes, data)[data.labels[members]] == bundle.positive
    print("share  records  estimate  EM alone  used  sure  ECE before  after  at the true share  by chance")
    for share in SHARES:
        rows = []
        for _ in range(DRAWS):
            count = min(options.records, int(positive.sum() / share), int((~positive).sum() / (1 - share)))
            own = rng.choice(np.flatnonzero(positive), round(count * share), replace=False)
            drawn = np.concatenate([own, rng.choice(np.flatnonzero(~positive), count - len(own), replace=False)])
            labels = np.where(positive[drawn], bundle.positive, 1 - bundle.positive)
            found = estimate_shift(scores[drawn], seen, bundle.validation, shrink=True)
            true = np.where(np.arange(2) == bundle.positive, share, 1 - share)
            corrected = [reweighted(scores[drawn], seen, one) for one in (seen, found.applied, true)]
            errors = [expected_calibration_error(labels, one) for one in corrected]
            alone = likeliest_shares(scores[drawn], seen)
            estimates = [one[bundle.positive] for one in (found.shares, alone, found.applied)]
            rows.append([*estimates, found.sure, *errors, floor(corrected[2], rng)])
        print(f"{share:5.1f} {count:8}  " + "  ".join(f"{value:8.3f}" for value in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
