from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seqnet.audit import CHECKS, SHORTCUTS, TAGS, Check, audit_dataset
from seqnet.audit import audited_dataset as looking
from seqnet.configs.audit import AuditOptions
from tests.audit.examples import RESIDUES, checks, dataset, harmless, offenders
from tests.similarity.examples import mutated, random_strings, reverse_complement


def test_every_check_has_its_bounds_and_every_bound_its_check() -> None:
    levels = {"warn", "fail"}
    bounds = {f"{kind.bounds}_{level}" for kind in CHECKS.values() for level in levels}
    assert bounds == {name for name in AuditOptions().to_dict() if name.rpartition("_")[2] in levels}
    assert {*SHORTCUTS, *(f"tag-{name}" for name in TAGS)} < set(CHECKS)


def test_a_harmless_dataset_passes() -> None:
    found = checks(dataset(harmless(400)))
    assert {name: check.status for name, check in found.items() if check.status != "pass"} == {}
    # The tags of other alphabets are not looked for.
    assert {name for name in found if name.startswith("tag-")} == {
        f"tag-{name}" for name, tag in TAGS.items() if "dna" in tag.alphabets
    }
    assert list(found) == [name for name in CHECKS if name in found]


def test_exact_duplicates_inside_across_and_with_another_label() -> None:
    rows = harmless(100)
    # r0 and r20 are in train, r12 in validation, r16 in test; odd numbers have the other class.
    rows[20] = ("r20", rows[0][1], "train", 0)
    rows[16] = ("r16", rows[0][1], "test", 0)
    rows[13] = ("r13", rows[2][1], "validation", 1)
    data = dataset(rows)
    found = checks(data)
    assert offenders(data, found["duplicates-inside"]) == [("r0", "r20", 1.0), ("r20", "r0", 1.0)]
    assert found["duplicates-inside"].message == "2 of 100 records (2.00%) have the same sequence in their split"
    assert offenders(data, found["duplicates-across"]) == [("r13", "r2", 1.0), ("r16", "r0", 1.0)]
    assert found["duplicates-across"].value == 2 / 40
    assert offenders(data, found["duplicates-contradictory"]) == [("r2", "r13", 1.0), ("r13", "r2", 1.0)]
    statuses = [found[f"duplicates-{name}"].status for name in ("inside", "across", "contradictory")]
    assert statuses == ["warn", "fail", "fail"]
    # Equal sequences are not near-duplicates.
    assert all(found[f"near-{name}"].value == 0 for name in ("inside", "across", "contradictory"))


def test_near_duplicates_with_their_similarity() -> None:
    rows = harmless(100, 120, RESIDUES)
    rows[20] = ("r20", mutated(rows[0][1], [50], RESIDUES), "train", 0)
    rows[16] = ("r16", mutated(rows[2][1], [10, 90], RESIDUES), "test", 0)
    rows[13] = ("r13", "MGSSHHHHHHSSGLVPRGSH" + rows[4][1], "validation", 1)
    rows[40] = ("r40", mutated(rows[6][1], list(range(5, 120, 10)), RESIDUES), "train", 0)
    data = dataset(rows, name="protein")
    found = checks(data)
    one, two = round(111 / 116, 6), round(106 / 116, 6)
    assert offenders(data, found["near-inside"]) == [("r0", "r20", one), ("r20", "r0", one)]
    assert offenders(data, found["near-across"]) == [("r13", "r4", 1.0), ("r16", "r2", two)]
    assert offenders(data, found["near-contradictory"]) == [("r4", "r13", 1.0), ("r13", "r4", 1.0)]
    assert found["near-contradictory"].message == (
        "2 of 100 records (2.00%) have a near-duplicate in another class; 33% of those that have one at all"
    )
    assert checks(data, near=0.4)["near-inside"].value == 4 / 100
    assert checks(data, near=0.95)["near-across"].value == 1 / 40


def test_the_other_strand_is_a_near_duplicate() -> None:
    rows = harmless(100)
    rows[16] = ("r16", reverse_complement(rows[0][1]), "test", 0)
    data = dataset(rows)
    found = checks(data)
    assert offenders(data, found["near-across"]) == [("r16", "r0", 1.0)]
    assert found["duplicates-across"].value == 0


