"""A sample of records → its motifs: explains the records and their shuffles, and looks for motifs in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.motifs import MotifOptions
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.motifs.discovery import Explained, discover, shuffled
from seqnet.explanation.motifs.effects import explained_logits
from seqnet.explanation.motifs.known import FEW_KNOWN, matched
from seqnet.explanation.motifs.motif import KnownMotif, Motifs
from seqnet.explanation.streaming import explain_in_order
from seqnet.explanation.survey import Sample

__all__ = ["find_motifs"]


def find_motifs(
    explainer: Explainer,
    sample: Sample,
    options: MotifOptions,
    known: Sequence[KnownMotif],
    threads: int,
    progress: Callable[[int], object] = lambda records: None,
) -> Motifs:
    """Returns the motifs of a model in a sample of records.

    Args:
        explainer: has the model and the method.
        sample: the records.
        options: what counts as a motif.
        known: motifs to compare with; may be empty.
        threads: of the CPU.
        progress: called with the number of further records and shuffles that are explained.
    """
    bundle = explainer.bundle
    notes = []
    if len(sample.tokens) < sample.seen:
        notes.append(
            f"motifs are found in {counted(len(sample.tokens), 'records')}, drawn at random from {sample.seen:,}; "
            "--motif-records sets the number"
        )
    if not len(sample.tokens):
        background = np.full(bundle.alphabet.size, 1 / bundle.alphabet.size)
        both, method = bundle.both_strands, explainer.options.method
        notes = ["there are no records"]
        found = Motifs((), bundle.alphabet, bundle.classes, background, 0, both, method)
        return replace(found, notes=tuple(notes), compared=bool(known))
    explained = _explained(explainer, sample, options, threads, progress)

    def logits_of(tokens: Ragged, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        return explained_logits(explainer.predictor.members, bundle.weights, tokens, targets)

    found = discover(bundle, explained, logits_of, options)
    if known:
        found = replace(found, motifs=tuple(matched(found.motifs, known)))
        if len(known) < FEW_KNOWN:
            notes.append(
                f"p-values of matches are reliable with at least {FEW_KNOWN} known motifs; the file has {len(known)}"
            )
    labelled = sample.labels is not None
    return replace(found, notes=(*notes, *found.notes), labelled=labelled, compared=bool(known))


def _explained(
    explainer: Explainer, sample: Sample, options: MotifOptions, threads: int, progress: Callable[[int], object]
) -> Explained:
    """Returns the attributions of the records of a sample and of a shuffle of each."""
    alphabet = explainer.bundle.alphabet
    other = shuffled(sample.tokens, alphabet, options, np.random.default_rng(options.seed))
    pool = Ragged.concatenate([sample.tokens, other])
    values = np.empty((len(pool.data), alphabet.size), dtype=np.float32)
    present, targets = np.empty(len(pool.data), dtype=np.float32), np.empty(len(pool), dtype=np.int64)
    for one, chosen in _by_target(explainer, sample.predicted):
        part = pool.take(chosen)
        names = Ragged.from_lengths(np.empty(0, np.uint8), np.zeros(len(chosen), dtype=np.int64))
        batch = RecordBatch(names, Ragged(alphabet.decode(part.data), part.offsets), names)

        def collect(found: Attributions) -> Attributions:
            return found

        done = []
        for found in explain_in_order(one, [("", batch)], threads, collect):
            done.append(found)
            progress(len(found))
        found = Attributions.concatenate(done)
        places = np.concatenate([np.arange(pool.offsets[row], pool.offsets[row + 1]) for row in chosen.tolist()])
        values[places], present[places], targets[chosen] = found.values, found.present, found.labels
    return Explained(pool, values, present, targets, sample.predicted, sample.labels, explainer.options.method)


def _by_target(explainer: Explainer, predicted: NDArray[np.int64]) -> list[tuple[Explainer, NDArray[np.int64]]]:
    """Returns what explains records and their shuffles, and their indices: a shuffle has the class of its record."""
    bundle, both = explainer.bundle, np.concatenate([predicted, predicted])
    if bundle.positive is not None or explainer.options.target is not None:
        return [(explainer, np.arange(len(both)))]
    found = []
    for label in np.unique(predicted).tolist():
        options = replace(explainer.options, target=bundle.classes[label])
        found.append((Explainer(bundle, options), np.flatnonzero(both == label)))
    return found
