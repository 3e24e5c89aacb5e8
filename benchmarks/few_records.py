"""What few records do to temperatures and intervals: `python -m benchmarks.few_records`, two minutes.

Simulated networks of known calibration, and proportions of known truth, behind two rules: when a temperature is kept
(`seqnet.evaluation.calibration.temperature`), and when an interval is exact (`seqnet.evaluation.exact_intervals`). Out:
Markdown tables.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from seqnet.evaluation.calibration import chosen_temperature, expected_calibration_error, fit_temperature, tempered
from seqnet.evaluation.exact_intervals import FEW

SIZES = (50, 100, 300, 1000)
RUNS = 100


def draw(count: int, temperature: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns labels (N,) and probabilities (N, 2) float64 of a network that is too sure by a temperature."""
    rng = np.random.default_rng(seed)
    odds = np.exp(rng.normal(0, 1.5, (count, 2)))
    true = odds / odds.sum(axis=1, keepdims=True)
    labels = (rng.random(count) < true[:, 1]).astype(np.int64)
    return labels, tempered(true, 1 / temperature)


def temperatures() -> None:
    """Prints the calibration error on new records, always fitted, and by the rule."""
    print(
        "| true temperature | records | error before | always fitted: mean, 95th % | by the rule: mean, 95th % | kept |"
    )
    print("|---|---|---|---|---|---|")
    for true in (1.0, 1.3, 2.0, 3.0):
        labels, probabilities = draw(20_000, true, 0)
        before = expected_calibration_error(labels, probabilities)
        for count in (24, *SIZES):
            always: list[float] = []
            ruled: list[float] = []
            kept = 0
            for seed in range(1, RUNS + 1):
                few = draw(count, true, seed)
                chosen = chosen_temperature(*few).temperature
                kept += chosen != 1
                for errors, temperature in ((always, fit_temperature(*few)), (ruled, chosen)):
                    errors.append(expected_calibration_error(labels, tempered(probabilities, temperature)))
            cells = [f"{np.mean(errors):.3f}, {np.quantile(errors, 0.95):.3f}" for errors in (always, ruled)]
            print(f"| {true} | {count} | {before:.3f} | {cells[0]} | {cells[1]} | {kept / RUNS:.0%} |")


def intervals() -> None:
    """Prints how often 95 % intervals of a proportion hold the truth: bootstrap, and with the rule."""
    print("| records | truth | bootstrap | exact below 5 |")
    print("|---|---|---|---|")
    rng = np.random.default_rng(0)
    for count in (10, 30, *SIZES):
        for truth in (0.7, 0.9, 0.97, 0.99):
            held = np.zeros(2)
            for right in rng.binomial(count, truth, 1000).tolist():
                low, high = np.quantile(rng.binomial(count, right / count, 500) / count, (0.025, 0.975))
                held[0] += low <= truth <= high
                if min(right, count - right) < FEW:
                    low, high = binomtest(right, count).proportion_ci(0.95, method="exact")
                held[1] += low <= truth <= high
            print(f"| {count:,} | {truth} | {held[0] / 1000:.3f} | {held[1] / 1000:.3f} |")


def rankings() -> None:
    """Prints how often 95 % bootstrap intervals of an AUROC of normal scores hold the truth."""
    print("| positives | negatives | AUROC 0.9 | AUROC 0.97 |")
    print("|---|---|---|---|")
    for positives, negatives in ((10, 10), (20, 20), (30, 30), (10, 100), (20, 100), (50, 100)):
        cells = []
        for truth, apart in ((0.9, 1.8124), (0.97, 2.6599)):
            rng, held = np.random.default_rng(0), 0
            for _ in range(500):
                above = rng.normal(apart, 1, positives)[:, None] > rng.normal(0, 1, negatives)
                count = positives + negatives
                drawn = rng.multinomial(count, np.full(count, 1 / count), 300)
                own, rest = drawn[:, :positives], drawn[:, positives:]
                pairs = own.sum(axis=1) * rest.sum(axis=1)
                found = ((own @ above) * rest).sum(axis=1)[pairs > 0] / pairs[pairs > 0]
                low, high = np.quantile(found, (0.025, 0.975))
                if low == high:
                    low, high = 0.025 ** (1 / min(positives, negatives)), 1
                held += low <= truth <= high
            cells.append(f"{held / 500:.3f}")
        print(f"| {positives} | {negatives} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    temperatures()
    print()
    intervals()
    print()
    rankings()