def test_repeated_names() -> None:
    rows = harmless(100)
    rows[7] = ("r3", *rows[7][1:])
    data = dataset(rows)
    check = checks(data)["names"]
    assert (check.status, check.value) == ("warn", 0.01)
    assert data.names.text()[7] == "r3"
    assert [(one, other) for one, other, _ in offenders(data, check)] == [("r3", "r3")]


def test_mates_of_one_group_are_not_repeated_names() -> None:
    rows = harmless(100)
    rows[2], rows[6] = (("pair", *rows[index][1:]) for index in (2, 6))  # of one class
    rows[4], rows[8] = (("copy", rows[4][1], *rows[index][2:]) for index in (4, 8))  # of one sequence
    rows[1], rows[3] = (("apart", *rows[index][1:]) for index in (1, 3))  # of two groups
    rows[5], rows[7], rows[9] = (("often", *rows[index][1:]) for index in (5, 7, 9))
    groups = np.arange(100)
    groups[6], groups[8], groups[7], groups[9] = 2, 4, 5, 5
    data = replace(dataset(rows), groups=groups)
    found = offenders(data, checks(data)["names"])
    assert [one for one, _, _ in found] == ["apart", "often", "copy", "often"]


def test_balance_overall_and_of_splits() -> None:
    rows = harmless(200)
    even = checks(dataset(rows))
    assert (even["balance"].status, even["balance"].value) == ("pass", 1.0)
    assert even["balance"].message == "50.0% noise, 50.0% signal"
    assert even["drift"].value == 0
    tilted = [(name, string, split, int(split == "test")) for name, string, split, _ in rows]
    found = checks(dataset(tilted))
    assert (found["drift"].status, found["drift"].value) == ("fail", 0.8)
    assert found["drift"].message.startswith("noise is 0.0% of test, 80.0% of all")
    rare = [(name, string, split, int(index < 12)) for index, (name, string, split, _) in enumerate(rows)]
    assert checks(dataset(rare))["balance"].status == "warn"
    rarer = [(name, string, split, int(index < 1)) for index, (name, string, split, _) in enumerate(rows)]
    found = checks(dataset(rarer))
    assert (found["balance"].status, found["balance"].value) == ("fail", 0.01)
    assert found["length"].message == "not measured: a class has fewer than 5 training records"


@pytest.mark.parametrize("count", [2, 3, 12, 120])
def test_balance_is_judged_by_the_number_of_classes(count: int) -> None:
    classes = [f"c{label:03}" for label in range(count)]
    rows = [
        (name, string, split, index % count) for index, (name, string, split, _) in enumerate(harmless(8 * count, 30))
    ]

    def balance(fewer: int) -> Check:
        """Returns the check for a dataset whose last class has fewer records (by `fewer`) than the others, eight."""
        kept = [row for index, row in enumerate(rows) if row[3] < count - 1 or index >= count * fewer]
        (found,) = audit_dataset(dataset(kept, classes=classes), names=["balance"])
        return found

    assert (balance(0).status, balance(0).value) == ("pass", 1.0)
    # A quarter of the others' records is less than an equal share, but no reason for a warning.
    assert balance(6).status == "pass"
    assert balance(6).value == pytest.approx(2 * count / (8 * count - 6))
    assert balance(7).value == pytest.approx(count / (8 * count - 7))
    assert balance(7).status == ("pass" if count == 2 else "warn")
    text = balance(7).message
    assert "\n" not in text
    assert len(text) < 160
    assert f"c{count - 1:03}" in text


def test_without_held_out_records() -> None:
    rows = [(name, string, "train", label) for name, string, _, label in harmless(100)]
    found = checks(dataset(rows))
    for name in ("duplicates-across", "near-across"):
        assert (found[name].status, found[name].message) == ("pass", "not measured: there are no held-out records")
    assert found["drift"].message == "not measured: there is one split only"


def test_a_shortcut_fails() -> None:
    rows = [(name, string[: 30 + 20 * label], split, label) for name, string, split, label in harmless(400)]
    found = checks(dataset(rows))
    assert (found["length"].status, round(found["length"].value or 0, 2)) == ("fail", 1.0)
    assert found["first-positions"].status == "pass"
    assert checks(dataset(rows), shortcut_warn=1.0, shortcut_fail=1.0)["length"].status == "pass"


