from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SettingError
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.datasets.encoding import ClassSource, encode
from seqnet.datasets.encoding.summary import EncodeSummary
from tests.similarity.examples import containment, mutated, random_strings, reverse_complement

RESIDUES = "ARNDCQEGHILKMFPSTWYV"


def write(path: Path, strings: Sequence[str]) -> str:
    path.write_text("".join(f">{path.stem}{number}\n{string}\n" for number, string in enumerate(strings)))
    return str(path)


def encoded(tmp_path: Path, *sources: str, **options: Any) -> tuple[Dataset, EncodeSummary]:
    output = tmp_path / "out.safetensors"
    given = [ClassSource.parse(text) for text in sources]
    summary = encode(given, output, EncodeOptions(**options), ReadOptions(), force=True)
    return open_dataset(output), summary


def families(count: int, size: int, seed: int) -> list[str]:
    """Returns families of proteins: each differs from the first of its family at four of sixty positions."""
    rng = np.random.default_rng(seed)
    return [
        mutated(base, sorted(rng.choice(60, 4, replace=False).tolist()), RESIDUES)
        for base in random_strings(count, 60, RESIDUES, seed)
        for _ in range(size)
    ]


@pytest.fixture
def proteins(tmp_path: Path) -> tuple[str, str]:
    return write(tmp_path / "a.fa", families(20, 5, seed=1)), write(tmp_path / "b.fa", families(25, 4, seed=2))


def test_families_are_in_one_split_and_classes_keep_their_shares(tmp_path: Path, proteins: tuple[str, str]) -> None:
    a, b = proteins
    data, summary = encoded(tmp_path, f"a={a}", f"b={b}", split_by="similarity", split="60/20/20")
    texts = [data.alphabet.decode(np.frombuffer(data.tokens[i], np.uint8)).tobytes().decode() for i in range(len(data))]
    pairs = 0
    for one, other in combinations(range(len(data)), 2):
        if data.split[one] != data.split[other]:
            assert containment(texts[one], texts[other], 5, "protein") < 0.2
        elif containment(texts[one], texts[other], 5, "protein") >= 0.2:
            assert data.groups[one] == data.groups[other]
            pairs += 1
    assert pairs > 300
    assert data.counts().tolist() == [[60, 20, 20], [60, 20, 20]]
    assert summary.grouping.clusters is not None
    assert summary.groups == len(summary.grouping.clusters.sizes) == len(np.unique(data.groups))
    assert "with 0.2 of their 5-mers in common, the largest of 5 (2.5%)" in "\n".join(summary.lines())
    assert summary.warnings() == []


def test_without_it_families_are_torn_apart(tmp_path: Path, proteins: tuple[str, str]) -> None:
    a, b = proteins
    data, summary = encoded(tmp_path, f"a={a}", f"b={b}", split="60/20/20")
    torn = [len(set(data.split[start : start + 5].tolist())) > 1 for start in range(0, 100, 5)]
    assert np.mean(torn) > 0.5
    assert summary.grouping.clusters is None
    assert "clusters" not in "\n".join(summary.lines())


def test_groups_and_similarity_are_joined(tmp_path: Path) -> None:
    strings = random_strings(40, 36, seed=3)
    # r0 is similar to r1, which is in a group with r2, which is similar to r3 on the other strand.
    strings[1] = strings[0][6:] + "ACGTAC"
    strings[3] = reverse_complement(strings[2])
    clusters = tmp_path / "clusters.tsv"
    clusters.write_text("c\tr1\nc\tr2\nd\tr8\nd\tr9\n")
    path = write(tmp_path / "r.fa", strings)
    data, summary = encoded(
        tmp_path, f"x={path}", "n=@uniform", group_by=str(clusters), split_by="similarity", split="50/25/25"
    )
    groups = data.groups[:40]
    assert len(set(groups[:4])) == 1
    assert groups[8] == groups[9]
    assert len(set(data.groups.tolist())) == summary.groups == 80 - 3 - 1
    assert len(set(data.split[:4])) == 1
    assert "36 records without a group, each in a group of its own" in summary.lines()


def test_shuffled_records_stay_with_their_cluster(tmp_path: Path) -> None:
    region = random_strings(1, 400, seed=4)[0]
    reads = [region[start : start + 36] for start in range(0, 360, 10)]
    far = random_strings(200, 36, seed=5)
    path = write(tmp_path / "r.fa", reads + far)
    data, summary = encoded(tmp_path, f"x={path}", "n=@dinucleotide", split_by="similarity")
    assert len(set(data.split[: len(reads)])) == 1
    np.testing.assert_array_equal(data.split[: len(data) // 2], data.split[len(data) // 2 :])
    assert summary.grouping.largest == len(reads) / 236
    assert summary.warnings() == [
        "15% of the records are one group, linked by chains of similar records; a higher --similarity divides it"
    ]
    again, broken = encoded(tmp_path, f"x={path}", "n=@dinucleotide", split_by="similarity", similarity=0.9, kmer=16)
    assert len(set(again.groups.tolist())) == 236
    assert broken.warnings() == []


def test_overlapping_windows_are_kept_together(tmp_path: Path) -> None:
    path = write(tmp_path / "r.fa", random_strings(30, 100, seed=6))
    _, apart = encoded(tmp_path, f"x={path}", "n=@uniform", window=50, stride=25)
    assert any("windows of one record may be" in line for line in apart.warnings())
    data, together = encoded(tmp_path, f"x={path}", "n=@uniform", window=50, stride=25, split_by="similarity")
    assert together.warnings() == []
    for start in range(0, 90, 3):
        assert len(set(data.groups[start : start + 3])) == 1


def test_the_same_twice(tmp_path: Path, proteins: tuple[str, str]) -> None:
    a, b = proteins
    encoded(tmp_path, f"a={a}", f"b={b}", split_by="similarity")
    first = (tmp_path / "out.safetensors").read_bytes()
    encoded(tmp_path, f"a={a}", f"b={b}", split_by="similarity")
    assert (tmp_path / "out.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"similarity": 0.5}, r"encode\.similarity needs --split-by similarity"),
        ({"kmer": 5}, r"encode\.kmer needs --split-by similarity"),
        ({"split_by": "family"}, "must be one of random, similarity"),
        ({"split_by": "similarity", "similarity": 0.0}, "must be more than 0"),
        ({"split_by": "similarity", "similarity": 1.5}, "must be at most 1"),
    ],
)
def test_settings_that_can_not_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        EncodeOptions(**options)


def test_kmers_that_do_not_fit_leave_nothing_behind(tmp_path: Path, proteins: tuple[str, str]) -> None:
    with pytest.raises(SettingError, match="kmer must be 1 to 14 for protein, not 20"):
        encoded(tmp_path, f"a={proteins[0]}", f"b={proteins[1]}", split_by="similarity", kmer=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fa", "b.fa"]
