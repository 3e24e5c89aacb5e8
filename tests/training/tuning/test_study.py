from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqnet.core.errors import ContainerError, LabelError, SettingError
from seqnet.training.tuning import Space, TuningResult
from seqnet.training.tuning.space import Choices, Range
from tests.building import SMALL_NETWORK, fit, planted, run_config
from tests.training.tuning.examples import BASE, DATASET, SPACE, Watching, run_search, timeless


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> TuningResult:
    return run_search(tmp_path_factory.mktemp("unbroken"), 9)


def test_trials_lie_in_the_space_and_their_value_is_that_of_training(unbroken: TuningResult) -> None:
    assert [trial.number for trial in unbroken.trials] == list(range(1, 10))
    for trial in unbroken.trials:
        assert set(trial.settings) == set(SPACE.domains)
        assert trial.settings["network.filters"] in ([4], [12])
        assert 1e-5 <= trial.settings["training.learning_rate"] <= 3e-2
    assert len({trial.settings["training.learning_rate"] for trial in unbroken.trials}) == 9
    complete = [trial for trial in unbroken.trials if trial.state == "complete"]
    best = max(complete, key=lambda trial: trial.value or 0)
    assert unbroken.best == best
    assert unbroken.run is not None
    assert unbroken.run.training.learning_rate == best.settings["training.learning_rate"]
    again = fit(DATASET, unbroken.run)
    assert again.bundle.metrics["validation_auroc"] == best.value
    assert again.best_epoch == best.best_epoch
    assert len(again.rows) == best.epochs == 4


