"""Choice of a preset for a dataset if the user names none.

In: a dataset. Out: a `Recipe` with the name of a preset, single settings that adapt it to the number of records, and
the reasons. The presets are in `seqnet/configs/presets`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from seqnet.configs.run import compose, load_preset
from seqnet.configs.training import TrainingConfig
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.renewal import Renewal, find_renewal

__all__ = ["LONGER", "Recipe", "choose_recipe", "ending_of", "fewer_trees", "fitted_to", "misfit", "window_cut"]

_NUCLEIC = ((50, "dna-hybrid"), (2_000, "dna-deep-hybrid"))
_RECURRENT: Mapping[str, Sequence[tuple[int, str]]] = {
    "dna": _NUCLEIC,
    "rna": _NUCLEIC,
    "protein": ((2_000, "protein-hybrid"),),
}
"""Alphabet → maximum median length and preset, ascending. Their recurrent layers read up to 500 positions."""

LONGER = "dilated-cnn"
"""Preset for sequences that are too long for a recurrent layer."""

_TREES = 2_000
_FEWEST_TREES = 10
"""Maximum number of trees of all classes together, and minimum number for each class; with fewer, there are none."""

_WORDS = {"dna": ("DNA", "bases"), "rna": ("RNA", "bases"), "protein": ("protein", "residues")}

_WINDOW = 8_192
"""Maximum length that the network sees at once; a batch of longer sequences would take gigabytes."""

_MUCHLONGER = 1.5
"""Sequences are much longer than a network was made for if they have this many times its window."""

_STEPS = 1_500
"""Minimum number of optimiser steps. With fewer, any network learns a small dataset badly."""

_BATCHES = 25
"""Minimum number of batches per epoch."""

_SMALLEST_BATCH = 16
_MOST_EPOCHS = 150


@dataclass(frozen=True)
class Recipe:
    """Settings for a dataset.

    Attributes:
        preset: name of the preset.
        assignments: `key=value` settings that override the preset.
        facts: properties of the dataset that decided the choice.
        renewal: classes whose records are made anew in every epoch, which takes further settings.
    """

    preset: str
    assignments: tuple[str, ...]
    facts: str
    renewal: Renewal = field(default_factory=Renewal)

    @property
    def line(self) -> str:
        """Summary in one line."""
        changed = ending_of((*self.assignments, *self.renewal.assignments))
        return f"chosen settings: preset {self.preset} ({self.facts}){changed}; --preset chooses another"


def ending_of(assignments: Sequence[str]) -> str:
    """Returns `section.key=value` settings, without their sections, for the end of a line that tells them."""
    return "".join(f", {text.partition('.')[2]}" for text in assignments)


def choose_recipe(dataset: Dataset) -> Recipe:
    """Returns the recipe for a dataset.

    The network is recurrent after convolutions, unless it would have to read too many positions one by one. With few
    records, batches are smaller and epochs more, so that the optimiser takes enough steps. The learning rate falls with
    the square root of the batch size.

    Source: Malladi et al. 2022, arXiv:2205.10287, for the square root.
    """
    lengths = dataset.tokens.lengths[dataset.members("train")]
    typical = dataset.crop or (int(np.median(lengths)) if len(lengths) else 0)
    name, unit = _WORDS[dataset.alphabet.name]
    preset = next((preset for most, preset in _RECURRENT[dataset.alphabet.name] if typical <= most), LONGER)
    records = None if dataset.crop else len(lengths)
    facts = f"{name}, {typical:,} {unit}" + ("" if records is None else f", {counted(records, 'training records')}")
    fitted = () if records is None else fitted_to(compose(preset).training, records)
    trees = fewer_trees(preset, len(dataset.classes))
    return Recipe(preset, (*window_cut(dataset), *trees, *fitted), facts, find_renewal(dataset))


def window_cut(dataset: Dataset) -> tuple[str, ...]:
    """Returns the setting of a network's window, if sequences are too long to be computed at once."""
    lengths = dataset.tokens.lengths[dataset.members("train")]
    return (f"network.window={_WINDOW}",) if not dataset.crop and lengths.max(initial=0) > _WINDOW else ()


def fewer_trees(preset: str, classes: int) -> tuple[str, ...]:
    """Returns the number of trees for many classes, if it differs from the preset's; each class has its own trees."""
    boosted = compose(preset).network.boosted
    if boosted is None:
        return ()
    count = _TREES // classes
    count = count if count >= _FEWEST_TREES else 0
    return (f"network.trees={count}",) if count < boosted.rounds else ()


def misfit(preset: str, dataset: Dataset, window: int | None = None) -> str | None:
    """Returns a warning if a preset was made for another alphabet or for shorter sequences; None if it suits.

    Args:
        preset: its name.
        dataset: what it is to be trained on.
        window: `network.window` of the run, which may differ from that of the preset.
    """
    made_for = load_preset(preset).get("alphabets", [dataset.alphabet.name])
    if dataset.alphabet.name in made_for:
        return _too_long(preset, dataset, window or compose(preset).network.window)
    names = " and ".join(_WORDS[name][0] for name in made_for)
    found = _WORDS[dataset.alphabet.name][0]
    return (
        f"the preset {preset} is for {names}, but this dataset is {found}; without --preset, a suitable one is chosen"
    )


def _too_long(preset: str, dataset: Dataset, window: int | None) -> str | None:
    """Returns a warning if the sequences are much longer than those that a preset was made for."""
    lengths = dataset.tokens.lengths[dataset.members("train")]
    typical = dataset.crop or (int(np.median(lengths)) if len(lengths) else 0)
    if window is None or typical <= _MUCHLONGER * window:
        return None
    unit = _WORDS[dataset.alphabet.name][1]
    return (
        f"the preset {preset} is for sequences of {window:,} {unit}, but these have {typical:,} (median), so it may "
        "learn little; without --preset, a suitable one is chosen"
    )


def fitted_to(training: TrainingConfig, records: int) -> tuple[str, ...]:
    """Returns the settings that differ from the preset for this number of training records."""
    batch, epochs = training.batch_size, training.epochs
    while batch > _SMALLEST_BATCH and records < batch * _BATCHES:
        batch //= 2
    steps = max(math.ceil(records / batch), 1)
    epochs = min(max(epochs, math.ceil(_STEPS / steps)), max(_MOST_EPOCHS, epochs))
    rate = float(f"{training.learning_rate * math.sqrt(batch / training.batch_size):.2g}")
    changed = {"epochs": epochs, "batch_size": batch, "learning_rate": rate}
    return tuple(f"training.{name}={value}" for name, value in changed.items() if value != getattr(training, name))
