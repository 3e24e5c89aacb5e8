"""Descriptors of proteins compared with Python loops over residues."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from seqnet.core.alphabets import alphabet
from seqnet.core.errors import SettingError
from seqnet.nn.descriptors import Descriptors
from seqnet.nn.residue_scales import SCALES
from tests.building import padded, random_strings

PROTEIN = alphabet("protein")
COUNT = len(SCALES)
STRINGS = [
    "MGSSHHHHHHSSGLVPRGSHMKKLLDEEAWFYNNPGG",
    "M",
    "ARNDCQEGHILKMFPSTWYV" * 4,
    *random_strings([19, 33, 140], "ACDEFGHIKLMNPQRSTVWY", seed=5),
]


def descriptors(strings: list[str], width: int = 0) -> NDArray[np.float32]:
    module = Descriptors(PROTEIN)
    found: NDArray[np.float32] = module(*padded(strings, "protein", width)).numpy()
    assert found.shape == (len(strings), module.width)
    return found


def levels(string: str, scale: str) -> list[int]:
    """Returns a scale over a sequence in twentieths of a standard deviation over the 20 residues."""
    values = list(SCALES[scale].values())
    mean, deviation = float(np.mean(values)), float(np.std(values))
    return [round((SCALES[scale][residue] - mean) / deviation * 20) for residue in string]


def by_hand(string: str, scale: str) -> list[float]:
    """Returns the 26 descriptors of a scale."""
    x = levels(string, scale)
    found = [float(np.mean(x))]
    for width in (10, 30, 60):
        found += [float(np.mean(x[:width])), float(np.mean(x[-width:]))]
    for width in (7, 15, 31):
        side = width // 2
        around = [0] * side + x + [0] * side
        means = [sum(around[place : place + width]) / width for place in range(len(x))]
        found += [max(means), min(means), float(np.std(means))]
        if width == 15:
            found.append(float(np.mean([mean > 10 for mean in means])))
    for lag in (1, 2, 3, 4, 5, 7, 10, 15, 20):
        products = [one * other for one, other in zip(x, x[lag:], strict=False)]
        found.append(float(np.mean(products)) if products else 0.0)
    return found


@pytest.mark.parametrize("scale", SCALES)
def test_each_scale_has_means_windows_and_products(scale: str) -> None:
    index = list(SCALES).index(scale)
    found = descriptors(STRINGS)[:, index : 26 * COUNT : COUNT]
    expected = [by_hand(string, scale) for string in STRINGS]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_counts_and_runs() -> None:
    found = descriptors(["MKKRDEAVLLHHHNPPP" + "A" * 60 + "HHHHH"])[0, 26 * COUNT :]
    length, alanines = 82, 61
    pairs = sum(n * (n - 1) for n in (1, 2, 1, 1, 1, alanines, 1, 2, 8, 1, 3))
    expected = [
        5 / length, 1 / length, 1 / length, 1.0, 4 / length, 0.0, (alanines + 2.9 + 2 * 3.9) / length,
        1 / 3, 1 / 2, pairs / (length * (length - 1)), 60, 5, 3, 5,
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_last_bit_does_not_depend_on_padding_or_batch() -> None:
    together = descriptors(STRINGS)
    assert np.array_equal(together, descriptors(STRINGS, 777))
    assert np.array_equal(together, np.concatenate([descriptors([string]) for string in STRINGS]))
    assert np.isfinite(together).all()


def test_sums_of_long_sequences_are_exact() -> None:
    # Beyond 2^24, sums in float32 would lose units.
    once, many = descriptors(["ARNDCQEGHILKMFPSTWYV" * 2])[0], descriptors(["ARNDCQEGHILKMFPSTWYV" * 20_000])[0]
    assert np.array_equal(once[:COUNT], many[:COUNT])


def test_an_ambiguous_residue_is_the_mean_of_what_it_may_be() -> None:
    charge = list(SCALES).index("charge")
    found = descriptors(["B", "D", "N", "X"])[:, charge].tolist()
    assert found == [-22.0, -45.0, 0.0, 0.0]


def test_only_proteins_have_them() -> None:
    with pytest.raises(SettingError, match=r"network.tree_descriptors must be 'none' for dna: descriptors are for"):
        Descriptors(alphabet("dna"))


def test_they_need_no_value_on_the_host() -> None:
    tokens = torch.ones(3, 40, dtype=torch.uint8, device="meta")
    module = Descriptors(PROTEIN).to("meta")
    assert module(tokens, torch.ones(3, dtype=torch.int64, device="meta")).shape == (3, module.width)


class _QuotientsOfAGpu(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Divides by a number as PyTorch does on a GPU: by multiplying by its reciprocal."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if operation == torch.ops.aten.div.Tensor and not isinstance(args[1], torch.Tensor):
            return args[0] * (1 / torch.tensor(args[1], dtype=torch.float32))
        return operation(*args, **(kwargs or {}))


def test_the_last_bit_is_the_same_on_a_gpu() -> None:
    strings = random_strings([70] * 300, "ACDEFGHIKLMNPQRSTVWY", seed=7)
    expected = descriptors(strings)
    with _QuotientsOfAGpu():  # type: ignore[no-untyped-call]
        assert not torch.equal(torch.arange(99.0) / 7, torch.arange(99.0) / torch.tensor(7.0)), "as on a CPU"
        assert descriptors(strings).tobytes() == expected.tobytes()
