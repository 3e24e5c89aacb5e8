"""`seqnet audit`: what in a dataset could flatter or mislead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seqnet.cli.options import collect, force_option, settings_options
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import say, show
from seqnet.configs.audit import AuditOptions
from seqnet.core.printable import counted, printable_json

__all__ = ["command"]


@click.command("audit", cls=Command)
@click.argument("dataset", type=InputPath("container"))
@click.option(
    "-o",
    "--output",
    type=OutputPath("the report goes there"),
    metavar="FILE",
    help="Table of the records that warnings and failures are about: check, name, split, label, and name, split and "
    "label of the record that it is like, with their similarity.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a check fails.")
@click.option("--quick", is_flag=True, help="Look at samples of large datasets, which takes seconds.")
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
    """Look for what in a dataset could flatter or mislead.

    A twin is the same sequence, or a near-duplicate: DNA on either strand. Held-out records are those to validate and
    to test. Shortcuts are length, composition, the first and last positions, tags and adapters: their AUROC says how
    well they alone tell the classes, cross-validated on the train split. A check warns or fails beyond its bounds.

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
