from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import seqnet
from seqnet.core.errors import LabelError, SettingError, UnknownSettingError
from seqnet.models.bundles import Bundle, open_bundle
from tests.api.test_process_state import state
from tests.building import planted, saved
from tests.cli.running import Runner

# So few records and epochs leave a network that knows one class, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore:the model predicts no record:seqnet.SeqnetWarning")
SETTINGS: dict[str, Any] = {"training.epochs": 2, "network.filters": [4], "network.kernels": [5], "pools": [2]}
QUICK: dict[str, Any] = {"network": "cnn", "settings": SETTINGS | {"baseline_records": 0}, "threads": 1}


@pytest.fixture
def data(tmp_path: Path) -> seqnet.Dataset:
    """Returns DNA with a motif in every other record, in a file."""
    return seqnet.open_dataset(saved(planted((120, 120, 12)), tmp_path / "d.safetensors").path)


def weights(bundle: Bundle) -> list[bytes]:
    """Returns the weights of all members, as bytes."""
    return [tensor.cpu().numpy().tobytes() for member in bundle.members for tensor in member.state_dict().values()]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"network": "cnn", "settings": SETTINGS, "seed": 5, "members": 2, "optimize": "mcc"},
            ["--network", "cnn", "--set", "training.epochs=2", "--set", "network.filters=[4]", "--set",
             "network.kernels=[5]", "--set", "pools=[2]", "--seed", "5", "--members", "2", "--optimize", "mcc"],
        ),
        (
            {"settings": {"epochs": 1, "units": 4, "filters": [8]}},
            ["--set", "epochs=1", "--set", "units=4", "--set", "filters=[8]"],
        ),
    ],
)  # fmt: skip
def test_the_model_is_that_of_the_command(
    data: seqnet.Dataset, tmp_path: Path, cli: Runner, arguments: dict[str, Any], words: list[str]
) -> None:
    reported: list[str] = []
    found = seqnet.train(data, threads=1, device="cpu", progress=reported.append, **arguments)
    target = tmp_path / "m.safetensors"
    outcome = cli("train", data.path, *words, "--threads", "1", "--device", "cpu", "-o", target)
    assert outcome.code == 0, outcome.err
    there, here = open_bundle(target), found.bundle
    assert weights(here) == weights(there)
    assert (here.calibration, here.config, here.metrics) == (there.calibration, there.config, there.metrics)
    assert here.baselines.keys() == there.baselines.keys()
    assert len(here.baselines) > 0
    differing = {name for name in here.provenance if here.provenance[name] != there.provenance[name]}
    assert here.provenance.keys() == there.provenance.keys()
    assert differing == {"command"}
    # The lines are the command's, but for seconds and the name of the file.
    timeless = [line for line in reported if not line.startswith(("epoch", "baselines"))]
    assert set(timeless) <= set(outcome.err.splitlines())
    assert sum(line.startswith("epoch") for line in reported) == outcome.err.count("\nepoch") + outcome.err.startswith(
        "epo"
    )


def test_the_recipe_is_chosen_and_reported(data: seqnet.Dataset) -> None:
    reported: list[str] = []
    settings = {"epochs": 1, "units": 4, "filters": [8], "baseline_records": 0}
    found = seqnet.train(data, settings=settings, threads=1, progress=reported.append)
    assert reported[0].startswith("chosen settings: preset dna-hybrid (DNA, 24 bases, 120 training records)")
    assert found.bundle.provenance["preset"] == "dna-hybrid"
    assert found.bundle.provenance["recipe"] == reported[0]


def test_saved_and_loaded(data: seqnet.Dataset, tmp_path: Path) -> None:
    found = seqnet.train(data.path, seed=2, **QUICK)
    found.save(tmp_path / "m.safetensors")
    again = seqnet.load(tmp_path / "m.safetensors", threads=1)
    assert weights(again.bundle) == weights(found.bundle)
    assert (again.bundle.config.training.seed, found.bundle.baselines) == (2, {})
    sequences = ["ACGTTGCAACGTTGCAACGTTGCA", "TTTTTTTTTTTTTTTTTTTTTTTT"]
    np.testing.assert_array_equal(again.predict(sequences).probabilities, found.predict(sequences).probabilities)


def test_a_dataset_in_memory_is_trained_on_as_its_file(data: seqnet.Dataset) -> None:
    table = data.to_pandas()
    here = seqnet.Dataset.from_pandas(table, group="group", split="split", name="name")
    one, other = seqnet.train(here, **QUICK), seqnet.train(data, **QUICK)
    assert weights(one.bundle) == weights(other.bundle)
    assert one.bundle.provenance["dataset"] == {"path": "DataFrame", "sha256": here.sha256()}
    assert len(seqnet.evaluate(one, here, replicates=0).metrics) > 0


