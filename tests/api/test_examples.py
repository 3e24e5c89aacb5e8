"""The examples of README.md and docs/api.md, run one after the other, say what the pages say."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.cli.running import READS, ROOT, run_all

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ["README.md", "docs/api.md"]


def examples(page: str) -> list[tuple[str, str | None]]:
    """Returns code and what it prints, None where the page does not say, of each example."""
    found: list[tuple[str, str | None]] = []
    for kind, text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if kind == "python":
            found.append((text, None))
        elif found and found[-1][1] is None:
            found[-1] = (found[-1][0], text)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    words = ("encode", "--class", f"human={READS}", "--class", "random=@uniform", "--group-by", r"^sim:(\d*)\d{4}:")
    run_all((*words, "-o", "reads.safetensors"))
    return tmp_path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_every_example_runs_and_prints_the_output_of_the_page(
    page: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examples(page)
    assert len(found) >= (1 if page == "README.md" else 7)
    names: dict[str, object] = {}
    for code, printed in found:
        capsys.readouterr()
        exec(compile(code, page, "exec"), names)
        if printed is not None:
            said = capsys.readouterr().out.splitlines()
            expected = printed.splitlines()
            pattern = [re.sub(r"([\[\]?*])", r"[\1]", line).replace("…", "*") for line in expected]
            assert len(said) == len(expected), said
            assert [line for line, like in zip(said, pattern, strict=True) if not fnmatchcase(line, like)] == []
