"""Motifs of a model in sequences that a program has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.api.explain_keywords import motif_options
from seqnet.api.keywords import as_path
from seqnet.api.python_words import python_words
from seqnet.api.sequences import Sequences, as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import InputError, LabelError, SettingError
from seqnet.core.outputs import made_directory
from seqnet.core.printable import counted, quoted
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.extra import check_extra
from seqnet.explanation.motifs.finding import find_motifs
from seqnet.explanation.motifs.known import read_known
from seqnet.explanation.motifs.motif import Motifs as FoundMotifs
from seqnet.explanation.survey import Survey
from seqnet.models.bundles import Bundle
from seqnet.nn.devices import computing
from seqnet.prediction.inputs import PredictionInputs
from seqnet.reporting.motifs import looks_like_file, write_motifs

__all__ = ["Motifs", "check_motif_directory", "motifs_in"]


@dataclass(frozen=True, repr=False)
class Motifs(FoundMotifs):
    """The motifs of a model in some sequences, the one with the largest influence first; see `Model.motifs`.

    Attributes:
        model: name of the model.
        explained: the class that is explained, in words.
    """

    model: str = ""
    explained: str = ""

    @classmethod
    def made(cls, found: FoundMotifs, model: str, explained: str) -> Motifs:
        """Returns the same motifs, with what a page says of them."""
        values = {one.name: getattr(found, one.name) for one in fields(found)}
        return cls(**values, model=model, explained=explained)

    def write(self, directory: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the motifs as `seqnet explain --motifs` does: a page with logos, a table, and MEME and other files.

        Args:
            directory: where the files go; it is made if it is not there.
            force: whether existing files are replaced.

        Raises:
            SeqnetError: the package logomaker is missing.
            OutputError: a file exists, or can't be written.
        """
        with python_words():
            folder = as_path(directory, "directory")
            check_motif_directory(folder, "directory")
            with made_directory(folder):
                write_motifs(self, folder, self.model, self.explained, force=force)


def check_motif_directory(directory: Path, name: str) -> None:
    """Checks that motifs can be written into a directory.

    Args:
        directory: where they go.
        name: the argument that it is given as.

    Raises:
        SettingError: the name is surely that of a file.
        SeqnetError: the package logomaker is missing.
    """
    if looks_like_file(directory):
        raise SettingError(name, str(directory), problem=f"names a directory; {directory} looks like a file")
    check_extra("logomaker", name)


def motifs_in(
    bundle: Bundle,
    threads: int,
    sequences: Sequences,
    labels: Iterable[object] | None,
    known: str | os.PathLike[str] | None,
    options: Mapping[str, Any],
    title: str,
) -> Motifs:
    """Returns the motifs of a model in sequences; see `Model.motifs`."""
    with python_words():
        explain, motifs = motif_options(options)
        explainer = Explainer(bundle, explain)
        if known is not None:
            check_extra("memelite", "known")
        templates = [] if known is None else read_known(Path(as_path(known)), bundle.alphabet)
        records = as_records(sequences, None)
        true = None if labels is None else _codes(labels, bundle.classes, len(records))
        inputs = PredictionInputs(ReadOptions(threads=threads), explainer.predictor.expected_alphabet)
        (checked,) = inputs.checked("sequences", iter([records]))
        survey = Survey(bundle, motifs, None)
        with computing(threads, bundle.classifier.device):
            tokenized = explainer.predictor.tokens_of(checked)
            rows = explainer.predictor.predict_tokens(checked.names, tokenized, "sequences")
            survey.add(tokenized.tokens, rows.labels, true)
            found = find_motifs(explainer, survey.sample(), motifs, templates, threads)
    warn_of_other_alphabet(inputs)
    return Motifs.made(found, title, explainer.explained)


def _codes(labels: Iterable[object], classes: tuple[str, ...], count: int) -> NDArray[np.int64]:
    """Returns the class (N,) int64 of each record, -1 for None.

    Raises:
        InputError: there are too many or too few.
        LabelError: one is not a class of the model.
    """
    known = {name: index for index, name in enumerate(classes)}
    codes = []
    for label in labels:
        if label is not None and str(label) not in known:
            raise LabelError("labels", f"{quoted(str(label))} is not a class of the model", f"use {', '.join(classes)}")
        codes.append(-1 if label is None else known[str(label)])
    if len(codes) != count:
        raise InputError(
            f"there are {counted(len(codes), 'labels')} for {counted(count, 'sequences')}", "give one for each"
        )
    return np.array(codes, dtype=np.int64)
