"""The language model compared with transformers' own tokenizer and model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

from seqnet.core.errors import InputError
from seqnet.nn.plm.model import LanguageModel, load_model
from seqnet.nn.plm.model_files import find_language_model
from tests.building import CPU, encoded, random_strings
from tests.nn.plm.models import VOCABULARY, save_model, shared_model, silent, without_bars

STRINGS = random_strings([1, 7, 30, 12], "ACDEFGHIKLMNPQRSTVWYXBZUO")


def model_in(folder: Path) -> LanguageModel:
    return load_model(find_language_model(str(folder), silent), "protein")


def embedded(model: LanguageModel, string: str) -> Tensor:
    return model.embed(np.array(encoded([string], "protein").data), CPU)


def test_states_are_those_of_transformers_without_the_special_tokens() -> None:
    folder = shared_model()
    with without_bars(), torch.no_grad():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        network = transformers.EsmModel.from_pretrained(folder, add_pooling_layer=False).eval()
        expected = network(**tokenizer(STRINGS, return_tensors="pt", padding=True)).last_hidden_state
    for row, string in enumerate(STRINGS):
        found = embedded(model_in(folder), string)
        assert found.dtype == torch.float32
        assert not found.requires_grad
        np.testing.assert_allclose(found, expected[row, 1 : len(string) + 1], atol=1e-5)
    assert float(expected.std()) > 0.1


def test_a_long_sequence_has_the_states_of_the_window_in_which_a_residue_is_far_from_a_cut() -> None:
    string = random_strings([10], "ACDEFGHIKLMNPQRSTVWY")[0]
    whole, windowed = model_in(shared_model(limit=100)), model_in(shared_model(limit=6))
    found = embedded(windowed, string)
    # Windows 0 to 6, 2 to 8 and 4 to 10 meet in the middle of their overlaps.
    parts = {start: embedded(whole, string[start : start + 6]) for start in (0, 2, 4)}
    expected = torch.cat([parts[0][:4], parts[2][2:4], parts[4][2:]])
    assert torch.equal(found, expected)
    assert not torch.allclose(found, embedded(whole, string), atol=1e-3)
    assert torch.equal(embedded(windowed, string[:6]), embedded(whole, string[:6]))


def test_the_limit_is_what_positions_the_model_has(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "absolute", limit=9)
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(about | {"position_embedding_type": "absolute"}))
    config = transformers.EsmConfig.from_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        transformers.EsmModel(config, add_pooling_layer=False).save_pretrained(folder)
    found = find_language_model(str(folder), silent)
    assert found.limit == 9
    network = load_model(found, "protein")
    assert embedded(network, "A" * 9).shape == (9, 8)
    assert embedded(network, "A" * 31).shape == (31, 8)


def test_weights_are_read_in_single_precision(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "half")
    with without_bars():
        transformers.EsmModel.from_pretrained(folder, add_pooling_layer=False).half().save_pretrained(folder)
    assert embedded(model_in(folder), "ACD").dtype == torch.float32


def test_weights_of_the_masked_language_model_will_do(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    config = transformers.EsmConfig.from_pretrained(folder)
    with torch.random.fork_rng(devices=[]), without_bars():
        whole = transformers.EsmForMaskedLM(config).eval()
        whole.save_pretrained(folder)
    ids = torch.tensor([[0, 5, 23, 2]])
    with torch.no_grad():
        expected = whole.esm(ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0, 1:3]
    assert torch.equal(embedded(model_in(folder), "AC"), expected)


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [({"num_hidden_layers": 3}, "encoder.layer.2"), ({"intermediate_size": 17}, "encoder.layer.0")],
)
def test_weights_that_are_not_those_of_the_configuration_are_refused(
    tmp_path: Path, changed: dict[str, int], lacking: str
) -> None:
    folder = save_model(tmp_path / "esm")
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(about | changed))
    with pytest.raises(InputError, match=rf"esm: the weights have no {lacking}.* as config.json.*; fetch or save the"):
        model_in(folder)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"the language model can't be read \(.*; fetch or save"):
        model_in(folder)


def test_a_vocabulary_without_amino_acids_is_refused(tmp_path: Path) -> None:
    words = [word if word not in ("W", "C") else word.lower() for word in VOCABULARY]
    with pytest.raises(InputError, match="the vocabulary of the language model has no token for C, W"):
        model_in(save_model(tmp_path / "esm", vocabulary=words))


def test_the_model_reaches_nothing_but_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*arguments: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr("socket.socket.connect", refused)
    monkeypatch.setattr("socket.getaddrinfo", refused)
    assert embedded(model_in(save_model(tmp_path / "esm", seed=5)), "ACD").shape == (3, 8)
