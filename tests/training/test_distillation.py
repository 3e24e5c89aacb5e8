from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from seqnet.configs.distillation import DistillOptions
from seqnet.configs.run import RunRequest
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import LabelError, SettingError
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.encoding.unlabelled import draw_sequences
from seqnet.evaluation.calibration import Calibration
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import bundle_probabilities
from seqnet.training.distillation import Distilled, choose_student, distill, label_sequences, piece_length
from seqnet.training.members import TrainingJob
from seqnet.training.warm_start import WarmStart
from tests.building import CPU, MOTIF, Recorder, encoded, make_bundle, planted, random_strings, run_config

DNA = alphabet("dna")
LENGTH = 24
FINDER = {"name": "cnn", "filters": [1], "kernels": [8], "pools": [1], "dense": [], "strands": "single"}
FEW = DistillOptions(count=1600)
SMALL = ("epochs=12", "filters=[32]", "dense=[64]")


def motif_finder(threshold: float = 0.5) -> Bundle:
    """Returns a model whose logit of `signal` is 4 with the motif, 0 with one mismatch, and -4 with more."""
    bundle = make_bundle(run_config(network=FINDER), window=LENGTH)
    weights = bundle.classifier.state_dict()
    kernel, bias, output, offset = (weights[name] for name in weights if name.startswith("network."))
    with torch.no_grad():
        kernel.copy_(torch.from_numpy(np.eye(5)[encoded([MOTIF]).data, 1:].T[None]))
        bias.fill_(-6)
        output.copy_(torch.tensor([[0.0], [4.0]]))
        offset.copy_(torch.tensor([0.0, -4.0]))
    return replace(bundle, calibration=Calibration(threshold=threshold, shares=(0.5, 0.5)))


def plan(teacher: Bundle, options: DistillOptions = FEW, *settings: str) -> TrainingJob:
    """Returns the training of a fast model on pieces of planted sequences and on random ones."""
    drawn = draw_sequences([planted((800, 0, 0), LENGTH).tokens], DNA, options, LENGTH)
    chosen = choose_student(teacher, RunRequest(assignments=(*SMALL, *settings)), options, LENGTH)
    return TrainingJob(label_sequences(teacher, drawn), chosen.run, CPU, provenance={"seed": 1})


def fast_version(teacher: Bundle, labelled: Dataset | None = None, **options: Any) -> Distilled:
    return distill(plan(teacher, replace(FEW, **options)), WarmStart.of(teacher), Recorder(), labelled=labelled)


def test_the_teacher_matches_its_docstring() -> None:
    strings = ["A" * 8 + MOTIF + "A" * 8, "A" * 8 + MOTIF[:-1] + "C" + "A" * 8, "A" * LENGTH]
    found = bundle_probabilities(motif_finder(), encoded(strings)).probabilities
    np.testing.assert_allclose(np.log(found[:, 1] / found[:, 0]), [4, 0, -4], atol=1e-5)


def test_a_fast_model_learns_the_motif_from_probabilities_alone() -> None:
    found = fast_version(motif_finder())
    assert found.agreement > 0.95
    new = planted((400, 0, 0), LENGTH, seed=9)
    both = [bundle_probabilities(one, new.tokens).probabilities for one in (motif_finder(), found.bundle)]
    labels = [one.argmax(axis=1) for one in both]
    # Half of the sequences have the motif, so that a constant label would agree with half.
    assert (labels[0] == new.labels).mean() > 0.98
    assert (labels[0] == labels[1]).mean() > 0.95
    assert np.abs(both[0] - both[1]).mean() < 0.1


def test_the_same_seed_gives_the_same_fast_model_and_another_seed_another() -> None:
    states = [fast_version(motif_finder(), seed=seed).bundle.classifier.state_dict() for seed in (1, 1, 2)]
    same = [all(torch.equal(states[0][name], other[name]) for name in other) for other in states[1:]]
    assert same == [True, False]


def test_targets_are_the_probabilities_of_the_model() -> None:
    teacher = motif_finder()
    dataset = plan(teacher).dataset
    assert dataset.targets is not None
    expected = bundle_probabilities(teacher, dataset.tokens).probabilities
    np.testing.assert_allclose(dataset.targets, expected, atol=1e-6)
    assert dataset.labels.tolist() == expected.argmax(axis=1).tolist()
    assert len(dataset.members("validation")) == 2 * 40
    assert not len(dataset.members("test"))


def test_the_fast_model_has_the_threshold_of_the_model_without_labelled_records() -> None:
    teacher = motif_finder(threshold=0.3)
    kept = fast_version(teacher).bundle
    assert kept.calibration.threshold == 0.3
    assert kept.calibration.temperature == 1
    assert kept.validation is None
    labelled = planted((20, 200, 0), LENGTH, seed=3)
    fitted = fast_version(teacher, labelled).bundle
    assert fitted.validation is not None
    assert fitted.calibration.quality["log_loss_after"] < 0.4


