"""Profiles of sequences compared with counts by Python loops."""

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.networks import ProfileConfig
from seqnet.core.alphabets import alphabet
from seqnet.nn.profiles import Profile
from tests.building import padded

SIZE = 20


def profiles(strings: list[str], config: ProfileConfig, width: int = 0) -> NDArray[np.float32]:
    module = Profile(alphabet("protein"), config, 100)
    found: NDArray[np.float32] = module(*padded(strings, "protein", width)).numpy()
    assert found.shape == (len(strings), module.width)
    return found


def shares(string: str) -> NDArray[np.float64]:
    order = alphabet("protein").canonical[:SIZE]
    return np.array([string.count(symbol) for symbol in order]) / len(string)


STRINGS = ["MKVLAAGMKW", "MK", "ACDEFGHIKLMNPQRSTVWYAC"]


def test_composition_and_log_length() -> None:
    found = profiles(STRINGS, ProfileConfig((), 0, False))
    for row, string in zip(found, STRINGS, strict=True):
        np.testing.assert_allclose(row[:SIZE], shares(string), atol=1e-6)
        np.testing.assert_allclose(row[SIZE], np.log10(len(string) / 100), atol=1e-6)


def test_end_composition_is_that_of_the_first_and_last_symbols() -> None:
    found = profiles(STRINGS, ProfileConfig((3, 5), 0, False))[:, SIZE + 1 :].reshape(len(STRINGS), 4, SIZE)
    for row, string in zip(found, STRINGS, strict=True):
        expected = [shares(string[:3]), shares(string[:5]), shares(string[-3:]), shares(string[-5:])]
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_pairs_are_counted_once_each() -> None:
    found = profiles(["AAC", "A", "AXC"], ProfileConfig((), 0, True))[:, SIZE + 1 :].reshape(3, SIZE, SIZE)
    order = alphabet("protein").canonical
    a, c = order.index("A"), order.index("C")
    assert found[0, a, a] == found[0, a, c] == 0.5
    assert found.sum(axis=(1, 2)).tolist() == [1.0, 0.0, 0.0]


def test_ends_are_positions_from_either_end() -> None:
    found = profiles(["MKV", "W"], ProfileConfig((), 2, False))[:, SIZE + 1 :].reshape(2, 4, SIZE)
    order = alphabet("protein").canonical
    kinds = [["" if not place.any() else order[int(place.argmax())] for place in row] for row in found]
    assert kinds == [["M", "K", "V", "K"], ["W", "", "W", ""]]


def test_padding_changes_nothing() -> None:
    config = ProfileConfig((3, 20), 4, True)
    assert np.array_equal(profiles(STRINGS, config), profiles(STRINGS, config, 60))
    alone = np.concatenate([profiles([string], config) for string in STRINGS])
    assert np.allclose(alone, profiles(STRINGS, config), atol=1e-6)
    assert torch.isfinite(torch.from_numpy(alone)).all()