def test_trials_that_fall_behind_are_stopped(unbroken: TuningResult) -> None:
    pruned = [trial for trial in unbroken.trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        # Hyperband compares after powers of three.
        assert trial.epochs in (1, 3)
        ahead = [one.value or 0 for one in unbroken.trials[: trial.number - 1] if one.epochs >= trial.epochs]
        assert trial.value is not None
        assert max(ahead) > trial.value


def test_the_seed_decides_all(tmp_path: Path, unbroken: TuningResult) -> None:
    assert timeless(run_search(tmp_path, 9).trials) == timeless(unbroken.trials)
    other = run_search(tmp_path, 2, base=replace(BASE, training=replace(BASE.training, seed=3)))
    assert other.trials[0].settings != unbroken.trials[0].settings


@pytest.mark.parametrize(
    "watcher", [Watching(stop_after=4), Watching(stop_within=(5, 2)), Watching(stop_within=(1, 1))]
)
def test_a_resumed_search_gives_the_result_of_an_unbroken_one(
    tmp_path: Path, unbroken: TuningResult, watcher: Watching
) -> None:
    stopped = run_search(tmp_path, 9, watcher=watcher)
    assert isinstance(stopped.interruption, KeyboardInterrupt)
    kept = 0 if watcher.stop_within == (1, 1) else 4
    assert timeless(stopped.trials) == timeless(unbroken.trials[:kept])
    going_on = Watching()
    result = run_search(tmp_path, 9, watcher=going_on, resume=True)
    assert timeless(result.trials) == timeless(unbroken.trials)
    assert [trial.number for trial, _ in going_on.trials] == list(range(kept + 1, 10))
    assert result.best is not None
    assert unbroken.best is not None
    assert timeless([result.best]) == timeless([unbroken.best])
    assert ("continuing after trial 4" if kept else "there is no study; starting at trial 1") in going_on.notes


def test_more_trials_are_added_to_a_finished_search(tmp_path: Path, unbroken: TuningResult) -> None:
    run_search(tmp_path, 3)
    watcher = Watching()
    assert timeless(run_search(tmp_path, 5, resume=True).trials) == timeless(unbroken.trials[:5])
    assert len(run_search(tmp_path, 3, resume=True, watcher=watcher).trials) == 5
    assert watcher.trials == []


def test_a_line_that_was_cut_off_is_a_trial_that_is_run_again(tmp_path: Path, unbroken: TuningResult) -> None:
    run_search(tmp_path, 3)
    journal = tmp_path / "study.journal"
    journal.write_bytes(journal.read_bytes()[:-20])
    watcher = Watching()
    result = run_search(tmp_path, 4, resume=True, watcher=watcher)
    assert timeless(result.trials) == timeless(unbroken.trials[:4])
    assert [trial.number for trial, _ in watcher.trials] == [3, 4]
    assert len(run_search(tmp_path, 4, resume=True).trials) == 4


def test_a_study_of_something_else_is_refused(tmp_path: Path) -> None:
    run_search(tmp_path, 1)
    journal = tmp_path / "study.journal"
    content = journal.read_bytes()
    narrow = Space(dict(SPACE.domains) | {"training.learning_rate": Range(1e-4, 1e-3, None, True)})
    others: list[tuple[dict[str, Any], str]] = [
        ({"digest": "def"}, "the study was started with another dataset"),
        ({"space": narrow}, "the study searches training.learning_rate = "),
        ({"base": replace(BASE, training=replace(BASE.training, batch_size=9))}, "training.batch_size = 16, this"),
        ({"reduction": 2}, "the study has reduction = 3, this search has 2"),
    ]
    for changed, words in others:
        with pytest.raises(ContainerError) as caught:
            run_search(tmp_path, 2, resume=True, **changed)
        assert words in str(caught.value)
    for nonsense in ("nonsense\nand more\n", "{}\n", "", '{"op_code": 0}\n'):
        journal.write_text(nonsense)
        with pytest.raises(ContainerError, match="this is not a study of seqnet tune"):
            run_search(tmp_path, 2, resume=True)
        assert journal.read_text() == nonsense
    journal.write_bytes(content)
    assert len(run_search(tmp_path, 1, resume=True).trials) == 1


def test_settings_that_do_not_go_together_are_a_refused_trial(tmp_path: Path) -> None:
    pairs = {"network.filters": Choices(([4], [4, 4])), "network.kernels": Choices(([3], [3, 3]))}
    space = Space(pairs | {"training.batch_size": Range(8, 32, 8, False)})
    result = run_search(tmp_path, 8, space=space, base=run_config({"epochs": 1}))
    refused = [trial for trial in result.trials if trial.state == "refused"]
    assert refused
    for trial in refused:
        assert (trial.value, trial.epochs, trial.best_epoch) == (None, 0, 0)
        assert "network." in trial.reason
    assert {tuple(trial.settings["network.filters"]) for trial in result.trials if trial.state == "complete"} == {(4,)}


def test_a_run_that_diverges_is_a_refused_trial(tmp_path: Path) -> None:
    space = Space({"training.learning_rate": Range(1e20, 1e30, None, True)})
    base = run_config({"optimizer": "sgd", "clip_norm": 0.0, "schedule": "constant"})
    result = run_search(tmp_path, 2, space=space, base=base)
    assert [trial.state for trial in result.trials] == ["refused", "refused"]
    assert "use a lower one" in result.trials[0].reason
    assert result.best is None
    assert result.run is None


def test_a_trial_that_runs_out_of_memory_has_failed_and_the_search_continues(tmp_path: Path) -> None:
    # Seventeen terabytes of weights, which no machine has, after a layer that takes no time to make.
    wide = [65_536, 65_536]
    space = Space({"network.filters": Choices(([6, 6], wide))})
    base = run_config({"epochs": 1}, {**SMALL_NETWORK, "filters": [6, 6], "kernels": [8, 1024], "pools": [2, 2]})
    result = run_search(tmp_path, 6, space=space, base=base)
    states = {tuple(trial.settings["network.filters"]): trial.state for trial in result.trials}
    assert states == {(6, 6): "complete", tuple(wide): "failed"}
    assert result.best is not None
    assert result.best.settings["network.filters"] == [6, 6]
    (reason,) = {trial.reason for trial in result.trials if trial.state == "failed"}
    assert reason.startswith("cpu: there is too little memory for this network and batches of 16; use a smaller")
    # The study has stored it, too.
    again = run_search(tmp_path, 6, space=space, base=base, resume=True)
    assert timeless(again.trials) == timeless(result.trials)


def test_few_trials_have_no_importances(unbroken: TuningResult) -> None:
    assert unbroken.importances == {}


def test_steps_are_round_numbers(tmp_path: Path) -> None:
    space = Space({"network.dropout_conv": Range(0.0, 0.5, 0.1, False)})
    result = run_search(tmp_path, 6, space=space, base=run_config({"epochs": 1}))
    assert {trial.settings["network.dropout_conv"] for trial in result.trials} <= {0.0, 0.1, 0.2, 0.3, 0.4, 0.5}


def test_the_test_split_does_not_matter(tmp_path: Path, unbroken: TuningResult) -> None:
    labels = DATASET.labels.copy()
    members = DATASET.members("test")
    labels[members] = 1 - labels[members]
    flipped = replace(DATASET, labels=labels)
    assert timeless(run_search(tmp_path, 3, dataset=flipped).trials) == timeless(unbroken.trials[:3])


def test_what_can_not_be_searched_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="it has no validation split, which tune needs"):
        run_search(tmp_path, dataset=planted((48, 0, 0)))
    with pytest.raises(SettingError, match="at most 4, the epochs of a trial"):
        run_search(tmp_path, min_epochs=5)
    lacking = planted((48, 24, 0))
    lacking.labels[lacking.members("validation")] = 0
    with pytest.raises(LabelError, match="its validation split has no auroc"):
        run_search(tmp_path, dataset=lacking)
    assert list(tmp_path.iterdir()) == []


def test_the_caller_gets_back_what_optuna_logs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    run_search(tmp_path, 2)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert optuna.logging.get_verbosity() == before


def test_settings_without_effect_are_refused_before_the_first_trial(tmp_path: Path) -> None:
    base = replace(BASE, augmentation=replace(BASE.augmentation, fresh_shuffles=("typo",)))
    with pytest.raises(
        SettingError, match=r"augmentation\.fresh_shuffles has 'typo', which is no class of the dataset"
    ):
        run_search(tmp_path, base=base)
    assert list(tmp_path.iterdir()) == []
