"""Public DNA tasks with the settings of `train`: `python -m benchmarks.dna_tasks`, about an hour; `--smoke` for a look.

Five tasks of the Genome Understanding Evaluation (Zhou et al. 2024, arXiv:2306.15006), in ../shared/data/dna_tasks.
Each is encoded with its own splits, trained by `seqnet train` without settings, with three seeds, and measured on its
test split, which chooses nothing. Beside it are the k-mer baseline that `train` fits, and published figures. Each
finished task and seed is kept as JSON in `.cache/dna-tasks`, so that a stopped benchmark goes on.
Out: `results/dna-tasks.md`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.machine import describe_machine
from seqnet.core.outputs import whole_file
from seqnet.core.processors import usable_processors
from seqnet.core.provenance import file_hash

_ROOT = Path(__file__).resolve().parent
_DATA = _ROOT.parent.parent / "shared" / "data" / "dna_tasks"
_CACHE = _ROOT / ".cache" / "dna-tasks"
_RESULT = _ROOT / "results" / "dna-tasks.md"
_SEEDS = (1, 2, 3)

_PUBLISHED: Mapping[str, tuple[str, str]] = {
    "prom_core_notata": ("NT-2500M .675, DNABERT-2 .680, VQDNA .706", "DNABERT-2 .853, Caduceus .896"),
    "tf_2": ("NT .587, DNABERT-2 .665, VQDNA .669", "best .790, Caduceus .825"),
    "tf_4": ("NT .676, DNABERT-2 .774, VQDNA .781", "best .920, GROVER .931"),
    "mouse_0": ("", "DNABERT-2 .711, NT-v2 .704, HyenaDNA .590, Caduceus .684"),
    "mouse_4": ("", "DNABERT-2 .678, NT-v2 .708, HyenaDNA .627, Caduceus .715"),
}
"""Task → MCC of fine-tuned models, AUROC of frozen ones, as published for the test split."""


def _seqnet(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "seqnet", *map(str, words)], check=True)


def _encoded(task: str, folder: Path, smoke: bool) -> Path:
    """Returns the dataset of a task with its own splits; of a smoke run, with few records."""
    path = folder / f"{task}.safetensors"
    if not path.exists():
        given = [word for option, split in (("train", "train"), ("validation", "dev"), ("test", "test"))
                 for word in (f"--{option}", _DATA / f"{task}.{split}.csv.gz")]  # fmt: skip
        _seqnet("encode", *given, "--label-column", "label", *(["--limit", "300"] if smoke else []), "-o", path)
    return path


def _measured(task: str, seed: int, folder: Path, smoke: bool, older: bool) -> dict[str, Any]:
    """Returns metrics on the test split, of the model and of the k-mer baseline, and the minutes of the training.

    Args:
        task: its name.
        seed: of the training.
        folder: for dataset, model and what was found.
        smoke: whether a look will do.
        older: whether a result of another version of the package will do.
    """
    kept = folder / f"{task}.{seed}.json"
    data = _encoded(task, folder, smoke)
    identity = {"data": file_hash(data), "code": package_hash()}
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        if found["identity"] == identity or (older and found["identity"]["data"] == identity["data"]):
            return found | {"older": found["identity"] != identity}
    model, measured = folder / f"{task}.{seed}.safetensors", folder / f"{task}.{seed}.metrics"
    short = ["--set", "epochs=1"] if smoke else []
    started = time.perf_counter()
    _seqnet("train", data, "--seed", str(seed), *short, "-o", model, "--force")
    minutes = (time.perf_counter() - started) / 60
    _seqnet("evaluate", model, data, "-o", measured, "--force")
    metrics = json.loads((measured / "metrics.json").read_text())
    made = json.loads(_inspected(model))["provenance"]
    kinds = dict(zip(made.get("presets", [made["preset"]]), made.get("weights", [1]), strict=True))
    found = {"identity": identity, "minutes": minutes, "weights": kinds, "metrics": metrics}
    with whole_file(kept, force=True) as temporary:
        temporary.write_text(json.dumps(found))
    return found | {"older": False}


def _inspected(model: Path) -> str:
    words = [sys.executable, "-m", "seqnet", "inspect", str(model), "--json"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def package_hash() -> str:
    """Returns a hash of the package, which decides a result; its version changes with every commit, and is left out."""
    package = _ROOT.parent / "seqnet"
    found = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".toml"))
    files = [path for path in found if path.name != "_version.py"]
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _row(task: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Returns a row of the table: means over seeds, the widest interval of a seed, weights, minutes, other models."""
    tuned, frozen = _PUBLISHED[task]
    baseline = found[0]["metrics"]["baselines"]["kmers"]["metrics"]
    cells = [task, str(found[0]["metrics"]["n"]), _cell(found, "mcc"), _cell(found, "auroc")]
    cells += [_number(baseline[name]["value"]) for name in ("mcc", "auroc")]
    weights = "; ".join(" ".join(f"{weight:.2f}" for weight in one["weights"].values()) for one in found)
    cells += [weights, f"{np.mean([one['minutes'] for one in found]):.1f}", tuned or "none", frozen]
    return f"| {' | '.join(cells)} |"


