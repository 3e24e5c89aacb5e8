"""`seqnet doctor`: does seqnet work on this machine, and what can it use."""

from __future__ import annotations

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.options import device_option, threads_option
from seqnet.cli.paths import Command
from seqnet.cli.progress import show
from seqnet.cli.unused_options import refuse_unused

__all__ = ["command"]


@click.command("doctor", cls=Command)
@click.option("--no-trial", is_flag=True, help="Do not train and predict.")
@device_option
@threads_option
@json_option
def command(no_trial: bool, device: str, threads: int, as_json: bool) -> int:
    """Check that seqnet works on this machine, and show what it can use.

    Shows versions, the device, the number of threads and what limits it, number formats, fast operations, free space,
    and optional packages. Then trains a small network on simulated DNA and predicts with it, which takes a few
    seconds. The last line is PASS or FAIL. Before FAIL, each problem has a line with what to do. The exit
    code is 0 or 1.

    \b
    seqnet doctor
    seqnet doctor --no-trial --json
    """
    if no_trial:
        refuse_unused(["threads"], "is for the trial, and can't be combined with --no-trial")
    from seqnet.api.diagnosis import diagnose

    found = diagnose(device, None if no_trial else threads, trial=not no_trial)
    if as_json:
        show_json(found.to_json())
    else:
        for line in found.lines():
            show(line)
    return 0 if found.passed else 1
