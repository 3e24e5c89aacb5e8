"""What `seqnet explain` does for --motifs and --words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.options import collect, settings_options
from seqnet.cli.paths import InputPath, OutputPath
from seqnet.cli.progress import Meter, say
from seqnet.cli.unused_options import refuse_unused
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.explanation.explainer import Explainer
    from seqnet.explanation.motifs.motif import KnownMotif, Motifs
    from seqnet.explanation.survey import LabelledInputs, Survey

__all__ = ["MOTIF_SETTINGS", "MotifJob", "add_motif_options"]

_MOTIFS = (
    "motif_records", "motif_window", "motif_shuffle", "motif_fdr", "motif_q", "motif_effect", "motif_sites", "seed",
)  # fmt: skip
_WORDS = ("word_length", "word_q")
_LABELS = ("label_column", "label_regex", "labels")
MOTIF_SETTINGS = (*_MOTIFS, *_WORDS, *_LABELS)
"""Names of the options that are for --motifs and --words only."""

Function = TypeVar("Function", bound=Callable[..., Any])

_PAGE = "index.html"
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
            help="With --motifs: known motifs in MEME format; each motif is given the nearest one.",
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
        settings_options(EncodeOptions, _LABELS),
    )
    for option in reversed(options):
        function = option(function)
    return function


class MotifJob:
    """Finds and writes motifs and words, if they are requested.

    Args:
        directory: where motifs go; None for none.
        known: file of known motifs.
        words: where words go; None for none.
        options: values of the options of the command.
        force: whether existing files are replaced.

    Attributes:
        requested: whether there is anything to do.
        force: as given.
        lines: the lines about the result.
    """

    def __init__(
        self, directory: Path | None, known: Path | None, words: Path | None, options: Mapping[str, Any], *, force: bool
    ) -> None:
        self.directory, self.known, self.words, self.force = directory, known, words, force
        self.requested = bool(directory or words)
        self.lines: list[str] = []
        self._motifs, self._words = collect(MotifOptions, options), collect(WordOptions, options)
        self._labels = {name: options[name] for name in _LABELS}
        self._known: list[KnownMotif] = []

    def check(self, *, attributions: bool) -> None:
        """Checks that options go together, and that packages are there.

        Args:
            attributions: whether attributions are written, too.

        Raises:
            UsageError: an option has no effect without another one.
            SeqnetError: a package is missing.
        """
        from seqnet.explanation.extra import check_extra

        if not self.directory:
            refuse_unused(["known", *_MOTIFS, *_LABELS], "needs --motifs")
        if not self.words:
            refuse_unused(_WORDS, "needs --words")
        if self.words and not (self.directory or attributions):
            refuse_unused(["method", "steps", "target"], "needs -o, --logos or --motifs: words have no attributions")
        if self.directory and self.directory.suffix.lower() in (".html", ".htm", ".tsv", ".meme"):
            raise click.UsageError(f"--motifs names a directory; {self.directory} looks like a file")
        if self.directory:
            check_extra("logomaker", "--motifs")
        if self.known:
            check_extra("memelite", "--known")

    def targets(self) -> list[Path]:
        """Returns the files that may be written."""
        from seqnet.explanation.motifs.files import MOTIF_FILES

        found = [self.directory / name for name in (_PAGE, *MOTIF_FILES)] if self.directory else []
        return [*found, self.words] if self.words else found

    def inputs(self, explainer: Explainer, read: ReadOptions) -> LabelledInputs:
        """Returns what reads the records; known motifs are read first, because they may be damaged.

        Raises:
            SeqnetError: known motifs, or labels, can't be read.
        """
        from seqnet.explanation.motifs.known import read_known
        from seqnet.explanation.survey import LabelledInputs, LabelSource

        if self.known:
            self._known = read_known(self.known, explainer.bundle.alphabet)
        alphabet = explainer.predictor.expected_alphabet
        return LabelledInputs(read, alphabet, LabelSource(**self._labels), explainer.bundle.classes)

    def begin(self, explainer: Explainer) -> Survey:
        """Returns what takes the records."""
        from seqnet.explanation.survey import Survey

        motifs, words = self._motifs if self.directory else None, self._words if self.words else None
        self._survey = Survey(explainer.bundle, motifs, words)
        return self._survey

    def write(self, model: str, explainer: Explainer, threads: int) -> None:
        """Writes the files after all records have passed.

        Args:
            model: name of the model.
            explainer: has the model.
            threads: of the CPU.
        """
        if self.words and self._survey.words:
            from seqnet.core.outputs import whole_file
            from seqnet.explanation.words import write_words

            counts = self._survey.words
            found = counts.words(self._words.word_q)
            with whole_file(self.words, force=self.force) as path:
                write_words(path, found, explainer.bundle.classes, counts.records)
            self.lines.append(f"{counted(len(found), 'words are')} over-represented in a predicted class")
        if self.directory:
            self._write_motifs(self.directory, model, explainer, threads)

    def _write_motifs(self, directory: Path, model: str, explainer: Explainer, threads: int) -> None:
        from seqnet.core.outputs import whole_files
        from seqnet.explanation.motifs.files import motif_files, write_motif_files
        from seqnet.explanation.motifs.finding import find_motifs
        from seqnet.reporting.pages.motifs import motif_page
        from seqnet.reporting.pages.rendering import write_page

        sample = self._survey.sample()
        if self._known:
            say("--known: when memelite is used for the first time, it compiles its code, which takes a few minutes")
        with Meter("motifs", "records and shuffles", 2 * len(sample.tokens)) as meter:
            found = find_motifs(explainer, sample, self._motifs, self._known, threads, meter.advance)
        names = motif_files(found.alphabet.name)
        bundle, target = explainer.bundle, explainer.options.target
        explained = target or ("the predicted class" if bundle.positive is None else bundle.classes[bundle.positive])
        with whole_files([directory / _PAGE, *(directory / name for name in names)], force=self.force) as paths:
            write_motif_files(found, paths[1:])
            write_page(paths[0], motif_page(found, model, explained))
        self.lines += [f"seqnet: note: {note}" for note in found.notes]
        self.lines += _summary(found, directory)


def _summary(found: Motifs, directory: Path) -> list[str]:
    """Returns a line for each of the first motifs, and one for all."""
    lines = []
    for motif in found.motifs[:_LISTED]:
        known = f", like {motif.match.name} (q = {motif.match.q_value:.2g})" if motif.match else ""
        lines.append(
            f"{motif.name}: {motif.consensus}, {motif.source}, {counted(motif.hits, 'hits')}, effect "
            f"{motif.effect:+.2f}{known}"
        )
    if len(found) > _LISTED:
        lines.append(f"and {counted(len(found) - _LISTED, 'other motifs')}")
    return [*lines, f"{counted(len(found), 'motifs')}: see {directory / _PAGE}"]
