"""Hard data with the settings of `train`: `python -m benchmarks.hard_data`; `--smoke` for a look.

Few labels, rare classes, many classes, very short and very long sequences, protein families and RNA. Each dataset is
simulated (`benchmarks.hard_rows`), so that the best possible value is known. It goes through `seqnet encode`, `train`
without settings but the seed, and `evaluate`. Each finished row is kept as JSON in `.cache/hard-data`, and a benchmark
that was stopped goes on. Out: `results/hard-data.md`, written anew after each row.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.dna_tasks import package_hash
from benchmarks.hard_rows import ROWS, HardData
from benchmarks.machine import describe_machine
from seqnet.core.outputs import whole_file
from seqnet.core.processors import usable_processors
from seqnet.evaluation.metrics import measure

_ROOT = Path(__file__).resolve().parent
_CACHE = _ROOT / ".cache" / "hard-data"
_RESULT = _ROOT / "results" / "hard-data.md"


def _seqnet(*words: str | Path) -> str:
    """Runs a command and returns its standard output; its messages go on to standard error."""
    command = [sys.executable, "-m", "seqnet", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _encoded(name: str, data: HardData, folder: Path) -> Path:
    """Returns the dataset file of a row; `encode` takes the validation split from the training records."""
    path = folder / f"{name}.safetensors"
    classes = max(int(data.train_labels.max()) + 1, 2)
    for split, sequences, labels in (
        ("train", data.train, data.train_labels),
        ("test", data.test, data.test_labels),
    ):
        with (folder / f"{name}.{split}.csv").open("w", newline="") as file:
            rows = (
                (f"{split}-{number}", text, label)
                for number, (text, label) in enumerate(_named(sequences, labels, classes))
            )
            csv.writer(file).writerows([("name", "sequence", "label"), *rows])
    given = [word for split in ("train", "test") for word in (f"--{split}", folder / f"{name}.{split}.csv")]
    _seqnet("encode", *given, "--label-column", "label", "--force", "-o", path)
    return path


def _named(sequences: Sequence[str], labels: NDArray[np.int64], classes: int) -> list[tuple[str, str]]:
    """Returns each sequence with its class; names sort like the numbers, so that class 1 of two is positive."""
    width = len(str(classes - 1))
    return [(text, f"c{label:0{width}}") for text, label in zip(sequences, labels.tolist(), strict=True)]


def _measured(name: str, folder: Path, smoke: bool, older: bool) -> dict[str, Any]:
    """Returns what was found for a row: metrics, bound, settings, minutes.

    Args:
        name: of the row.
        folder: for dataset, model and what was found.
        smoke: whether a look will do.
        older: whether a result of another version of the package will do.
    """
    kept = folder / f"{name}.json"
    data = ROWS[name].data(smoke)
    identity = {"data": _data_hash(data), "code": package_hash()}
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        if found["identity"] == identity or (older and found["identity"]["data"] == identity["data"]):
            return found | {"bound": _bound(data), "older": found["identity"] != identity}
    path = _encoded(name, data, folder)
    model, measured = folder / f"{name}.model.safetensors", folder / f"{name}.metrics"
    short = ["--set", "epochs=1"] if smoke else []
    before, started = _processor_minutes(), time.perf_counter()
    _seqnet("train", path, "--seed", "1", *short, "-o", model, "--force")
    minutes, busy = (time.perf_counter() - started) / 60, _processor_minutes() - before
    _seqnet("evaluate", model, path, "-o", measured, "--force")
    metrics = json.loads((measured / "metrics.json").read_text())
    provenance = json.loads(_seqnet("inspect", model, "--json"))["provenance"]
    found = {
        "identity": identity,
        "minutes": minutes,
        "processor_minutes": busy,
        "recipe": provenance["recipe"],
        "metrics": metrics,
    }
    with whole_file(kept, force=True) as temporary:
        temporary.write_text(json.dumps(found))
    return found | {"bound": _bound(data), "older": False}


def _data_hash(data: HardData) -> str:
    """Returns a hash of sequences and labels."""
    content = ["\n".join([*data.train, *data.test]).encode(), data.train_labels.tobytes(), data.test_labels.tobytes()]
    return sha256(b"\n".join(content)).hexdigest()


def _processor_minutes() -> float:
    """Returns the processor time of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) / 60


