"""What `train --json` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqnet.cli.json_output import show_json

if TYPE_CHECKING:
    from seqnet.training.results import TrainingRun
    from seqnet.training.training_files import TrainingFiles

__all__ = ["show_training"]


def show_training(run: TrainingRun, files: TrainingFiles) -> None:
    """Prints the settings, the metrics and the files of a training as JSON."""
    from seqnet.training.results import result_json

    paths = [str(path) for path in files.of_networks(len(run.job.checkpoints)).outputs]
    show_json(
        {"model": str(files.model), "settings": run.chosen.run.to_dict(), **result_json(run.result), "files": paths}
    )
