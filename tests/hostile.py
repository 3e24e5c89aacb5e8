"""Opens hostile files in this process, with limited memory, and reports the outcomes.

    python -m tests.hostile FOLDER

FOLDER has `model.*`, `dataset.*` and `checkpoint.*`. A valid file of each kind, `*.sound`, is opened first, so that all
modules are loaded. Prints JSON: name → [outcome, seconds]; the outcome is `right` or the error.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from seqnet.core.errors import SeqnetError
from seqnet.core.printable import printable, printable_json
from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import open_bundle
from seqnet.models.inspection import inspect, lines
from seqnet.training.checkpoints import restore
from seqnet.training.optimization import make_optimizer
from tests.building import make_classifier, run_config

CONFIG = run_config({"balance": "none"})  # settings as stored by a run that chose them itself
CLASSIFIER = make_classifier(CONFIG, window=24)
ROOM = 200_000_000
"""Maximum bytes for opening a small file."""


def use(path: Path) -> None:
    """Uses a file as a command would."""
    kind = path.name.partition(".")[0]
    if kind == "checkpoint":
        restore(path, CLASSIFIER, make_optimizer(CLASSIFIER, CONFIG.training), CONFIG, "abc")
        return
    found = inspect(path)
    printable_json(found)
    text = "\n".join(printable(line) for line in lines(found))
    assert all(symbol == "\n" or symbol.isprintable() for symbol in text)
    text.encode()
    if kind == "dataset":
        open_dataset(path).counts()
        return
    from seqnet.core.ragged import Ragged
    from seqnet.core.records import RecordBatch
    from seqnet.prediction.predictor import Predictor

    bundle = open_bundle(path)
    names = Ragged.from_strings(["a", "b"])
    symbols = Ragged.from_strings(["ACGTACGTTGCA", "ACGTACGTACGTACGTACGTACGT"])
    rows = Predictor(bundle).predict_batch(RecordBatch(names, symbols, names))
    assert len(rows) == 2


def main(folder: Path) -> None:
    """Prints the outcome for all files in a folder."""
    paths = sorted(folder.iterdir())
    for path in sorted(paths, key=lambda path: not path.name.endswith(".sound"))[:3]:
        use(path)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)
    found: dict[str, tuple[str, float]] = {}
    for path in paths:
        started = time.process_time()
        try:
            use(path)
            outcome = "right"
        except SeqnetError as error:
            outcome = f"SeqnetError: {printable(str(error))}"
        except Exception as error:  # the test is about these errors
            outcome = f"{type(error).__name__}: {str(error)!a}"
        found[path.name] = (outcome, time.process_time() - started)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
