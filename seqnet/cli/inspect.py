"""`seqnet inspect`: what a dataset or model holds."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.paths import Command, InputPath
from seqnet.cli.progress import show
from seqnet.core.printable import printable_json

__all__ = ["command"]


@click.command("inspect", cls=Command)
@click.argument("file", type=InputPath("container"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, as_json: bool) -> None:
    """Show what a dataset or model holds.

    Of a dataset: alphabet, classes, counts, lengths, provenance. Of a model: parameters, layers with output shapes,
    classes, metrics, settings, provenance.
    """
    from seqnet.models.inspection import inspect, lines
    from seqnet.models.shipped import find_model

    found = inspect(find_model(file))
    if as_json:
        click.echo(printable_json(found))
    else:
        for line in lines(found):
            show(line)
