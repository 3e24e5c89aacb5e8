"""Writes containers again in the format of this program, with the same description and tensors.

    python scripts/rewrap.py                      # the models in the package
    python scripts/rewrap.py FILE.safetensors ...

A file of an older version gets a checksum that way; its weights and provenance stay, and the same file gives the same
bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from seqnet.core.containers import read_container, write_container
from seqnet.core.outputs import whole_file
from seqnet.models.shipped import shipped_models


def rewrap(path: Path) -> None:
    """Writes one container again, in its place."""
    found = read_container(path, ("dataset", "model", "checkpoint"), "give a dataset, model or checkpoint of seqnet")
    about = {name: value for name, value in found.description.items() if name not in ("kind", "version")}
    with whole_file(path, force=True) as temporary:
        write_container(temporary, found.description["kind"], about, found.tensors)
    print(path)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else shipped_models().values():
        rewrap(path)
