"""`seqnet audit`: problems in a dataset that make metrics too good."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.options import collect, force_option, settings_options
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.process import command_line
from seqnet.cli.progress import say, show
from seqnet.cli.report_option import report_option
from seqnet.cli.streams import TABLE, check_stdout_is_open
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.audit import AuditRun

__all__ = ["command"]


@click.command("audit", cls=Command, advanced=[field.name for field in fields(AuditOptions)])
@click.argument("dataset", type=InputPath("container"))
@click.option(
    "-o",
    "--output",
    type=OutputPath("the report goes there"),
    metavar="FILE",
    help="Write the records that warnings and failures are about as a table: check, name, split, label, then name, "
    "split, label and similarity of the matching record.",
)
@report_option("all checks, figures, and the records concerned")
@json_option
@click.option("--strict", is_flag=True, help="Exit with code 1 if a check fails.")
@click.option("--quick", is_flag=True, help="Check only samples of a large dataset, which takes seconds.")
@settings_options(
    AuditOptions,
    ("near", "kmer", "records", "symbols", "seed", "inside_warn", "inside_fail", "across_warn", "across_fail",
     "contradictory_warn", "contradictory_fail", "names_warn", "names_fail", "rarest_warn", "rarest_fail",
     "drift_warn", "drift_fail", "shortcut_warn", "shortcut_fail", "tag_warn", "tag_fail"),
)  # fmt: skip
@force_option
def command(
    dataset: Path,
    output: Path | None,
    report: Path | None,
    as_json: bool,
    strict: bool,
    quick: bool,
    force: bool,
    **options: Any,
) -> int:
    """Check a dataset for problems that make metrics too good.

    Duplicates are equal sequences; near-duplicates have most of their k-mers in common (DNA: on either strand). A
    duplicate across splits is a held-out record, of validation or test, with the same sequence in another split.
    Contradictory duplicates have different classes. Length, composition, the first and last positions, tags and
    adapters are shortcuts: a high AUROC means that this feature alone separates the classes. Each check passes, warns
    or fails; the advanced options set the bounds.

    \b
    seqnet audit reads.safetensors
    seqnet audit proteins.safetensors -o offenders.tsv --strict
    seqnet audit proteins.safetensors --report audit.html
    """
    from seqnet.audit import AuditRun, audit_dataset, audit_lines, audit_values
    from seqnet.datasets.dataset import open_dataset

    settings = collect(AuditOptions, options)
    claim([path for path in (output, report) if path], force=force)
    check_stdout_is_open(TABLE)
    data = open_dataset(dataset)
    checks = audit_dataset(data, settings, quick=quick)
    if as_json:
        show_json(audit_values(data, checks, settings))
    else:
        for line in audit_lines(checks):
            show(line)
    _write(output, report, AuditRun(data, checks, settings, quick, command_line()), force=force)
    return int(strict and any(check.status == "fail" for check in checks))


def _write(output: Path | None, report: Path | None, run: AuditRun, *, force: bool) -> None:
    """Writes the table and the page that are requested, both or none."""
    from seqnet.audit import write_offenders
    from seqnet.core.outputs import whole_files
    from seqnet.reporting.pages.audit import audit_page
    from seqnet.reporting.pages.rendering import write_page

    targets = [path for path in (output, report) if path]
    if not targets:
        return
    with whole_files(targets, force=force) as temporaries:
        places = dict(zip(targets, temporaries, strict=True))
        rows = write_offenders(places[output], run.dataset, run.checks) if output else 0
        if report:
            write_page(places[report], audit_page(run))
    if output:
        say(f"wrote {output}, {counted(rows, 'rows')}")
    if report:
        say(f"wrote {report}")
