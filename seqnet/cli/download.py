"""`seqnet download`: published sequences → files that `encode` takes."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.options import force_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import Meter, say
from seqnet.outputs import made_directory
from seqnet.sources import SOURCES, Source, fetch, find_source

__all__ = ["command"]


def _card(source: Source) -> list[str]:
    size = f"{source.size:,} bytes" if source.size else "size known when it starts"
    return [
        f"{source.name}  ({source.filename}, {size})",
        f"  {source.title}",
        f"  licence   {source.licence}",
        f"  citation  {source.citation}",
        f"  from      {source.url}",
    ]


@click.command("download", cls=Command)
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "-o", "--output-dir", "directory", type=OutputPath("-o names a directory"), default=Path(), metavar="DIR",
    help="Where to put the files.  [default: here]",
)  # fmt: skip
@click.option("--url", metavar="URL", help="Fetch the one SOURCE from a mirror.")
@click.option(
    "--from-file", type=InputPath(), metavar="FILE", help="Take the one SOURCE from a local copy, for offline machines."
)
@force_option
def command(names: tuple[str, ...], directory: Path, url: str | None, from_file: Path | None, force: bool) -> None:
    """Fetch published sequences to train on.

    Without SOURCE, or with list, shows what there is, with size, licence and citation. A download that was cut off goes
    on where it stopped. Every file is checked before it gets its name.

    \b
    seqnet download list
    seqnet download solubility -o data/
    """
    if not names or names == ("list",):
        for source in SOURCES.values():
            for line in _card(source):
                click.echo(line)
        return
    sources = [find_source(name) for name in names]
    if len(sources) > 1 and (url or from_file):
        raise click.UsageError("--url and --from-file go with one SOURCE")
    with made_directory(directory):
        claim([directory / source.filename for source in sources], force=force)
        for source in sources:
            say(f"{source.name}: {source.licence}")
            with Meter(source.name, "bytes", source.size) as meter:
                target = fetch(
                    source,
                    directory / source.filename,
                    url=url,
                    from_file=from_file,
                    force=force,
                    progress=meter.reach,
                )
            say(f"cite {source.citation}")
            click.echo(target)
