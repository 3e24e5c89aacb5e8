"""A run of explanations: records of files → attributions, logos, motifs and words, as far as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seqnet.configs.motifs import MotifOptions, WordOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.outputs import whole_file
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.logos import LogoFiles
from seqnet.explanation.motifs.finding import find_motifs
from seqnet.explanation.motifs.known import read_known
from seqnet.explanation.motifs.motif import KnownMotif, Motifs
from seqnet.explanation.streaming import Destination, named_records, write_attributions
from seqnet.explanation.survey import LabelledInputs, LabelSource, Survey, survey_records
from seqnet.explanation.words import Words
from seqnet.prediction.tally import Tally
from seqnet.reporting.motifs import motif_targets, write_motifs

__all__ = ["ExplanationRequest", "ExplanationRun"]


@dataclass(frozen=True)
class ExplanationRequest:
    """What is written of the records of some files.

    Attributes:
        table: whether attributions are written as a table.
        output: file of this table; None for standard output.
        logos: what draws logos; None for no logos.
        records: names of the records to explain; empty for all.
        motifs: directory of the motifs; None for none.
        known: file of known motifs, which each motif is compared with; None for none.
        words: file of over-represented words; None for none.
        motif_options: what counts as a motif.
        word_options: which words are counted.
        labels: where true classes are, for the share of each with a motif.
        force: whether existing files are replaced.
    """

    table: bool = True
    output: Path | None = None
    logos: LogoFiles | None = None
    records: Sequence[str] = ()
    motifs: Path | None = None
    known: Path | None = None
    words: Path | None = None
    motif_options: MotifOptions = field(default_factory=MotifOptions)
    word_options: WordOptions = field(default_factory=WordOptions)
    labels: LabelSource = field(default_factory=LabelSource)
    force: bool = False

    def surveyed_files(self) -> list[Path]:
        """Returns the files of motifs and words that may be written."""
        found = motif_targets(self.motifs) if self.motifs else []
        return [*found, self.words] if self.words else found


class ExplanationRun:
    """Explains the records of files.

    Args:
        request: what is written.
        explainer: the model, and how it is explained.
        read: how files are read.

    Raises:
        SeqnetError: known motifs or labels can't be read, or a setting does not suit the alphabet.

    Attributes:
        source: reads the files.
        known: the known motifs.
    """

    def __init__(self, request: ExplanationRequest, explainer: Explainer, read: ReadOptions) -> None:
        bundle = explainer.bundle
        self._request, self._explainer = request, explainer
        # Read first: the file may be damaged.
        self.known: list[KnownMotif] = read_known(request.known, bundle.alphabet) if request.known else []
        self.source = LabelledInputs(read, explainer.predictor.expected_alphabet, request.labels, bundle.classes)
        motifs, words = (
            request.motif_options if request.motifs else None,
            request.word_options if request.words else None,
        )
        self._survey = Survey(bundle, motifs, words)

    @property
    def sampled(self) -> int:
        """Number of records that motifs are looked for in."""
        return len(self._survey.sample().tokens)

    def explain(self, paths: Sequence[str], progress: Callable[[int], object] = lambda records: None) -> Tally:
        """Writes the attributions of the records, collects what motifs and words need, and returns the counts.

        Args:
            paths: the files.
            progress: called with the number of further records that are done.

        Raises:
            SeqnetError: a file can't be read, or an output can't be written.
            OSError: a file can't be opened or read.
        """
        request, source, survey = self._request, self.source, self._survey
        if not (request.table or request.logos):
            return survey_records(self._explainer, source, paths, survey, progress)

        def passed_on(found: Attributions) -> None:
            survey.add(found.tokens, found.predicted, source.labels_of(len(found)))

        then = passed_on if request.motifs or request.words else None
        to = Destination(request.output, request.logos, request.force, then, request.table)
        chosen = named_records(source.batches(paths), request.records)
        return write_attributions(self._explainer, chosen, to, source.read.threads, progress)

    def write_words(self) -> Words | None:
        """Writes the words of the explained records, and returns them; None if they are not asked for."""
        request, counts = self._request, self._survey.words
        if request.words is None or counts is None:
            return None
        found = Words.of(counts, request.word_options.word_q, self._explainer.bundle.classes)
        with whole_file(request.words, force=request.force) as path:
            found.write_table(path)
        return found

    def write_motifs(self, model: str, progress: Callable[[int], object] = lambda records: None) -> Motifs | None:
        """Writes the motifs of a sample of the explained records, and returns them; None if they are not asked for.

        Args:
            model: name of the model.
            progress: called with the number of further records and shuffles that are explained.
        """
        request, explainer = self._request, self._explainer
        if request.motifs is None:
            return None
        sample, threads = self._survey.sample(), self.source.read.threads
        found = find_motifs(explainer, sample, request.motif_options, self.known, threads, progress)
        write_motifs(found, request.motifs, model, explainer.explained, force=request.force)
        return found
