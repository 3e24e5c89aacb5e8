from __future__ import annotations

import dataclasses
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.run import compose
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import ContainerError
from seqnet.evaluation.calibration import ValidationScores
from seqnet.evaluation.novelty import describe
from seqnet.models.bundles import Bundle, open_bundle, write_bundle
from seqnet.training.finalization import with_baselines
from tests.building import encoded, make_bundle, padded, planted, random_strings, run_config
from tests.rewriting import rewrite

BATCH_NORM = {"name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "units": 3, "norm": "batch"}
TRAINED_ON = encoded(random_strings([12] * 200))
NOVELTY = describe(TRAINED_ON, TRAINED_ON, alphabet("dna"))
BUNDLES = {
    "plain": lambda: make_bundle(),
    "three classes": lambda: make_bundle(name="protein", classes=("a", "b", "c")),
    "odd names": lambda: make_bundle(classes=("ä β", 'no "signal"')),
    "embedding": lambda: make_bundle(run_config(encoder={"name": "embedding"}), "rna"),
    "batch norm": lambda: make_bundle(run_config(network=BATCH_NORM)),
    "dna-cnn": lambda: make_bundle(compose("dna-cnn"), window=36),
    "ensemble": lambda: make_bundle(members=3),
    "novelty": lambda: dataclasses.replace(make_bundle(), novelty=NOVELTY),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("make", BUNDLES.values(), ids=BUNDLES)
def test_written_content_reads_back(make: Callable[[], Bundle], path: Path) -> None:
    bundle = make()
    write_bundle(path, bundle)
    found = open_bundle(path)
    for field in dataclasses.fields(Bundle):
        if field.name != "members":
            assert getattr(found, field.name) == getattr(bundle, field.name), field.name
    symbols = bundle.alphabet.canonical
    batch = padded(random_strings([9, 3, 12], symbols), bundle.alphabet.name)
    for one, other in zip(bundle.members, found.members, strict=True):
        ours, theirs = one.state_dict(), other.state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        assert not other.training
        with torch.no_grad():
            assert torch.equal(one.strand_logits(*batch), other.strand_logits(*batch))


@pytest.mark.parametrize("make", BUNDLES.values(), ids=BUNDLES)
def test_the_same_bundle_gives_the_same_bytes(make: Callable[[], Bundle], path: Path, tmp_path: Path) -> None:
    write_bundle(path, make())
    again = tmp_path / "again.safetensors"
    write_bundle(again, open_bundle(path))
    assert again.read_bytes() == path.read_bytes()


def test_other_programs_read_it(path: Path) -> None:
    from safetensors.numpy import load_file

    bundle = make_bundle(members=2)
    write_bundle(path, bundle)
    arrays = load_file(path)
    for index, member in enumerate(bundle.members):
        for name, tensor in member.state_dict().items():
            np.testing.assert_array_equal(arrays.pop(f"00{index}.{name}"), tensor.numpy())
    assert not arrays


def with_kept(members: int = 1) -> Bundle:
    """Returns a bundle with baselines and validation scores."""
    dataset = planted((60, 20, 0))
    found = with_baselines(make_bundle(members=members), dataset, lambda line: None)[0]
    labels = np.array([0, 1] * 30)
    positive = np.linspace(0, 1, 60)
    kept = ValidationScores.keep(labels, np.column_stack([1 - positive, positive]), 1)
    return dataclasses.replace(found, validation=kept)


@pytest.mark.parametrize("members", [1, 2])
def test_what_is_kept_of_the_training_records_is_read(path: Path, tmp_path: Path, members: int) -> None:
    bundle = with_kept(members)
    write_bundle(path, bundle)
    found = open_bundle(path)
    assert list(found.baselines) == ["majority", "composition", "kmers"]
    dataset = planted((0, 0, 40), seed=5)
    for name, one in bundle.baselines.items():
        other = found.baselines[name]
        assert (other.records, other.available, other.converged, other.strength) == (60, 60, True, one.strength)
        ours, theirs = (each.probabilities(dataset.tokens, np.arange(40)) for each in (one, other))
        assert ours.tobytes() == theirs.tobytes()
    assert found.validation is not None
    assert bundle.validation is not None
    np.testing.assert_array_equal(found.validation.scores, bundle.validation.scores)
    np.testing.assert_array_equal(found.validation.labels, bundle.validation.labels)
    assert len(found.members) == members
    again = tmp_path / "again.safetensors"
    write_bundle(again, found)
    assert again.read_bytes() == path.read_bytes()


def test_the_kept_scores_take_little_space(path: Path, tmp_path: Path) -> None:
    plain, kept = tmp_path / "plain", with_kept()
    write_bundle(path, kept)
    write_bundle(plain, dataclasses.replace(kept, baselines={}, validation=None))
    assert path.stat().st_size - plain.stat().st_size < 12_000


@pytest.mark.parametrize(
    "change",
    [
        lambda about, header: header.pop("baselines.kmers.bias"),
        lambda about, header: header.pop("validation.labels"),
        lambda about, header: header["baselines.composition.weights"].update(shape=[5, 2]),
        lambda about, header: header["validation.scores"].update(shape=[120]),
        lambda about, header: header["validation.labels"].update(dtype="F32"),
        lambda about, header: about.pop("baselines"),
        lambda about, header: about["baselines"].pop("majority"),
        lambda about, header: about["baselines"].update(oracle=about["baselines"]["majority"]),
        lambda about, header: about["baselines"]["kmers"].update(records="many"),
        lambda about, header: about["baselines"]["kmers"].update(records=None),
        lambda about, header: about["baselines"]["kmers"].update(strength=[1]),
        lambda about, header: about["baselines"]["kmers"].pop("available"),
        lambda about, header: about.update(baselines=1),
    ],
)
def test_what_is_kept_and_damaged_is_refused(
    path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    write_bundle(path, with_kept())
    rewrite(path, change)
    refuse(path, "the description of the model is damaged|the file is damaged|the baselines of the model are damaged")


def test_predictions_do_not_read_the_baselines(path: Path) -> None:
    # In a separate process, to see its imports.
    write_bundle(path, with_kept())
    code = f"""if True:
        import sys
        from pathlib import Path
        from seqnet.models.bundles import open_bundle
        from seqnet.prediction.predictor import Predictor
        Predictor(open_bundle(Path({str(path)!r})))
        assert "seqnet.evaluation.baselines" not in sys.modules and "sklearn" not in sys.modules
        """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_baselines_that_are_not_numbers_are_refused(path: Path) -> None:
    bundle = with_kept()
    one = bundle.baselines["kmers"]
    for part in ("weights", "bias"):
        odd = dataclasses.replace(one, **{part: np.full_like(getattr(one, part), np.nan)})
        write_bundle(path, dataclasses.replace(bundle, baselines={**bundle.baselines, "kmers": odd}))
        refuse(path, "the baseline kmers has weights that are not numbers")


def without(key: str, about: dict[str, Any], header: dict[str, Any]) -> None:
    del about[key]


def refuse(path: Path, message: str) -> None:
    with pytest.raises(ContainerError, match=message) as caught:
        dict(open_bundle(path).baselines)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_rewriting_alone_damages_nothing(path: Path) -> None:
    write_bundle(path, make_bundle())
    rewrite(path, lambda about, header: None)
    assert open_bundle(path).window == 12


def test_a_description_that_lacks_something_is_refused(path: Path) -> None:
    write_bundle(path, make_bundle())
    whole = path.read_bytes()
    keys = set(json.loads(json.loads(whole[8 : 8 + struct.unpack("<Q", whole[:8])[0]])["__metadata__"]["seqnet"]))
    for key in keys - {"kind", "version", "parameters", "novelty"}:
        path.write_bytes(whole)
        rewrite(path, partial(without, key))
        refuse(path, f"the description of the model is damaged: {key} is missing")


def test_a_bundle_of_before_there_was_novelty_is_read(path: Path) -> None:
    write_bundle(path, make_bundle())
    rewrite(path, partial(without, "novelty"))
    assert open_bundle(path).novelty is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("novelty", {}),
        ("novelty", 1),
        ("novelty", dataclasses.asdict(NOVELTY) | {"shares": [0.5, 0.5]}),
        ("novelty", dataclasses.asdict(NOVELTY) | {"covariance": 0.0}),
        ("novelty", dataclasses.asdict(NOVELTY) | {"expected": [0.0] * 5}),
        ("novelty", dataclasses.asdict(NOVELTY) | {"bound": "far"}),
        ("novelty", dataclasses.asdict(NOVELTY) | {"shortest": 99}),
        ("alphabet", "klingon"),
        ("alphabet", ["dna"]),
        ("classes", 2),
        ("config", {}),
        ("config", []),
        ("config", {"network": {"name": "cnn", "kernels": [0]}}),
        ("window", "wide"),
        ("window", None),
        ("window", 0),
        ("window", 12.5),
        ("positive", 2),
        ("positive", "signal"),
        ("metrics", None),
        ("provenance", "here"),
        ("members", 0),
        ("members", 2),
        ("members", "one"),
        ("calibration", {"temperature": 1.0}),
        ("calibration", {"temperatures": 1.0, "shares": []}),
        ("calibration", {"shares": 1}),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(path: Path, key: str, value: Any) -> None:
    write_bundle(path, make_bundle())
    rewrite(path, lambda about, header: about.update({key: value}))
    refuse(path, "the description of the model is damaged|the weights do not fit the network")


@pytest.mark.parametrize("change", ["rename", "drop", "shape"])
def test_other_weights_are_refused(path: Path, change: str) -> None:
    write_bundle(path, make_bundle())

    def alter(about: dict[str, Any], header: dict[str, Any]) -> None:
        name = "000.network.head.output.weight"
        entry = header.pop(name)
        if change == "rename":
            header["000.network.other"] = entry
        if change == "shape":
            header[name] = {**entry, "shape": entry["shape"][::-1]}
        if change == "drop":
            header["000.network.head.other"] = {**entry, "dtype": "U8", "shape": [4 * 2 * 5]}

    rewrite(path, alter)
    refuse(path, "the weights do not fit the network that the file describes; make one with seqnet train")


def test_other_content_than_a_bundle_is_refused(path: Path) -> None:
    path.write_bytes(b"\x80\x02}q\x00.")
    refuse(path, "this is not a seqnet model; make one with seqnet train")
    write_bundle(path, make_bundle())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 100])
    refuse(path, "damaged or cut short")
    path.write_bytes(content)
    rewrite(path, lambda about, header: about.update(version=99))
    refuse(path, "this model has format version 99")
    path.write_bytes(content)
    rewrite(path, lambda about, header: about.update(kind="dataset"))
    refuse(path, "this is a seqnet dataset, not a model")
