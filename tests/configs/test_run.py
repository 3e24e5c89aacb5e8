from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import CnnConfig, HybridConfig, NetworkConfig, RecurrentConfig
from seqnet.configs.run import RUN_SECTIONS, RunConfig, RunRequest, compose, load_preset, preset_names
from seqnet.configs.settings import Settings
from seqnet.configs.toml import run_toml
from seqnet.configs.training import TrainingConfig
from seqnet.core.errors import FormatError, SettingError


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_settings_give_the_defaults() -> None:
    run = compose()
    assert run == RunConfig.from_dict({})
    assert (run.encoder, run.network, run.training) == (EncoderConfig(), CnnConfig(), TrainingConfig())


def test_each_layer_lies_over_the_one_before(tmp_path: Path) -> None:
    config = toml(tmp_path, "[network]\nfilters = [8]\ndense = [5]\n[training]\nepochs = 3\nbatch_size = 9\n")
    run = compose("dna-cnn", config=config, assignments=["dense=[6, 7]", "training.batch_size = 10"])
    assert isinstance(run.network, CnnConfig)
    # From the preset, the file (overrides the preset), and single settings (override both).
    assert (run.network.kernels, run.network.window, run.network.padding) == ((4,), 36, "valid")
    assert (run.network.filters, run.training.epochs) == ((8,), 3)
    assert (run.network.dense, run.training.batch_size) == ((6, 7), 10)


def test_another_network_than_the_presets_starts_from_its_own_defaults() -> None:
    run = compose("dna-cnn", network="hybrid", assignments=["units=5"])
    assert run.network == HybridConfig(units=5)
    assert run.training.epochs == compose("dna-cnn").training.epochs
    assert compose("dna-cnn", network="cnn") == compose("dna-cnn")


def test_another_encoder_starts_from_its_own_defaults() -> None:
    assert compose("deepsol").encoder == EncoderConfig(name="embedding", dimension=50)
    assert compose("deepsol", encoder="kmer").encoder == EncoderConfig(name="kmer")
    assert compose("deepsol", assignments=["encoder.name=kmer", "k=2"]).encoder == EncoderConfig(name="kmer", k=2)


def test_naming_the_network_that_it_is_anyway_keeps_its_settings(tmp_path: Path) -> None:
    config = toml(tmp_path, "[encoder]\nname = 'embedding'\ndimension = 3\n[network]\ndense = [8]\n")
    assert compose(config=config, network="cnn") == compose(config=config)
    assert compose(config=config, encoder="embedding") == compose(config=config)
    assert compose(config=config, assignments=["network.name=cnn"]).network.dense == (8,)
    assert compose(config=config, network="dense").network.dense == (100,)


