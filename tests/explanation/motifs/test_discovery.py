"""A planted motif comes back, and a model that has learned noise has none."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from seqnet.configs.motifs import MotifOptions
from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.discovery import Explained, discover, shuffled
from tests.building import encoded, make_bundle, random_strings, run_config
from tests.explanation.motifs.planting import (
    CNN,
    LSTM,
    correlation,
    motifs_of,
    planted_dataset,
    planted_matrix,
    trained,
)


@pytest.mark.parametrize(("network", "length"), [(CNN, 40), (LSTM, 24)], ids=["cnn", "lstm"])
def test_a_planted_motif_comes_back(network: Mapping[str, Any], length: int) -> None:
    dataset = planted_dataset(3, length)
    found = motifs_of(trained(dataset, network), dataset)
    (motif,) = [one for one in found if one.source == "attributions"]
    assert correlation(motif, planted_matrix(3)) >= 0.9
    assert motif.effect > 1
    assert motif.records > 3 * motif.shuffled
    assert motif.q_value < 1e-6
    # Half of the records have the motif, those of the class signal.
    assert motif.labelled is not None
    assert motif.labelled[1] > 0.6
    assert motif.labelled[0] < 0.15
    assert motif.shares[1] > 0.6
    by_filter = [correlation(one, planted_matrix(3)) for one in found if one.source.startswith("filter")]
    if network is CNN:
        assert max(by_filter) >= 0.9
    else:
        assert found.notes[-1] == "the network has no convolution, so there are motifs of attributions only"


@pytest.mark.parametrize(("network", "length"), [(CNN, 40), (LSTM, 24)], ids=["cnn", "lstm"])
def test_a_model_of_shuffled_labels_has_no_motif(network: Mapping[str, Any], length: int) -> None:
    dataset = planted_dataset(3, length, shuffled_labels=True)
    found = motifs_of(trained(dataset, network), dataset)
    assert [motif.consensus for motif in found] == []
    assert any("no stretch has a clearly higher attribution than in shuffled sequences" in note for note in found.notes)


def test_shuffles_keep_pairs_of_nucleotides_and_single_residues() -> None:
    rng = np.random.default_rng(0)
    dna = encoded(random_strings([40, 1, 25]))
    other = shuffled(dna, alphabet("dna"), MotifOptions(), rng)
    pairs = [Counter(itertools.pairwise(one[0])) for one in (dna, other)]
    assert pairs[0] == pairs[1]
    assert dna[0] != other[0]
    assert dna[1] == other[1]
    proteins = encoded(random_strings([60, 30], "ARNDCQEGHILKMFPSTWYV"), "protein")
    other = shuffled(proteins, alphabet("protein"), MotifOptions(), rng)
    assert [sorted(one) for one in map(proteins.__getitem__, range(2))] == [sorted(other[0]), sorted(other[1])]
    assert proteins[0] != other[0]


def test_short_records_are_reported_and_all_filters_can_be_kept() -> None:
    bundle = make_bundle(run_config(network={"name": "cnn", "filters": [4], "kernels": [5], "pools": [1]}))
    tokens = encoded(random_strings([9, 12] * 60))
    count, symbols = len(tokens), len(tokens.data)
    explained = Explained(
        tokens,
        np.zeros((symbols, 4), np.float32),
        np.zeros(symbols, np.float32),
        np.ones(count, np.int64),
        np.ones(count // 2, np.int64),
        None,
        "gradient",
    )
    options = MotifOptions(motif_q=1, motif_effect=0)

    def no_effect(sequences: object, targets: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.zeros(len(targets))

    found = discover(bundle, explained, no_effect, options)
    assert (
        "30 records are shorter than the 10 symbols of --motif-window; only filters were looked at there" in found.notes
    )
    assert {motif.source.split()[0] for motif in found} <= {"filter", "filters"}
    assert len(found) >= 2
    assert all(motif.effect == 0 for motif in found)
    assert len(discover(bundle, explained, no_effect, MotifOptions(motif_q=1))) == 0