def _cell(found: Sequence[Mapping[str, Any]], name: str) -> str:
    """Returns a metric of all seeds, or n/a where it is not defined for one, such as MCC with one class predicted."""
    values = [one["metrics"]["metrics"][name] for one in found]
    if any(value[part] is None for value in values for part in ("value", "low", "high")):
        return "n/a"
    mean = float(np.mean([value["value"] for value in values]))
    low, high = min(value["low"] for value in values), max(value["high"] for value in values)
    each = ", ".join(_number(value["value"]) for value in values)
    return f"{_number(mean)} ({each}) [{_number(low)}, {_number(high)}]"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _page(found: Mapping[str, Sequence[Mapping[str, Any]]], seeds: Sequence[int]) -> str:
    older = [task for task, each in found.items() if any(one["older"] for one in each)]
    kinds = max((one["weights"] for each in found.values() for one in each), key=len)
    return "\n".join(
        [
            "# Public DNA tasks with the settings of `train`",
            "",
            f"`python -m benchmarks.dna_tasks --seeds {' '.join(map(str, seeds))}`.",
            *describe_machine(usable_processors()),
            "",
            "Test splits, mean over seeds (each seed) [lowest and highest end of the 95 % bootstrap intervals of the "
            "seeds]. No setting is given but the seed. The weights are those of the networks in the mixture, in this "
            f"order: {', '.join(kinds)}; 0 is a network that is left out. Published figures: fine-tuned models as "
            "listed by VQDNA and BioArc, frozen ones by Feng et al. 2025, Nat Commun 16:10780, tables 1 and 2.",
            "",
            "| task | records | MCC | AUROC | k-mers: MCC | k-mers: AUROC | weights | minutes | fine-tuned: MCC "
            "| frozen: AUROC |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *[_row(task, each) for task, each in found.items()],
            "",
            *([f"Measured with an older version of the package: {', '.join(older)}.", ""] if older else []),
        ]
    )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=_SEEDS)
    parser.add_argument("--tasks", nargs="+", choices=list(_PUBLISHED), help="default: all; with --smoke, one")
    parser.add_argument("--smoke", action="store_true", help="few records, one epoch, one seed, no result")
    parser.add_argument(
        "--keep-older", action="store_true", help="keep results of an older seqnet; the page names them"
    )
    given = parser.parse_args()
    if not _DATA.is_dir():
        print(f"{_DATA} is not there; its README says where the tasks come from", file=sys.stderr)
        raise SystemExit(0 if given.smoke else 1)
    seeds = given.seeds[:1] if given.smoke else given.seeds
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) if given.smoke else _CACHE
        folder.mkdir(parents=True, exist_ok=True)
        tasks = given.tasks or list(_PUBLISHED)[: 1 if given.smoke else None]
        found = {
            task: [_measured(task, seed, folder, given.smoke, given.keep_older) for seed in seeds] for task in tasks
        }
    page = _page(found, seeds)
    print(page)
    if not given.smoke:
        _RESULT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
