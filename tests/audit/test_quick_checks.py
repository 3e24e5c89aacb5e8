from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqnet.audit import CHECKS, QUICK_CHECKS, audit_dataset, quick_audit, quick_audit_lines, quick_checks
from tests.audit.examples import dataset, harmless


def test_a_harmless_dataset_has_one_line() -> None:
    data = dataset(harmless(400))
    checks, looked_at = quick_audit(data)
    assert [check.name for check in checks] == list(QUICK_CHECKS)
    assert set(QUICK_CHECKS) < set(CHECKS)
    assert looked_at == 400
    assert quick_audit_lines(checks, data, looked_at) == [
        "quick audit: 6 checks passed; for all checks: seqnet audit tiny.safetensors",
    ]


def test_a_handful_of_training_records_is_reported() -> None:
    data = dataset(harmless(60))
    count = len(data.members("train"))
    lines = quick_audit_lines(*quick_audit(data)[:1], data, 60)
    assert f"seqnet: warning: {count} training records; a network needs hundreds" in lines


def test_a_trap_has_a_separate_line() -> None:
    rows = harmless(400)
    rows[16] = ("r16", rows[0][1], "test", 0)
    rows = [(name, string + "ACGT" * (5 * label), split, label) for name, string, split, label in rows]
    rows[13] = ("r13", rows[2][1], "validation", 1)
    data = replace(dataset(rows), path=Path("my reads.safetensors"))
    checks, looked_at = quick_audit(data)
    lines = quick_audit_lines(checks, data, looked_at)
    assert lines[0].startswith("seqnet: warning: duplicates across splits: 2 of 160 held-out records (1.25%) have the")
    assert lines[1].startswith("seqnet: warning: contradictory duplicates: 2 of 400 records (0.50%)")
    assert lines[2].startswith("seqnet: warning: length alone: AUROC 1.000")
    assert lines[3:] == [
        "quick audit: 3 checks passed, 1 warning, 2 failures; for all checks: seqnet audit 'my reads.safetensors'",
    ]


def test_a_large_dataset_is_sampled_with_all_duplicates_of_what_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = harmless(3000, 40)
    rows += [(f"twin of {name}", string, "test", label) for name, string, split, label in rows if split == "train"]
    data = dataset(rows)
    whole = {check.name: check.value for check in audit_dataset(data, names=QUICK_CHECKS)}
    monkeypatch.setattr(quick_checks, "_RECORDS", 1200)
    checks, looked_at = quick_audit(data)
    assert looked_at == pytest.approx(1200, rel=0.15)
    found = {check.name: check.value for check in checks}
    assert whole["duplicates-across"] == pytest.approx(0.6, abs=0.001)
    assert found["duplicates-across"] == pytest.approx(0.6, abs=0.06)
    assert quick_audit_lines(checks, data, looked_at)[-1].startswith(f"quick audit of {looked_at:,} of 4,800 records: ")


def test_equal_lengths_are_not_a_shortcut() -> None:
    data = dataset(harmless(400))
    (length,) = [check for check in quick_audit(data)[0] if check.name == "length"]
    assert (length.value, length.status) == (0.5, "pass")
    assert length.message == "AUROC 0.500: the same in all of 240 training records"


def test_what_training_refuses_is_not_an_error_here() -> None:
    data = dataset(harmless(20))
    lone = replace(data, labels=np.zeros(20, np.int32), split=np.full(20, 1, np.uint8))
    checks, _ = quick_audit(lone)
    assert len(checks) == len(QUICK_CHECKS)
