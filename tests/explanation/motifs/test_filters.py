"""Places that filters respond to, for weights set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seqnet.core.alphabets import alphabet
from seqnet.explanation.motifs.filters import filter_hits, without_filters
from seqnet.nn.layers import ConvolutionStack
from seqnet.nn.networks import Classifier
from tests.building import encoded, make_classifier, run_config

WORD = "GATTACA"
STRINGS = ["CCCC" + WORD + "CCCC", "AAAAAAAAAA", "CCTGTAATCCCC", WORD, "GATTAC"]


def finder(network: Mapping[str, Any], strands: str = "single", window: int = 40) -> Classifier:
    """Returns a network whose first filter counts the matches with the word, less six."""
    classifier = make_classifier(run_config(network={**network, "strands": strands}), window=window)
    kernels = [one for one in classifier.network.modules() if isinstance(one, nn.Conv1d) and one.kernel_size == (7,)]
    weight, bias = kernels[0].weight, kernels[0].bias
    assert bias is not None
    with torch.no_grad():
        weight[:] = 0
        bias[:] = -6
        for place, letter in enumerate(WORD):
            weight[0, "ACGT".index(letter), place] = 1
    return classifier


ONE = {"filters": [2], "kernels": [7], "pools": [1]}


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ({"name": "cnn", **ONE}, "1"),
        ({"name": "cnn", **ONE, "summary": ["flatten"], "padding": "valid"}, "1"),
        ({"name": "hybrid", **ONE, "units": 3}, "1"),
        ({"name": "parallel", "filters": [2, 2], "kernels": [3, 7]}, "2.1"),
        ({"name": "parallel", "filters": [2, 2], "kernels": [3, 7], "norm": "batch"}, "2.1"),
    ],
    ids=["cnn", "flatten", "hybrid", "parallel", "parallel-norm"],
)
def test_a_filter_hits_its_word(network: Mapping[str, Any], name: str) -> None:
    hits = {one.name: one.sites for one in filter_hits(finder(network), encoded(STRINGS), alphabet("dna"))}
    assert sorted(zip(hits[name].record.tolist(), hits[name].start.tolist(), strict=True)) == [(0, 4), (3, 0)]
    assert hits[name].width == 7
    assert not hits[name].turned.any()
    # The other filter of this width never changes.
    assert name[:-1] + "2" not in hits


def test_both_strands_are_looked_at_if_the_model_predicts_on_both() -> None:
    (found,) = filter_hits(finder({"name": "cnn", **ONE}, "both"), encoded(STRINGS), alphabet("dna"), "2:")
    rows = zip(found.sites.record.tolist(), found.sites.start.tolist(), found.sites.turned.tolist(), strict=True)
    assert found.name == "2:1"
    assert sorted(rows) == [(0, 4, False), (2, 2, True), (3, 0, False)]
    tokens = found.sites.tokens(encoded(STRINGS), alphabet("dna"))
    assert {bytes(alphabet("dna").decode(row)).decode() for row in tokens} == {WORD}


def test_a_long_sequence_is_looked_at_in_windows_and_a_place_is_one_hit() -> None:
    string = "C" * 30 + WORD + "C" * 33
    (found,) = filter_hits(finder({"name": "cnn", **ONE}, window=20), encoded([string]), alphabet("dna"))
    assert found.sites.start.tolist() == [30]


def test_kmers_and_dilation_widen_what_a_filter_sees() -> None:
    network = {"name": "cnn", "filters": [3], "kernels": [3], "pools": [1], "dilations": [2]}
    config = run_config(network=network, encoder={"name": "kmer", "k": 2, "dimension": 3})
    found = filter_hits(make_classifier(config), encoded(["ACGTACGTTGCA"] * 2), alphabet("dna"))
    assert found
    assert {one.sites.width for one in found} == {6}
    assert all(0 <= int(start) <= 6 for one in found for start in one.sites.start)


def test_a_network_without_a_convolution_is_reported() -> None:
    assert without_filters(make_classifier(run_config(network={"name": "recurrent", "units": 3}))) is not None
    assert without_filters(make_classifier(run_config(network={"name": "dense", "dense": [3]}))) == (
        "the network has no convolution"
    )
    classifier = make_classifier(run_config(network={"name": "cnn", **ONE}))
    assert isinstance(classifier.network.stack, ConvolutionStack)
    assert without_filters(classifier) is None


def test_a_filter_that_is_always_active_is_hit_above_its_middle() -> None:
    classifier = finder({"name": "cnn", **ONE, "activation": "sigmoid"})
    hits = {one.name: one.sites for one in filter_hits(classifier, encoded(STRINGS), alphabet("dna"))}
    assert sorted(np.unique(hits["1"].record).tolist()) == [0, 3]
