"""Records by class, tagged alignments and embeddings on disk, as `seqnet predict` writes them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from seqnet.api.file_runs import FileRun
from seqnet.api.keywords import PredictFileKeywords, as_path
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.tables import Paths, as_paths, check_model, report_path, table_output
from seqnet.configs.prediction import SortingOptions
from seqnet.core.errors import SettingError
from seqnet.core.outputs import made_directory
from seqnet.prediction.record_outputs import record_outputs, remove_unfinished
from seqnet.prediction.writers import TableOutput

__all__ = ["write_records"]


def write_records(
    model: Model,
    inputs: Paths,
    *,
    split_by_class: str | os.PathLike[str] | None = None,
    annotate: str | os.PathLike[str] | None = None,
    keep: str | Iterable[str] = (),
    kept: str | os.PathLike[str] | None = None,
    embeddings: str | os.PathLike[str] | None = None,
    table: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
    pairs: str = SortingOptions().pairs,
    min_probability: float | None = None,
    force: bool = False,
    **options: Unpack[PredictFileKeywords],
) -> Mapping[str, int]:
    """Writes the files of records that `seqnet predict` writes, and returns status → number of records.

    All files are complete, or none is there.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`.
        split_by_class: directory for a file of the records of each class, in the format of the input.
        annotate: BAM of all alignments, with tags for label, probability and status.
        keep: the classes whose records go to `kept`.
        kept: file of these records, in the format of the input.
        embeddings: the last hidden layer for each record, .parquet or .npz.
        table: predictions, as `predict_table` writes them.
        report: HTML file of a report, as `predict_table` writes it.
        pairs: together, files or separate; see `seqnet predict --pairs`.
        min_probability: records below it go where those without a label go.
        force: whether existing files are replaced.
        **options: those of `Model.predict_file`.

    Raises:
        SettingError: no file is named, or a value is not allowed.
        OutputError: a file exists, is an input, or can't be written.
        SeqnetError: an input can't be read; see `Model.predict_file`.
        OSError: an input is not there.
    """
    with python_words():
        check_model(model)
        wanted = {"split": split_by_class, "annotated": annotate, "kept": kept, "embeddings": embeddings}
        paths = {name: as_path(path, name) for name, path in wanted.items() if path is not None}
        classes, files = _classes(keep, paths), list(map(str, as_paths(inputs, "inputs")))
        sorting = SortingOptions(pairs, min_probability)
        wanted_records = _WantedRecords(paths, classes, sorting, table_output(table), report_path(report))
        return _written(model, files, wanted_records, options, force=force)


class _WantedRecords(NamedTuple):
    """What is written: see `record_outputs`, the table, and the report."""

    paths: Mapping[str, Path]
    keep: tuple[str, ...]
    sorting: SortingOptions
    table: list[TableOutput]
    report: Path | None


def _written(
    model: Model, files: Sequence[str], wanted: _WantedRecords, options: Mapping[str, Any], *, force: bool
) -> Mapping[str, int]:
    """Writes all files, and returns status → number of records."""
    paths = wanted.paths
    embed, originals = "embeddings" in paths, bool(paths.keys() - {"embeddings"})
    mate_files = wanted.sorting.pairs == "files"
    run = FileRun.of(model, files, options, embed=embed, originals=originals, mate_files=mate_files)
    if "split" in paths:
        remove_unfinished(paths["split"], model.classes)
    with made_directory(paths.get("split")), run.at_work():
        predictor = run.fractions.predictor_for(files)
        outputs = [*wanted.table, *record_outputs(predictor, paths, wanted.keep, wanted.sorting)]
        return run.write([(files, outputs)], wanted.report, force=force).tally.by_status()


def _classes(keep: str | Iterable[str], paths: Mapping[str, Path]) -> tuple[str, ...]:
    """Returns the classes to keep.

    Raises:
        SettingError: there are none and a file for them, or the reverse; or there is no file at all.
    """
    classes = (keep,) if isinstance(keep, str) else tuple(keep)
    if not paths and not classes:
        raise SettingError("split_by_class", None, problem="is needed, or annotate, kept or embeddings")
    if bool(classes) != ("kept" in paths):
        raise SettingError("keep", keep, problem="and kept need each other")
    return classes
