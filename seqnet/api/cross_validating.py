"""Cross-validation, from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from seqnet.api.dataset import Progress
from seqnet.api.keywords import plain_number
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.training import run_request_of, training_request
from seqnet.api.training_runs import TrainingFileKeywords, TrainingTarget, model_of, opened_dataset, trained_run
from seqnet.configs.cross_validation import FoldOptions
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.training.cross_validation import FoldsResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CrossValidationResult", "cross_validate"]


class CrossValidationResult:
    """What `cross_validate` has found.

    Args:
        result: the networks of all folds, and their predictions.
        model: the networks of all folds as one model.

    Attributes:
        model: as given.
    """

    def __init__(self, result: FoldsResult, model: Model) -> None:
        self._result = result
        self.model = model

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """A row for each metric: metric, mean and sd (sample standard deviation) over folds, and fold_1 to fold_K."""
        import pandas as pd

        found = self._result.evaluation
        rows = [(name, found.mean[name], found.sd[name], *(fold[name] for fold in found.folds)) for name in found.mean]
        folds = [f"fold_{number}" for number in range(1, len(found.folds) + 1)]
        return pd.DataFrame(rows, columns=["metric", "mean", "sd", *folds])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """A row for each record, by the network that was not trained on it: name, fold, class, label, p_CLASS."""
        import pandas as pd

        found = self._result.out_of_fold
        classes = np.array(found.dataset.classes, dtype=object)
        columns = {
            "name": found.dataset.names.take(found.members).text(),
            "fold": found.fold + 1,
            "class": classes[found.truth],
            "label": classes[found.labels],
        }
        shares = {f"p_{name}": found.probabilities[:, index] for index, name in enumerate(classes)}
        return pd.DataFrame(columns | shares)

    def to_json(self) -> dict[str, Any]:
        """Returns everything as plain values, None for NaN: what `seqnet train --folds` writes to FILE.folds.json."""
        return self._result.to_json()

    def __repr__(self) -> str:
        found = self._result.evaluation
        shown = ", ".join(f"{name} {found.mean[name]:.3f} ± {found.sd[name]:.3f}" for name in ("accuracy", "auroc"))
        return f"<seqnet.CrossValidationResult: {counted(len(found.folds), 'folds')}; {shown}>"


def cross_validate(
    data: Dataset | str | os.PathLike[str],
    folds: int = 5,
    *,
    preset: str | None = None,
    network: str | None = None,
    encoder: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
    optimize: str | None = None,
    start: Model | str | os.PathLike[str] | None = None,
    freeze: bool = False,
    **files: Unpack[TrainingFileKeywords],
) -> CrossValidationResult:
    """Returns a K-fold cross-validation, as `seqnet train --folds` makes it.

    The records of all splits but test are divided into folds, with equal class fractions and whole groups.

    Args:
        data: the dataset, or its path.
        folds: their number, at least 3.
        preset: a named set of settings; see `seqnet.train` for the next four, too.
        network: kind of network.
        encoder: how symbols become features.
        settings: single settings.
        config: TOML file of settings.
        seed: of the folds and of training.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        progress: gets each line that the command would print, such as `print`; None for warnings alone.
        optimize: what thresholds maximise.
        start: model to start from, its path or name.
        freeze: whether, with `start`, only the output layers are trained.
        **files: as in `seqnet.train`; beside the model are also the tables of the folds.

    Raises:
        SeqnetError: a setting is not allowed, or there are too few records or groups for so many folds.
    """
    with python_words():
        target = TrainingTarget.of(files, cross_validate)
        number = FoldOptions.check("folds", plain_number(folds))
        requested = run_request_of(preset, network, encoder, config, settings, seed, freeze=freeze)
        request = training_request(requested, threads, optimize=optimize, start=start)
        run = trained_run(opened_dataset(data), replace(request, folds=number), target, device, progress)
        assert isinstance(run.result, FoldsResult)
        return CrossValidationResult(run.result, model_of(run, target))
