from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seqnet
from seqnet.api.models import Model
from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import AlphabetMismatchError, ContainerError, OutputError, SeqnetWarning, SettingError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.evaluation.calibration import Calibration
from seqnet.prediction.predictor import Predictor
from tests.building import make_bundle, random_strings

PROTEIN = "MKVLATRSDEGHWYFPQNCI" * 3


def test_a_model_of_the_package_is_opened_by_name_and_has_a_card() -> None:
    model = seqnet.load("human-dna", threads=1, precision="float32", device="cpu")
    assert (model.classes, model.alphabet, model.positive) == (("human", "random"), "dna", "human")
    assert (model.threads, model.precision, model.device) == (1, "float32", "cpu")
    assert model.card["title"]
    assert model.metrics["validation_loss"] < 1
    assert model.settings["network"]["name"] == "hybrid"
    assert repr(model).startswith("<seqnet.Model: hybrid, dna → human or random; 267,746 parameters, float32 on cpu")
    found = model.predict(["ACGTTGCATGCAAGCTAGCTAGCATCGATCGATCGA"])
    assert found.labels.tolist() == ["random"]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_saved_model_is_the_same_model(as_text: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = Model(make_bundle(members=2), threads=1)
    model.save(str(path) if as_text else path)
    again = seqnet.load(str(path) if as_text else path, threads=1)
    strings = random_strings([12, 30, 8])
    assert again.predict(strings).probabilities.tobytes() == model.predict(strings).probabilities.tobytes()
    assert "ensemble of 2 networks" in repr(again)
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"m\.safetensors"):
        again.save(path)
    again.save(path, force=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_content_than_a_model_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ContainerError) as caught:
        seqnet.load("humandna")
    assert caught.value.place == "humandna"
    assert caught.value.remedy == "did you mean human-dna or human-dna-fast?"
    with pytest.raises(ContainerError, match="the models that come with seqnet: human-dna-fast, human-dna, solubility"):
        seqnet.load("yeast")
    other = tmp_path / "x.fa"
    other.write_text(">a\nACGT\n")
    with pytest.raises(seqnet.SeqnetError):
        seqnet.load(str(other))
    for keywords, name in (
        ({"device": "tpu"}, "device"),
        ({"threads": 0}, "threads"),
        ({"precision": "x"}, "precision"),
    ):
        with pytest.raises(SettingError) as wrong:
            seqnet.load("human-dna", **keywords)
        assert wrong.value.name == name
    with pytest.raises(SettingError, match="precision float16 is for GPUs; on a CPU use bfloat16 or float32"):
        seqnet.load("human-dna", device="cpu", precision="float16")


