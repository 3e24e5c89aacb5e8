"""Simulated DNA with a planted motif, models trained on it in seconds, and a comparison of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.motifs import MotifOptions
from seqnet.core.alphabets import alphabet
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.splits import SPLITS
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.motifs.comparison import best_alignment
from seqnet.explanation.motifs.finding import find_motifs
from seqnet.explanation.motifs.matrices import turned_matrix
from seqnet.explanation.motifs.motif import Motif, Motifs
from seqnet.explanation.survey import Survey
from seqnet.models.bundles import Bundle
from tests.building import fit, make_dataset, run_config

WIDTH = 8
CNN: Mapping[str, Any] = {
    "name": "cnn", "filters": [16], "kernels": [10], "pools": [1], "dense": [8], "summary": ["max"],
}  # fmt: skip
LSTM: Mapping[str, Any] = {"name": "recurrent", "cell": "lstm", "units": 24, "strands": "single"}
DNA = alphabet("dna")


def planted_matrix(seed: int) -> NDArray[np.float64]:
    """Returns a matrix (W, 4) with each base twice, and one position that takes two bases."""
    order = np.random.default_rng(seed).permutation([0, 1, 2, 3] * 2)
    matrix = np.full((WIDTH, 4), 0.05 / 3)
    matrix[np.arange(WIDTH), order] = 0.95
    matrix[2] = 0.05
    matrix[2, order[2]], matrix[2, (order[2] + 1) % 4] = 0.5, 0.4
    return matrix


def planted_dataset(seed: int, length: int, *, shuffled_labels: bool = False) -> Dataset:
    """Returns random DNA, half of it with an instance of the planted matrix; its labels may be shuffled."""
    counts = (2500, 300, 400)
    rng, matrix = np.random.default_rng(seed), planted_matrix(seed)
    symbols = rng.integers(0, 4, (sum(counts), length))
    labels = rng.permutation(np.arange(sum(counts)) % 2)
    for row in np.flatnonzero(labels):
        at = rng.integers(0, length - WIDTH + 1)
        symbols[row, at : at + WIDTH] = [rng.choice(4, p=shares) for shares in matrix]
    if shuffled_labels:
        labels = rng.permutation(labels)
    strings = ["".join("ACGT"[base] for base in row) for row in symbols]
    splits = [split for split, count in zip(SPLITS, counts, strict=True) for _ in range(count)]
    return make_dataset(strings, labels.tolist(), splits)


def trained(dataset: Dataset, network: Mapping[str, Any], seed: int = 0) -> Bundle:
    """Returns a model trained for a few seconds."""
    training = {"epochs": 6, "learning_rate": 0.01} if network is CNN else {"epochs": 8, "learning_rate": 0.02}
    return fit(dataset, run_config({**training, "batch_size": 64, "seed": seed}, network)).bundle


def motifs_of(bundle: Bundle, dataset: Dataset, options: MotifOptions | None = None) -> Motifs:
    """Returns the motifs of a model in 250 records of the test split."""
    options = options or MotifOptions(motif_records=250)
    explainer, survey = Explainer(bundle), Survey(bundle, options, None)
    test = dataset.members("test")
    tokens = dataset.tokens.take(test)
    rows = explainer.predictor.predict_tokens(
        dataset.names.take(test), explainer.predictor.tokens_of(_batch(dataset, test)), ""
    )
    survey.add(tokens, rows.labels, dataset.labels[test].astype(np.int64))
    return find_motifs(explainer, survey.sample(), options, [], 1)


def _batch(dataset: Dataset, members: NDArray[np.int64]) -> Any:
    from seqnet.core.ragged import Ragged
    from seqnet.core.records import RecordBatch

    names, tokens = dataset.names.take(members), dataset.tokens.take(members)
    return RecordBatch(names, Ragged(dataset.alphabet.decode(tokens.data), tokens.offsets), names)


def correlation(motif: Motif, planted: NDArray[np.float64]) -> float:
    """Returns Pearson's correlation of all W · 4 shares, over the positions of the planted matrix.

    Positions that the motif lacks have the background. The alignment and the strand are the best ones.
    """
    fit = best_alignment(planted - 0.25, motif.frequencies - motif.background, DNA, turning=True)
    planted = turned_matrix(planted, DNA) if fit.turned else planted
    seen = np.tile(motif.background, (len(planted), 1))
    for place in range(len(planted)):
        if 0 <= place + fit.shift < len(motif):
            seen[place] = motif.frequencies[place + fit.shift]
    return float(np.corrcoef(seen.ravel(), planted.ravel())[0, 1])
