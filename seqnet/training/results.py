"""The results of a training, as lines and as files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqnet.configs.calibration import CRITERIA
from seqnet.core.outputs import whole_files
from seqnet.core.printable import counted
from seqnet.datasets.run_choice import ChosenRun
from seqnet.evaluation import format_cross_validation
from seqnet.models.bundles import Bundle, write_bundle
from seqnet.training.cross_validation import FoldsResult
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.history import draw_curves, kept_text, write_history
from seqnet.training.members import TrainingJob
from seqnet.training.out_of_fold import write_out_of_fold

__all__ = ["TrainingRun", "result_json", "result_lines", "write_results"]


@dataclass(frozen=True)
class TrainingRun:
    """A training from its settings to its result.

    Attributes:
        name: of the model.
        job: what was trained.
        chosen: its settings, and what chose them.
        result: networks, epochs and calibration.
        audited: whether problems of the dataset were looked for.
        notes: messages during training, a line each; warnings begin with `seqnet: warning: `.
    """

    name: str
    job: TrainingJob
    chosen: ChosenRun
    result: EnsembleResult
    audited: bool
    notes: Sequence[str]


def result_lines(result: EnsembleResult) -> list[str]:
    """Returns which epoch of each network was kept, how the model was calibrated, and, of folds, how good they are."""
    folds = isinstance(result, FoldsResult)
    lines = []
    for number, run in enumerate(result.runs, 1):
        which = f"{'fold' if folds else 'network'} {number} of {len(result.runs)}: " if len(result.runs) > 1 else ""
        text = kept_text(run.rows, run.best_epoch, run.bundle.config.training.monitor)
        lines.append(f"{which}{text}; {counted(run.bundle.parameter_count, 'parameters')}")
    if len(set(result.weights)) > 1:
        lines.append(_weights_line(result))
    if result.bundle.calibration.quality:
        lines.append(_calibration_line(result.bundle, "out of fold" if folds else "on the validation split"))
    if isinstance(result, FoldsResult):
        lines += format_cross_validation(result.evaluation).splitlines()
    return lines


def result_json(result: EnsembleResult) -> dict[str, Any]:
    """Returns what `result_lines` says as JSON values, None for NaN."""
    found = result.bundle.calibration
    networks = []
    for run in result.runs:
        kept = next((asdict(row) for row in run.rows if row.epoch == run.best_epoch), {})
        validation = {
            name.removeprefix("validation_"): None if math.isnan(value) else value
            for name, value in kept.items()
            if name.startswith("validation_")
        }
        networks.append({"kept_epoch": run.best_epoch, "epochs": len(run.rows), "validation": validation})
    return {
        "parameters": result.bundle.parameter_count,
        "monitor": result.runs[0].bundle.config.training.monitor,
        "networks": networks,
        "weights": list(result.weights),
        "temperature": found.temperature,
        "threshold": None if result.bundle.positive is None else found.threshold,
        "calibration": {name: None if math.isnan(value) else value for name, value in found.quality.items()},
        "cross_validation": result.to_json() if isinstance(result, FoldsResult) else None,
        "interrupted": result.interruption is not None,
    }


def _weights_line(result: EnsembleResult) -> str:
    """Returns the share of each network in the mean, and which networks the model does not have."""
    names = [f"network {number} ({run.bundle.config.network.name})" for number, run in enumerate(result.runs, 1)]
    kept = [f"{name} {weight:.2f}" for name, weight in zip(names, result.weights, strict=True) if weight]
    left = [name for name, weight in zip(names, result.weights, strict=True) if not weight]
    text = f"weights, fitted to the validation split: {', '.join(kept)}"
    return f"{text}; left out: {', '.join(left)}" if left else text


def _calibration_line(bundle: Bundle, where: str) -> str:
    """Returns what was fitted for decisions, and how good the probabilities are on records that had no part in it."""
    found = bundle.calibration
    changes = [
        f"{name} {found.quality[f'{key}_before']:.4f} → {found.quality[f'{key}_after']:.4f}"
        for name, key in (("log loss", "log_loss"), ("calibration error", "ece"))
    ]
    line = f"calibrated {where}: temperature {found.temperature:.3f}; cross-validated {', '.join(changes)}"
    if found.not_calibrated:
        line = f"not calibrated: {found.not_calibrated}; calibration error {found.quality['ece_before']:.4f} {where}"
    if bundle.positive is None:
        return line
    best = f" (best {CRITERIA[found.criterion]})".replace("_", " ") if found.criterion else ""
    return f"{line}; threshold {found.threshold:.3f}{best}"


def write_results(
    result: EnsembleResult,
    targets: Sequence[Path],
    *,
    force: bool,
    report: Callable[[Path, Path], object] | None = None,
) -> None:
    """Writes the results of a training: all files or none.

    Args:
        result: what is written.
        targets: model, history and curves; of folds, also the out-of-fold predictions and their metrics; last, if there
            is one, the report.
        force: whether existing files are replaced.
        report: writes the report, given its path and that of the model, which is complete; None for no report.

    Raises:
        OutputError: see `seqnet.core.outputs.whole_files`.
    """
    rows = [run.rows for run in result.runs]
    with whole_files(targets, force=force) as (model, history, curves, *others):
        write_history(history, rows)
        draw_curves(curves, rows, [run.best_epoch for run in result.runs])
        if isinstance(result, FoldsResult):
            table, metrics, *others = others
            write_out_of_fold(table, result.out_of_fold)
            text = json.dumps(result.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
            metrics.write_text(text + "\n", encoding="utf-8")
        write_bundle(model, result.bundle)
        if report:
            report(others[0], model)
