"""What `train` writes and prints when training is over."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.cli.json_output import show_json
from seqnet.cli.progress import say
from seqnet.cli.training_files import TrainingFiles

if TYPE_CHECKING:
    from seqnet.training.results import TrainingRun

__all__ = ["show_training", "write_training"]


def write_training(run: TrainingRun, files: TrainingFiles, *, force: bool) -> None:
    """Writes the model and what belongs to it, and says what was kept, and where."""
    from seqnet.training.results import result_lines, write_results

    report = partial(_write_report, run) if files.report else None
    write_results(run.result, files.results, force=force, report=report)
    for line in result_lines(run.result):
        say(line)
    names = [path.name for path in files.outputs[1:] if path.exists()]  # with --time, some networks have no checkpoint
    say(f"wrote {files.model}, {', '.join(names)}")


def show_training(run: TrainingRun, files: TrainingFiles) -> None:
    """Prints the settings, the metrics and the files of a training as JSON."""
    from seqnet.training.results import result_json

    paths = [str(path) for path in files.outputs]
    show_json(
        {"model": str(files.model), "settings": run.chosen.run.to_dict(), **result_json(run.result), "files": paths}
    )


def _write_report(run: TrainingRun, report: Path, model: Path) -> None:
    from seqnet.core.provenance import file_hash
    from seqnet.reporting.pages.rendering import write_page
    from seqnet.reporting.pages.training import training_page

    write_page(report, training_page(run, file_hash(model)))
