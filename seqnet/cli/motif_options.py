"""The options --motifs and --words of `seqnet explain`: what fits together, and what is said of the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.options import settings_options
from seqnet.cli.paths import InputPath, OutputPath
from seqnet.cli.unused_options import refuse_unused
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.explanation.motifs.motif import Motifs
    from seqnet.explanation.words import Words

__all__ = ["LABELS", "MOTIF_SETTINGS", "add_motif_options", "check_motif_options", "motif_lines"]

_MOTIFS = (
    "motif_records", "motif_window", "motif_shuffle", "motif_fdr", "motif_q", "motif_effect", "motif_sites", "seed",
)  # fmt: skip
_WORDS = ("word_length", "word_q")
LABELS = ("label_column", "label_regex", "labels")
"""Names of the options that say what the true classes are."""
MOTIF_SETTINGS = (*_MOTIFS, *_WORDS, *LABELS)
"""Names of the options that are for --motifs and --words only."""

Function = TypeVar("Function", bound=Callable[..., Any])

_LISTED = 10
"""Maximum number of motifs that are printed; the table has all."""


def add_motif_options(function: Function) -> Function:
    """Adds --motifs, --known, --words and their settings."""
    options = (
        click.option(
            "--motifs",
            type=OutputPath("--motifs names a directory"),
            metavar="DIR",
            help="Write the motifs that the model responds to into DIR: index.html with logos, a table, and files for "
            "other programs. Attributions are then written only with -o or --logos.",
        ),
        click.option(
            "--known",
            type=InputPath(),
            metavar="FILE",
            help="With --motifs: known motifs in MEME format; the nearest one is named for each motif.",
        ),
        click.option(
            "--words",
            type=OutputPath("--words names a file"),
            metavar="FILE",
            help="Write the words that are over-represented in the records of a predicted class to FILE, as TSV. "
            "Attributions are then written only with -o or --logos.",
        ),
        settings_options(MotifOptions, _MOTIFS),
        settings_options(WordOptions, _WORDS),
        settings_options(EncodeOptions, LABELS),
    )
    for option in reversed(options):
        function = option(function)
    return function


def check_motif_options(motifs: Path | None, words: Path | None, *, attributions: bool) -> None:
    """Checks that options go together, and that packages are there.

    Args:
        motifs: where motifs go; None for none.
        words: where words go; None for none.
        attributions: whether attributions are written, too.

    Raises:
        UsageError: an option has no effect without another one.
        SeqnetError: a package is missing.
    """
    from seqnet.explanation.extra import check_extra

    if not motifs:
        refuse_unused(["known", *_MOTIFS, *LABELS], "needs --motifs")
    if not words:
        refuse_unused(_WORDS, "needs --words")
    if words and not (motifs or attributions):
        refuse_unused(["method", "steps", "target"], "needs -o, --logos or --motifs: words have no attributions")
    if motifs:
        from seqnet.reporting.motifs import looks_like_file

        if looks_like_file(motifs):
            raise click.UsageError(f"--motifs names a directory; {motifs} looks like a file")
        check_extra("logomaker", "--motifs")
    if click.get_current_context().params["known"]:
        check_extra("memelite", "--known")


def motif_lines(motifs: Motifs | None, words: Words | None, directory: Path | None) -> list[str]:
    """Returns what was found: how many words, a line for each of the first motifs, and one for all."""
    lines = [] if words is None else [f"{counted(len(words), 'words are')} over-represented in a predicted class"]
    if motifs is None or directory is None:
        return lines
    from seqnet.reporting.motifs import MOTIF_PAGE

    lines += [f"seqnet: note: {note}" for note in motifs.notes]
    for motif in motifs.motifs[:_LISTED]:
        known = f", like {motif.match.name} (q = {motif.match.q_value:.2g})" if motif.match else ""
        lines.append(
            f"{motif.name}: {motif.consensus}, {motif.source}, {counted(motif.hits, 'hits')}, effect "
            f"{motif.effect:+.2f}{known}"
        )
    if len(motifs) > _LISTED:
        lines.append(f"and {counted(len(motifs) - _LISTED, 'other motifs')}")
    return [*lines, f"{counted(len(motifs), 'motifs')}: see {directory / MOTIF_PAGE}"]
