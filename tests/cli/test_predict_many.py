"""`predict -O` with many files."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from seqnet.models.bundles import write_bundle
from tests.building import make_bundle
from tests.cli.running import Runner


def test_looks_at_files_grow_with_their_number_not_its_square(
    tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "m.safetensors", make_bundle())
    looks: Counter[str] = Counter()

    def counted(name: str) -> None:
        original = getattr(os, name)

        def look(*arguments: Any, **options: Any) -> Any:
            looks["all"] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(os, name, look)

    counts = []
    for name in ("stat", "lstat", "listdir", "scandir", "open"):
        counted(name)
    for number in (100, 200):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = [folder / f"{index}.fa" for index in range(number)]
        for path in paths:
            path.write_text(f">{path.name}\nACGTACGTACGT\n")
        looks.clear()
        outcome = cli("predict", tmp_path / "m.safetensors", *paths, "-O", folder / "out", "--threads", "1")
        assert outcome.code == 0, outcome.err
        assert len(list((folder / "out").iterdir())) == number
        counts.append(looks["all"])
    assert counts[0] > 100
    assert counts[1] < 2.1 * counts[0]


def test_two_inputs_with_one_output_are_refused(tmp_path: Path, cli: Runner) -> None:
    write_bundle(tmp_path / "m.safetensors", make_bundle())
    paths = [tmp_path / folder / "x.fa" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(">a\nACGT\n")
    outcome = cli("predict", tmp_path / "m.safetensors", *paths, "-O", tmp_path / "out", "--force")
    assert outcome.code == 1
    assert "x.tsv: two inputs have this output; give them different names, or use -o" in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_class_has_one_share(tmp_path: Path, cli: Runner) -> None:
    write_bundle(tmp_path / "m.safetensors", make_bundle())
    (tmp_path / "x.fa").write_text(">a\nACGT\n")
    shares = ("--expected-fraction", "noise=0.1", "--expected-fraction", "noise=0.2")
    outcome = cli("predict", tmp_path / "m.safetensors", tmp_path / "x.fa", *shares)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert "--expected-fraction gives class noise twice" in outcome.err


def test_a_file_is_encoded_once(tmp_path: Path, cli: Runner) -> None:
    (tmp_path / "x.fa").write_text(">a\nACGT\n")
    (tmp_path / "link.fa").symlink_to(tmp_path / "x.fa")
    for other in ("x.fa", "link.fa"):
        classes = ("--class", f"a={tmp_path / 'x.fa'}", "--class", f"a={tmp_path / other}")
        outcome = cli("encode", *classes, "--class", "b=@uniform", "-o", tmp_path / "d.safetensors")
        assert outcome.code == 1
        assert f"{other}: this file is given twice" in outcome.err
        assert outcome.err.endswith("; give each file once\n")
    assert not (tmp_path / "d.safetensors").exists()
