from __future__ import annotations

from pathlib import Path

import numpy as np

from seqnet.audit.report import audit_lines, audit_values, write_offenders
from seqnet.configs.audit import AuditOptions
from tests.audit.examples import checks, dataset, harmless


def test_lines_and_values_and_rows_agree(tmp_path: Path) -> None:
    data = dataset([*harmless(), ("twin 1", "ACGT" * 9, "train", 0), ("twin 2", "ACGT" * 9, "train", 0)])
    found = list(checks(data).values())
    lines = audit_lines(found)
    statuses = [check.status for check in found]
    assert lines[-1] == ", ".join(f"{statuses.count(word)} {word}" for word in ("fail", "warn", "pass"))
    assert [line[:4].strip() for line in lines[:-1]] == statuses
    values = audit_values(data, found, AuditOptions())
    assert values["records"] == len(data)
    assert [one["status"] for one in values["checks"]] == statuses
    rows = write_offenders(tmp_path / "offenders.tsv", data, found)
    header, *written = (tmp_path / "offenders.tsv").read_text().splitlines()
    assert header.split("\t")[:3] == ["check", "name", "split"]
    assert (
        len(written)
        == rows
        == sum(len(check.offenders) for check in found if check.offenders is not None and check.status != "pass")
    )
    assert np.all([line.count("\t") == header.count("\t") for line in written])
