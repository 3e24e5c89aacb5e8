"""Bundles whose networks are of different kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.core.errors import ContainerError
from seqnet.models.bundles import Bundle, open_bundle, write_bundle
from seqnet.models.inspection import inspect, lines, summary
from seqnet.models.mixture import MemberConfig, mixture_text
from seqnet.models.probabilities import bundle_probabilities, class_probabilities
from tests.building import encoded, make_bundle, random_strings, run_config
from tests.rewriting import rewrite

FREE = run_config()
FLAT = run_config(
    network={"name": "cnn", "filters": [4], "kernels": [3], "pools": [2], "summary": ["flatten"], "strands": "single"}
)
WINDOW = 20
WEIGHTS = (0.75, 0.25)


def mixture() -> Bundle:
    """Returns a mixture of a network for both strands and one that flattens a single strand."""
    free, flat = make_bundle(FREE, window=WINDOW), make_bundle(FLAT, window=WINDOW)
    members = tuple(MemberConfig(one.config, weight) for one, weight in zip((free, flat), WEIGHTS, strict=True))
    return replace(free, members=(*free.members, *flat.members), mixture=members)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_bundle(path, mixture())
    return path


def test_the_mean_is_weighted(path: Path) -> None:
    bundle = open_bundle(path)
    tokens = encoded(random_strings([20, 7, 33, 12]))
    each = [class_probabilities(member, tokens) for member in bundle.members]
    found = bundle_probabilities(bundle, tokens)
    mean = 0.75 * each[0] + 0.25 * each[1]
    assert np.abs(each[0] - each[1]).max() > 0.01
    assert found.probabilities == pytest.approx(mean, abs=1e-6)
    assert found.deviations == pytest.approx(np.sqrt(0.75 * 0.25) * np.abs(each[0] - each[1]), abs=1e-6)


def test_votes_are_weighted() -> None:
    bundle = mixture()
    tokens = encoded(random_strings([WINDOW] * 50))
    shares = bundle_probabilities(bundle, tokens, vote=True).probabilities
    assert {round(float(share), 6) for share in shares[:, 0]} <= {0.0, 0.25, 0.75, 1.0}


def test_the_prediction_does_not_depend_on_the_batch(path: Path) -> None:
    bundle = open_bundle(path)
    tokens = encoded(random_strings([20, 7, 33, 12]))
    together = bundle_probabilities(bundle, tokens).probabilities
    alone = [bundle_probabilities(bundle, tokens, np.array([index])).probabilities[0] for index in range(4)]
    assert together == pytest.approx(np.array(alone), abs=1e-5)


def test_a_network_of_one_strand_makes_the_mixture_one_of_a_single_strand() -> None:
    bundle = mixture()
    assert not bundle.both_strands
    both = replace(bundle, members=bundle.members[:1], mixture=())
    assert both.both_strands


def test_inspect_shows_kinds_and_weights(path: Path) -> None:
    found = inspect(path)
    assert [(one["network"], one["strands"], one["weight"]) for one in found["mixture"]] == [
        ("cnn", "both", 0.75),
        ("cnn", "single", 0.25),
    ]
    assert found["strands"] == "single"
    assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]
    assert {layer["name"].partition(".")[0] for layer in found["layers"]} == {"1", "2"}
    assert [one["network"].get("summary") for one in found["configs"]] == [["max"], ["flatten"]]
    text = lines(summary(found))
    assert "mixture" in text
    assert [line.strip() for line in text if "weight:" in line] == ["weight: 0.75", "weight: 0.25"]


def test_a_model_of_one_kind_has_no_mixture(tmp_path: Path) -> None:
    write_bundle(tmp_path / "m.safetensors", make_bundle(members=2))
    found = inspect(tmp_path / "m.safetensors")
    assert found["mixture"] is None
    assert not [line for line in lines(found) if line.startswith(("mixture", "configs"))]


def test_text() -> None:
    assert mixture_text(mixture().mixture) == "2: cnn 0.75, cnn 0.25; probabilities are their weighted mean"


def _weights(*weights: Any) -> Callable[[dict[str, Any]], None]:
    def change(about: dict[str, Any]) -> None:
        for one, weight in zip(about["mixture"], weights, strict=True):
            one["weight"] = weight

    return change


def _config(about: dict[str, Any]) -> None:
    about["mixture"][1]["config"]["network"]["filters"] = [65_536]


def _swapped(about: dict[str, Any]) -> None:
    about["mixture"].reverse()


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "sum": (_weights(0.75, 0.75), "weights that add up to 1"),
    "negative": (_weights(1.5, -0.5), r"mixture\[0\].weight"),
    "not a number": (_weights("nan", 1.0), r"mixture\[0\].weight"),
    "too few": (lambda about: about["mixture"].pop(), "mixture"),
    "too many": (lambda about: about["mixture"].append(about["mixture"][0]), "one entry for each of the 2 members"),
    "no list": (lambda about: about.update(mixture={"a": 1}), "mixture"),
    "other shapes": (_config, "the weights do not fit the network"),
    "other order": (_swapped, "the weights do not fit the network"),
    "unknown setting": (lambda about: about["mixture"][0]["config"]["network"].update(no=1), "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_descriptions_are_refused(name: str, path: Path) -> None:
    change, expected = HOSTILE[name]
    rewrite(path, lambda about, header: change(about))
    with pytest.raises(ContainerError, match=expected):
        open_bundle(path)