def test_an_adapter_in_one_class() -> None:
    rows = [
        (name, string[:30] + ("AGATCGGAAGAGC" if label else string[30:43]), split, label)
        for name, string, split, label in harmless(400)
    ]
    found = checks(dataset(rows))
    assert (found["tag-truseq"].status, found["tag-truseq"].value) == ("fail", 1.0)
    assert found["tag-truseq"].message.endswith("; in 0.0% of noise, 100.0% of signal")
    assert found["last-positions"].status == "fail"


def test_what_a_quick_audit_leaves_out_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = harmless(1000, 60)
    rows = [
        (name, rows[index % 500][1][index // 500 :], split, label) for index, (name, _, split, label) in enumerate(rows)
    ]
    data = dataset(rows)
    whole = checks(data, quick=True)
    assert whole["near-inside"].message == checks(data)["near-inside"].message
    assert "sample" not in whole["near-inside"].message
    assert (whole["near-inside"].value or 0) + (whole["near-across"].value or 0) > 0.4
    monkeypatch.setattr(looking, "_QUICK_QUERIES", 200)
    asked = checks(data, quick=True)["near-contradictory"]
    assert asked.message.endswith("in a sample of the records")
    assert " of 200 records" in asked.message
    either = looking.AuditedDataset(data, AuditOptions(), True).near
    # Each record in the sample is compared with all records, so the duplicate of every one is found.
    assert len(np.unique(np.concatenate([either.pairs.first, either.pairs.second]))) > 300
    monkeypatch.setattr(looking, "_QUICK_SYMBOLS", 30_000)
    among = checks(data, quick=True)["near-inside"].message
    assert "looked for among 50" in among
    assert "of 1,000 records, a sample: there are more" in among
    assert "on 100 of 600 training records" in checks(data, records=100)["length"].message
    assert checks(data)["near-inside"].message == whole["near-inside"].message


def test_the_most_symbols_are_a_setting_too() -> None:
    data = dataset(harmless(100))
    message = checks(data, symbols=3000)["near-inside"].message
    assert message.endswith("looked for among 50 of 100 records, a sample: there are more")
    assert checks(data, symbols=6000)["near-inside"].message.endswith("have a near-duplicate in their split")


def test_duplicates_of_a_sample_are_found_though_their_first_copy_is_not_in_it() -> None:
    base = random_strings(40, 60, seed=5)
    rows = [(f"r{index}", base[index % 40], "train", index // 40 % 2) for index in range(400)]
    rows += [(f"n{index}", mutated(base[index], [30]), "test", index % 2) for index in range(40)]
    data = dataset(rows)
    found = checks(data, symbols=13_200, near=0.5)
    assert (found["near-across"].value or 0) > 0
    assert found["near-across"].offenders is not None
    for one, other, _ in offenders(data, found["near-across"]):
        assert one.startswith("n")
        assert int(other[1:]) % 40 == int(one[1:])


def test_windows_that_training_draws() -> None:
    region = random_strings(2, 3000, seed=6)
    windows = random_strings(80, 36, seed=7)
    # One test window is the reverse complement of part of a block of the train split.
    rows = [
        ("b1", region[0], "train", 0),
        ("b2", region[1], "train", 0),
        ("w", reverse_complement(region[1][500:536]), "test", 0),
    ]
    rows += [
        (f"v{index}", string, "validation" if index % 4 < 2 else "test", index % 2)
        for index, string in enumerate(windows)
    ]
    data = replace(dataset(rows, generators={"signal": "uniform"}), crop=36)
    found = checks(data, records=200)
    assert offenders(data, found["near-across"]) == [("w", "b2", 1.0)]
    assert found["length"].message == "AUROC 0.500: the same in all of 200 windows"
    assert found["balance"].value == pytest.approx(80 / 81)
    assert found["drift"].status == "pass"


def test_the_same_twice_with_the_defaults() -> None:
    data = dataset(harmless(300))
    assert [(one.value, one.message) for one in audit_dataset(data)] == [
        (two.value, two.message) for two in audit_dataset(data, AuditOptions())
    ]


def test_what_chance_may_have_brought_passes() -> None:
    values = []
    for seed in range(6):
        data = dataset(harmless(80, 40, RESIDUES, seed), name="protein")
        found = checks(data, shortcut_warn=0.5, tag_warn=0.5)
        values += [check.value or 0 for name, check in found.items() if name in SHORTCUTS]
        assert {check.status for name, check in found.items() if name in SHORTCUTS} == {"pass"}
    assert max(values) > 0.6
