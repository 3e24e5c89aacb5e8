from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from seqnet.configs.encoders import ENCODERS, EncoderConfig
from seqnet.core.alphabets import ALPHABETS, alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.encoders import Encoder, make_encoder
from tests.building import padded
from tests.nn.plm.models import settled_config, shared_model

ALPHABETS_OF = [(kind, name) for kind in ENCODERS for name in (["protein"] if kind == "plm" else ALPHABETS)]


def encoder_of(kind: str, name: str = "dna", dimension: int = 3, k: int = 2) -> Encoder:
    if kind == "plm":
        encoder = make_encoder(alphabet(name), settled_config(shared_model()))
        encoder.prepare(print, [str(shared_model())])
        return encoder
    return make_encoder(alphabet(name), EncoderConfig(name=kind, dimension=dimension, k=k))


def features(encoder: Encoder, string: str, name: str = "dna") -> Tensor:
    """Returns the features (C, L) of one sequence."""
    with torch.no_grad():
        out: Tensor = encoder(padded([string], name)[0])
    return out[0]


@pytest.mark.parametrize(("kind", "name"), ALPHABETS_OF)
def test_features_are_float32_of_the_promised_channels(kind: str, name: str) -> None:
    encoder = encoder_of(kind, name)
    symbols = alphabet(name).symbols
    out = features(encoder, symbols, name)
    assert out.dtype == torch.float32
    assert tuple(out.shape) == (encoder.channels, len(symbols))


@pytest.mark.parametrize("name", list(ALPHABETS))
def test_onehot_of_canonical_symbols_is_the_identity(name: str) -> None:
    canonical = alphabet(name).canonical
    assert torch.equal(features(encoder_of("onehot", name), canonical, name), torch.eye(len(canonical)))


def test_onehot_of_padding_is_zero() -> None:
    tokens, _ = padded(["AC"], width=5)
    assert torch.equal(encoder_of("onehot")(tokens)[0, :, 2:], torch.zeros(4, 3))


@pytest.mark.parametrize("kind", ["onehot", "embedding"])
@pytest.mark.parametrize("name", list(ALPHABETS))
def test_ambiguity_codes_are_the_mean_of_what_they_stand_for(kind: str, name: str) -> None:
    encoder = encoder_of(kind, name)
    for code, members in alphabet(name).ambiguous.items():
        mean = features(encoder, members, name).sum(dim=1) / max(len(members), 1)
        np.testing.assert_allclose(features(encoder, code, name)[:, 0], mean, atol=1e-6, err_msg=code)


def test_embedding_has_a_vector_per_symbol_and_one_for_padding() -> None:
    encoder = encoder_of("embedding", "protein", dimension=16)
    (weight,) = encoder.parameters()
    assert tuple(weight.shape) == (21, 16)
    tokens, _ = padded(["AY"], "protein", width=3)
    out = encoder(tokens)[0]
    assert torch.equal(out, torch.stack([weight[1], weight[19], weight[0]], dim=1))


def test_kmers_are_numbered_by_their_symbols() -> None:
    encoder = encoder_of("kmer", k=2)
    (weight,) = encoder.parameters()
    with torch.no_grad():
        weight.copy_(torch.arange(17.0)[:, None].expand(17, 3))
    # A C G T are 0 to 3, the first symbol is the lowest digit, and 16 is the common vector.
    assert features(encoder, "ACGTTNAA")[0].tolist() == [4, 9, 14, 15, 16, 16, 0, 16]


def test_no_two_kmers_share_a_vector() -> None:
    encoder = encoder_of("kmer", k=3)
    (weight,) = encoder.parameters()
    assert tuple(weight.shape) == (65, 3)
    kmers = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
    with torch.no_grad():
        out: Tensor = encoder(padded(kmers)[0])[:, :, 0]
    assert len({tuple(row) for row in out.tolist()}) == 64


def test_a_kmer_needs_its_whole_length() -> None:
    encoder = encoder_of("kmer", k=3)
    assert encoder.shortest == 3
    assert encoder_of("onehot").shortest == encoder_of("embedding").shortest == 1
    (weight,) = encoder.parameters()
    for string in ("A", "AC"):
        assert torch.equal(features(encoder, string), weight[64][:, None].expand(-1, len(string)))


@pytest.mark.parametrize(("kind", "name"), ALPHABETS_OF)
def test_a_symbol_has_the_same_features_before_and_after_padding(kind: str, name: str) -> None:
    encoder = encoder_of(kind, name)
    string = alphabet(name).canonical[:4] + alphabet(name).symbols[-1] + "A"
    alone = features(encoder, string, name)
    with torch.no_grad():
        beside: Tensor = encoder(padded([string], name, width=11)[0])[0, :, :6]
    assert torch.equal(alone, beside)


def test_more_kmers_than_fit_in_memory_are_refused() -> None:
    with pytest.raises(SettingError, match=r"encoder\.k must be at most 5 for protein, not 8"):
        encoder_of("kmer", "protein", k=8)
    assert encoder_of("kmer", "dna", dimension=1, k=8).channels == 1


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(
        SettingError,
        match=r"encoder\.name must be one of onehot, embedding, kmer, plm, not 'twohot'; did you mean onehot",
    ):
        EncoderConfig(name="twohot")
