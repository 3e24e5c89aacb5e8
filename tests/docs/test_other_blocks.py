"""Blocks of the documentation that are not run: their shell is valid, their options exist, their figures follow."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import click
import pytest

from seqnet.cli.main import COMMANDS, command_group
from tests.cli.running import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(rf"\bseqnet ({'|'.join(COMMANDS)})\b(.*)")

ROW = r"^\| `([\w-]+)` \(.*?\) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) (minutes|hours) \| ([\d,]+) \$"
"""A row of the estimate: model, reads a second and core, hours of cores, time on 100 nodes with its unit, dollars."""


def calls() -> Iterator[tuple[str, str, str]]:
    """Yields page, command and rest of the line of each call of seqnet in a block, whatever language it is in."""
    for page, text in PAGES.items():
        for block in BLOCK.finditer(text):
            for line in block[2].replace("\\\n", "").splitlines():
                if not line.startswith("seqnet: "):
                    for part in re.split(r"(?<!^)(?=\bseqnet [a-z]+ )|\s[|;&]+\s", line):
                        if found := CALL.search(part or ""):
                            yield page, found[1], found[2]


def test_the_options_of_every_call_exist() -> None:
    group = command_group()
    known: dict[str, set[str]] = {}
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        known[name] = {word for param in command.params for word in (*param.opts, *param.secondary_opts)}
    found = [
        (page, name, option) for page, name, rest in calls() for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", rest)
    ]
    assert len(found) > 150
    assert [one for one in found if one[2] not in known[one[1]] | {"--help"}] == []


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if "\n```bash\n" in text])
def test_the_scripts_of_a_page_are_valid(page: str) -> None:
    scripts = [block[2] for block in BLOCK.finditer(PAGES[page]) if block[1] == "bash"]
    done = subprocess.run(["bash", "-n"], input="\n".join(scripts), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def measured(page: str, section: str, row: str, column: int) -> float:
    """Returns a value of a table in benchmarks/results."""
    text = (ROOT / "benchmarks" / "results" / page).read_text(encoding="utf-8").split(f"\n## {section}", 1)[1]
    (line,) = re.findall(rf"^\| {re.escape(row)} \|.*$", text.split("\n## ")[0], re.MULTILINE)
    return float(line.split("|")[column].split()[0].replace(",", ""))


def test_the_estimate_for_a_cluster_follows_from_the_measurements() -> None:
    text = PAGES["docs/clusters.md"].partition("## Estimate: 10¹¹ reads on 100 nodes")[2]
    rows = re.findall(ROW, text, re.MULTILINE)
    assert [row[0] for row in rows] == ["dna-cnn", "human-dna", "solubility"]
    for name, *figures, unit, cost in rows:
        speed = measured("predict.md", name, "seqnet", 3) / 2  # two threads
        hours = 1e11 / speed / 3600
        expected = (speed, hours, hours / 6400 * (60 if unit == "minutes" else 1), hours * 0.04)
        found = [float(figure.replace(",", "")) for figure in (*figures, cost)]
        assert found == pytest.approx(expected, rel=0.11 if hours < 100 else 0.01)
    (start,) = re.findall(r"Start-up\.\*\* ([\d.]+) s", text)
    assert float(start) == round(measured("startup.md", "From the command", "predict human-dna, ten reads", 2), 1)
