"""Attributions, logos, motifs and words of the records of files, as `seqnet explain` writes them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from seqnet.api.explain_keywords import ExplainedFileOptions, ExplainFileKeywords, explain_file_options
from seqnet.api.files import pysam_kept
from seqnet.api.keywords import as_path
from seqnet.api.models import Model
from seqnet.api.motifs import Motifs, check_motif_directory
from seqnet.api.python_words import python_words
from seqnet.api.tables import Paths, as_paths, check_model
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.api.words import Words
from seqnet.core.errors import SettingError
from seqnet.core.outputs import check_targets, made_directory, reading
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.extra import check_extra
from seqnet.explanation.logos import LogoFiles
from seqnet.explanation.writers import format_of
from seqnet.nn.devices import computing
from seqnet.reporting.explanation_run import ExplanationRequest, ExplanationRun

__all__ = ["ExplainedFiles", "explain_files"]


@dataclass(frozen=True)
class ExplainedFiles:
    """What `explain_files` has found.

    Attributes:
        statuses: status → number of records.
        motifs: the motifs; None if none were asked for.
        words: the words; None if none were asked for.
    """

    statuses: Mapping[str, int]
    motifs: Motifs | None
    words: Words | None


def explain_files(
    model: Model,
    inputs: Paths,
    *,
    output: str | os.PathLike[str] | None = None,
    logos: str | os.PathLike[str] | None = None,
    records: str | Iterable[str] = (),
    motifs: str | os.PathLike[str] | None = None,
    known: str | os.PathLike[str] | None = None,
    words: str | os.PathLike[str] | None = None,
    force: bool = False,
    **options: Unpack[ExplainFileKeywords],
) -> ExplainedFiles:
    """Writes what `seqnet explain` writes of the records of files, and returns what was found.

    Args:
        model: a trained model.
        inputs: a file or several, as in `Model.predict_file`.
        output: the attributions, .tsv, .tsv.gz or .npz.
        logos: directory for a sequence logo of each record; or that of a single record, .svg or .png.
        records: names of the records to explain; by default all.
        motifs: directory for the motifs that the model responds to.
        known: with `motifs`: file of known motifs in MEME format; the nearest one is named for each motif.
        words: the words that are over-represented in the records of a predicted class, .tsv.
        force: whether existing files are replaced.
        **options: method, steps, target, alphabet and unknown, motif_records and others, word_length and word_q,
            label_column, label_regex and labels, as in `seqnet explain`; and options of reading, as in
            `Model.predict_file`.

    Raises:
        SettingError: no file is named, there is no such option, or its value is not allowed or has no effect.
        OutputError: a file exists, is an input, or can't be written.
        SeqnetError: an input, known motifs or labels can't be read; or a package is missing.
        OSError: an input is not there.
    """
    with python_words():
        check_model(model)
        paths = list(map(str, as_paths(inputs, "inputs")))
        places = {"output": output, "logos": logos, "motifs": motifs, "known": known, "words": words}
        given = {name: as_path(place, name) for name, place in places.items() if place is not None}
        names = (records,) if isinstance(records, str) else tuple(records)
        _check(given, names, options)
        wanted = explain_file_options(options, model.threads)
        request = _request(given, names, wanted, force=force)
        run = ExplanationRun(request, explainer := Explainer(model.bundle, wanted.explain), wanted.read)
        with reading(paths), pysam_kept(), computing(model.threads, model.bundle.classifier.device):
            found = _written(run, request, given.get("logos"), paths, explainer, model.title)
        warn_of_other_alphabet(run.source)
        return found


def _request(
    given: Mapping[str, Path], records: tuple[str, ...], wanted: ExplainedFileOptions, *, force: bool
) -> ExplanationRequest:
    """Returns what is written: the files that are given, with the settings of a call."""
    return ExplanationRequest(
        table="output" in given,
        output=given.get("output"),
        logos=LogoFiles(given["logos"], force=force) if "logos" in given else None,
        records=records,
        motifs=given.get("motifs"),
        known=given.get("known"),
        words=given.get("words"),
        motif_options=wanted.motifs,
        word_options=wanted.words,
        labels=wanted.labels,
        force=force,
    )


_NEEDED = {"motif_": "motifs", "seed": "motifs", "label": "motifs", "word_": "words"}
"""Start of the names of options → the argument without which they have no effect."""


def _check(given: Mapping[str, Path], records: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Checks that arguments go together, and that packages are there.

    Raises:
        SettingError: an argument is missing, or has no effect.
        SeqnetError: a package is missing.
    """
    if not given.keys() - {"known"}:
        raise SettingError("output", None, problem="is needed, or logos, motifs or words")
    used = {name: value for name, value in options.items() if value is not None}
    for name, value in used.items():
        for start, needed in _NEEDED.items():
            if name.startswith(start) and needed not in given:
                raise SettingError(name, value, problem=f"needs {needed}")
    if "known" in given and "motifs" not in given:
        raise SettingError("known", str(given["known"]), problem="needs motifs")
    for name in ("method", "steps", "target"):
        if name in used and given.keys() == {"words"}:
            raise SettingError(name, used[name], problem="needs output, logos or motifs: words have no attributions")
    if records and given.keys() & {"motifs", "words"}:
        raise SettingError("records", records, problem="can't be combined with motifs or words, which are of many")
    format_of(given.get("output"))
    if "motifs" in given:
        check_motif_directory(given["motifs"], "motifs")
    if "known" in given:
        check_extra("memelite", "known")


def _written(
    run: ExplanationRun,
    request: ExplanationRequest,
    logos: Path | None,
    paths: list[str],
    explainer: Explainer,
    title: str,
) -> ExplainedFiles:
    """Writes all files, and returns what was found."""
    folder = request.logos.folder if request.logos else None
    targets = [path for path in (request.output, None if folder else logos) if path]
    with made_directory(folder), made_directory(request.motifs):
        check_targets([*targets, *request.surveyed_files()], force=request.force)
        statuses = run.explain(paths).by_status()
        words, motifs = run.write_words(), run.write_motifs(title)
    return ExplainedFiles(
        statuses,
        None if motifs is None else Motifs.made(motifs, title, explainer.explained),
        None if words is None else Words.made(words),
    )
