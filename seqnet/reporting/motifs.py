"""The motifs of a model: as a directory of files, and in the records that it was measured on."""

from __future__ import annotations

from pathlib import Path

from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions
from seqnet.core.outputs import whole_files
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.motifs.files import MOTIF_FILES, motif_files, write_motif_files
from seqnet.explanation.motifs.finding import find_motifs
from seqnet.explanation.motifs.motif import Motifs
from seqnet.explanation.survey import Survey
from seqnet.reporting.pages.motifs import motif_page
from seqnet.reporting.pages.rendering import write_page
from seqnet.reporting.results import ModelResults

__all__ = ["MOTIF_PAGE", "looks_like_file", "measured_motifs", "motif_targets", "write_motifs"]

MOTIF_PAGE = "index.html"
"""Name of the page in a directory of motifs."""


def looks_like_file(directory: Path) -> bool:
    """Returns whether the name of a directory for motifs is that of one of their files, and so surely a mistake."""
    return directory.suffix.lower() in (".html", ".htm", ".tsv", ".meme")


def motif_targets(directory: Path) -> list[Path]:
    """Returns the files that `write_motifs` may write."""
    return [directory / name for name in (MOTIF_PAGE, *MOTIF_FILES)]


def write_motifs(found: Motifs, directory: Path, model: str, explained: str, *, force: bool) -> None:
    """Writes motifs into a directory that is there: a page with logos, a table, and files for other programs.

    Args:
        found: the motifs.
        directory: where the files go, all or none.
        model: name of the model.
        explained: the class that is explained, in words.
        force: whether existing files are replaced.

    Raises:
        OutputError: a file exists, or can't be written.
    """
    names = motif_files(found.alphabet.name)
    with whole_files([directory / MOTIF_PAGE, *(directory / name for name in names)], force=force) as paths:
        write_motif_files(found, paths[1:])
        write_page(paths[0], motif_page(found, model, explained))


def measured_motifs(model: ModelResults, threads: int) -> Motifs:
    """Returns the motifs of a model in a sample of its measured records, by mutagenesis, which every model supports.

    Args:
        model: the model and its results.
        threads: of the CPU.
    """
    explainer, options = Explainer(model.bundle, ExplainOptions()), MotifOptions()
    survey = Survey(model.bundle, options, None)
    tokens = model.dataset.tokens.take(model.report.measured.members)
    survey.add(tokens, model.scored.predicted, model.scored.labels)
    return find_motifs(explainer, survey.sample(), options, (), threads)
