"""`seqnet inspect`: what is in a dataset or model."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.paths import Command, InputPath
from seqnet.cli.progress import say, show

__all__ = ["command"]


@click.command("inspect", cls=Command)
@click.argument("file", type=InputPath("container"))
@click.option("--all", "everything", is_flag=True, help="Show everything, such as layers, settings and provenance.")
@json_option
def command(file: Path, everything: bool, as_json: bool) -> None:
    """Show what is in a dataset or model.

    For a dataset: alphabet, classes, number of records, lengths. For a model: model card, classes, size, metrics.

    \b
    seqnet inspect reads.safetensors
    seqnet inspect model.safetensors --all
    """
    from seqnet.models.inspection import inspect, lines, summary
    from seqnet.models.shipped import find_model

    found = inspect(find_model(file))
    if as_json:
        show_json(found)
    else:
        for line in lines(found if everything else summary(found)):
            show(line)
        if not everything:
            say(
                "--all also shows layers, settings, calibration and provenance"
                if found["kind"] == "model"
                else "--all also shows provenance"
            )
