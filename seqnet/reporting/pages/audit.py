"""The page of `seqnet audit`: every check with its number, its bounds and its verdict, and the records concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from seqnet.audit import CHECKS, AuditRun, Check, check_bounds, offender_rows
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted
from seqnet.core.provenance import versions
from seqnet.datasets.profile import profile_dataset
from seqnet.reporting.figures.checks import CheckLevel, auroc_picture, share_picture, similarity_picture
from seqnet.reporting.figures.pictures import Picture
from seqnet.reporting.pages.cells import number, percent
from seqnet.reporting.pages.content import Block, Cell, Facts, Figures, Page, Section, Table, Text
from seqnet.reporting.pages.datasets import ALPHABETS, Rows, clipped, dataset_origin, dataset_section, versions_text

__all__ = ["AuditRun", "audit_page", "check_pictures", "check_table"]

_AUROCS = ("shortcut", "tag")
_RECORD_SHARES = ("inside", "across", "contradictory", "names")
"""Bounds of checks that measure an AUROC, and of those that measure a share of records."""

_MOST_OFFENDERS = 20
"""Rows of each check in the table of records concerned."""

_VERDICTS = {"fail": "failure", "warn": "warning", "pass": "pass"}


def audit_page(run: AuditRun) -> Page:
    """Returns the page."""
    return Page(
        f"Audit of {run.dataset.path.name}",
        _lead(run),
        [
            _check_section(run),
            dataset_section(run.dataset, profile_dataset(run.dataset)),
            *_offender_section(run),
            _origin_section(run),
        ],
        [check.line for check in run.checks if check.status == "fail"],
    )


def _lead(run: AuditRun) -> str:
    dataset, counts = run.dataset, Counter(check.status for check in run.checks)
    found = [counted(counts["fail"], "checks") + " failed", counted(counts["warn"], "warnings")]
    verdict = ", ".join([*found, f"{counts['pass']:,} passed"])
    if counts["fail"]:
        meaning = "Metrics on this dataset may be too good."
    else:
        meaning = "Look at the warnings." if counts["warn"] else "No problem was found."
    kind, classes = ALPHABETS[dataset.alphabet.name], counted(len(dataset.classes), "classes")
    return f"{counted(len(dataset), 'records')} ({kind}) in {classes}: {verdict}. {meaning}"


def _check_section(run: AuditRun) -> Section:
    blocks: list[Block] = [
        Text(
            "Each check compares a number with two bounds: beyond the first it warns, beyond the second it fails. An "
            "AUROC that chance may have brought about passes."
        )
    ]
    if run.quick:
        blocks.append(Text("This was a quick audit: of a large dataset, only samples were checked."))
    blocks += [check_table(run.checks, run.options), Figures(check_pictures(run.checks, run.options))]
    return Section("checks", "Checks", blocks)


def check_table(checks: Sequence[Check], options: AuditOptions) -> Table:
    """Returns all checks with number, bounds, verdict and explanation."""
    rows: list[list[str | Cell]] = []
    for check in checks:
        shown = number if CHECKS[check.name].bounds in (*_AUROCS, "rarest") else _share
        value, warn, fail = (
            shown(np.nan if one is None else one) for one in (check.value, *check_bounds(check.name, options))
        )
        rows.append([check.title, _VERDICTS[check.status], value, warn, fail, check.message])
    columns = ["check", "verdict", "number", "warns beyond", "fails beyond", "result"]
    note = (
        "The number of a feature, a tag or an adapter is an AUROC; that of class balance is the share of the rarest "
        "class divided by an equal share, and lower is worse; all others are shares of records."
    )
    return Table("All checks.", columns, rows, note)


def _share(share: float) -> Cell:
    return percent(share, 2)


def check_pictures(checks: Sequence[Check], options: AuditOptions) -> list[Picture]:
    """Returns figures of the checks that measured something: shares of records, AUROCs, and similarities."""
    pictures = []
    if shares := _levels(checks, options, _RECORD_SHARES):
        pictures.append(share_picture(shares))
    if aurocs := _levels(checks, options, _AUROCS):
        pictures.append(auroc_picture(aurocs))
    near = [check.offenders for check in checks if check.name.startswith("near-") and check.offenders]
    if near:
        # A record may have several problems, and is one record.
        _, first = np.unique(np.concatenate([found.records for found in near]), return_index=True)
        similarity = np.concatenate([found.similarity for found in near])[first]
        pictures.append(similarity_picture(similarity, options.near))
    return pictures


def _levels(checks: Sequence[Check], options: AuditOptions, bounds: Sequence[str]) -> list[CheckLevel]:
    return [
        CheckLevel(check.title, check.value, *check_bounds(check.name, options), check.status)
        for check in checks
        if check.value is not None and CHECKS[check.name].bounds in bounds
    ]


def _offender_section(run: AuditRun) -> list[Section]:
    """Returns the section on the records that warnings and failures are about; none without any."""
    rows: list[list[str | Cell]] = []
    left_out = False
    for check in run.checks:
        if check.status == "pass" or check.offenders is None:
            continue
        for row in offender_rows(run.dataset, check, _MOST_OFFENDERS):
            similarity = number(row.similarity)
            own, other = [row.split, row.label], [row.other_split, row.other_label]
            rows.append([check.title, clipped(row.name), *own, clipped(row.other_name), *other, similarity])
        left_out |= len(check.offenders) > _MOST_OFFENDERS
    if not rows:
        return []
    counts = {check.title: len(check.offenders) for check in run.checks if check.status != "pass" and check.offenders}
    words = ", ".join(f"{title} {found:,}" for title, found in counts.items())
    note = f"Records concerned: {words}."
    if left_out:
        note += f" The first {_MOST_OFFENDERS} of each check are shown; seqnet audit -o FILE writes all."
    columns = ["check", "record", "split", "label", "matching record", "its split", "its label", "similarity"]
    table = Table("Records that warnings and failures are about.", columns, rows, note)
    return [Section("records", "Records concerned", [table])]


def _origin_section(run: AuditRun) -> Section:
    options = run.options
    facts: Rows = [
        *([("command", run.command)] if run.command else []),
        ("near-duplicates", f"at least {options.near:.0%} of the shorter sequence's k-mers in common"),
        ("seed", str(options.seed)),
        *dataset_origin(run.dataset),
        ("versions", versions_text(versions())),
    ]
    return Section("origin", "How this was made", [Facts(facts)])
