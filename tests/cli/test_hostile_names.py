"""Class names and model cards of files made by hand: refused in one line, or escaped wherever a person reads them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import save_dataset
from seqnet.models.bundles import write_bundle
from tests.building import make_bundle
from tests.cli.running import Outcome, Runner
from tests.reporting.examples import example_dataset
from tests.rewriting import rewrite

UNFIT: dict[str, Any] = {
    "null character": "a\0b", "line end": "a\nb", "title of a terminal": "\x1b]0;x\x07", "control sequence": "\x9b31m",
    "right to left": "\u202egnp.exe", "isolate": "\u2066a\u2069", "no width": "a\u200b", "line separator": "a\u2028b",
    "byte order mark": "\ufeffa", "tag": "a\U000e0001", "half of a pair": "\ud800", "a byte": "\udce9", "empty": "",
    "10 MB": "a" * 10_000_000, "escapes of 12 MB": "\x1b" * 2_000_000, "doubled": "noise", "number": 1, "null": None,
    "list": ["noise"], "object": {"noise": "noise"},
}  # fmt: skip

HOSTILE = "\x1b]0;x\x07\x9b31m\u202eb\u2028c\nd\te\"'<script>alert(1)</script>"
"""A text that obeys a terminal, spoofs a line, or runs in a browser, where it is not escaped."""

ODD = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', '=HYPERLINK("x")', "a" * 1000, "שלום", " ", "a,b",
    "'", "\\n", "name", "NA",
)  # fmt: skip
"""Unusual class names that are allowed."""


class Folder:
    """A model, a dataset and reads for the tests of one or more commands."""

    def __init__(self, path: Path, classes: tuple[str, ...] = ("noise", "signal")) -> None:
        self.path, self.model, self.reads = path, path / "m.safetensors", path / "reads.fa"
        self.data = example_dataset(path, classes, 12 * len(classes)).path
        write_bundle(self.model, make_bundle(classes=classes, window=40))
        self.reads.write_text(">r1\nACGTACGTAC\n>r2\nCCCCCCCCCCCCCCC\n")

    def names(self) -> set[str]:
        return {path.name for path in self.path.iterdir()}

    def evaluation(self) -> tuple[str | Path, ...]:
        out, page = self.path / "out", self.path / "evaluation.html"
        return "evaluate", self.model, self.data, "--replicates", "20", "--no-baselines", "-o", out, "--report", page


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def check_shown(done: Outcome) -> None:
    """Checks that messages and standard output have nothing that a terminal obeys."""
    assert "Traceback" not in done.err
    for line in (*done.out.split("\n"), *done.err.split("\n")):
        assert line.replace("\t", "").isprintable(), line


def check_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert len(text) < 5_000_000


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_class_names_that_can_not_be_shown_are_refused_when_a_file_is_opened(
    folder: Folder, cli: Runner, kind: str
) -> None:
    path = folder.model if kind == "model" else folder.data
    commands: list[tuple[str | Path, ...]] = [
        ("inspect", path), ("inspect", path, "--all"), ("inspect", path, "--json"), folder.evaluation(),
    ]  # fmt: skip
    if kind == "model":
        commands += [("predict", path, folder.reads), ("predict", path, folder.reads, "-o", folder.path / "out.tsv")]
    else:
        commands += [("audit", path), ("train", path, "-o", folder.path / "out.safetensors")]
    sound, before = path.read_bytes(), folder.names()
    for name, value in UNFIT.items():
        path.write_bytes(sound)
        rewrite(path, lambda about, header, value=value: about.update(classes=["noise", value]))  # type: ignore[misc]
        for words in commands[:1] if "MB" in name else commands:
            done = cli(*words)
            assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), (name, words, done.err[:500])
            about = "file" if name == "half of a pair" else kind
            assert done.err.startswith(f"seqnet: error: {path}: the description of the {about} is damaged: classes")
            assert len(done.err) < 500
            check_shown(done)
            assert folder.names() == before


CARD: dict[str, Any] = {"title": HOSTILE, HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}], "known_failures": HOSTILE}
ABOUT: dict[str, Any] = {
    "command": HOSTILE, "versions": {HOSTILE: HOSTILE}, "dataset": {"path": HOSTILE, "sha256": HOSTILE},
    "origin": {"model": HOSTILE}, "inputs": [{"path": HOSTILE, "sha256": HOSTILE}], HOSTILE: HOSTILE,
}  # fmt: skip


@pytest.fixture
def hostile(folder: Folder) -> Folder:
    """Returns a model and a dataset all of whose texts are hostile, except for the names of classes."""
    rewrite(folder.model, lambda about, header: about.update(card=CARD, provenance=ABOUT, metrics={HOSTILE: 1}))
    data = example_dataset(folder.path)
    names = Ragged.from_strings([HOSTILE.encode()] * len(data))
    save_dataset(folder.data, replace(data, names=names, provenance=ABOUT, generators={"noise": HOSTILE}))
    return folder


@pytest.mark.parametrize("file", ["m.safetensors", "d.safetensors"])
def test_inspect_escapes_all_texts_of_a_file(hostile: Folder, cli: Runner, file: str) -> None:
    path = hostile.path / file
    for words in ((), ("--all",)):
        done = cli("inspect", path, *words)
        assert done.code == 0
        assert "]0;x" in done.out
        check_shown(done)
    done = cli("inspect", path, "--json")
    check_shown(done)
    found = json.loads(done.out)
    assert found["provenance"] == ABOUT
    assert found["card"] == CARD if file == "m.safetensors" else found["generators"] == {"noise": HOSTILE}


def test_tables_and_pages_escape_all_texts_of_a_file(hostile: Folder, cli: Runner) -> None:
    page = hostile.path / "prediction.html"
    done = cli("predict", hostile.model, hostile.reads, "--report", page)
    assert done.code == 0, done.err
    check_shown(done)
    check_page(page)
    assert "]0;x" in page.read_text(encoding="utf-8")
    done = cli(*hostile.evaluation())
    assert done.code == 0, done.err
    check_shown(done)
    check_page(hostile.path / "evaluation.html")
    lines = (hostile.path / "out" / "predictions.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert {len(line.split("\t")) for line in lines} == {len(lines[0].split("\t"))}
    done = cli("audit", hostile.data, "--report", hostile.path / "audit.html")
    check_shown(done)
    check_page(hostile.path / "audit.html")


@pytest.mark.parametrize("card", ["x", 1, ["x"], {"title": "\ud800"}, {"\udce9": "x"}, {"title": "a" * 10_000_000}])
def test_a_card_that_is_none_is_refused(folder: Folder, cli: Runner, card: object) -> None:
    rewrite(folder.model, lambda about, header: about.update(card=card))
    done = cli("inspect", folder.model)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert re.search(r"the description of the (file|model) is damaged: (a name in )?card", done.err)
    assert len(done.err) < 500


def test_a_card_may_have_values_of_any_type_and_texts_are_cut_on_pages(folder: Folder, cli: Runner) -> None:
    values: dict[str, Any] = {"title": {"x": [1, None, True]}, "known_failures": 3, "licence": None, "x": "y" * 90_000}
    about = {"command": "z" * 9_000_000, "versions": {"x": [1]}, "dataset": 3, "origin": [], "inputs": [3]}
    rewrite(folder.model, lambda found, header: found.update(card=values, provenance=about))
    pages = folder.path / "prediction.html", folder.path / "evaluation.html"
    for words in (("predict", folder.model, folder.reads, "--report", pages[0]), folder.evaluation()):
        done = cli(*words)
        assert done.code == 0, done.err
    for page in pages:
        check_page(page)
        assert "yyyyyyyyyyyy… (90,000 characters)" in page.read_text(encoding="utf-8") or page == pages[0]


def test_unusual_class_names_reach_every_table_and_page_as_they_are(tmp_path: Path, cli: Runner) -> None:
    folder = Folder(tmp_path, ODD)
    expected = ["name", "label", "probability", *(f"p_{name}" for name in ODD), "status"]
    done = cli("predict", folder.model, folder.reads)
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == expected
    assert [len(row) for row in rows] == [len(expected)] * 3
    assert {row[1] for row in rows[1:]} <= set(ODD)
    for ending in ("jsonl", "parquet"):
        done = cli("predict", folder.model, folder.reads, "-o", tmp_path / f"out.{ending}",
                   "--report", tmp_path / "p.html", "--force")  # fmt: skip
        assert done.code == 0, done.err
    check_page(tmp_path / "p.html")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == expected
    assert table["label"].to_pylist() == [row[1] for row in rows[1:]]
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one["label"] for one in records] == [row[1] for row in rows[1:]]
    assert json.loads(cli("inspect", folder.model, "--json").out)["classes"] == list(ODD)
    for file in (folder.model, folder.data):
        check_shown(cli("inspect", file, "--all"))
    done = cli(*folder.evaluation())
    assert done.code == 0, done.err
    check_shown(done)
    check_page(tmp_path / "evaluation.html")
    lines = (tmp_path / "out" / "predictions.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert {line.split("\t")[1] for line in lines[1:]} <= set(ODD)
    assert set(ODD) <= set(json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["classes"])
