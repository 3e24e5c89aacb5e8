"""Every report in real Chromium, with the names that a file may have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from seqnet.cli.main import run
from tests.cli.running import PROTEINS, READS
from tests.e2e.browser import check_report, chromium, opened

HOSTILE = "<script>alert(1)</script>"
TINY = ("--network", "cnn", "--set", "filters=[4]", "--set", "kernels=[4]", "--set", "pools=[2]", "--set", "dense=[4]",
        "--set", "epochs=2", "--set", "baseline_records=500", "--threads", "1")  # fmt: skip
PAGES = ("audit", "predict", "train", "folds", "several", "evaluate", "compare")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report of every command, on proteins, on reads, and on three classes with hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    three = folder / "three.fa"
    bases = ("ACGT" * 12, "AACC" * 12, "GTTA" * 12)
    three.write_text(
        "".join(
            f">{HOSTILE}{i}\tlabel={('x', 'y', HOSTILE)[i % 3]}\n{bases[i % 3][i % 7 :]}{'ACGT'[i // 3 % 4]}\n"
            for i in range(180)
        )
    )
    reads, model = folder / "reads.safetensors", folder / "m.safetensors"
    several = folder / "several.safetensors"
    steps: list[list[str | Path]] = [
        ["encode", PROTEINS, "--label-regex", r"label=(\S+)", "-o", folder / "proteins.safetensors"],
        ["encode", three, "--label-regex", r"label=(\S+)", "-o", several],
        ["encode", "--class", f"human={READS}", "--class", "random=@uniform", "--limit", "1000", "-o", reads],
        ["audit", folder / "proteins.safetensors", "--report", folder / "audit.html"],
        ["train", reads, *TINY, "-o", model, "--report", folder / "train.html"],
        ["train", reads, *TINY, "--folds", "3", "-o", folder / "f.safetensors", "--report", folder / "folds.html"],
        ["train", several, *TINY, "-o", folder / "s.safetensors", "--report", folder / "several.html"],
        ["predict", folder / "s.safetensors", three, READS, "-O", folder / "out", "--report", folder / "predict.html"],
        ["evaluate", model, reads, "--replicates", "50", "--report", folder / "evaluate.html"],
        ["evaluate", model, folder / "f.safetensors", reads, "--replicates", "50", "--report", folder / "compare.html"],
    ]
    for words in steps:
        assert run([str(word) for word in words]) == 0, words
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PAGES)
def test_a_report_is_complete_readable_and_alone(name: str, pages: Path, browser: Browser) -> None:
    check_report(browser, pages / f"{name}.html")


@pytest.mark.parametrize("name", ["several", "predict"])
def test_names_of_the_input_are_text(name: str, pages: Path, browser: Browser) -> None:
    with opened(browser, pages / f"{name}.html") as report:
        assert report.page.locator("body", has_text=HOSTILE).count() == 1
        assert report.page.locator("script").count() == 1
        assert report.messages == []


def test_numbers_are_sorted_as_numbers(pages: Path, browser: Browser) -> None:
    with opened(browser, pages / "train.html") as report:
        table = report.page.locator("#data table")
        header = table.locator("thead th", has_text="train").first
        assert header.get_attribute("aria-sort") is None
        header.get_by_role("button").press("Enter")
        assert header.get_attribute("aria-sort") == "ascending"
        values = [int(text.replace(",", "")) for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
        assert len(values) == 2
        assert values == sorted(values)
