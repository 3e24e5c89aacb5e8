"""Tables of predictions on disk, as `seqnet predict -o` and `seqnet gather` write them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Unpack

from seqnet.api.file_runs import FileRun
from seqnet.api.files import ShardLike, as_shard
from seqnet.api.keywords import PredictFileKeywords, as_path
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.core.errors import SettingError
from seqnet.core.outputs import check_targets, made_directory
from seqnet.prediction.gathering import gather_shards as gather_tables
from seqnet.prediction.jobs import Job
from seqnet.prediction.manifest import MANIFEST, FileResult
from seqnet.prediction.table_files import TABLE_FORMATS, table_at, tables_in
from seqnet.prediction.writers import TableOutput

__all__ = [
    "FileResult",
    "Paths",
    "as_paths",
    "check_model",
    "gather",
    "predict_table",
    "predict_tables",
    "report_path",
    "table_output",
]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_TABLE_PHRASES = {"give them different names, or use -o": "give them different names, or use predict_table"}


def predict_table(
    model: Model,
    inputs: Paths,
    output: str | os.PathLike[str],
    *,
    shard: ShardLike = None,
    resume: bool = False,
    report: str | os.PathLike[str] | None = None,
    force: bool = False,
    **options: Unpack[PredictFileKeywords],
) -> Mapping[str, int]:
    """Writes the table that `seqnet predict -o` writes, byte by byte, and returns status → number of records.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`.
        output: the table; its name ends in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.
        shard: (I, N) for part I of N of the records, in a table that `gather` joins with the others.
        resume: whether to keep what is complete if the run is killed, and to continue it in the next call.
        report: HTML file of a report, as `seqnet predict --report` writes it; None for none.
        force: whether existing files are replaced.
        **options: those of `Model.predict_file`.

    Raises:
        SettingError: there is no such option, or its value is not allowed; or `shard` or `resume` is used with a model
            that is not in a file, or with a report.
        OutputError: a file exists, is an input, or can't be written.
        SeqnetError: an input can't be read; see `Model.predict_file`.
        OSError: an input is not there.
    """
    with python_words():
        check_model(model)
        paths, target, part = list(map(str, as_paths(inputs, "inputs"))), as_path(output, "output"), as_shard(shard)
        if part or resume:
            name, value = ("shard", str(part)) if part else ("resume", resume)
            if model.file is None:
                raise SettingError(name, value, problem="needs a model that is in a file; save the model first")
            if report is not None:
                raise SettingError(name, value, problem="can't be combined with report")
        run, page = FileRun.of(model, paths, options, shard=part), report_path(report)
        with run.at_work():
            return run.write([(paths, [table_at(target)])], page, resume=resume, force=force).tally.by_status()


def predict_tables(
    model: Model,
    inputs: Paths,
    directory: str | os.PathLike[str],
    *,
    format: str = TABLE_FORMATS[0],
    manifest: bool = False,
    strict: bool = False,
    report: str | os.PathLike[str] | None = None,
    force: bool = False,
    **options: Unpack[PredictFileKeywords],
) -> list[FileResult]:
    """Writes a table for each input, as `seqnet predict -O` does, and returns the result of each input, in order.

    Without `manifest`, an input that fails stops the others, whose tables stay.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`; each has a table that is named after it.
        directory: where the tables go; it is made if it is not there.
        format: tsv, tsv.gz, jsonl or parquet.
        manifest: whether to write manifest.tsv with a row for each input, too. Then an input that fails does not stop
            the others; its result has the error.
        strict: with `manifest`: whether an input that fails stops the others nevertheless.
        report: HTML file of a report of all inputs; None for none.
        force: whether existing files are replaced.
        **options: those of `Model.predict_file`.

    Raises:
        SettingError: there is no such option, or its value is not allowed or has no effect.
        OutputError: a file exists, is an input, or can't be written.
        SeqnetError: an input can't be read; see `Model.predict_file`.
        OSError: an input is not there.
    """
    with python_words(_TABLE_PHRASES):
        check_model(model)
        _check_many(format, report, manifest=manifest, strict=strict)
        paths, folder = list(map(str, as_paths(inputs, "inputs"))), as_path(directory, "directory")
        run, tables = FileRun.of(model, paths, options), tables_in(folder, paths, format)
        page, listed = report_path(report), folder / MANIFEST if manifest else None
        targets = [path for path in (*(table.target for _, table in tables), page, listed) if path]
        with made_directory(folder), run.at_work():
            check_targets(targets, force=force)
            jobs: list[Job] = [(one, [table]) for one, table in tables]
            tolerant = manifest and not strict
            return run.write(jobs, page, each=True, manifest=listed, tolerant=tolerant, force=force).files


def _check_many(format: str, report: object, *, manifest: bool, strict: bool) -> None:
    """Checks the arguments of `predict_tables` that say how the tables are written.

    Raises:
        SettingError: one is not allowed, or has no effect.
    """
    if format not in TABLE_FORMATS:
        raise SettingError("format", format, choices=TABLE_FORMATS)
    if strict and not manifest:
        raise SettingError("strict", strict, problem="needs manifest; without it, an input that fails stops all")
    if manifest and report is not None:
        raise SettingError("manifest", manifest, problem="can't be combined with report")


def gather(shards: Paths, output: str | os.PathLike[str], *, force: bool = False) -> Mapping[str, int]:
    """Joins the shards of a prediction, and returns status → number of records.

    Args:
        shards: the tables of all shards, in any order, each with its .shard.json beside it.
        output: the table to write, with the ending of the shards; it has the bytes of a table without shards.
        force: whether an existing file is replaced.

    Raises:
        InputError: a shard is missing, given twice, of another run, or damaged.
        OutputError: the table exists, has another format, or can't be written.
        OSError: a shard is not there.
    """
    with python_words():
        whole = gather_tables(as_paths(shards, "shards"), as_path(output, "output"), force=force)
    return whole.counts.tally.by_status()


def check_model(model: object) -> None:
    """Checks that a model is one, and not its path.

    Raises:
        SettingError: it is not.
    """
    if not isinstance(model, Model):
        raise SettingError("model", model, "a model that seqnet.load or seqnet.train returns")


def as_paths(value: Paths, name: str) -> list[Path]:
    """Returns one path or several as a list.

    Raises:
        SettingError: there is none, or one is not a path.
    """
    expected = "a path, or several"
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    paths = [as_path(one, name, expected) for one in (value if several else [value])]  # type: ignore[union-attr]
    if not paths:
        raise SettingError(name, value, expected)
    return paths


def table_output(path: str | os.PathLike[str] | None) -> list[TableOutput]:
    """Returns the table of predictions at a path; nothing for None."""
    return [] if path is None else [table_at(as_path(path, "table"))]


def report_path(value: str | os.PathLike[str] | None) -> Path | None:
    """Returns the path of a report; None for none.

    Raises:
        SettingError: it is not a path.
    """
    return None if value is None else as_path(value, "report")
