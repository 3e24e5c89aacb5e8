"""What `train --from` saves in labels: `python -m benchmarks.transfer`, about an hour; `--smoke`.

Two pairs of sister tasks of the Genome Understanding Evaluation (Zhou et al. 2024, arXiv:2306.15006), in
../shared/data/dna_tasks. A source model is trained on all train records of one task that are unlike every record of the
other. Then 100 to all train records of the other task are learned twice: by the same network from random weights with
settings adapted to the number of records, and by `seqnet train --from` without settings. Test splits are measured only.
Each finished run is kept as JSON in `.cache/transfer`, so that a stopped benchmark goes on. Out:
`results/transfer.md`, written anew after each target.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import seqnet
from benchmarks.dna_tasks import package_hash
from benchmarks.transfer_page import Found, transfer_page
from seqnet.configs.audit import AuditOptions
from seqnet.configs.run import compose
from seqnet.core.outputs import whole_file
from seqnet.datasets.recipes import fitted_to
from seqnet.datasets.renewal import find_renewal
from seqnet.similarity import similar_pairs

__all__ = ["DATA", "Keeper", "as_dataset", "unlike", "write_json"]

_ROOT = Path(__file__).resolve().parent
DATA = _ROOT.parent.parent / "shared" / "data" / "dna_tasks"
"""Where the tasks are."""
_CACHE = _ROOT / ".cache" / "transfer"
_RESULT = _ROOT / "results" / "transfer.md"

_SOURCES: Mapping[str, str] = {"tf_2": "tf_4", "tf_4": "tf_2", "mouse_0": "mouse_4", "mouse_4": "mouse_0"}
"""Target → the task that its source model is trained on."""
_PRESET = "dna-parallel"
_LABELS = (100, 250, 500, 1_000, 2_000, 0)
"""Train records that are used; 0 for all."""
_SUBSETS = (1, 2)


@dataclass(frozen=True)
class Keeper:
    """Runs of one target, each of which is kept in a file.

    Attributes:
        target: name of the task.
        folder: for source model and runs.
        smoke: whether a look will do: few records, one epoch.
        older: whether runs of another version of the package will do.
        preset: of the network.
        new: whether runs that are not kept are made.
    """

    target: str
    folder: Path
    smoke: bool
    older: bool
    preset: str = _PRESET
    new: bool = True

    def frame(self, task: str, split: str) -> pd.DataFrame:
        """Returns the records of a task, with the columns sequence, label and split, in random order."""
        frame = pd.read_csv(DATA / f"{task}.{split}.csv.gz", dtype=str)
        frame["split"] = {"train": "train", "dev": "validation", "test": "test"}[split]
        return frame.sample(frac=1, random_state=0).head(300 if self.smoke else len(frame))

    def source(self, data: pd.DataFrame) -> Path:
        """Returns the model of the source, trained on these records."""
        model, kept = (self.folder / f"{self.target}.source{ending}" for ending in (".safetensors", ".json"))
        identity = self.identity(data)
        if model.exists() and self.kept(kept, identity):
            return model
        seqnet.train(as_dataset(data), **self._from_nothing(data), threads=1).save(model, force=True)
        write_json(kept, {"identity": identity})
        return model

    def run(
        self, data: pd.DataFrame, test: pd.DataFrame, start: Path | None, subset: int, kept_rate: float | None = None
    ) -> dict[str, Any]:
        """Returns the scores of the test records after a training on these records; {} if no new runs are made.

        Args:
            data: the records with labels.
            test: the records that are scored.
            start: model to start from; None for random weights.
            subset: number of the subset, and seed.
            kept_rate: `training.kept_rate`; None for the default.
        """
        labels = int((data["split"] == "train").sum())
        name = "alone" if start is None else "from" if kept_rate is None else f"{start.stem}.{kept_rate:g}"
        kept = self.folder / f"{self.target}.{labels}.{name}.{subset}.json"
        identity = self.identity(pd.concat([data, test]), start.read_bytes() if start else b"")
        if (found := self.kept(kept, identity)) or not self.new:
            return found or {}
        words = self._from_source(start, kept_rate) if start else self._from_nothing(data)
        model = seqnet.train(as_dataset(data), **words, seed=subset, threads=1)
        found = {"identity": identity, "scores": [round(one, 7) for one in _scores(model, test).tolist()]}
        write_json(kept, found)
        return found | {"older": False}

    def _from_source(self, start: Path, kept_rate: float | None) -> dict[str, Any]:
        rate = {} if kept_rate is None else {"training.kept_rate": kept_rate}
        return {"start": start, "settings": rate | ({"training.epochs": 1} if self.smoke else {})}

    def _from_nothing(self, data: pd.DataFrame) -> dict[str, Any]:
        """Returns the settings for random weights: those of the preset, adapted to the records, as with `start`."""
        records = int((data["split"] == "train").sum())
        renewal = find_renewal(as_dataset(data))
        adapted = (*fitted_to(compose(self.preset).training, records), *renewal.assignments)
        settings = {name: json.loads(value) for name, value in (text.split("=", 1) for text in adapted)}
        return {"preset": self.preset, "settings": settings | ({"training.epochs": 1} if self.smoke else {})}

    def identity(self, data: pd.DataFrame, model: bytes = b"") -> dict[str, str]:
        """Returns hashes of what decides a run: the records, the model that it starts from, the package."""
        content = data.to_csv(index=False).encode() + model
        return {"data": sha256(content).hexdigest(), "code": package_hash()}

    def kept(self, path: Path, identity: Mapping[str, str]) -> dict[str, Any] | None:
        """Returns what a file has of a run with the same records and package, or the same records if that will do."""
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text())
        same = found["identity"] == identity
        usable = same or (self.older and found["identity"]["data"] == identity["data"])
        return found | {"older": not same} if usable else None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a file completely or not at all."""
    with whole_file(path, force=True) as temporary:
        temporary.write_text(json.dumps(content))


