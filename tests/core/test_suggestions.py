from __future__ import annotations

import pytest

from seqnet.core.suggestions import did_you_mean, nearest

SETTINGS = ["epochs", "epoch_size", "batch_size", "learning_rate", "weight_decay", "tree_rate", "l1", "l2", "seed"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("epoch", ["epochs", "epoch_size"]),
        ("lr", ["learning_rate"]),
        ("LR", ["learning_rate"]),
        ("bs", ["batch_size"]),
        ("learning-rate", ["learning_rate"]),
        ("decay", ["weight_decay"]),
        ("xyzzy", []),
        ("", []),
    ],
)
def test_names_like_a_word(word: str, found: list[str]) -> None:
    assert nearest(word, SETTINGS) == found


def test_options_keep_their_dashes() -> None:
    assert nearest("--epcohs", ["--epochs", "--set"]) == ["--epochs"]
    assert nearest("--group_by", ["--group-by", "--split-by"])[0] == "--group-by"


def test_the_question() -> None:
    assert did_you_mean(["a", "b"]) == "did you mean a or b?"
    assert did_you_mean([]) == ""