def test_the_card_names_the_model_and_what_was_learned_from() -> None:
    teacher = replace(motif_finder(), card={"title": "motif finder", "data_licence": "MIT", "test": {"auroc": "1"}})
    start = replace(WarmStart.of(teacher), name="finder")
    found = distill(plan(teacher), start, Recorder(), real=800)
    card = found.bundle.card
    assert card["title"] == "fast version of motif finder"
    assert card["teacher"] == {"model": "finder", "sha256": start.sha256}
    assert "1,600 sequences: 800 pieces of real sequences and 800 random sequences" in card["training_data"]
    assert card["agreement"].startswith(f"{found.agreement:.4f} of 80 validation sequences")
    assert card["data_licence"] == "MIT"
    # The quality of the other model is not its own.
    assert "test" not in card


def test_a_model_that_gives_no_sequence_to_a_class_is_refused() -> None:
    drawn = draw_sequences(None, DNA, DistillOptions(count=100), LENGTH)
    with pytest.raises(LabelError, match="class signal: the model gives this label to none of 95 sequences; give SEQ"):
        label_sequences(motif_finder(), drawn)


def test_the_preset_depends_on_alphabet_and_length() -> None:
    protein = make_bundle(name="protein", window=50)
    presets = [
        choose_student(teacher, RunRequest(), FEW, length).preset
        for teacher, length in ((motif_finder(), 24), (motif_finder(), 500), (protein, 50))
    ]
    assert presets == ["dna-fast", "dilated-cnn", "dilated-cnn"]
    assert choose_student(motif_finder(), RunRequest(preset="dna-cnn"), FEW, LENGTH).preset == "dna-cnn"


def test_sequences_are_turned_only_if_the_model_gives_both_strands_the_same() -> None:
    both = make_bundle(run_config(network={**FINDER, "strands": "both"}), window=LENGTH)
    turned = [choose_student(one, RunRequest(), FEW, LENGTH).run.augmentation for one in (motif_finder(), both)]
    assert [one.reverse_complement for one in turned] == [False, True]
    run = choose_student(motif_finder(), RunRequest(preset="gap-cnn", assignments=('strands="auto"',)), FEW, LENGTH).run
    assert run.network.strands == "single"


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("shift=3", "augmentation.shift must be off: the model has labelled the sequences as they are"),
        ("balance=weights", "training.balance must be none"),
        ('fresh_shuffles=["a"]', "augmentation.fresh_shuffles must be off"),
        ('strands="both"', "network.strands needs a model that uses both strands; this one uses one strand"),
        ("reverse_complement=true", "augmentation.reverse_complement needs a model that uses both strands"),
        ("seed=4", "training.seed is set by --seed, which is also the seed of the sequences"),
        ("window=20", "network.window must be at least 24, the length of the pieces"),
    ],
)
def test_settings_that_contradict_the_labels_are_refused(setting: str, problem: str) -> None:
    with pytest.raises(SettingError, match=problem):
        choose_student(motif_finder(), RunRequest(preset="dna-cnn", assignments=(setting,)), FEW, LENGTH)


def test_trees_can_teach_but_not_learn() -> None:
    network = {"name": "hybrid", "filters": [4], "kernels": [3], "pools": [1], "units": 3, "dense": [4]}
    boosted = run_config(network={**network, "composition": True, "trees": 5, "tree_leaves": 3})
    teacher = make_bundle(boosted, name="protein", window=30, members=2)
    with pytest.raises(SettingError, match=r"network.trees must be 0: trees need labels"):
        choose_student(teacher, RunRequest(preset="protein-hybrid"), FEW, 30)
    proteins = encoded(random_strings([30] * 200, "ACDEFGHIKLMNPQRSTVWY"), "protein")
    drawn = draw_sequences([proteins], alphabet("protein"), DistillOptions(count=300), 30)
    dataset = label_sequences(teacher, drawn)
    assert dataset.targets is not None
    np.testing.assert_allclose(dataset.targets, bundle_probabilities(teacher, drawn.tokens).probabilities, atol=1e-6)
    chosen = choose_student(teacher, RunRequest(assignments=("epochs=1",)), FEW, 30)
    found = distill(TrainingJob(dataset, chosen.run, CPU), WarmStart.of(teacher), Recorder())
    assert found.bundle.alphabet.name == "protein"
    assert len(found.bundle.members) == 1


def test_pieces_are_as_long_as_the_window_of_the_model_but_at_most_1000() -> None:
    assert piece_length(motif_finder(), FEW) == 24
    assert piece_length(motif_finder(), DistillOptions(length=7)) == 7
    assert piece_length(replace(motif_finder(), window=5_000), FEW) == 1_000


def test_a_run_that_is_stopped_keeps_the_best_epoch_so_far() -> None:
    teacher = motif_finder()
    found = distill(plan(teacher), WarmStart.of(teacher), Recorder(stop_at_epoch=1))
    assert isinstance(found.result.interruption, KeyboardInterrupt)
    assert len(found.result.rows) == 1
