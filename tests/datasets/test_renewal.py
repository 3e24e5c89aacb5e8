from __future__ import annotations

from dataclasses import replace

import pytest

from seqnet.configs.run import RunRequest, compose
from seqnet.datasets.renewal import Renewal, find_renewal
from seqnet.datasets.run_choice import choose_run
from tests.datasets.test_shuffled_classes import labelled, real, shuffled


@pytest.mark.parametrize("name", ["b", 'with "quotes" and ä'])
def test_classes_that_can_change_do_so_in_every_epoch(name: str) -> None:
    strings = real()
    data = replace(labelled(strings, shuffled(strings)), classes=("a", name))
    run = choose_run(data, RunRequest()).run
    assert (run.augmentation.fresh_shuffles, run.augmentation.fresh_negatives) == ((name,), False)
    run = choose_run(replace(data, generators={name: "dinucleotide"}), RunRequest()).run
    assert (run.augmentation.fresh_shuffles, run.augmentation.fresh_negatives) == ((), True)
    windows = replace(data, generators={name: "dinucleotide"}, crop=20)
    assert not choose_run(windows, RunRequest()).run.augmentation.fresh_negatives
    assert choose_run(data, RunRequest()).shuffled == (name,)
    off = choose_run(data, RunRequest(assignments=("augmentation.fresh_shuffles=[]",)))
    assert (off.run.augmentation.fresh_shuffles, off.shuffled) == ((), ())
    assert off.recipe is not None
    assert "fresh" not in off.recipe
    own = choose_run(data, RunRequest(assignments=('augmentation.fresh_shuffles=["a"]',)))
    assert (own.run.augmentation.fresh_shuffles, own.shuffled) == (("a",), ())


def test_a_language_model_does_not_compute_new_records_in_every_epoch() -> None:
    strings = real(symbols="ACDEFGHIKLMNPQRSTVWY")
    data = labelled(strings, shuffled(strings, name="protein"), name="protein")
    assert choose_run(data, RunRequest()).run.augmentation.fresh_shuffles == ("b",)
    request = RunRequest(encoder="plm", assignments=("encoder.model=some/model",))
    assert choose_run(data, request).run.augmentation.fresh_shuffles == ()
    request = RunRequest(encoder="plm", assignments=(*request.assignments, 'augmentation.fresh_shuffles=["b"]'))
    assert choose_run(data, request).run.augmentation.fresh_shuffles == ("b",)


def test_what_the_user_switches_off_is_off_alone() -> None:
    strings = real()
    data = replace(labelled(strings, shuffled(strings), strings), generators={"c": "uniform"})
    found = find_renewal(data)
    assert found == Renewal(("c",), ("b",))
    for text, left in (("fresh_negatives=false", Renewal((), ("b",))), ("fresh_shuffles=[]", Renewal(("c",)))):
        run = compose("dna-cnn", assignments=(*found.assignments, f"augmentation.{text}"))
        assert found.within(run) == left
