"""`seqnet audit`: problems in a dataset that make metrics too good."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from seqnet.cli.options import collect, force_option, settings_options
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import say, show
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted, printable_json

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
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
    dataset: Path, output: Path | None, as_json: bool, strict: bool, quick: bool, force: bool, **options: Any
) -> int:
    """Check a dataset for problems that make metrics too good.

    Duplicates are equal sequences; near-duplicates have most of their k-mers in common (DNA: on either strand).
    Duplicates across splits are in the train split and in the held-out splits, validation or test. Contradictory
    duplicates have different classes. Length, composition, the first and last positions, tags and adapters are
    shortcuts: a high AUROC means that this feature alone separates the classes. Each check passes, warns or fails; the
    advanced options set the bounds.

    \b
    seqnet audit reads.safetensors
    seqnet audit proteins.safetensors -o offenders.tsv --strict
    """
    from seqnet.audit import audit_dataset, audit_lines, audit_values, write_offenders
    from seqnet.core.outputs import whole_file
    from seqnet.datasets.dataset import open_dataset

    settings = collect(AuditOptions, options)
    claim([output] if output else [], force=force)
    data = open_dataset(dataset)
    checks = audit_dataset(data, settings, quick=quick)
    if as_json:
        values = audit_values(data, checks, settings)
        click.echo(printable_json(values))
    else:
        for line in audit_lines(checks):
            show(line)
    if output:
        with whole_file(output, force=force) as temporary:
            rows = write_offenders(temporary, data, checks)
        say(f"wrote {output}, {counted(rows, 'rows')}")
    return int(strict and any(check.status == "fail" for check in checks))
