"""The result of a training → the model and its other files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from seqnet.core.provenance import file_hash
from seqnet.reporting.pages.rendering import write_page
from seqnet.reporting.pages.training import training_page
from seqnet.training.results import TrainingRun, result_lines, write_results
from seqnet.training.training_files import TrainingFiles

__all__ = ["write_training"]


def write_training(
    run: TrainingRun, files: TrainingFiles, notify: Callable[[str], None], *, force: bool, replace: bool
) -> None:
    """Writes the model and what belongs to it, unless a resumed run found it complete, and tells what and where.

    Args:
        run: what came of the training.
        files: what is written.
        notify: takes the lines: the epochs that were kept, calibration, metrics of folds, and the files.
        force: whether the files are written even if they are complete.
        replace: whether existing files are replaced; see `TrainingFiles.claim`.

    Raises:
        OutputError: see `seqnet.core.outputs.whole_files`.
    """
    files = files.of_networks(len(run.job.checkpoints))
    fitted = any(one.fitted for one in run.result.runs)
    if run.job.resume and not (force or fitted) and files.hold(run.result.bundle):
        notify(f"nothing to do: {files.model} is complete; to train longer, use --set epochs=N")
        return
    report = partial(_write_report, run) if files.report else None
    write_results(run.result, files.results, force=replace, report=report)
    for line in result_lines(run.result):
        notify(line)
    names = [path.name for path in files.outputs[1:] if path.exists()]  # with --time, some networks have no checkpoint
    notify(f"wrote {files.model}, {', '.join(names)}")


def _write_report(run: TrainingRun, report: Path, model: Path) -> None:
    write_page(report, training_page(run, file_hash(model)))
