from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from seqnet.configs.training import AugmentationConfig
from seqnet.core.alphabets import alphabet
from seqnet.datasets.simulation.negatives import NEGATIVES
from seqnet.nn.batching import Batch
from seqnet.nn.strands import reverse_complement
from seqnet.training.augmentation import Augmentation
from tests.building import padded, random_strings

DNA = alphabet("dna")
EVEN = np.full(4, 0.25)
LABELS = np.zeros(1000, dtype=np.int64)


def augmentation(
    *,
    turn: bool = False,
    name: str = "dna",
    generators: Mapping[int, str] | None = None,
    frequencies: NDArray[np.float64] = EVEN,
    **settings: object,
) -> Augmentation:
    config = AugmentationConfig.from_dict(settings)
    return Augmentation(config, alphabet(name), turn=turn, generators=generators or {}, frequencies=frequencies)


def apply(augment: Augmentation, batch: Batch, labels: NDArray[np.int64] | None = None, seed: int = 0) -> Batch:
    tokens, lengths = batch
    labels = LABELS[: len(tokens)] if labels is None else labels
    out, sizes = augment((tokens.clone(), lengths.clone()), labels, np.random.default_rng(seed))
    assert out.dtype == torch.uint8
    assert sizes.dtype == torch.int64
    past = torch.arange(out.shape[1]) >= sizes[:, None]
    assert not out[past].any()
    assert bool((out != 0).sum(dim=1).eq(sizes).all())
    return out, sizes


def strings_of(batch: Batch, name: str = "dna") -> list[str]:
    tokens, lengths = batch
    rows = zip(tokens.numpy(), lengths.tolist(), strict=True)
    return [alphabet(name).decode(row[:length]).tobytes().decode() for row, length in rows]


BATCHES = st.lists(st.text("ACGTNR", min_size=1, max_size=15), min_size=1, max_size=6)


def test_nothing_is_changed_by_default() -> None:
    batch = padded(random_strings([9, 4, 1, 7]))
    tokens, lengths = apply(augmentation(), batch)
    assert torch.equal(tokens, batch[0])
    assert torch.equal(lengths, batch[1])


@pytest.mark.parametrize("settings", [{"shift": 3}, {"mutation_rate": 0.3}, {"turn": True}])
def test_the_generator_decides(settings: dict[str, float]) -> None:
    batch = padded(random_strings([12] * 40))
    augment = augmentation(**settings)  # type: ignore[arg-type]
    assert strings_of(apply(augment, batch, seed=1)) == strings_of(apply(augment, batch, seed=1))
    assert strings_of(apply(augment, batch, seed=1)) != strings_of(apply(augment, batch, seed=2))


@given(BATCHES, st.integers(1, 20), st.integers(0, 99))
def test_a_shift_cuts_up_to_so_many_symbols_from_either_end(strings: list[str], shift: int, seed: int) -> None:
    for before, after in zip(
        strings, strings_of(apply(augmentation(shift=shift), padded(strings), seed=seed)), strict=True
    ):
        assert after
        places = [at for at in range(len(before)) if before.startswith(after, at)]
        assert any(at <= shift and len(before) - at - len(after) <= shift for at in places)


def test_every_shift_is_drawn_equally_often() -> None:
    batch = padded(["ACGTRYSWKM"] * 1000)
    cuts = Counter(
        ("ACGTRYSWKM".index(after[0]), len(after)) for after in strings_of(apply(augmentation(shift=2), batch))
    )
    assert set(cuts) == {(start, 10 - start - end) for start in range(3) for end in range(3)}
    assert min(cuts.values()) > 75


@given(BATCHES, st.integers(0, 99))
def test_every_symbol_is_mutated_at_a_rate_of_one(strings: list[str], seed: int) -> None:
    for before, after in zip(
        strings, strings_of(apply(augmentation(mutation_rate=1.0), padded(strings), seed=seed)), strict=True
    ):
        assert len(after) == len(before)
        for old, new in zip(before, after, strict=True):
            # Ambiguity codes are not mutated.
            assert new in (set("ACGT") - {old} if old in "ACGT" else {old})


def test_mutations_have_their_rate_and_are_equally_likely() -> None:
    batch = padded(["A" * 100] * 200)
    counts = Counter("".join(strings_of(apply(augmentation(mutation_rate=0.3), batch))))
    assert counts["A"] / 20_000 == pytest.approx(0.7, abs=0.02)
    for symbol in "CGT":
        assert counts[symbol] / 20_000 == pytest.approx(0.1, abs=0.01)


def test_mutations_of_proteins_are_amino_acids() -> None:
    strings = random_strings([30] * 20, "ARNDCQEGHILKMFPSTWYV")
    after = strings_of(apply(augmentation(name="protein", mutation_rate=1.0), padded(strings, "protein")), "protein")
    assert set("".join(after)) == set("ARNDCQEGHILKMFPSTWYV")


def test_about_half_of_the_sequences_are_turned_whole() -> None:
    batch = padded(random_strings([11, 30] * 200))
    other = reverse_complement(*batch, torch.tensor(DNA.complement.tolist(), dtype=torch.uint8))
    tokens, lengths = apply(augmentation(turn=True), batch)
    same, turned = (tokens == batch[0]).all(dim=1), (tokens == other).all(dim=1)
    assert bool((same | turned).all())
    assert 150 < int(turned.sum()) < 250
    assert torch.equal(lengths, batch[1])


@pytest.mark.parametrize("kind", list(NEGATIVES))
def test_fresh_negatives_leave_other_classes_and_lengths_alone(kind: str) -> None:
    batch = padded(random_strings([20, 9, 1, 14, 30, 20]))
    labels = np.array([0, 1, 1, 0, 1, 0])
    tokens, lengths = apply(augmentation(generators={1: kind}), batch, labels)
    assert torch.equal(lengths, batch[1])
    assert torch.equal(tokens[labels == 0], batch[0][labels == 0])
    assert not torch.equal(tokens[4], batch[0][4])


def pairs(string: str) -> Counter[str]:
    return Counter(string[at : at + 2] for at in range(len(string) - 1))


def test_fresh_shuffles_keep_their_pairs_of_neighbours() -> None:
    strings = random_strings([40, 25, 40, 33], "ACGTN")
    augment = augmentation(generators={1: "dinucleotide"})
    ones = np.ones(4, dtype=np.int64)
    first, second = (strings_of(apply(augment, padded(strings), ones, seed)) for seed in (1, 2))
    for before, one, other in zip(strings, first, second, strict=True):
        assert pairs(before) == pairs(one) == pairs(other)
        assert len({before, one, other}) == 3


def test_fresh_negatives_have_the_frequencies_of_what_was_read() -> None:
    augment = augmentation(generators={0: "composition"}, frequencies=np.array([0.7, 0.2, 0.1, 0.0]))
    counts = Counter("".join(strings_of(apply(augment, padded(["T" * 100] * 100)))))
    assert counts["T"] == 0
    for symbol, share in zip("ACG", (0.7, 0.2, 0.1), strict=True):
        assert counts[symbol] / 10_000 == pytest.approx(share, abs=0.02)
