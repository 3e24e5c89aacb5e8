"""`make models`: trains the models that come with the package, measures them, and writes their cards into them.

A model's page in benchmarks/models/ says how it is made. Steps that are done are not done again, and training goes on
where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.reproduce import DATA, ROOT, run
from seqnet.core.outputs import whole_file
from seqnet.models.bundles import open_bundle, write_bundle

_CARD = ("title", "intended_use", "training_data", "data_licence", "split", "known_failures")


def ship(name: str, options: argparse.Namespace) -> None:
    """Makes one model."""
    page = tomllib.loads((ROOT / "benchmarks" / "models" / f"{name}.toml").read_text(encoding="utf-8"))
    folder = Path("build") / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    dataset, model, results = folder / "dataset.safetensors", folder / f"{name}.safetensors", folder / "metrics.json"
    threads = ("--threads", str(options.threads))
    if not dataset.exists():
        run("encode", *(word.replace("{data}", options.data) for word in page["encode"]), "-o", dataset)
    if "train" in page:
        run("train", dataset, *page["train"], *threads, "--resume", "-o", model)
    elif not model.exists():
        run("distill", page["teacher"], dataset, *page["distill"], *threads, "-o", model)
    run("evaluate", model, dataset, *threads, "--force", "-o", folder)
    card: dict[str, Any] = {**open_bundle(model).card, **{key: page[key] for key in _CARD}}
    card["test"] = _measured(results)
    card["elsewhere"] = {}
    for number, (title, words) in enumerate(page["elsewhere"].items(), 1):
        other, place = folder / f"elsewhere-{number}.safetensors", folder / f"elsewhere-{number}"
        if not other.exists():
            run("encode", *(word.replace("{data}", options.data) for word in words), "-o", other)
        run("evaluate", model, other, "--split", "all", "--no-baselines", *threads, "--force", "-o", place)
        card["elsewhere"][title] = _measured(place / "metrics.json")
    card["measured"] = f"{datetime.now(UTC):%Y-%m-%d}"
    target = ROOT / "seqnet" / "models" / f"{name}.safetensors"
    with whole_file(target, force=True) as temporary:
        write_bundle(temporary, replace(open_bundle(model), card=card))
    print(f"wrote {target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.1f} MB")


def _measured(path: Path) -> dict[str, Any]:
    """Returns the metrics of a metrics.json as the card shows them."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        "records": found["n"],
        "intervals": f"95 %, bootstrap of {found['bootstrap']['unit']}s",
        **{metric: _rounded(estimate) for metric, estimate in found["metrics"].items()},
    }


def _rounded(estimate: dict[str, float | None]) -> str:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    return "undefined" if value is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Makes the models that are named, or all."""
    os.chdir(ROOT)
    pages = sorted(path.stem for path in (ROOT / "benchmarks" / "models").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(pages)}")
    parser.add_argument("--data", default=DATA, help="folder of the real sequences")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    for name in options.names or pages:
        ship(name, options)


if __name__ == "__main__":
    main()
