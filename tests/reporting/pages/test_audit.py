from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from seqnet.audit import AuditRun, audit_dataset, check_bounds
from seqnet.configs.audit import AuditOptions
from seqnet.datasets.dataset import Dataset
from seqnet.reporting.pages.audit import audit_page, check_pictures, check_table
from seqnet.reporting.pages.content import Cell, Page, Section, Table
from seqnet.reporting.pages.rendering import render_page
from tests.audit.examples import dataset, harmless

OPTIONS = AuditOptions()


def run_of(data: Dataset, options: AuditOptions = OPTIONS, *, quick: bool = False) -> AuditRun:
    data = replace(data, digest="ab12")
    return AuditRun(data, audit_dataset(data, options, quick=quick), options, quick, "seqnet audit data")


def leaky(count: int) -> Dataset:
    """A dataset with `count` test records that are copies of training records of the other class."""
    rows = harmless()
    copies = [(f"copy{index}", rows[index][1], "test", 1 - rows[index][3]) for index in range(count)]
    return dataset([*rows, *copies])


def section(page: Page, key: str) -> Section:
    (found,) = (one for one in page.sections if one.key == key)
    return found


def table_of(found: Section) -> Table:
    (table,) = (block for block in found.blocks if isinstance(block, Table))
    return table


def words(row: Sequence[str | Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else cell.text for cell in row]


def test_every_check_has_number_bounds_and_verdict() -> None:
    run = run_of(leaky(3))
    rows = {words(row)[0]: words(row)[1:] for row in check_table(run.checks, OPTIONS).rows}
    assert list(rows) == [check.title for check in run.checks]
    assert rows["contradictory duplicates"][:4] == ["failure", "5.83 %", "0.00 %", "1.00 %"]
    assert rows["class balance"][0] == "pass"
    assert rows["class balance"][2:4] == ["0.200", "0.020"]
    for check in run.checks:
        warn, fail = check_bounds(check.name, OPTIONS)
        cells = check_table([check], OPTIONS).rows[0][2:5]
        assert all(isinstance(cell, Cell) for cell in cells)
        assert [cell.value for cell in cells[1:] if isinstance(cell, Cell)] == [warn, fail]
        assert rows[check.title][-1] == check.message


def test_bounds_are_those_that_were_requested() -> None:
    run = run_of(leaky(3), AuditOptions(contradictory_fail=0.5))
    rows = {words(row)[0]: words(row)[1:] for row in check_table(run.checks, run.options).rows}
    assert rows["contradictory duplicates"][:4] == ["warning", "5.83 %", "0.00 %", "50.00 %"]


def test_failures_stand_at_the_top() -> None:
    page = audit_page(run_of(leaky(3)))
    assert [note.partition(":")[0] for note in page.notes] == ["duplicates across splits", "contradictory duplicates"]
    assert "2 checks failed" in page.lead
    assert "may be too good" in page.lead


def test_records_concerned_are_shown_up_to_a_limit_that_is_reported() -> None:
    few, many = (audit_page(run_of(leaky(count))) for count in (3, 25))
    rows = [words(row) for row in table_of(section(few, "records")).rows]
    assert ["duplicates across splits", "copy0", "test", "signal", "r0", "train", "noise", "1.000"] in rows
    assert "shown" not in table_of(section(few, "records")).note
    note = table_of(section(many, "records")).note
    assert "duplicates across splits 25" in note
    assert "The first 20 of each check are shown; seqnet audit -o FILE writes all." in note
    across = [row for row in table_of(section(many, "records")).rows if row[0] == "duplicates across splits"]
    assert len(across) == 20


def test_a_harmless_dataset_has_no_records_concerned() -> None:
    page = audit_page(run_of(dataset(harmless())))
    assert page.notes == []
    assert [one.key for one in page.sections] == ["checks", "data", "origin"]


def test_a_figure_for_each_kind_of_number() -> None:
    rows = harmless(length=200)
    copied = rows[0][1][:100] + "A" + rows[0][1][101:]
    run = run_of(dataset([*rows, ("near", copied, "test", rows[0][3])]))
    keys = [picture.key for picture in check_pictures(run.checks, OPTIONS)]
    assert keys == ["duplicates", "shortcuts", "similarity"]
    assert [picture.key for picture in check_pictures(run_of(dataset(harmless())).checks, OPTIONS)] == keys[:2]


def test_a_quick_audit_is_called_one() -> None:
    assert "quick audit" in render_page(audit_page(run_of(leaky(1), quick=True)))
    assert "quick audit" not in render_page(audit_page(run_of(leaky(1))))


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\x1b[31mred", '"><img src=x onerror=alert(1)>'])
def test_names_from_input_are_escaped(hostile: str) -> None:
    rows = [(hostile + row[0], *row[1:]) for row in harmless()]
    data = dataset([*rows, *((f"{hostile}{i}", rows[i][1], "test", 1 - rows[i][3]) for i in range(3))])
    text = render_page(audit_page(run_of(replace(data, classes=(hostile, "b")))))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert text == render_page(audit_page(run_of(replace(data, classes=(hostile, "b")))))
