"""Explained sequences → the motifs of a model.

Every sequence is also shuffled, and both are given to the model. Candidates come from real and shuffled sequences
together: the hits of each filter of the first convolution (`filters`), and clusters of stretches with a high
attribution (`seqlets`, `clustering`). Similar candidates are merged. A candidate is a motif if more sequences than
shuffled sequences have a hit. Hits are found without a look at which sequences are shuffled. So if the model had found
nothing, a hit in only one of a sequence and its shuffle would be in either with equal chance; the p-value is that of
the sign test. Matrix, counts and effects are those of the real sequences.

Source: Altschul & Erickson 1985, doi:10.1093/oxfordjournals.molbev.a040370 (shuffles of nucleotides keep the counts of
all pairs); Bailey 2021, doi:10.1093/bioinformatics/btab203 (shuffles as the control of motif discovery, of single
residues for proteins).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, false_discovery_control

from seqnet.configs.motifs import SEQLET_WIDTHS, MotifOptions
from seqnet.core.alphabets import Alphabet
from seqnet.core.printable import counted
from seqnet.core.ragged import Ragged
from seqnet.datasets.simulation.shuffling import dinucleotide
from seqnet.explanation.motifs.clustering import clusters
from seqnet.explanation.motifs.comparison import merged_sites
from seqnet.explanation.motifs.effects import LogitsOf, mean_effect
from seqnet.explanation.motifs.filters import FilterHits, filter_hits, without_filters
from seqnet.explanation.motifs.matrices import Sites, background_of, count_matrix, information
from seqnet.explanation.motifs.motif import Motif, Motifs
from seqnet.explanation.motifs.seqlets import seqlets
from seqnet.models.bundles import Bundle

__all__ = ["Explained", "discover", "shuffled"]

_MERGED = 0.7
"""Cosine of two matrices from which they are one motif."""
_CLUSTERED = 0.5
"""Mean cosine within a cluster of seqlets."""
_EDGE = 0.125
"""Positions at the ends are cut below this share of the largest possible information content."""


@dataclass(frozen=True)
class Explained:
    """Sequences, their shuffles, and what a model says of both.

    Attributes:
        sequences: 2N token sequences, the real ones in front, the shuffle of each behind.
        values: (ΣL, S) float32, attribution of each symbol at each position.
        present: (ΣL,) float32, attribution of the symbol that is there.
        targets: (2N,) int64, class that is explained.
        predicted: (N,) int64, predicted class of the real sequences.
        labels: (N,) int64, their true class, -1 where it is not known; None if none is.
        method: of the attributions.
    """

    sequences: Ragged
    values: NDArray[np.float32]
    present: NDArray[np.float32]
    targets: NDArray[np.int64]
    predicted: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    method: str

    @property
    def real(self) -> int:
        """N, number of real sequences."""
        return len(self.predicted)


@dataclass(frozen=True)
class _Candidate:
    """Sites that may be a motif, in real and shuffled sequences."""

    source: str
    sites: Sites


def shuffled(sequences: Ragged, alphabet: Alphabet, options: MotifOptions, rng: np.random.Generator) -> Ragged:
    """Returns a shuffle of each sequence, with the same pairs of neighbours or only the same symbols."""
    if _shuffle_of(alphabet, options) == "dinucleotide":
        return dinucleotide(sequences, alphabet, rng, np.empty(0))
    record = np.repeat(np.arange(len(sequences)), sequences.lengths)
    order = np.lexsort((rng.random(len(record)), record))
    return Ragged(sequences.data[order], sequences.offsets)


def _shuffle_of(alphabet: Alphabet, options: MotifOptions) -> str:
    return options.motif_shuffle or ("symbols" if alphabet.name == "protein" else "dinucleotide")


def discover(bundle: Bundle, explained: Explained, logits_of: LogitsOf, options: MotifOptions) -> Motifs:
    """Returns the motifs of a model.

    Args:
        bundle: the model.
        explained: sequences and attributions.
        logits_of: the number that is explained, for any sequences.
        options: what counts as a motif.
    """
    alphabet, both = bundle.alphabet, bundle.both_strands
    real = explained.sequences.slice(0, explained.real)
    background = background_of(real, alphabet, both_strands=both)
    notes: list[str] = []
    candidates = _from_attributions(explained, alphabet, background, options, notes)
    candidates += _from_filters(bundle, explained, background, options, notes)
    rng = np.random.default_rng(options.seed)
    found, weak = [], 0
    for candidate, q_value in _tested(candidates, explained.real, options, notes):
        trimmed = _trimmed(candidate.sites, explained, alphabet, background)
        if trimmed is not None:
            effect = mean_effect(trimmed, real, explained.targets, logits_of, background, rng)
            if abs(effect) < options.motif_effect:
                weak += 1
                continue
            found.append(_motif(candidate, trimmed, explained, bundle, background, q_value, effect))
    if weak:
        notes.append(
            f"left out: {counted(weak, 'candidates that change')} the logit by less than {options.motif_effect:g}; "
            "--motif-effect 0 keeps them"
        )
    found.sort(key=lambda motif: -abs(motif.effect) * motif.records)
    named = tuple(replace(motif, name=f"motif_{number}") for number, motif in enumerate(found, 1))
    return Motifs(named, alphabet, bundle.classes, background, explained.real, both, explained.method, tuple(notes))


def _from_attributions(
    explained: Explained,
    alphabet: Alphabet,
    background: NDArray[np.float64],
    options: MotifOptions,
    notes: list[str],
) -> list[_Candidate]:
    """Returns the clusters of seqlets, and notes if there are no seqlets."""
    width = options.motif_window or SEQLET_WIDTHS[alphabet.name]
    groups: list[Sites] = []
    count = 0
    sides = seqlets(explained.present, explained.sequences, explained.real, width, options.motif_fdr)
    for side in sides:
        count += len(side)
        groups += clusters(side, explained.values, explained.sequences, alphabet, _CLUSTERED, options.motif_sites)
    if not count:
        notes.append(
            "no stretch has a clearly higher attribution than in shuffled sequences" + _hint(alphabet, options)
        )
    short = int(np.count_nonzero(explained.sequences.lengths[: explained.real] < width))
    if short:
        notes.append(
            f"{counted(short, 'records are')} shorter than the {width} symbols of --motif-window; only filters were "
            "looked at there"
        )
    groups.sort(key=len, reverse=True)
    merged = merged_sites(groups, explained.sequences, alphabet, background, _MERGED)
    # A motif may be longer than the window.
    return [_Candidate("attributions", one.sites.cut(-(width // 2), width + 2 * (width // 2))) for one in merged]


def _hint(alphabet: Alphabet, options: MotifOptions) -> str:
    """Returns what may find motifs of two symbols, such as CG, which a dinucleotide shuffle keeps."""
    if _shuffle_of(alphabet, options) != "dinucleotide":
        return ""
    return "; shuffles keep pairs such as CG, --motif-shuffle symbols does not"


def _from_filters(
    bundle: Bundle, explained: Explained, background: NDArray[np.float64], options: MotifOptions, notes: list[str]
) -> list[_Candidate]:
    """Returns the filters with similar ones merged, and a note if there are none."""
    reasons = [without_filters(member) for member in bundle.members]
    if all(reasons):
        notes.append(f"{reasons[0]}, so there are motifs of attributions only")
        return []
    hits: list[FilterHits] = []
    for number, (member, reason) in enumerate(zip(bundle.members, reasons, strict=True), 1):
        if reason:
            continue
        name = f"{number}:" if len(bundle.members) > 1 else ""
        hits += filter_hits(member, explained.sequences, bundle.alphabet, name)
    hits = [one for one in hits if len(one.sites) >= options.motif_sites]

    def bits(one: FilterHits) -> float:
        tokens = one.sites.tokens(explained.sequences, bundle.alphabet)
        return float(information(count_matrix(tokens, bundle.alphabet), background).sum())

    hits.sort(key=bits, reverse=True)
    sites = [one.sites for one in hits]
    merged = merged_sites(sites, explained.sequences, bundle.alphabet, background, _MERGED)
    found = []
    for group in merged:
        names = ", ".join(hits[index].name for index in sorted(group.members))
        found.append(_Candidate(f"{'filters' if len(group.members) > 1 else 'filter'} {names}", group.sites))
    return found


def _tested(
    candidates: list[_Candidate], real: int, options: MotifOptions, notes: list[str]
) -> Iterator[tuple[_Candidate, float]]:
    """Yields the candidates that are more frequent in real than in shuffled sequences, with their q-values."""
    if not candidates:
        return
    p_values = []
    for candidate in candidates:
        own, other = _records(candidate.sites, real)
        only, only_shuffled = len(np.setdiff1d(own, other)), len(np.setdiff1d(other, own))
        p_values.append(float(binom.sf(only - 1, only + only_shuffled, 0.5)) if only else 1.0)
    q_values = false_discovery_control(p_values)
    left_out = 0
    for candidate, q_value in zip(candidates, q_values.tolist(), strict=True):
        if q_value <= options.motif_q:
            yield candidate, q_value
        else:
            left_out += 1
    if left_out:
        notes.append(
            f"left out: {counted(left_out, 'candidates that are')} not more frequent than in shuffled sequences; "
            "--motif-q 1 keeps them"
        )


def _records(sites: Sites, real: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the real sequences with a site, and the sequences whose shuffle has one."""
    own = np.unique(sites.record[sites.record < real])
    return own, np.unique(sites.record[sites.record >= real]) - real


