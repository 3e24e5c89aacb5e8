"""A small model file that describes a huge network is refused before anything of that size is allocated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seqnet.models.bundles import write_bundle
from tests.building import make_bundle, run_config
from tests.cli.running import ROOT
from tests.rewriting import description_of, rewrite

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sizes of memory are those of Linux")

HYBRID: dict[str, Any] = {
    "name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "dilations": [1], "units": 3, "dense": [5],
    "dropout_dense": [0.1],
}  # fmt: skip
NETWORKS: dict[str, dict[str, Any]] = {"hybrid": HYBRID, "recurrent": {"name": "recurrent", "units": 3, "layers": 1}}

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "units beyond the bound": ("hybrid", {"units": 10**6}),
    "units": ("hybrid", {"units": 65_536}),
    "dense beyond the bound": ("hybrid", {"dense": [10**6]}),
    "many dense": ("hybrid", {"dense": [65_536] * 64, "dropout_dense": [0.1]}),
    "filters": ("hybrid", {"filters": [65_536], "kernels": [131_072]}),
    "layers beyond the bound": ("recurrent", {"layers": 10**6}),
    "layers": ("recurrent", {"layers": 64, "units": 65_536}),
}
"""Case → network of the file, and changed settings."""

MB = 1_000_000

OPENING = """
import json, resource, sys
from pathlib import Path
from seqnet.models.bundles import open_bundle
from seqnet.core.errors import SeqnetError

sound, *asked = map(Path, sys.argv[1:])
open_bundle(sound)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reported = []
for path in asked:
    try:
        open_bundle(path)
        reported.append("opened")
    except SeqnetError as error:
        reported.append(str(error))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([reported, (after - before) * 1024]))
"""


def test_no_file_asks_for_a_network_larger_than_its_weights(tmp_path: Path) -> None:
    paths = []
    for number, (kind, settings) in enumerate(ASKED.values()):
        path = tmp_path / f"{number}.safetensors"
        write_bundle(path, make_bundle(run_config({}, NETWORKS[kind]), window=24))

        def change(about: dict[str, Any], header: dict[str, Any], settings: dict[str, Any] = settings) -> None:
            about["config"]["network"] |= settings

        sound = {key: description_of(path)["config"]["network"][key] for key in settings}
        rewrite(path, change)
        assert sound != settings
        paths.append(path)
    write_bundle(tmp_path / "sound", make_bundle(run_config({}, HYBRID), window=24))
    words = [sys.executable, "-c", OPENING, str(tmp_path / "sound"), *map(str, paths)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    reported, grown = json.loads(done.stdout)
    for name, line in zip(ASKED, reported, strict=True):
        bound = "the description of the model is damaged" in line
        assert bound or "the weights do not fit the network that the file describes" in line, (name, line)
        assert bound == ("bound" in name), (name, line)
    assert grown < 30 * MB