def _scores(model: seqnet.Model, test: pd.DataFrame) -> NDArray[np.float64]:
    """Returns the probability (N,) float64 of class 1 for each test record."""
    return model.predict(test["sequence"].tolist()).probabilities[:, model.bundle.classes.index("1")]


def as_dataset(data: pd.DataFrame) -> seqnet.Dataset:
    """Returns records with the columns sequence, label and split as a dataset."""
    return seqnet.Dataset.from_pandas(data, split="split")


def unlike(source: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    """Returns the source's records that are not equal or similar to a record of the target, on either strand."""
    data = as_dataset(pd.concat([source, target], ignore_index=True))
    own = np.arange(len(data)) < len(source)
    pairs = similar_pairs(data.tokens, data.alphabet, AuditOptions().near, queries=np.flatnonzero(~own))
    theirs = np.unique(pairs.original[~own])
    first, second = pairs.first[np.isin(pairs.second, theirs)], pairs.second[np.isin(pairs.first, theirs)]
    return source[~np.isin(pairs.original[own], np.concatenate([theirs, first, second]))]


def _measured(keeper: Keeper, sizes: Sequence[int], subsets: Sequence[int]) -> Found:
    """Returns what was found for a target with these numbers of labels; all of them, with the first subset only."""
    target, source = (
        {split: keeper.frame(task, split) for split in ("train", "dev", "test")}
        for task in (keeper.target, _SOURCES[keeper.target])
    )
    learned = unlike(pd.concat([source["train"], source["dev"]]), pd.concat(target.values()))
    removed = len(source["train"]) - int((learned["split"] == "train").sum())
    start, everything = keeper.source(learned), len(target["train"])
    runs: dict[tuple[int, bool], list[dict[str, Any]]] = {}
    for labels in sorted({min(size or everything, everything) for size in sizes}):
        for subset in subsets if labels < everything else subsets[:1]:
            parts = (target[split].sample(frac=1, random_state=subset).head(labels) for split in ("train", "dev"))
            data = pd.concat(parts)
            for model in (None, start):
                runs.setdefault((labels, bool(model)), []).append(keeper.run(data, target["test"], model, subset))
    truth = target["test"]["label"].to_numpy(dtype=np.int64)
    as_it_is = _scores(seqnet.load(start, threads=1), target["test"])
    return Found(_SOURCES[keeper.target], removed, everything, truth, as_it_is, runs)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", choices=list(_SOURCES), help="default: all; with --smoke, one")
    parser.add_argument("--labels", type=int, nargs="+", default=_LABELS, help="0 for all")
    parser.add_argument("--subsets", type=int, nargs="+", default=_SUBSETS, help="seeds; all labels have the first")
    parser.add_argument("--smoke", action="store_true", help="few records, one epoch, one subset, no result")
    parser.add_argument("--keep-older", action="store_true", help="keep runs of an older seqnet; the page names them")
    parser.add_argument("--remark", default="", help="a sentence for the page, such as what else ran")
    given = parser.parse_args()
    if not DATA.is_dir():
        print(f"{DATA} is not there; its README says where the tasks come from", file=sys.stderr)
        raise SystemExit(0 if given.smoke else 1)
    sizes, subsets = (given.labels[:1], given.subsets[:1]) if given.smoke else (given.labels, given.subsets)
    command = " ".join(["python -m benchmarks.transfer --labels", *map(str, sizes), "--subsets", *map(str, subsets)])
    found: dict[str, Found] = {}
    with TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", seqnet.SeqnetWarning)  # of repeated records, and of models of few labels
        folder = Path(temporary) if given.smoke else _CACHE
        folder.mkdir(parents=True, exist_ok=True)
        for target in given.targets or list(_SOURCES)[: 1 if given.smoke else None]:
            found[target] = _measured(Keeper(target, folder, given.smoke, given.keep_older), sizes, subsets)
            page = transfer_page(found, list(_SOURCES), _PRESET, command, given.remark)
            if not given.smoke:
                _RESULT.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