def _trimmed(sites: Sites, explained: Explained, alphabet: Alphabet, background: NDArray[np.float64]) -> Sites | None:
    """Returns the sites in real sequences, without positions at the ends that say little; None if none is left."""
    own = sites.take(sites.record < explained.real)
    if 2 * int(own.turned.sum()) > len(own):
        own = own.mirrored()
    bits = information(count_matrix(own.tokens(explained.sequences, alphabet), alphabet), background)
    informative = np.flatnonzero(bits >= _EDGE * np.log2(alphabet.size))
    if not len(informative):
        return None
    return own.cut(int(informative[0]), int(informative[-1] - informative[0]) + 1)


def _motif(
    candidate: _Candidate,
    sites: Sites,
    explained: Explained,
    bundle: Bundle,
    background: NDArray[np.float64],
    q_value: float,
    effect: float,
) -> Motif:
    """Returns a motif of trimmed sites, without a name."""
    own, other = _records(candidate.sites, explained.real)
    classes = len(bundle.classes)
    labels = explained.labels
    return Motif(
        name="",
        source=candidate.source,
        counts=count_matrix(sites.tokens(explained.sequences, bundle.alphabet), bundle.alphabet),
        background=background,
        alphabet=bundle.alphabet,
        hits=len(sites),
        records=len(own),
        shuffled=len(other),
        q_value=q_value,
        effect=effect,
        shares=_shares(own, explained.predicted, classes),
        labelled=None if labels is None else _shares(own, labels, classes),
    )


def _shares(records: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Returns the share (K,) of the sequences of each class that are among some records."""
    sizes = np.bincount(labels[labels >= 0], minlength=classes)
    inside = labels[records]
    return np.asarray(np.bincount(inside[inside >= 0], minlength=classes) / np.where(sizes > 0, sizes, np.nan))
