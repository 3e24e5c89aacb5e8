"""Tables of predictions on disk, as `seqnet predict -o` and `seqnet gather` write them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Unpack

from seqnet.api.files import ShardLike, as_shard, fitted_to_files, pysam_kept
from seqnet.api.keywords import PredictFileKeywords, as_path, read_options
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.core.errors import SettingError
from seqnet.core.outputs import reading
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.nn.devices import computing
from seqnet.prediction.gathering import gather_shards as gather_tables
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.table_runs import TableRun
from seqnet.prediction.writers import TableOutput, format_of

__all__ = ["Paths", "as_paths", "check_model", "gather", "predict_table", "status_counts", "table_output"]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def predict_table(
    model: Model,
    inputs: Paths,
    output: str | os.PathLike[str],
    *,
    shard: ShardLike = None,
    resume: bool = False,
    force: bool = False,
    **options: Unpack[PredictFileKeywords],
) -> Mapping[str, int]:
    """Writes the table that `seqnet predict -o` writes, byte by byte, and returns status → number of records.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`.
        output: the table; its name ends in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.
        shard: (I, N) for part I of N of the records, in a table that `gather` joins with the others.
        resume: whether to keep what is complete if the run is killed, and to go on with it in the next call.
        force: whether an existing file is replaced.
        **options: those of `Model.predict_file`.

    Raises:
        SettingError: there is no such option, or its value is not allowed; or `shard` or `resume` is used with a model
            that is not in a file.
        OutputError: the table exists, is an input, or can't be written.
        SeqnetError: an input can't be read; see `Model.predict_file`.
        OSError: an input is not there.
    """
    with python_words():
        check_model(model)
        paths, target, part = list(map(str, as_paths(inputs, "inputs"))), as_path(output, "output"), as_shard(shard)
        if model.file is None and (part or resume):
            name, value = ("shard", str(part)) if part else ("resume", resume)
            raise SettingError(name, value, problem="needs a model that is in a file; save the model first")
        read, decide = read_options(options, model.precision, model.threads)
        predictor = fitted_to_files(model.predictor(decide), read, paths, part)
        source = PredictionInputs(read, predictor.expected_alphabet, shard=part)
        run = TableRun(predictor, model.file or Path(), source, paths, TableOutput(target, *format_of(target)))
        with reading(paths), pysam_kept(), computing(model.threads, model.bundle.classifier.device):
            if resume:
                tally = run.write_resumable(force=force)
            else:
                tally = write_predictions(predictor, source, paths, [run.output()], force=force)
    warn_of_other_alphabet(source)
    return status_counts(tally.counts)


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
    return status_counts(whole.counts.tally.counts)


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
    if path is None:
        return []
    place = as_path(path, "table")
    return [TableOutput(place, *format_of(place))]


def status_counts(counts: Counter[RecordStatus]) -> dict[str, int]:
    """Returns status → number of records."""
    return {status.word: count for status, count in sorted(counts.items())}
