"""Precisions, and the automatic choice of one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seqnet.configs.run import compose
from seqnet.core.errors import SettingError
from seqnet.models.bundles import Bundle, open_bundle
from seqnet.models.precision import changed_labels
from seqnet.models.probabilities import bundle_probabilities
from seqnet.models.scoring import chosen_precision, has_bfloat16, prefers_bfloat16, ready
from seqnet.models.shipped import find_model
from seqnet.nn.networks.folded_classifier import FoldedClassifier
from tests.building import encoded, make_bundle, random_strings

needs_bfloat16 = pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="this CPU has no bfloat16")

needs_bytes = pytest.mark.skipif(
    "fbgemm" not in torch.backends.quantized.supported_engines, reason="tables of bytes are for x86"
)


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return open_bundle(find_model(Path("human-dna")))


def measured(bundle: Bundle, changed: dict[str, float]) -> Bundle:
    return replace(bundle, calibration=replace(bundle.calibration, changed=changed))


def test_a_gpu_computes_in_float32_unless_asked(shipped: Bundle) -> None:
    assert not prefers_bfloat16(torch.device("cuda"))
    elsewhere = measured(make_bundle(), {"bfloat16": 0.0})
    elsewhere.to(torch.device("meta"))
    assert chosen_precision(elsewhere, "auto") == "float32"
    assert chosen_precision(elsewhere, "bfloat16") == "bfloat16"


def test_what_was_not_measured_or_changes_labels_is_not_chosen(shipped: Bundle) -> None:
    assert chosen_precision(measured(shipped, {}), "auto") == "float32"
    assert chosen_precision(measured(shipped, {"bfloat16": 0.01}), "auto") == "float32"
    assert chosen_precision(shipped, "float32") == "float32"


@needs_bfloat16
def test_bfloat16_is_chosen_where_labels_stay(shipped: Bundle) -> None:
    assert chosen_precision(measured(shipped, {"bfloat16": 0.0005}), "auto") == "bfloat16"
    assert chosen_precision(shipped, "bfloat16") == "bfloat16"


def test_float16_is_not_for_cpus(shipped: Bundle) -> None:
    with pytest.raises(SettingError, match="float16 is for GPUs"):
        chosen_precision(shipped, "float16")


@needs_bytes
def test_bytes_are_for_tables(shipped: Bundle) -> None:
    bundle = make_bundle(compose("dna-cnn"), window=36)
    assert chosen_precision(bundle, "int8") == "int8"
    with pytest.raises(SettingError, match="int8 needs a network of one convolution, such as dna-cnn"):
        chosen_precision(shipped, "int8")


@needs_bytes
def test_a_table_is_exact_unless_bytes_are_requested() -> None:
    bundle = make_bundle(compose("dna-cnn"), window=36)
    assert chosen_precision(measured(bundle, {"int8": 0.0, "bfloat16": 0.0}), "auto") == "float32"


@needs_bytes
def test_labels_changed_by_bytes_are_counted() -> None:
    bundle = make_bundle(compose("dna-cnn"), window=36)
    tokens = encoded(random_strings([36] * 2000))
    rows = np.arange(2000)
    found = [
        bundle_probabilities(bundle, tokens, rows, members=ready(bundle, precision)).probabilities
        for precision in ("float32", "int8")
    ]
    labels = [each[:, 1] >= bundle.calibration.threshold for each in found]
    assert changed_labels(bundle, tokens, rows, found[0]) == {"int8": float((labels[0] != labels[1]).mean())}
    assert 0 < np.abs(found[0] - found[1]).max() < 0.1


@needs_bfloat16
def test_changed_labels_are_counted(shipped: Bundle) -> None:
    tokens = encoded(random_strings([36] * 300))
    rows = np.arange(300)
    labels = [
        bundle_probabilities(shipped, tokens, rows, members=ready(shipped, precision)).probabilities[:, 0] > 0.5
        for precision in ("float32", "bfloat16")
    ]
    exact = bundle_probabilities(shipped, tokens, rows).probabilities
    assert changed_labels(shipped, tokens, rows, exact) == {"bfloat16": float((labels[0] != labels[1]).mean())}
    lower = bundle_probabilities(shipped, tokens, rows, members=ready(shipped, "bfloat16")).probabilities
    assert 0 < np.abs(exact - lower).max() < 0.2


def test_shipped_models_are_symmetric_in_the_strands(shipped: Bundle) -> None:
    strings = random_strings([36, 40, 150, 20, 36] * 20)
    turned = [string[::-1].translate(str.maketrans("ACGT", "TGCA")) for string in strings]
    one, other = (bundle_probabilities(shipped, encoded(both)).probabilities for both in (strings, turned))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_textbook_network_is_a_table() -> None:
    assert isinstance(ready(make_bundle(compose("dna-cnn"), window=36), "auto")[0], FoldedClassifier)
    assert not isinstance(ready(make_bundle(compose("lstm"), window=36), "auto")[0], FoldedClassifier)


@needs_bfloat16
@pytest.mark.parametrize("preset", ["dna-cnn", "dna-hybrid"])
def test_members_stay_in_evaluation_mode(preset: str) -> None:
    # Threads share the members: if one left evaluation mode, the others would drop units at random.
    bundle = make_bundle(compose(preset), window=36)
    members = ready(bundle, "bfloat16")
    bundle_probabilities(bundle, encoded(random_strings([36] * 4)), members=members)
    assert not any(member.training for member in (*members, *bundle.members))
