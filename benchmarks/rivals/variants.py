"""Seconds of `explain` on reads, or of `predict` on all of their variants, after start-up; printed as the last line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.racing import write_reads
from seqnet.cli.opening import open_model
from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.streaming import Destination, write_attributions
from seqnet.models.bundles import Bundle
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.writers import TableOutput

__all__ = ["main"]


def _explain(bundle: Bundle, threads: int, method: str) -> Callable[[Path, Path], object]:
    explainer = Explainer(bundle, ExplainOptions(method=method))
    inputs = PredictionInputs(ReadOptions(threads=threads), bundle.alphabet)

    def work(reads: Path, target: Path) -> object:
        return write_attributions(explainer, inputs.batches([str(reads)]), Destination(target, force=True), threads)

    return work


def _predict(bundle: Bundle, threads: int, precision: str) -> Callable[[Path, Path], object]:
    predictor = Predictor(bundle, PredictOptions(precision=precision))
    inputs = PredictionInputs(ReadOptions(threads=threads), bundle.alphabet)

    def work(reads: Path, target: Path) -> object:
        return write_predictions(predictor, inputs, [str(reads)], [TableOutput(target)], force=True)

    return work


def main(way: str, option: str, model: Path, reads: Path, target: Path, threads: int) -> None:
    """Prints the seconds of one run, after another with ten reads."""
    bundle = open_model(model, "cpu", threads, ())
    work = (_explain if way == "explain" else _predict)(bundle, threads, option)
    work(write_reads(target.with_name("ten.fa"), 10), target)
    started = time.perf_counter()
    work(reads, target)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    way, option, model, reads, target, threads = sys.argv[1:]
    main(way, option, Path(model), Path(reads), Path(target), int(threads))