@pytest.mark.parametrize("threads", [1, 3])
def test_many_sequences_are_predicted_in_parts_and_in_order(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = make_bundle()
    strings = [*random_strings([12, 40, 7, 9, 90] * 8), "", "A!"]
    names = Ragged.from_strings([str(number) for number in range(1, len(strings) + 1)])
    whole = Predictor(bundle).predict_batch(RecordBatch(names, Ragged.from_strings(strings), names))
    monkeypatch.setattr("seqnet.api.in_memory._BATCH_BYTES", 100)
    found = Model(bundle, threads=threads).predict(iter(strings))
    assert found.names.tolist() == names.text()
    np.testing.assert_allclose(found.probabilities, whole.probabilities, atol=1e-6)
    assert found.rows.status.tolist() == whole.status.tolist()
    assert found.first_invalid is not None
    assert found.first_invalid.record == str(len(strings))


def test_options_of_decisions_are_keywords() -> None:
    bundle = make_bundle(members=3)
    calibration = Calibration(confidences={"0.05": 0.6}, shares=(0.5, 0.5))
    model = Model(replace(bundle, calibration=calibration), threads=1)
    strings = random_strings([12] * 40)
    plain = model.predict(strings)
    sure = model.predict(strings, max_error=0.05)
    doubtful = plain.probabilities.max(axis=1) < 0.6
    assert 0 < doubtful.sum() < 40
    assert sure.labels.tolist() == np.where(doubtful, "uncertain", plain.labels).tolist()
    rare = model.predict(strings, expected_fraction={"signal": 0.01})
    odds = plain.probabilities[:, 1] / plain.probabilities[:, 0] / 99
    np.testing.assert_allclose(rare.probabilities[:, 1], odds / (1 + odds), rtol=1e-9)
    votes = model.predict(strings, vote=True).probabilities[:, 1]
    assert set(np.rint(votes * 3).tolist()) <= {0, 1, 2, 3}
    np.testing.assert_allclose(votes * 3, np.rint(votes * 3), atol=1e-12)
    with pytest.raises(SettingError, match="expected_fraction names class sgnal, which the model does not have"):
        model.predict(strings, expected_fraction={"sgnal": 0.1})
    with pytest.raises(SettingError, match="did you mean max_error"):
        model.predict(strings, max_eror=0.1)  # type: ignore[call-arg]


def test_sequences_of_another_alphabet_are_refused_and_a_doubt_is_a_warning() -> None:
    with pytest.raises(AlphabetMismatchError) as caught:
        Model(make_bundle()).predict([PROTEIN])
    assert (caught.value.found, caught.value.expected) == ("protein", "dna")
    assert str(caught.value).endswith('give dna sequences, or pass alphabet="dna" if these are')
    assert Model(make_bundle()).predict([PROTEIN], alphabet="dna").status.tolist() == ["invalid_symbol"]
    model = Model(make_bundle(name="protein"))
    with pytest.warns(SeqnetWarning, match='looks like dna, but may be protein; pass alphabet="protein"') as warned:
        model.predict(["GAGAGS" * 10])
    assert [one.filename for one in warned] == [__file__]
    assert len(model.predict(["GAGAGS" * 10], alphabet="protein")) == 1
    with pytest.raises(SettingError, match="alphabet must be dna, the alphabet of the model, not 'rna'"):
        Model(make_bundle()).predict(["ACGT"], alphabet="rna")


def test_what_is_prepared_is_kept_while_the_options_stay() -> None:
    model = Model(make_bundle(), threads=1)
    model.predict(["ACGTACGTACGT"])
    first = model._prepared
    model.predict_file(__file__)
    assert model._prepared is first
    model.predict(["ACGTACGTACGT"], unknown="mask")
    assert model._prepared is not None
    assert model._prepared.options == PredictOptions(precision="float32", unknown="mask")


def test_sequences_are_explained_in_order_by_any_number_of_threads() -> None:
    bundle = make_bundle(members=2)
    strings = [*random_strings([12, 30, 8] * 200), "AC!", ""]
    one, several = (Model(bundle, threads=threads).explain(strings) for threads in (1, 3))
    assert one.names.text() == [str(index + 1) for index in range(602)]
    assert one.tokens.lengths.tolist() == [12, 30, 8] * 200 + [0, 0]
    np.testing.assert_array_equal(one.values, several.values)
    alone = Model(bundle, threads=1).explain(strings[1:2], names=["x"])
    assert alone.names.text() == ["x"]
    np.testing.assert_allclose(one.of_record(1), alone.values, rtol=1e-5, atol=1e-5)
    assert len(Model(bundle, threads=1).explain([])) == 0


def test_errors_of_an_explanation_are_in_the_words_of_python() -> None:
    model = Model(make_bundle(), threads=1)
    with pytest.raises(SettingError, match=r"^target must be one of noise, signal, not 'nosie'; did you mean noise\?$"):
        model.explain(["ACGT"], target="nosie")
    with pytest.raises(AlphabetMismatchError, match="looks like protein, not dna"):
        model.explain([PROTEIN])
    boosted = Model(seqnet.load("solubility").bundle, threads=1)
    with pytest.raises(SettingError, match=r'^method gradient can\'t be used: .*; pass method="mutagenesis"$'):
        boosted.explain([PROTEIN], method="gradient")


def test_arguments_of_a_wrong_kind_are_refused() -> None:
    for arguments, reported in (
        ({"name": 5}, "name must be the path or the name of a model, not 5"),
        ({"name": "human-dna", "plm": 5}, "plm must be text or a pathlib.Path, not 5"),
        ({"name": "human-dna", "plm": "x"}, "plm is for models that were trained with the encoder plm"),
        ({"name": "human-dna", "threads": "2"}, "threads must be a whole number, not '2'"),
    ):
        with pytest.raises(SettingError) as caught:
            seqnet.load(**arguments)
        assert str(caught.value) == reported
    assert seqnet.load("human-dna", threads=np.int64(1)).threads == 1  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"seqnet\.load opens a file or a name"):
        seqnet.Model("human-dna")  # type: ignore[arg-type]
