from __future__ import annotations

import json
from pathlib import Path

from seqnet.models.bundles import open_bundle
from tests.building import planted, saved
from tests.cli.running import Runner


def test_the_last_line_and_the_values_name_the_files(cli: Runner, tmp_path: Path) -> None:
    saved(planted(length=36), tmp_path / "data.safetensors")
    model = tmp_path / "m.safetensors"
    words = ("--preset", "dna-cnn", "--set", "epochs=1", "--no-audit", "--json", "-o", model)
    done = cli("train", tmp_path / "data.safetensors", *words)
    assert done.code == 0, done.err
    endings = (".safetensors", ".history.tsv", ".curves.svg", ".checkpoint.safetensors")
    names = [f"m{ending}" for ending in endings]
    assert done.err.splitlines()[-1] == f"wrote {model}, {', '.join(names[1:])}"
    values = json.loads(done.out)
    assert [Path(path).name for path in values["files"]] == names
    assert values["settings"]["network"] == open_bundle(model).config.to_dict()["network"]
