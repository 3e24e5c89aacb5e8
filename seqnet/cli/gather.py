"""`seqnet gather`: the shards of a prediction → one table."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.options import force_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import say

__all__ = ["command"]


@click.command("gather", cls=Command)
@click.argument("shards", type=InputPath(), nargs=-1, required=True, metavar="SHARD...")
@click.option(
    "-o",
    "--output",
    type=OutputPath("gather writes a file"),
    required=True,
    metavar="FILE",
    help="The table to write; its name has the ending of the shards: .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.",
)
@force_option
def command(shards: tuple[str, ...], output: Path, force: bool) -> None:
    """Join the shards of a prediction.

    SHARD is a file that predict --shard has written, with its .shard.json beside it. All shards of the run must be
    given, in any order. FILE has the same bytes as the file that predict writes without --shard.

    \b
    seqnet predict model.safetensors reads.fq.gz --shard 1/2 -o part1.tsv
    seqnet predict model.safetensors reads.fq.gz --shard 2/2 -o part2.tsv
    seqnet gather part1.tsv part2.tsv -o predictions.tsv
    """
    leave_out_pandas()
    claim([output], force=force)
    from seqnet.prediction.gathering import gather_shards
    from seqnet.prediction.summary_lines import record_lines

    whole = gather_shards([Path(path) for path in shards], output, force=force)
    for line in (*whole.lines, *record_lines(whole.counts)):
        say(line)
