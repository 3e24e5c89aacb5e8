"""The parsers of text, and what the library does with arguments of any kind."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.fuzz.mutations import odd_value

__all__ = ["PARSERS", "TEXTS", "written"]

TEXTS: dict[str, bytes] = {
    "labels": b"r1\tyes\nr2\tno\n",
    "clusters": b">Cluster 0\n0\t40aa, >r1... *\n1\t40aa, >r2... at 95.00%\n",
    "config": b'description = "x"\n[network]\nname = "cnn"\nfilters = [4]\nkernels = [5]\n[training]\nepochs = 2\n',
    "space": b"[training]\nlearning_rate = { low = 0.01, high = 1, log = true }\nbatch_size = { choices = [64, 9] }\n",
    "set": b"training.learning_rate=0.01",
    "options": b"human=reads.bam|10-20|chr1:1,000-2,000|^(\\d+):|30:|@uniform",
    "arguments of settings": b"0",
    "arguments of training": b"0",
    "arguments of sequences": b"0",
    "arguments of datasets": b"0",
}
"""Parser → sample of what it parses; arguments are drawn, with the data as a seed."""


def written(name: str, data: bytes, folder: Path) -> Path:
    """Returns the path of a file with the data."""
    path = folder / f"fuzzed-{name}"
    path.write_bytes(data)
    return path


def _labels(data: bytes, folder: Path) -> None:
    from seqnet.datasets.encoding.labelling import LabelFile

    LabelFile(str(written("labels.tsv", data, folder)))


def _clusters(data: bytes, folder: Path) -> None:
    from seqnet.datasets.encoding.labelling import grouper

    grouper(str(written("clusters.tsv", data, folder)))


def _config(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose
    from seqnet.configs.toml import run_toml

    run = compose(config=written("run.toml", data, folder))
    if compose(config=written("again.toml", run_toml(run, "", "").encode(), folder)) != run:
        raise AssertionError("other settings once they are written and read")


def _space(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose
    from seqnet.training.tuning.space import read_space

    read_space(written("space.toml", data, folder), compose("dna-cnn"))


def _set(data: bytes, folder: Path) -> None:
    from seqnet.configs.run import compose

    compose(assignments=[data.decode(errors="surrogateescape")])


def _options(data: bytes, folder: Path) -> None:
    from seqnet.configs.encoding import EncodeOptions
    from seqnet.configs.readers import ReadOptions
    from seqnet.core.errors import SeqnetError
    from seqnet.datasets.encoding.class_sources import ClassSource
    from seqnet.datasets.encoding.labelling import grouper, label_by_regex
    from seqnet.datasets.encoding.selection import LengthRange

    text = data.decode(errors="surrogateescape")
    readers = (
        ClassSource.parse, LengthRange.parse, grouper, lambda text: label_by_regex(text, ""),
        lambda text: EncodeOptions(split=text), lambda text: ReadOptions(region=text),
    )  # fmt: skip
    for reader in readers:
        if "\0" not in text:
            try:
                reader(text)
            except SeqnetError:
                continue


def _value(rng: random.Random) -> Any:
    """Returns an argument of any kind."""
    return odd_value(rng.choice([1, 0.5, "ACGT", "80/10/10", "dna", [1], ["ACGT"], {"human": 0.5}]), rng)


def _settings_arguments(data: bytes, folder: Path) -> None:
    from seqnet.api.keywords import settings_from
    from seqnet.api.python_words import python_words
    from seqnet.configs.audit import AuditOptions
    from seqnet.configs.encoding import EncodeOptions
    from seqnet.configs.evaluation import EvaluationOptions
    from seqnet.configs.prediction import PredictOptions
    from seqnet.configs.readers import ReadOptions

    rng = random.Random(data)
    kind = rng.choice([AuditOptions, EncodeOptions, EvaluationOptions, PredictOptions, ReadOptions])
    known = [field.name for field in dataclasses.fields(kind)]
    names = [rng.choice([*known, "unknown_name", "maxerror"]) for _ in range(rng.randint(1, 4))]
    with python_words():
        settings_from(kind, {name: _value(rng) for name in names}, known)


def _training_arguments(data: bytes, folder: Path) -> None:
    import seqnet
    from seqnet.configs.run import RUN_SECTIONS, compose

    rng = random.Random(data)
    base = compose("dna-hybrid").to_dict()
    section = rng.choice(RUN_SECTIONS)
    name = rng.choice([*base[section], "nothing"])
    key = rng.choice([f"{section}.{name}", name, section])
    arguments: dict[str, Any] = {"settings": {key: _value(rng)}, "network": "dense"}
    if rng.random() < 0.5:
        arguments[rng.choice(["preset", "encoder", "members", "seed", "device", "threads", "optimize"])] = _value(rng)
    # A dataset that can't be trained on ends what is sound before it is computed.
    data_without_training = seqnet.Dataset.from_pandas(
        pd.DataFrame({"sequence": ["ACGT" * 9] * 4, "label": ["a", "b"] * 2, "part": ["test"] * 4}), split="part"
    )
    seqnet.train(data_without_training, **arguments)


def _sequences_arguments(data: bytes, folder: Path) -> None:
    from seqnet.api.sequences import as_records

    rng = random.Random(data)
    texts: list[Any] = ["ACGT", b"AC", None, float("nan"), pd.NA, np.str_("A"), "", "\ud800", "é"]
    values = [rng.choice(texts) if rng.random() < 0.9 else _value(rng) for _ in range(rng.randint(0, 5))]
    kinds: list[Callable[[list[Any]], Any]] = [
        list, tuple, iter, lambda these: dict(enumerate(these)), lambda these: np.array(these, dtype=object), pd.Series,
        lambda these: pd.Series(these, index=[_value(rng) for _ in these], dtype=object), lambda these: _value(rng),
        lambda these: pa.array([str(one).encode(errors="replace") for one in these], pa.binary()),
    ]  # fmt: skip
    names = rng.choice([None, _value(rng), [_value(rng) for _ in values]])
    try:
        given = rng.choice(kinds)(values)
    except (ValueError, TypeError):  # pandas has no half of a surrogate pair, and no lists in an index
        return
    found = as_records(given, names)
    assert len(found.names) == len(found.symbols)


def _datasets_arguments(data: bytes, folder: Path) -> None:
    import seqnet

    rng = random.Random(data)
    size = rng.randint(0, 6)
    columns: dict[str, list[Any]] = {
        "sequence": ["ACGTACGTACGT"] * size,
        "label": ["a", "b"] * 3,
        "part": ["train"] * size,
    }
    frame = pd.DataFrame({name: values[:size] for name, values in columns.items()}, dtype=object)
    for _ in range(rng.randint(0, 3)):
        if size:
            frame.iat[rng.randrange(size), rng.randrange(3)] = _cell(rng)
    options = [
        "sequence",
        "label",
        "group",
        "split",
        "name",
        "length",
        "unknown",
        "seed",
        "positive",
        "limit",
        "window",
    ]
    arguments = {rng.choice(options): _value(rng) for _ in range(rng.randint(0, 2))}
    seqnet.Dataset.from_pandas(rng.choice([frame, frame, frame, _value(rng)]), **({"split": "part"} | arguments))


def _cell(rng: random.Random) -> Any:
    """Returns a value that may stand in a cell."""
    value = _value(rng)
    return str(value) if isinstance(value, list | dict) else value


PARSERS: dict[str, Callable[[bytes, Path], None]] = {
    "labels": _labels, "clusters": _clusters, "config": _config, "space": _space, "set": _set, "options": _options,
    "arguments of settings": _settings_arguments, "arguments of training": _training_arguments,
    "arguments of sequences": _sequences_arguments, "arguments of datasets": _datasets_arguments,
}  # fmt: skip
