from __future__ import annotations

from seqnet.configs.run import RunRequest, compose
from seqnet.datasets.recipes import choose_recipe, misfit
from seqnet.datasets.run_choice import choose_run
from tests.datasets.test_recipes import records


def test_the_user_s_settings_lie_over_the_recipe() -> None:
    data = records(400, 36)
    chosen = choose_run(data, RunRequest(assignments=("batch_size=7", ("training.epochs", 2))))
    recipe = choose_recipe(data)
    assert (chosen.preset, chosen.recipe, chosen.warning) == ("dna-hybrid", recipe.line, None)
    assert (chosen.run.training.batch_size, chosen.run.training.epochs) == (7, 2)
    assert chosen.run.network == compose("dna-hybrid").network


def test_a_user_who_names_a_network_gets_it_and_is_warned_where_it_may_not_suit() -> None:
    data = records(9, 36, "protein")
    named = choose_run(data, RunRequest("dna-cnn"))
    assert (named.run, named.preset, named.recipe) == (compose("dna-cnn"), "dna-cnn", None)
    assert named.warning == misfit("dna-cnn", data)
    assert choose_run(data, RunRequest(network="cnn")).warning is None
