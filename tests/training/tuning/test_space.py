from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.run import RunConfig, compose
from seqnet.core.errors import FormatError, SettingError
from seqnet.training.tuning.space import Choices, Range, lay_over, read_space


def space_file(folder: Path, text: str) -> Path:
    path = folder / "space.toml"
    path.write_text(text)
    return path


def test_every_form_of_an_entry(tmp_path: Path) -> None:
    text = """
    description = "what is searched"
    [training]
    learning_rate = { low = 1e-4, high = 1, log = true }
    batch_size = { choices = [64, 128] }
    early_stopping = { low = 2, high = 6, step = 2 }
    [network]
    dense = { choices = [[64], [128, 64]] }
    dropout_conv = { low = 0, high = 0.5, step = 0.1 }
    [encoder]
    name = { choices = ["onehot", "embedding"] }
    """
    domains = read_space(space_file(tmp_path, text), compose()).domains
    assert dict(domains) == {
        "encoder.name": Choices(("onehot", "embedding")),
        "network.dense": Choices(([64], [128, 64])),
        "network.dropout_conv": Range(0.0, 0.5, 0.1, False),
        "training.batch_size": Choices((64, 128)),
        "training.learning_rate": Range(1e-4, 1.0, None, True),
        "training.early_stopping": Range(2, 6, 2, False),
    }
    assert list(domains) == sorted(domains)
    # A float setting has float bounds, even if the file has integers, which would mean whole numbers.
    assert isinstance(domains["network.dropout_conv"].corners[0], float)


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    one = "[training]\nlabel_smoothing = {low = 0, high = 0.5}\nepochs = {choices = [1, 2]}\n"
    other = "[training]\nepochs = {choices = [1, 2]}\nlabel_smoothing = {low = 0.0, high = 0.5}\n"
    spaces = [read_space(space_file(tmp_path, text), compose()) for text in (one, other)]
    assert spaces[0].to_dict() == spaces[1].to_dict()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training", "this is not valid TOML"),
        ("", "there is no setting to search"),
        ("[train]\nepochs = {low = 1, high = 2}", "there is no section train; use [encoder], [network]"),
        ("epochs = 3", "there is no section epochs"),
        ("[training]\nepoch = {low = 1, high = 2}", "training.epoch: there is no such setting; did you mean epochs or"),
        ("[network]\nunits = {low = 1, high = 2}", "network.units: there is no such setting"),
        (
            "[training]\npatience = {low = 1, high = 2}",
            "patience: there is no such setting; it is now called early_stopping",
        ),
        (
            "[training]\nmomentum = {low = 0, high = 0.5}",
            "training.momentum has no effect: it needs training.optimizer = sgd",
        ),
        ("[training]\nepochs = 3", "training.epochs: 3 is a single value; give a range"),
        ("[training]\nepochs = {}", "training.epochs: nothing is neither a range nor choices"),
        ("[training]\nepochs = {low = 1}", "training.epochs: low is neither a range nor choices"),
        ("[training]\nepochs = {low = 1, high = 2, chioces = [1]}", "low, high, chioces is neither"),
        ("[training]\nepochs = {low = 2, high = 2}", "low = 2 is not less than high = 2"),
        ("[training]\nepochs = {low = 0, high = 2}", "training.epochs must be at least 1, not 0"),
        ("[training]\nepochs = {low = 1, high = 2.5}", "must be a whole number, not 2.5"),
        ("[training]\nepochs = {low = 1, high = 9, log = 1}", "log = 1 is not true or false"),
        ("[training]\nepochs = {low = 1, high = 9, log = true, step = 2}", "log = true has a step, too"),
        ("[training]\nmomentum = {low = 0, high = 0.9, log = true}", "log = true needs low = 0.0 above 0"),
        ("[training]\nepochs = {low = 1, high = 9, step = 0}", "step = 0 is not allowed; give a whole number"),
        ("[training]\nepochs = {low = 1, high = 9, step = 0.5}", "step = 0.5 is not allowed; give a whole number"),
        ("[training]\nepochs = {low = 1, high = 9, step = 3}", "steps of 3 do not lead from 1 to 9"),
        ("[training]\nmomentum = {low = 0, high = 0.5, step = 9}", "steps of 9 do not lead from 0.0 to 0.5"),
        ("[training]\noptimizer = {low = 1, high = 2}", "must be text|is not a number"),
        ("[network]\nfilters = {low = 1, high = 2}", "network.filters is not a number and has no range"),
        ("[network]\nresidual = {low = 0, high = 1}", "network.residual is not a number and has no range"),
        ("[training]\nmomentum = {low = 0, high = 1}", "training.momentum must be"),
        ("[training]\nepochs = {choices = 3}", "choices = 3 is not a list"),
        ("[training]\nepochs = {choices = [3]}", "are not two or more different values"),
        ("[training]\nmomentum = {choices = [0, 0.0]}", "are not two or more different values"),
        ("[training]\noptimizer = {choices = ['adam', 'adamm']}", "must be one of sgd"),
        ("[training]\nmonitor = {choices = ['loss', 'auroc']}", "training.monitor can't be searched for"),
        ("[training]\nseed = {low = 1, high = 9}", "training.seed can't be searched for"),
        ("[network]\nname = {choices = ['cnn', 'dense']}", "network.name can't be searched for; networks have"),
        ("[network]\nsummary = {choices = [['max'], ['men']]}", "network.summary: ['men'] fails with all values"),
        ("[network]\nfilters = {choices = [[4], [4, 4]]}", "network.filters: [4, 4] fails with all values"),
        (
            "[network]\nfilters = {choices = [[4], [4, 4]]}\nkernels = {choices = [[3], [5]]}",
            "network.filters: [4, 4] fails with all values",
        ),
    ],
)
def test_a_wrong_entry_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    path = space_file(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        read_space(path, compose())
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    assert any(word in line for word in words.split("|"))


def test_a_setting_may_have_an_effect_in_some_trials_only(tmp_path: Path) -> None:
    text = "[training]\nmomentum = {low = 0, high = 0.5}\noptimizer = {choices = ['sgd', 'adam']}\n"
    assert len(read_space(space_file(tmp_path, text), compose()).domains) == 2
    assert (
        len(read_space(space_file(tmp_path, text.partition("opt")[0]), compose(assignments=["optimizer=sgd"])).domains)
        == 1
    )


def test_values_may_need_each_other(tmp_path: Path) -> None:
    text = """[network]
    filters = { choices = [[4], [4, 4]] }
    kernels = { choices = [[3], [3, 3]] }
    pools = { choices = [[2], [2, 2]] }
    """
    space = read_space(space_file(tmp_path, text), compose())
    assert len(space.domains) == 3
    with pytest.raises(SettingError, match=r"network\.kernels"):
        lay_over(compose(), {"network.filters": [4, 4], "network.kernels": [3], "network.pools": [2, 2]})


def test_laying_over_changes_what_is_named_and_nothing_else() -> None:
    base = compose("protein-hybrid")
    found = lay_over(base, {"training.batch_size": 7, "network.dense": [3, 2], "encoder.name": "kmer"})
    expected = base.to_dict()
    expected["training"]["batch_size"] = 7
    expected["network"]["dense"] = [3, 2]
    expected["encoder"]["name"] = "kmer"
    assert found == RunConfig.from_dict(expected)
    assert found.encoder.dimension == 32
