from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import InputError, SettingError
from seqnet.nn.plm import FrozenFeatures
from seqnet.nn.plm.model import LanguageModel
from tests.building import CPU, encoded, padded, random_strings
from tests.nn.plm.models import CHANNELS, settled_config, shared_model, silent

PROTEIN = alphabet("protein")
STRINGS = random_strings([5, 17, 1, 9, 17, 120], PROTEIN.symbols)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths of the sequences that the language model has processed."""
    seen: list[int] = []
    embed = LanguageModel.embed

    def counted(
        self: LanguageModel, tokens: np.ndarray[tuple[int], np.dtype[np.uint8]], device: torch.device
    ) -> object:
        seen.append(len(tokens))
        return embed(self, tokens, device)

    monkeypatch.setattr(LanguageModel, "embed", counted)
    return seen


def features_with(cache: Path | None) -> FrozenFeatures:
    features = FrozenFeatures(PROTEIN, settled_config(shared_model(), cache))
    features.prepare(silent, [str(shared_model())])
    return features


def ahead(features: FrozenFeatures, strings: list[str]) -> list[str]:
    """Embeds all sequences but the first, and returns the messages."""
    reported: list[str] = []
    features.embed_ahead(encoded(strings, "protein"), np.arange(1, len(strings)), CPU, reported.append)
    return reported


def test_features_are_the_same_bits_with_and_without_the_cache(tmp_path: Path, runs: list[int]) -> None:
    tokens, _ = padded(STRINGS, "protein", width=130)
    plain = features_with(None)(tokens)
    assert plain.shape == (6, CHANNELS, 130)
    assert plain.dtype == torch.float32
    assert runs == [len(string) for string in STRINGS]
    for row, string in enumerate(STRINGS):
        assert not plain[row, :, len(string) :].any()
        assert plain[row, :, : len(string)].abs().amax(dim=0).min() > 0
        alone = features_with(None)(padded([string], "protein")[0])
        assert torch.equal(alone[0], plain[row, :, : len(string)])
    reported = ahead(features_with(tmp_path), STRINGS)
    place = next(tmp_path.iterdir())
    assert reported == [f"embeddings in {place}: 0 are stored, 5 are computed and take 0.00 GB"]
    del runs[:]
    assert torch.equal(features_with(tmp_path)(tokens), plain)
    # The first is not among them, and later sequences are not stored.
    assert torch.equal(features_with(tmp_path)(tokens), plain)
    assert runs == [5, 5]


def test_embedding_continues_where_it_was_stopped(
    tmp_path: Path, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead(features_with(tmp_path), STRINGS[:3])
    del runs[:]
    (reported,) = ahead(features_with(tmp_path), STRINGS)
    assert runs == [9, 17, 120]
    assert "2 are stored, 3 are computed" in reported
    assert "5 are stored, 0 are computed" in ahead(features_with(tmp_path), STRINGS)[0]


def test_a_damaged_embedding_is_computed_anew(tmp_path: Path, runs: list[int]) -> None:
    ahead(features_with(tmp_path), STRINGS)
    for file in tmp_path.rglob("*.f32"):
        file.write_bytes(b"\0" * file.stat().st_size)
    tokens, _ = padded(STRINGS, "protein")
    del runs[:]
    found = features_with(tmp_path)(tokens)
    assert len(runs) == len(STRINGS)
    assert torch.equal(found, features_with(None)(tokens))


def test_progress_of_many_sequences_is_reported_by_tenths(tmp_path: Path) -> None:
    _, *reported = ahead(features_with(tmp_path), random_strings([4] * 252, PROTEIN.canonical))
    assert reported == ["embedded 100 of 251 sequences", "embedded 200 of 251 sequences"]


def test_equal_sequences_are_embedded_once(tmp_path: Path, runs: list[int]) -> None:
    ahead(features_with(tmp_path), ["A", "ACD", "ACD", "ACD"])
    assert runs == [3]


def test_without_a_cache_nothing_is_embedded_ahead(runs: list[int]) -> None:
    assert ahead(features_with(None), STRINGS) == ["encoder.cache is none: the language model runs in every epoch"]
    assert runs == []


def test_an_empty_row_has_zeros(runs: list[int]) -> None:
    found = features_with(None)(torch.zeros(2, 3, dtype=torch.uint8))
    assert found.shape == (2, CHANNELS, 3)
    assert not found.any()
    assert runs == []


def test_the_model_is_shared_and_loaded_at_first_use() -> None:
    one, other = features_with(None), features_with(None)
    assert one.prepare(silent) is other.prepare(silent)


def test_a_model_that_nobody_named_is_not_loaded() -> None:
    features = FrozenFeatures(PROTEIN, settled_config(shared_model()))
    with pytest.raises(InputError, match=r"^this classifier needs the language model .*; name its folder, .* --plm$"):
        features(padded(STRINGS, "protein")[0])


def test_settings_must_be_settled() -> None:
    config = settled_config(shared_model())
    with pytest.raises(SettingError, match=r"encoder\.sha256 must be the SHA-256"):
        FrozenFeatures(PROTEIN, replace(config, sha256=""))
    with pytest.raises(SettingError, match="plm needs protein sequences, not dna"):
        FrozenFeatures(alphabet("dna"), config)
    with pytest.raises(SettingError, match=r"encoder\.dimension must be 8, the width of the language model, not 9"):
        FrozenFeatures(PROTEIN, replace(config, dimension=9)).prepare(silent, [config.model])


def test_features_are_outside_of_every_graph() -> None:
    tokens, _ = padded(STRINGS[:2], "protein")
    found = features_with(None)(tokens)
    assert not found.requires_grad
    weight = torch.ones(CHANNELS, requires_grad=True)
    (found * weight[:, None]).sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    with torch.inference_mode():
        assert torch.equal(features_with(None)(tokens), found)