def _metric(classes: int) -> str:
    return "auroc" if classes == 2 else "accuracy"


def _bound(data: HardData) -> float:
    """Returns the metric of the rule that made the data, on the test split."""
    name, likelihoods = _metric(data.scores.shape[1]), np.exp(data.scores - data.scores.max(axis=1, keepdims=True))
    return measure(data.test_labels, likelihoods / likelihoods.sum(axis=1, keepdims=True), names=(name,))[name]


def _row(name: str, found: Mapping[str, Any]) -> str:
    """Returns a row of the table."""
    row = ROWS[name]
    metric = _metric(len(row.train))
    own = found["metrics"]["metrics"][metric]
    baseline = found["metrics"]["baselines"]["kmers"]["metrics"][metric]
    cells = [row.title, row.signal, f"{sum(row.train):,}, {sum(row.test):,}"]
    cells += [{"auroc": "AUROC", "accuracy": "accuracy"}[metric], _with_interval(own), _with_interval(baseline)]
    cells += [f"{found['bound']:.3f}", f"{found['minutes']:.1f}", f"{found['processor_minutes']:.1f}"]
    return f"| {' | '.join(cells)} |"


def _with_interval(value: Mapping[str, float | None]) -> str:
    numbers = ["n/a" if value[part] is None else f"{value[part]:.3f}" for part in ("value", "low", "high")]
    return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def _page(found: Mapping[str, Mapping[str, Any]], remark: str) -> str:
    """Returns the page with the rows that were measured."""
    missing = [row.title for name, row in ROWS.items() if name not in found]
    older = [ROWS[name].title for name, one in found.items() if one["older"]]
    return "\n".join(
        [
            "# Hard data with the settings of `train`",
            "",
            "`python -m benchmarks.hard_data`.",
            *describe_machine(usable_processors()),
            *([remark] if remark else []),
            "",
            "Test splits with 95 % intervals. No setting is given but the seed. Records: those for training and "
            "validation, and those of the test split. The bound is the metric of the rule that made the data, on the "
            "same test split. Classes of a row have the same number of records in the test split, or the same ratio as "
            "in training; where they have the same number, accuracy is also the macro recall.",
            "",
            "| what is hard | what distinguishes the classes | records | metric | seqnet | k-mers | bound | minutes "
            "| processor minutes |",
            "|---|---|---|---|---|---|---|---|---|",
            *(_row(name, found[name]) for name in ROWS if name in found),
            "",
            *([f"Not measured: {'; '.join(missing)}.", ""] if missing else []),
            *([f"Measured with an older version of the package: {'; '.join(older)}.", ""] if older else []),
        ]
    )


_QUICK = ("labels-100", "protein-families")


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="default: all; with --smoke, two")
    parser.add_argument("--smoke", action="store_true", help="few records, one epoch, no result")
    parser.add_argument(
        "--keep-older", action="store_true", help="keep rows measured with an older seqnet; the page names them"
    )
    parser.add_argument("--remark", default="", help="a sentence for the page, such as what else ran")
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) if given.smoke else _CACHE
        folder.mkdir(parents=True, exist_ok=True)
        found: dict[str, dict[str, Any]] = {}
        for name in given.rows or (_QUICK if given.smoke else ROWS):
            found[name] = _measured(name, folder, given.smoke, given.keep_older)
            if not given.smoke:
                _RESULT.write_text(_page(found, given.remark), encoding="utf-8")
    print(_page(found, given.remark))


if __name__ == "__main__":
    main()