def test_names_are_set_before_the_settings_that_hang_on_them() -> None:
    run = compose(assignments=["cell=gru", "units=3", "network.name=recurrent"])
    assert run.network == RecurrentConfig(cell="gru", units=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("learning_rate=1e-4", 1e-4),
        ("training.learning_rate=1", 1.0),
        ("learning_rate = 0.5 # a comment", 0.5),
        ("optimizer=sgd", "sgd"),
        ('optimizer="sgd"', "sgd"),
        (" optimizer = sgd ", "sgd"),
        ("early_stopping=3", 3),
        ("reverse_complement=true", True),
        ("dropout_dense=[0.5, 0.0]", (0.5, 0.0)),
    ],
)
def test_a_single_setting_is_written_as_in_toml_or_as_a_bare_word(text: str, value: object) -> None:
    run = compose(assignments=[text])
    name = text.partition("=")[0].strip().rpartition(".")[2]
    (section,) = [one for one in (run.encoder, run.network, run.training, run.augmentation) if hasattr(one, name)]
    assert getattr(section, name) == value
    assert type(getattr(section, name)) is type(value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs", "set must be KEY=VALUE, not 'epochs'"),
        ("=3", "set must be KEY=VALUE, not '=3'"),
        ("epochs=", "training.epochs must be a whole number, not ''"),
        ("epochs=0", "training.epochs must be at least 1, not 0"),
        ("epoch=3", "there is no setting epoch; did you mean epochs or epoch_size?"),
        ("fit.epochs=3", "fit.epochs has no known section; use one of encoder, network, training, "),
        ("trainig.epochs=3", "trainig.epochs has no known section; did you mean training?"),
        ("lr=0.01", "there is no setting lr; did you mean learning_rate?"),
        ("epochs=three", "training.epochs must be a whole number, not 'three'"),
        ("optimizer=adamm", "training.optimizer must be one of sgd, adam, adamw, not 'adamm'; did you mean adam"),
        (
            "training.epoch=3",
            "there is no setting training.epoch; did you mean training.epochs or ",
        ),
        ("name=cnn", "name is ambiguous; use encoder.name or network.name"),
        ("units=3", "there is no setting units; use one of activation, activity_l2, "),
        ("network.name=[1]", "network.name must be one of dense, cnn, "),
        ("encoder.name=[1]", "encoder.name must be text, not [1]"),
    ],
)
def test_a_wrong_single_setting_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        compose(assignments=[assignment])
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nepochs = 3\n", "[fit] has no known section; use one of encoder, "),
        ("epochs = 3\n", "epochs must be in a section, such as [training]"),
        ("[network]\nname = ['cnn']\n", "network.name must be one of "),
        ("[network.name]\nx = 1\n", "network.name must be one of "),
        ("[training]\nepochs = 1.5\n", "training.epochs must be a whole number, not 1.5"),
    ],
)
def test_a_file_with_wrong_settings_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        compose(config=toml(tmp_path, text), assignments=["dense=[3]"])
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("raw", [b"epochs", b"[training\n", b"\xff\xfe", b"[training]\nepochs = 1\nepochs = 2\n"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="this is not valid TOML") as caught:
        compose(config=path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_has_a_description_and_survives_a_round_trip(name: str) -> None:
    values = load_preset(name)
    assert values["description"]
    assert values["source"]
    run = compose(name)
    assert RunConfig.from_dict(run.to_dict()) == run
    # Every setting that the preset names has an effect.
    for section, settings in run.to_dict().items():
        given: dict[str, Any] = values.get(section, {})
        assert {key: settings[key] for key in given} == given


def test_an_unknown_preset_names_the_valid_ones() -> None:
    assert "dna-cnn" in preset_names()
    with pytest.raises(SettingError, match="must be one of deep-cnn, deepsol"):
        compose("dna")
    with pytest.raises(SettingError, match="preset must be one of"):
        load_preset("../presets/dna-cnn")


OLD_NAMES = [
    ("patience", "training.early_stopping"),
    ("training.patience", "training.early_stopping"),
    ("network.profile_spans", "network.profile_end_composition"),
]


@pytest.mark.parametrize(("old", "new"), OLD_NAMES)
def test_a_setting_of_an_older_name_is_an_error_with_the_new_one(old: str, new: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        compose(network="hybrid", assignments=[f"{old}=3"])
    assert str(caught.value) == f"there is no setting {old}; it is now called {new}"
    section, _, name = old.rpartition(".")
    head = "[network]\nname = 'hybrid'\n" + ("" if section == "network" else "[training]\n")
    with pytest.raises(SettingError) as caught:
        compose(config=toml(tmp_path, f"{head}{name} = 3\n"))
    assert str(caught.value).endswith(f"{name}; it is now called {new}")


def test_a_run_of_a_file_may_have_the_names_of_older_versions() -> None:
    run = compose("protein-hybrid", assignments=["early_stopping=3"])
    old = run.to_dict()
    old["network"]["profile_spans"] = old["network"].pop("profile_end_composition")
    old["training"]["patience"] = old["training"].pop("early_stopping")
    assert RunConfig.from_file(old) == run
    assert RunConfig.from_file(run.to_dict()) == run
    with pytest.raises(SettingError, match="it is now called"):
        RunConfig.from_dict(old)
    for wrong in ({"training": [1]}, {"network": {"name": "no"}}, {"fit": {"epochs": 1}}, {"training": {"no": 1}}):
        with pytest.raises(SettingError):
            RunConfig.from_file(wrong)


WITHOUT_EFFECT = [
    (["momentum=0.9"], "training.momentum has no effect: it needs training.optimizer = sgd"),
    (
        ["warmup=0.1"],
        "training.warmup has no effect: it needs training.schedule = constant or linear or cosine or exponential",
    ),
    (["penalize=all"], "training.penalize has no effect: it needs training.l1 above 0 or training.l2 above 0 or "),
    (["balance=none", "imbalance=5"], "training.imbalance has no effect: it needs training.balance = auto"),
    (["freeze=true", "kept_rate=0.1"], "training.kept_rate has no effect: it needs training.freeze = false"),
    (["k=4"], "encoder.k has no effect: it needs encoder.name = kmer"),
    (["dimension=4"], "encoder.dimension has no effect: it needs encoder.name = embedding or kmer or plm"),
    (["cache=none"], "encoder.cache has no effect: it needs encoder.name = plm"),
    (["dense=[]", "dense_activation=tanh"], "network.dense_activation has no effect: it needs network.dense with a "),
    (
        ["network.name=recurrent", "dropout_recurrent=0.2"],
        "network.dropout_recurrent has no effect: it needs network.layers above 1",
    ),
    (
        ["network.name=hybrid", "profile_ends=3"],
        "network.profile_ends has no effect: it needs network.composition = true",
    ),
    (
        ["network.name=hybrid", "composition=true", "tree_leaves=7"],
        "network.tree_leaves has no effect: it needs network.trees above 0",
    ),
]


@pytest.mark.parametrize(("assignments", "line"), WITHOUT_EFFECT)
def test_a_setting_that_another_one_leaves_without_effect_is_refused(
    assignments: list[str], line: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError) as caught:
        compose(assignments=assignments)
    assert str(caught.value).startswith(line)
    whole = RunConfig.from_dict({})  # those of no use have their defaults, which a file of all settings has, too
    path = tmp_path / "whole.toml"
    path.write_text(run_toml(whole, "all", "this test"), encoding="utf-8")
    assert compose(config=path) == whole
    pairs = [
        (f"{section}.{name}", value) for section, found in whole.to_dict().items() for name, value in found.items()
    ]
    assert compose(assignments=pairs) == whole


def test_a_setting_has_an_effect_with_the_value_that_it_needs(tmp_path: Path) -> None:
    compose(assignments=["optimizer=sgd", "momentum=0.9", "schedule=linear", "warmup=0.1", "l1=0.1", "penalize=all"])
    compose(assignments=["network.name=hybrid", "composition=true", "trees=2", "tree_leaves=7", "profile_ends=3"])
    compose(assignments=["network.name=recurrent", "layers=2", "dropout_recurrent=0.2", "encoder.name=kmer", "k=4"])
    assert compose(assignments=["network.name=hybrid", "dense=[]", "composition=true", "profile_units=2",
                                "dense_activation=tanh"]).network.dense_activation == "tanh"  # fmt: skip
    with pytest.raises(SettingError, match="momentum has no effect"):
        compose(config=toml(tmp_path, "[training]\nmomentum = 0.9\n"))
    run = compose(config=toml(tmp_path, "[training]\nmomentum = 0.9\n"), assignments=["optimizer=sgd"])
    assert run.training.momentum == 0.9


@pytest.mark.parametrize("name", preset_names())
def test_every_setting_of_a_preset_has_an_effect(name: str) -> None:
    values, run = load_preset(name), compose(name)
    for section in RUN_SECTIONS:
        getattr(run, section).check_effect(values.get(section, {}))


@pytest.mark.parametrize("kind", [EncoderConfig, TrainingConfig, CnnConfig, HybridConfig, RecurrentConfig])
def test_what_a_setting_needs_are_settings(kind: type[Settings]) -> None:
    known = {field.name for field in fields(HybridConfig)} if issubclass(kind, NetworkConfig) else set()
    known |= {field.name for field in fields(kind)}
    for field in fields(kind):
        for need in field.metadata["needs"]:
            assert need.name in known - {field.name}
            assert not need.values or kind.check(need.name, need.values[0]) == need.values[0]


def test_settings_are_given_as_text_or_as_values() -> None:
    text = compose("dna-cnn", assignments=["training.epochs=5", "dense=[3, 4]", "early_stopping=2"])
    values = compose("dna-cnn", assignments=[("training.epochs", 5), ("dense", (3, 4)), ("early_stopping", 2)])
    assert text == values
    assert compose("dna-cnn", assignments=[("early_stopping", None)]).training.early_stopping is None
    with pytest.raises(SettingError, match="must be a whole number, not '5'"):
        compose(assignments=[("training.epochs", "5")])


@pytest.mark.parametrize(
    "request_",
    [
        RunRequest(preset="lstm"),
        RunRequest(network="dense"),
        RunRequest(assignments=("network.name=dense",)),
        RunRequest(assignments=(("network.name", "dense"),)),
    ],
)
def test_a_request_that_names_a_network_is_a_run(request_: RunRequest) -> None:
    assert request_.run == request_.compose()
    assert request_.run is not None


def test_a_request_that_names_none_leaves_it_to_the_dataset() -> None:
    request = RunRequest(encoder="kmer", assignments=("epochs=3", ("network.dense", [3])))
    assert request.run is None
    assert request.compose().training.epochs == 3


def test_a_network_that_counts_kmers_refuses_other_encoders() -> None:
    with pytest.raises(SettingError, match=r"encoder\.name must be onehot for the network kmers"):
        compose("dna-kmers", encoder="embedding")
