from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from Bio.Seq import Seq

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import AlphabetMismatchError, SettingError
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.evaluation.novelty import describe, novelty_warning
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.tally import Tally
from tests.building import encoded, make_bundle, random_strings, run_config

PROTEIN = "MKVLATRSDEGHWYFPQNCI"


def fasta(path: Path, records: dict[str, str]) -> str:
    path.write_text("".join(f">{name} description\n{sequence}\n" for name, sequence in records.items()))
    return str(path)


class Run:
    """A model that is applied to files, and what is counted meanwhile."""

    def __init__(self, bundle: Bundle, read: ReadOptions | None = None, options: PredictOptions | None = None) -> None:
        self.predictor = Predictor(bundle, options)
        self.inputs = PredictionInputs(read or ReadOptions(), self.predictor.expected_alphabet)
        self.tally = Tally()

    @property
    def counts(self) -> Counter[RecordStatus]:
        return self.tally.counts

    def parts(self, path: str) -> list[PredictedRows]:
        parts = [self.predictor.predict_batch(batch, place) for place, batch in self.inputs.batches([path])]
        for part in parts:
            self.tally.add(Tally.of(part))
        return parts


def predict(run: Run, path: str) -> PredictedRows:
    """Returns the predictions of a file as one object."""
    return PredictedRows.concatenate(run.parts(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reads.fa"


@pytest.mark.parametrize("batch_bytes", [1, 60, 1 << 20])
def test_every_record_has_its_row_in_input_order(path: Path, batch_bytes: int) -> None:
    strings = random_strings([12, 7, 1, 60, 90, 12])
    records = {f"z{9 - index}": string for index, string in enumerate(strings)}
    records |= {
        "nothing": "",
        "odd": "ACGT!ACGT",
        "lower": strings[0].lower(),
        "codes": "ACNRYSWKMBDHV",
        "gap": "AC-GT",
    }
    bundle = make_bundle()
    run = Run(bundle, ReadOptions(batch_bytes=batch_bytes))
    found = predict(run, fasta(path, records))
    assert found.names.text() == list(records)
    words = [RecordStatus(value).word for value in found.status]
    assert words == ["ok"] * 6 + ["empty", "invalid_symbol", "ok", "ok", "invalid_symbol"]
    assert run.counts == {RecordStatus.OK: 8, RecordStatus.EMPTY: 1, RecordStatus.INVALID_SYMBOL: 2}
    good = found.status == RecordStatus.OK
    usable = [string for string, fine in zip(records.values(), good, strict=True) if fine]
    expected = class_probabilities(bundle.classifier, encoded(usable))
    np.testing.assert_allclose(found.probabilities[good], expected, atol=1e-6)
    np.testing.assert_array_equal(found.labels[good], (expected[:, 1] >= 0.5).astype(int))
    assert np.isnan(found.probabilities[~good]).all()
    assert (found.labels[~good] == -1).all()
    np.testing.assert_allclose(found.probabilities[8], found.probabilities[0], atol=1e-6)


def test_a_class_called_uncertain_is_not_mistaken_for_a_doubt() -> None:
    bundle = replace(make_bundle(), classes=("certain", "uncertain"))
    with pytest.raises(SettingError, match="a class of the model is called uncertain"):
        Run(bundle, ReadOptions(), PredictOptions(max_error=0.1))


def test_both_strands_have_one_row(path: Path) -> None:
    strings = random_strings([40, 41, 29, 19, 13, 12, 5])
    others = [str(Seq(string).reverse_complement()) for string in strings]  # type: ignore[no-untyped-call]
    records = {f"r{index}": string for index, string in enumerate([*strings, *others])}
    found = predict(Run(make_bundle(), ReadOptions()), fasta(path, records)).probabilities
    np.testing.assert_allclose(found[:7], found[7:], atol=1e-6)
    assert found[:, 1].std() > 1e-3


def test_a_record_too_short_for_a_kmer_has_a_status(path: Path) -> None:
    bundle = make_bundle(run_config(encoder={"name": "kmer", "k": 3}))
    run = Run(bundle, ReadOptions())
    found = predict(run, fasta(path, {"a": "ACG", "b": "AC", "c": "A", "d": "", "e": "A!", "f": "ACGTACGT"}))
    words = [RecordStatus(value).word for value in found.status]
    assert words == ["ok", "too_short", "too_short", "empty", "invalid_symbol", "ok"]
    assert run.counts[RecordStatus.TOO_SHORT] == 2


@pytest.mark.parametrize("name", ["dna", "protein"])
def test_codes_alone_are_not_classified(name: str, path: Path) -> None:
    any_one = "N" if name == "dna" else "X"
    records = {"a": any_one * 30, "b": "ACGT" * 5, "c": any_one * 29 + "A", "d": any_one, "e": "", "f": any_one + "!"}
    found = predict(Run(make_bundle(name=name), ReadOptions()), fasta(path, records))
    words = [RecordStatus(value).word for value in found.status]
    assert words == ["all_ambiguous", "ok", "ok", "all_ambiguous", "empty", "invalid_symbol"]
    assert (found.labels >= 0).tolist() == [False, True, True, False, False, False]
    masked = predict(Run(make_bundle(name=name), ReadOptions(), PredictOptions(unknown="mask")), path.as_posix())
    assert RecordStatus(masked.status[5]).word == "all_ambiguous"


def test_one_network_has_no_votes() -> None:
    with pytest.raises(SettingError, match="needs an ensemble; this model is a single network"):
        Run(make_bundle(), ReadOptions(), PredictOptions(vote=True))


def test_counts_add_up_over_files(tmp_path: Path) -> None:
    run = Run(make_bundle(), ReadOptions())
    for name in ("one.fa", "two.fa"):
        predict(run, fasta(tmp_path / name, {"a": "ACGT", "b": ""}))
    assert run.counts == {RecordStatus.OK: 2, RecordStatus.EMPTY: 2}


def test_a_file_without_a_usable_record_has_rows_all_the_same(path: Path) -> None:
    found = predict(Run(make_bundle(), ReadOptions()), fasta(path, {"a": "", "b": "!!"}))
    assert [RecordStatus(value).word for value in found.status] == ["empty", "invalid_symbol"]
    assert found.probabilities.shape == (2, 2)


@pytest.mark.parametrize(
    ("model", "sequence", "found"),
    [
        ("dna", PROTEIN * 3, "protein"),
        ("rna", PROTEIN * 3, "protein"),
        ("protein", "ACGTTGCAAC" * 101, "dna"),
        ("protein", "ACGUUGCAAC" * 101, "rna"),
        ("dna", "ACGUUGCAAC" * 4, "rna"),
    ],
)
def test_sequences_of_another_alphabet_are_refused(model: str, sequence: str, found: str, path: Path) -> None:
    run = Run(make_bundle(name=model), ReadOptions())
    # Readers may return a single first record, and a short one does not suffice to guess the alphabet.
    file = fasta(path, {"a": "", "b": sequence[:20], "c": sequence})
    with pytest.raises(AlphabetMismatchError) as caught:
        predict(run, file)
    remedy = f"give {model} sequences, or use --alphabet {model} if these are"
    assert str(caught.value) == f"{file}: this looks like {found}, not {model}; {remedy}"
    assert run.counts.total() == 0
    sure = Run(make_bundle(name=model), ReadOptions(), PredictOptions(alphabet=model))
    assert len(predict(sure, file)) == 3


def test_a_doubt_about_the_alphabet_is_kept_and_settled_by_the_user(path: Path) -> None:
    file = fasta(path, {"silk": "GAGAGS" * 10, "linker": "GGGGS" * 4, "poly_a": "AAATAAGAAAAATAAACAAA"})
    for size in (1, 1 << 19):
        run = Run(make_bundle(name="protein"), ReadOptions(batch_bytes=size))
        assert len(predict(run, file)) == 3
        assert run.inputs.doubts == [(file, "dna")]
    run = Run(make_bundle(name="protein"), ReadOptions(), PredictOptions(alphabet="protein"))
    assert len(predict(run, file)) == 3
    assert run.inputs.doubts == []
    with pytest.raises(SettingError, match="must be protein, the alphabet of the model, not 'dna'"):
        Run(make_bundle(name="protein"), ReadOptions(), PredictOptions(alphabet="dna"))


def test_a_bad_record_among_many_is_a_row_wherever_it_stands(path: Path) -> None:
    good = {f"r{index}": string for index, string in enumerate(random_strings([40] * 60))}
    for records in ({"bad": PROTEIN, **good}, {**good, "bad": PROTEIN}):
        for size in (1, 1 << 19):
            run = Run(make_bundle(), ReadOptions(batch_bytes=size))
            found = predict(run, fasta(path, records))
            assert found.names.text()[int(np.flatnonzero(found.status == RecordStatus.INVALID_SYMBOL)[0])] == "bad"
            assert run.counts[RecordStatus.INVALID_SYMBOL] == 1


@pytest.mark.parametrize(
    ("model", "sequence"),
    [
        ("rna", "ACGTTGCAAC" * 4),
        ("dna", "acgtnnnnac" * 4),
        ("protein", PROTEIN * 3),
        ("protein", "ACDC"),
        ("dna", "MKV"),
    ],
)
def test_what_may_be_of_the_alphabet_is_not_refused(model: str, sequence: str, path: Path) -> None:
    found = predict(Run(make_bundle(name=model), ReadOptions()), fasta(path, {"a": sequence}))
    assert len(found) == 1


def test_a_file_without_records_is_noted(path: Path) -> None:
    path.write_text("")
    run = Run(make_bundle(), ReadOptions())
    assert run.parts(str(path)) == []
    assert run.inputs.empty == [(str(path), "the file is empty")]


def test_reads_that_are_not_separate_records_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "reads.sam"
    rows = [f"{name}\t{flag}\t*\t0\t0\t*\t*\t0\t0\tACGTACGT\t*" for name, flag in (("a", 4), ("a", 4 | 256), ("b", 4))]
    path.write_text("@HD\tVN:1.6\n" + "\n".join(rows) + "\n")
    run = Run(make_bundle(), ReadOptions())
    assert predict(run, str(path)).names.text() == ["a", "b"]
    assert run.inputs.skipped.total() == 1


def test_three_classes_take_the_likeliest(path: Path) -> None:
    bundle = make_bundle(classes=("a", "b", "c"), window=12)
    found = predict(
        Run(bundle, ReadOptions()), fasta(path, {f"r{i}": s for i, s in enumerate(random_strings([9] * 5))})
    )
    assert found.probabilities.shape == (5, 3)
    np.testing.assert_array_equal(found.labels, found.probabilities.argmax(axis=1))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-12)


def test_an_ensemble_has_mean_votes_and_deviations(path: Path) -> None:
    bundle, strings = make_bundle(members=3), random_strings([12] * 12)
    file = fasta(path, {f"r{index}": string for index, string in enumerate([*strings, ""])})
    mean = predict(Run(bundle, ReadOptions()), file)
    votes = predict(Run(bundle, ReadOptions(), PredictOptions(vote=True)), file)
    each = np.stack([class_probabilities(member, encoded(strings)) for member in bundle.members])
    np.testing.assert_allclose(mean.probabilities[:12], each.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(votes.probabilities[:12, 1], (each[:, :, 1] > 0.5).mean(axis=0), atol=1e-12)
    for found in (mean, votes):
        assert found.deviations is not None
        np.testing.assert_allclose(found.deviations[:12], each.std(axis=0), atol=1e-6)
        assert np.isnan(found.deviations[12]).all()
    assert predict(Run(make_bundle(), ReadOptions()), file).deviations is None


def test_what_is_unusual_is_classified_and_marked(path: Path) -> None:
    trained_on = encoded(random_strings([12] * 400))
    bundle = make_bundle()
    records = {"usual": "ACGTTGCATGCA", "a": "A" * 12, "long": "ACGT" * 9, "none": "", "bad": "AC!TTGCATGCA"}
    plain = predict(Run(bundle, ReadOptions()), fasta(path, records))
    run = Run(
        replace(bundle, novelty=describe(trained_on, trained_on, bundle.alphabet, both_strands=True)), ReadOptions()
    )
    found = predict(run, str(path))
    words = [RecordStatus(value).word for value in found.status]
    assert words == ["ok", "unusual_composition", "unusual_length", "empty", "invalid_symbol"]
    np.testing.assert_array_equal(found.probabilities, plain.probabilities)
    np.testing.assert_array_equal(found.labels, plain.labels)
    assert run.counts == dict.fromkeys(map(RecordStatus, found.status.tolist()), 1)
    warning = novelty_warning(run.counts)
    assert warning is not None
    assert warning.startswith("2 of 3 classified records (66.7%) are unlike")


@pytest.mark.parametrize("members", [1, 2])
def test_a_record_that_makes_the_network_overflow_has_a_status_and_no_prediction(path: Path, members: int) -> None:
    bundle = make_bundle(run_config(encoder={"name": "embedding"}), members=members)
    with torch.no_grad():
        # The weights are finite, but their sums overflow float32; T, the last symbol, has none of it.
        for parameter in bundle.classifier.parameters():
            parameter.mul_(1e13 if parameter.dim() > 1 else 1.0)
    run = Run(bundle, ReadOptions())
    found = predict(run, fasta(path, {"a": "ACGTACGTACGT", "none": "", "b": "GGGGGGGGGGGG"}))
    assert found.status.tolist() == [RecordStatus.NO_PREDICTION, RecordStatus.EMPTY, RecordStatus.NO_PREDICTION]
    assert found.labels.tolist() == [-1, -1, -1]
    assert np.isnan(found.probabilities).all()
    assert run.counts == {RecordStatus.NO_PREDICTION: 2, RecordStatus.EMPTY: 1}
    assert not RecordStatus.NO_PREDICTION.classified
