"""The page of `seqnet train`: settings, data, what the audit found, the course, and metrics on validation data."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from seqnet.audit import Check, quick_audit
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted
from seqnet.core.provenance import versions
from seqnet.datasets.profile import profile_dataset
from seqnet.evaluation import METRICS
from seqnet.reporting.figures.evaluation import course_picture
from seqnet.reporting.pages.audit import check_pictures, check_table
from seqnet.reporting.pages.cells import count, number
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Notes, Page, Section, Table, Text
from seqnet.reporting.pages.datasets import Rows, dataset_origin, dataset_section, first_rows, versions_text
from seqnet.reporting.pages.evaluation.comparisons import baseline_section
from seqnet.reporting.pages.evaluation.decisions import decision_section, error_section
from seqnet.reporting.pages.evaluation.probabilities import calibration_section, ranking_section
from seqnet.reporting.pages.evaluation.summary import summary_section
from seqnet.reporting.pages.evaluation.training import folds_table
from seqnet.reporting.pages.settings import settings_section
from seqnet.reporting.results import Results
from seqnet.reporting.training_results import course_of, training_results
from seqnet.reporting.wording import estimate_text, sentence
from seqnet.training.cross_validation import FoldsResult
from seqnet.training.ensemble import EnsembleResult
from seqnet.training.history import EpochRow, kept_text
from seqnet.training.results import TrainingRun

__all__ = ["training_page"]

_WARNING = "seqnet: warning: "
_TIME = re.compile(r" in [\d.,]+ (ms|s|min|h)\b")


def training_page(run: TrainingRun, model_hash: str) -> Page:
    """Returns the page.

    Args:
        run: what was trained.
        model_hash: SHA-256 of the model file.
    """
    results = training_results(run.job, run.result, run.name)
    dataset = run.job.dataset
    checks = quick_audit(dataset)[0] if run.audited else None
    sections = [
        *(_measured(run, results) if results else [_unmeasured()]),
        _course_section(run),
        dataset_section(dataset, profile_dataset(dataset)),
        _audit_section(run, checks),
        settings_section(run.chosen, run.result.bundle),
        _origin_section(run, model_hash),
    ]
    return Page(f"Training of {run.name}", _lead(run, results), sections, _warnings(run, results, checks))


def _lead(run: TrainingRun, results: Results | None) -> str:
    """Returns what was trained, and the main metrics."""
    text = f"{counted(len(run.result.runs), 'networks')} of type {run.result.bundle.config.network.name}"
    if _folds(run):
        text += ", one for each fold"
    if results is None:
        return f"{text}."
    metrics = results.models[0].evaluation.metrics
    values = ", ".join(f"{METRICS[name].title} {estimate_text(metrics[name])}" for name in ("auroc", "accuracy"))
    where = "out of fold" if _folds(run) else "on the validation split"
    return f"{text}. {values} {where}."


def _folds(run: TrainingRun) -> bool:
    return isinstance(run.result, FoldsResult)


def _warnings(run: TrainingRun, results: Results | None, checks: Sequence[Check] | None) -> list[str]:
    lines = [run.chosen.warning] if run.chosen.warning else []
    lines += [check.line for check in checks or () if check.status == "fail"]
    lines += [line.removeprefix(_WARNING) for line in run.notes if line.startswith(_WARNING)]
    if run.result.interruption:
        lines.append("training was stopped early; seqnet train --resume continues it")
    if results is not None and not _folds(run):
        lines += results.models[0].report.warnings()
    return [sentence(line) for line in dict.fromkeys(lines)]


def _unmeasured() -> Section:
    text = "There is no validation split, so nothing was measured: seqnet evaluate measures the test split."
    return Section("summary", "Metrics", [Text(text)])


def _measured(run: TrainingRun, results: Results) -> list[Section]:
    """Returns the sections on the records that the networks were not fitted to."""
    summary = summary_section(results)
    note = (
        "These are metrics of the validation split, which chose the epoch, the temperature and the threshold. They are "
        "a little too good. To report a model, measure it on the test split with seqnet evaluate."
    )
    if isinstance(run.result, FoldsResult):
        note = (
            "Each record was measured by the network that has not seen it, with the temperature and the threshold of "
            "that network. The test split has no part in this."
        )
    return [
        Section(summary.key, summary.title, [Text(note), *_fold_blocks(run), *summary.blocks]),
        ranking_section(results),
        decision_section(results),
        calibration_section(results),
        baseline_section(results),
        error_section(results),
    ]


def _fold_blocks(run: TrainingRun) -> list[Block]:
    return [folds_table(course_of(run.result).folds)] if _folds(run) else []


def _audit_section(run: TrainingRun, checks: Sequence[Check] | None) -> Section:
    """Returns the results of the quick audit."""
    path = run.job.dataset.path
    command = f"seqnet audit {path} --report FILE.html" if path.is_file() else "seqnet.Dataset.audit, in Python"
    if checks is None:
        return Section("audit", "Audit", [Text(f"The dataset was not checked. All checks: {command}")])
    options = AuditOptions()
    return Section(
        "audit",
        "Audit",
        [
            Text(f"A quick look for problems that make metrics too good. All checks: {command}"),
            check_table(checks, options),
            Figures(check_pictures(checks, options)),
        ],
    )


def _course_section(run: TrainingRun) -> Section:
    """Returns learning curves, what was kept, all epochs, and the messages."""
    result, config = run.result, run.result.bundle.config
    picture = course_picture(course_of(result), trees=config.network.boosted is not None)
    blocks: list[Block] = [Figures([picture]), _network_table(run), _epoch_table(result)]
    # The same training gives the same page, whatever time it takes.
    notes = [_TIME.sub("", line) for line in run.notes if not line.startswith(_WARNING)]
    if notes:
        blocks += [Text("Notes of the training:"), Notes(notes)]
    return Section("course", "Course of training", blocks)


def _network_table(run: TrainingRun) -> Table:
    """Returns what was kept of each network."""
    rows: list[list[str | Cell]] = []
    monitor = run.result.bundle.config.training.monitor
    for place, one in enumerate(run.result.runs, 1):
        row = one.rows[one.best_epoch - 1]
        values = [number(value) for value in (row.validation_loss, row.validation_accuracy, row.validation_auroc)]
        kept = kept_text(one.rows, one.best_epoch, monitor).partition(": ")[2]
        seed = count(one.bundle.config.training.seed)
        rows.append([count(place), seed, count(len(one.rows)), count(one.best_epoch), *values, kept])
    columns = ["network", "seed", "epochs", "kept", "loss", "accuracy", "AUROC", "because"]
    where = "records that chose its epoch" if _folds(run) else "validation split"
    return Table(f"The epoch of each network that was kept, with metrics on the {where}.", columns, rows)


def _epoch_table(result: EnsembleResult) -> Table:
    several = len(result.runs) > 1
    rows: list[list[str | Cell]] = []
    for place, one in enumerate(result.runs, 1):
        rows += [[*([count(place)] if several else []), *_epoch(row)] for row in one.rows]
    columns = ["epoch", "train loss", "train accuracy", "validation loss", "accuracy", "balanced accuracy", "AUROC"]
    shown, note = first_rows(rows, "epochs", "All are in the file that ends in .history.tsv.")
    return Table(
        "All epochs; losses are in nats.", [*(["network"] if several else []), *columns, "learning rate"], shown, note
    )


def _epoch(row: EpochRow) -> list[str | Cell]:
    values = (
        row.train_loss, row.train_accuracy, row.validation_loss, row.validation_accuracy,
        row.validation_balanced_accuracy, row.validation_auroc,
    )  # fmt: skip
    rate = Cell("n/a" if math.isnan(row.learning_rate) else f"{row.learning_rate:.2e}", row.learning_rate)
    return [count(row.epoch), *(number(value, 4) for value in values), rate]


def _origin_section(run: TrainingRun, model_hash: str) -> Section:
    about = run.job.provenance
    facts: Rows = [("command", str(about["command"]))] if about.get("command") else []
    facts += [
        ("model SHA-256", model_hash),
        ("seed", f"{run.job.config.training.seed}"),
        ("device", f"{about['device']}, {counted(int(about['threads']), 'threads')}"),
        ("dataset", str(run.job.dataset.path)),
        *dataset_origin(run.job.dataset),
        ("versions", versions_text(versions())),
    ]
    return Section("origin", "How this was made", [Facts(facts)])
