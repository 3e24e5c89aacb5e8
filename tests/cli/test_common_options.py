"""--quiet, --verbose and --log-file."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqnet import __version__
from tests.cli.running import READS, Runner


def log_of(path: Path) -> list[str]:
    return [line.split(" ", 1)[1] for line in path.read_text().splitlines()]


def test_quiet_keeps_the_rows_and_the_warnings(cli: Runner, tmp_path: Path) -> None:
    reads = tmp_path / "peptide.fa"
    reads.write_text(">a\nATATATATTATATATA\n")
    loud, quiet = cli("predict", "solubility", reads), cli("predict", "solubility", reads, "-q")
    assert loud.out == quiet.out
    warnings = [line for line in loud.err.splitlines() if line.startswith("seqnet: warning: ")]
    assert quiet.err.splitlines() == warnings
    assert len(warnings) == 1
    assert "1 record: " in loud.err


def test_verbose_adds_versions_and_time(cli: Runner) -> None:
    outcome = cli("inspect", "human-dna", "--verbose")
    assert f"seqnet {__version__}" in outcome.err
    assert "\nexit code 0 after " in outcome.err


def test_quiet_and_verbose_exclude_each_other(cli: Runner) -> None:
    outcome = cli("inspect", "human-dna", "-q", "-v")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "seqnet: error: --quiet and --verbose can't be combined; see seqnet inspect --help\n"


def test_the_log_has_what_quiet_hides(cli: Runner, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    assert cli("predict", "human-dna", READS, "--quiet", "--log-file", log, "-o", tmp_path / "p.tsv").err == ""
    lines = log_of(log)
    assert lines[0].startswith(f"INFO seqnet {__version__}: ")
    assert lines[1].startswith("DETAIL versions: python 3.")
    assert any(line.startswith("INFO 4,000 records: ") for line in lines)
    assert lines[-1].startswith("DETAIL exit code 0 after ")


def test_the_log_of_a_failed_run_has_its_error(cli: Runner, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    outcome = cli("predict", "human-dna", tmp_path / "nothing.fa", "--log-file", log)
    assert outcome.code == 1
    assert f"ERROR {outcome.err.strip()}" in log_of(log)
    assert log_of(log)[-1].startswith("DETAIL exit code 1 after ")


@pytest.mark.parametrize(("option", "ending"), [("-o", ".tsv"), ("--report", ".html")])
def test_the_log_can_not_be_an_input_or_another_output(cli: Runner, tmp_path: Path, option: str, ending: str) -> None:
    reads, log = tmp_path / "reads.fa", tmp_path / f"run{ending}"
    reads.write_text(">a\nACGT\n")
    outcome = cli("predict", "human-dna", reads, "--log-file", reads)
    assert outcome.err == f"seqnet: error: {reads}: this is also an input; choose another name\n"
    assert reads.read_text() == ">a\nACGT\n"
    outcome = cli("predict", "human-dna", reads, "--log-file", log, option, log, "--force")
    assert outcome.code == 1
    assert f"{log}: the log is written to this file; choose another name\n" in outcome.err
    assert log_of(log)[0].startswith("INFO seqnet ")


def test_the_log_is_not_written_to_standard_output(cli: Runner) -> None:
    outcome = cli("inspect", "human-dna", "--log-file", "-")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "seqnet: error: the log can't be written to standard output; name a file, or use /dev/stderr\n"
    )
