"""Whether learning from DNA without labels saves labels: `python -m benchmarks.pretraining`, an hour; `--smoke`.

Targets are two of the tasks of `benchmarks.dna_tasks`. A network learns to predict masked symbols of the train records
of other tasks, or of all tasks, whose labels are not used and which are unlike the dev and test records of both
targets. It is saved as a model whose output layers are untrained. Then 100 to all train records of a target are learned
by the same network from random weights, and by `seqnet train --from` this model, with two learning rates for the kept
weights. The dev split of the target chooses between these. Test splits are measured only. Each finished run is kept as
JSON in `.cache/pretraining`. Out: `results/pretraining.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import torch

import seqnet
from benchmarks.masked_symbols import learn
from benchmarks.pretraining_page import Measured, Pretrained, pretraining_page
from benchmarks.transfer import DATA, Keeper, as_dataset, unlike, write_json
from seqnet.configs.run import compose
from seqnet.core.outputs import whole_file
from seqnet.models.bundles import Bundle, write_bundle
from seqnet.nn.networks import Classifier

_ROOT = Path(__file__).resolve().parent
_CACHE = _ROOT / ".cache" / "pretraining"
_RESULT = _ROOT / "results" / "pretraining.md"

_TARGETS = ("mouse_0", "tf_2")
_TASKS = ("mouse_0", "mouse_4", "tf_2", "tf_4", "prom_core_notata")
_EPOCHS: Mapping[str, int] = {"dna-parallel": 5, "dna-deep-hybrid": 2}
"""Preset → epochs of masked symbols."""
_RECORDS = ("other", "all")
"""Records without labels: those of the tasks that are no target, or those of all tasks."""
_KEPT_RATES = (0.3, 1.0)
_LABELS = (100, 1_000, 0)
"""Train records that are used; 0 for all."""
_SUBSETS = (1, 2)
_HELD_OUT = 2_000
"""Dev records, of the tasks that are no target, whose masked symbols are the validation split."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        folder: for models and runs.
        smoke: whether a look will do: few records, one epoch.
        older: whether runs of another version of the package will do.
        records: kinds of records without labels.
        labels: numbers of labels; 0 for all.
        subsets: seeds; all labels have the first.
        new: whether what is not kept is made; otherwise it is left out.
    """

    folder: Path
    smoke: bool
    older: bool
    records: Sequence[str]
    labels: Sequence[int]
    subsets: Sequence[int]
    new: bool

    def keeper(self, target: str, preset: str) -> Keeper:
        """Returns the runs of a target with a network."""
        folder = self.folder / preset
        folder.mkdir(parents=True, exist_ok=True)
        return Keeper(target, folder, self.smoke, self.older, preset, self.new)


def _without_labels(plan: Plan, preset: str, records: str) -> tuple[pd.DataFrame, int]:
    """Returns the records to learn from, unlike the dev and test records of the targets, and how many were left out.

    The records of the other tasks are unlike the train records of the targets, too.
    """
    keeper = plan.keeper(_TARGETS[0], preset)
    other = [task for task in _TASKS if task not in _TARGETS]
    own = [keeper.frame(task, "train") for task in _TARGETS]
    held_out = [keeper.frame(task, split) for task in _TARGETS for split in ("dev", "test")]
    known = pd.concat([keeper.frame(task, "train") for task in other] + (own if records == "all" else []))
    dev = pd.concat([keeper.frame(task, "dev") for task in other]).sample(frac=1, random_state=0).head(_HELD_OUT)
    learned = unlike(pd.concat([known, dev]), pd.concat(held_out if records == "all" else held_out + own))
    return learned, len(known) - int((learned["split"] == "train").sum())


def _pretrained(plan: Plan, preset: str, records: str) -> tuple[Path, Pretrained] | None:
    """Returns a model that has learned from records without labels, and what it has learned; None for none."""
    keeper = plan.keeper(_TARGETS[0], preset)
    model, kept = (keeper.folder / f"{records}{ending}" for ending in (".safetensors", ".json"))
    data, removed = _without_labels(plan, preset, records)
    code = sha256((_ROOT / "masked_symbols.py").read_bytes()).hexdigest()
    epochs = 1 if plan.smoke else _EPOCHS[preset]
    identity = keeper.identity(data) | {"masked_symbols": code, "epochs": epochs}
    if kept.exists() and model.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        ignored = ("code", "masked_symbols") if plan.older else ()
        if all(found["identity"][name] == value for name, value in identity.items() if name not in ignored):
            return model, Pretrained(**found["learned"])
    if not plan.new:
        return None
    dataset, config, started = as_dataset(data), compose(preset), process_time()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        window = int(dataset.tokens.lengths.max())
        classifier = Classifier(dataset.alphabet, 2, config.encoder, config.network, window)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    learned = learn(classifier, dataset, replace(config.training, epochs=epochs))
    torch.set_num_threads(threads)
    # The classes differ from those of any task, so that `--from` makes a new head.
    classes, about = ("no class", "no other class"), {"preset": preset}
    with whole_file(model, force=True) as temporary:
        write_bundle(temporary, Bundle((classifier,), dataset.alphabet, classes, 1, config, window, {}, about))
    count = len(dataset.members("train"))
    result = Pretrained(records, count, removed, (process_time() - started) / 60, **asdict(learned))
    write_json(kept, {"identity": identity, "learned": asdict(result)})
    return model, result


def _measured(plan: Plan, preset: str, target: str, starts: Mapping[str, Path]) -> Measured:
    """Returns what was found for a target and a network, with each number of labels."""
    keeper = plan.keeper(target, preset)
    splits = {split: keeper.frame(target, split) for split in ("train", "dev", "test")}
    everything, scored = len(splits["train"]), pd.concat([splits["dev"], splits["test"]])
    variants: list[tuple[str, float, Path | None]] = [("", 0.0, None)]
    variants += [(records, rate, start) for records, start in starts.items() for rate in _KEPT_RATES]
    runs: dict[tuple[int, str, float], dict[int, dict[str, Any]]] = {}
    sizes = sorted({min(size or everything, everything) for size in plan.labels})
    planned = [(size, one) for size in sizes for one in (plan.subsets if size < everything else plan.subsets[:1])]
    for labels, subset in planned:
        parts = [splits[split].sample(frac=1, random_state=subset).head(labels) for split in ("train", "dev")]
        for records, rate, start in variants:
            found = keeper.run(pd.concat(parts), scored, start, subset, rate)
            if found:
                runs.setdefault((labels, records, rate), {})[subset] = found
    wanted = [(labels, records, subset) for labels, subset in planned for records in plan.records]
    truth = scored["label"].to_numpy(dtype=np.int64)
    return Measured(preset, target, everything, truth, len(splits["dev"]), runs, wanted)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=list(_EPOCHS), default=list(_EPOCHS))
    parser.add_argument("--targets", nargs="+", choices=_TARGETS, default=_TARGETS)
    parser.add_argument("--records", nargs="+", choices=_RECORDS, default=_RECORDS, help="records without labels")
    parser.add_argument("--labels", type=int, nargs="+", default=_LABELS, help="0 for all")
    parser.add_argument("--subsets", type=int, nargs="+", default=_SUBSETS, help="seeds; all labels have the first")
    parser.add_argument("--smoke", action="store_true", help="few records, one epoch, one subset, no result")
    parser.add_argument("--keep-older", action="store_true", help="keep runs of an older seqnet; the page names them")
    parser.add_argument("--no-new", action="store_true", help="the page of what has been measured, and no new runs")
    parser.add_argument("--remark", default="", help="a sentence for the page, such as what else ran")
    given = parser.parse_args()
    if given.smoke:
        given.networks, given.targets, given.records = given.networks[:1], given.targets[:1], given.records[:1]
        given.labels, given.subsets = given.labels[:1], given.subsets[:1]
    return given


def main() -> None:
    """Runs the benchmark."""
    given = _options()
    if not DATA.is_dir():
        print(f"{DATA} is not there; its README says where the tasks come from", file=sys.stderr)
        raise SystemExit(0 if given.smoke else 1)
    lists = ("networks", "targets", "records", "labels", "subsets")
    words = [word for name in lists for word in (f"--{name}", *map(str, getattr(given, name)))]
    measured: list[Measured] = []
    learned: dict[str, list[Pretrained]] = {}
    with TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", seqnet.SeqnetWarning)  # of repeated records, and of models of few labels
        folder = Path(temporary) if given.smoke else _CACHE
        plan = Plan(folder, given.smoke, given.keep_older, given.records, given.labels, given.subsets, not given.no_new)
        for preset in given.networks:
            made = {records: _pretrained(plan, preset, records) for records in given.records}
            each = {records: found for records, found in made.items() if found}
            learned[preset] = [found for _, found in each.values()]
            for target in given.targets:
                starts = {records: model for records, (model, _) in each.items()}
                measured.append(_measured(plan, preset, target, starts))
                page = pretraining_page(
                    measured, learned, "python -m benchmarks.pretraining " + " ".join(words), given.remark
                )
                if not given.smoke:
                    _RESULT.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