def test_a_config_file_and_a_preset(data: seqnet.Dataset, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[training]\nepochs = 1\nbaseline_records = 0\n[network]\nfilters = [4]\n")
    for path in (tmp_path / "run.toml", str(tmp_path / "run.toml")):
        found = seqnet.train(data, "dna-cnn", config=path, settings={"dense": (3,)}, threads=1)
        assert found.bundle.config.training.epochs == 1
        assert found.bundle.config.network.to_dict()["filters"] == [4]
        assert found.bundle.config.network.to_dict()["dense"] == [3]
        assert found.bundle.provenance["preset"] == "dna-cnn"


@pytest.mark.parametrize(
    ("arguments", "kind", "reported"),
    [
        (
            {"settings": {"training.epoch": 5}},
            UnknownSettingError,
            "there is no setting training.epoch; did you mean training.epochs",
        ),
        ({"settings": {"training.epochs": 0}}, SettingError, "training.epochs must be at least 1, not 0"),
        ({"settings": [("training.epochs", 5)]}, SettingError, "settings must be a mapping of setting to value"),
        ({"preset": "dna"}, SettingError, "preset must be one of deep-cnn,"),
        ({"network": "cn"}, SettingError, "network must be one of"),
        ({"encoder": "onehott"}, SettingError, "encoder must be one of"),
        ({"members": 0}, SettingError, "members must be a whole number from 1 to 100, not 0"),
        ({"optimize": "best"}, SettingError, "optimize must be one of accuracy,"),
        ({"device": "tpu"}, SettingError, "device must be one of cpu"),
        ({"threads": 0}, SettingError, "threads must be at least 1, not 0"),
        ({"seed": -1}, SettingError, "seed must be at least 0, not -1"),
        ({"settings": {"training": {"epochs": 0}}}, SettingError, "training.epochs must be at least 1, not 0"),
        ({"settings": {"train.epochs": 1}}, SettingError, "train.epochs has no known section; did you mean training?"),
        ({"progress": 5}, SettingError, "progress must be a function that takes a line, such as print, or None, not 5"),
    ],
)
def test_invalid_input_is_refused(
    data: seqnet.Dataset, arguments: dict[str, Any], kind: type[seqnet.SeqnetError], reported: str
) -> None:
    with pytest.raises(kind) as caught:
        seqnet.train(data, **arguments)
    assert str(caught.value).startswith(reported)
    assert caught.value.problem


def test_other_content_than_a_dataset_is_refused_in_one_line() -> None:
    with pytest.raises(
        ValueError, match=r"^data must be a seqnet\.Dataset or the path of one, not Empty DataFrame Col"
    ):
        seqnet.train(pd.DataFrame())  # type: ignore[arg-type]


def test_the_settings_of_a_model_are_settings(data: seqnet.Dataset) -> None:
    first = seqnet.train(data, seed=2, **QUICK)
    again = seqnet.train(data, settings=first.settings, threads=1)
    assert again.bundle.config == first.bundle.config
    assert weights(again.bundle) == weights(first.bundle)


@pytest.mark.filterwarnings("default::seqnet.SeqnetWarning")
def test_what_may_be_a_mistake_is_a_warning_that_names_the_caller(data: seqnet.Dataset) -> None:
    rare = dataclasses.replace(data, labels=np.where(np.arange(len(data)) % 20 == 0, 1, 0).astype(np.int32))
    with pytest.warns(seqnet.SeqnetWarning, match="imbalanced classes: ") as caught:
        seqnet.train(rare, **QUICK)
    assert any('; settings={"balance": "none"} turns this off' in str(one.message) for one in caught)
    assert {one.filename for one in caught} == {__file__}
    with pytest.warns(seqnet.SeqnetWarning, match="^the preset protein-hybrid is for protein, but this dataset is DNA"):
        seqnet.train(data, "protein-hybrid", settings={"epochs": 1, "trees": 0, "baseline_records": 0}, threads=1)


def test_a_class_that_is_not_trained_on_is_refused() -> None:
    table = pd.DataFrame(
        {
            "sequence": ["ACGT" * 5, "GGCA" * 5] * 4,
            "label": ["a", "b"] * 4,
            "split": ["train", "validation"] * 4,
        }
    )
    data = seqnet.Dataset.from_pandas(table, split="split")
    with pytest.raises(LabelError, match="DataFrame: the train split has no record of class b"):
        seqnet.train(data, **QUICK)


def test_nothing_is_printed_and_the_process_is_left_as_it_was(
    data: seqnet.Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(2)
    before = state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "the model predicts no record", seqnet.SeqnetWarning)
        inside = state()["filters"]
        seqnet.train(data, **(QUICK | {"network": "recurrent", "settings": {"epochs": 1, "units": 4}}))
        assert state()["filters"] == inside
    with pytest.raises(SettingError):
        seqnet.train(data, settings={"batch_size": -1})
    assert state() == before
    assert capfd.readouterr() == ("", "")


def test_ctrl_c_is_the_caller_s(data: seqnet.Dataset) -> None:
    before = state()

    def stop(line: str) -> None:
        if line.startswith("epoch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seqnet.train(data, progress=stop, **QUICK)
    assert state() == before


def test_a_model_to_start_from(data: seqnet.Dataset, tmp_path: Path) -> None:
    first = seqnet.train(data, **QUICK)
    first.save(tmp_path / "m.safetensors")
    reported: list[str] = []
    again = seqnet.train(data, start=first, settings={"epochs": 1}, progress=reported.append)
    kept = "starting from a model in memory: encoder, network and head are kept"
    assert any(line.startswith(kept) for line in reported)
    assert again.bundle.config.network == first.bundle.config.network
    frozen = seqnet.train(data, start=tmp_path / "m.safetensors", freeze=True, settings={"epochs": 1})
    ours, theirs = (model.bundle.classifier.state_dict() for model in (frozen, first))
    assert all(ours[name].equal(theirs[name]) for name in ours if not name.startswith("network.head."))
    origins = [model.bundle.provenance["origin"] for model in (again, frozen)]
    assert origins[0]["sha256"] == origins[1]["sha256"]
    with pytest.raises(SettingError, match="freeze needs start"):
        seqnet.train(data, freeze=True)
