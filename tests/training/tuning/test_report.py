from __future__ import annotations

from pathlib import Path

from seqnet.training.tuning.report import write_trials


def test_no_trials_are_a_header(tmp_path: Path) -> None:
    write_trials(tmp_path / "trials.tsv", [])
    assert (tmp_path / "trials.tsv").read_text() == "number\tvalue\tstate\tbest_epoch\tepochs\tseconds\treason\n"
