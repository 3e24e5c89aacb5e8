"""`seqnet download`: published sequences → files that `encode` takes."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import click

from seqnet.cli.json_output import json_option, show_json
from seqnet.cli.options import force_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import Meter, say
from seqnet.cli.unused_options import refuse_unused
from seqnet.core.outputs import made_directory
from seqnet.core.printable import counted
from seqnet.datasets.sources import DEFAULT_RETRIES, SOURCES, Source, fetch, find_source

__all__ = ["command"]


def _card(source: Source) -> list[str]:
    size = counted(source.size, "bytes") if source.size else "size known when it starts"
    return [
        f"{source.name}  ({source.filename}, {size})",
        f"  {source.title}",
        f"  licence   {source.licence}",
        f"  citation  {source.citation}",
        f"  from      {source.url}",
        f"  SHA-256   {source.sha256 or 'not known; the length and format of a download are checked'}",
    ]


@click.command("download", cls=Command, advanced=("sha256", "max_size"))
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "-o", "--output-dir", "directory", type=OutputPath("-o names a directory"), default=Path(), metavar="DIR",
    help="Directory for the files.  [default: the current directory]",
)  # fmt: skip
@click.option("--url", metavar="URL", help="Download the SOURCE from this address, such as a mirror.")
@click.option(
    "--from-file", type=InputPath(), metavar="FILE", help="Use a local copy of the SOURCE instead of downloading it."
)
@click.option(
    "--sha256", metavar="HEX", help="Accept the SOURCE only with this SHA-256 checksum (64 hexadecimal digits)."
)  # fmt: skip
@click.option(
    "--max-size", type=click.IntRange(min=1), default=DEFAULT_RETRIES.max_size, show_default=True, metavar="BYTES",
    help="Stop if the file is larger than this.",
)  # fmt: skip
@json_option
@force_option
def command(
    names: tuple[str, ...],
    directory: Path,
    url: str | None,
    from_file: Path | None,
    sha256: str | None,
    max_size: int,
    as_json: bool,
    force: bool,
) -> None:
    """Download published sequences to train on.

    Without SOURCE, or with list, lists the sources with size, licence and citation. An interrupted download continues
    where it stopped. Size, format and SHA-256 of every file are checked before the file appears. If the SHA-256 of a
    source is not known, that of the downloaded file is printed.

    \b
    seqnet download list
    seqnet download solubility -o data/
    """
    if not names or names == ("list",):
        refuse_unused(["directory", "url", "from_file", "sha256", "max_size", "force"], "needs a SOURCE")
        _show_sources(as_json)
        return
    sources = [find_source(name) for name in names]
    _check_usage(len(sources), from_file, single=bool(url or from_file or sha256))
    if sha256:
        sources = [sources[0].with_sha256(sha256)]
    done = []
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
                    retry=replace(DEFAULT_RETRIES, max_size=max_size),
                )
            _report_source(source, target)
            done.append((source, target))
            if not as_json:
                click.echo(target)
    if as_json:
        show_json([{**asdict(source), "path": str(target)} for source, target in done])


def _check_usage(sources: int, from_file: Path | None, *, single: bool) -> None:
    """Refuses options that contradict each other.

    Args:
        sources: number of sources.
        from_file: a local copy of a source.
        single: whether an option is given that is about one source.
    """
    if from_file:
        refuse_unused(["max_size"], "is for downloads, and can't be combined with --from-file")
    if sources > 1 and single:
        raise click.UsageError("--url, --from-file and --sha256 need exactly one SOURCE")


def _show_sources(as_json: bool) -> None:
    if as_json:
        show_json([asdict(source) for source in SOURCES.values()])
    else:
        click.echo("\n".join(line for source in SOURCES.values() for line in _card(source)))


def _report_source(source: Source, target: Path) -> None:
    """Tells whether a download was checked, and what to cite."""
    if source.sha256 is None:
        from seqnet.core.provenance import file_hash

        size = counted(target.stat().st_size, "bytes")
        say(
            f"not checked: the SHA-256 of this source is not known; this file has {size} and SHA-256 "
            f"{file_hash(target)}; give it with --sha256 to check later downloads"
        )
    else:
        say(f"checked: SHA-256 {source.sha256}")
    say(f"cite {source.citation}")
