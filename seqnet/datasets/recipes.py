"""Choice of a preset, or of several, for a dataset if the user names none.

In: a dataset. Out: a `Recipe` with the name of a preset, single settings that adapt it to the number of records, and
the reasons; a mixture has one for each of its networks. The presets are in `seqnet/configs/presets`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.configs.run import RunConfig, RunRequest, compose, load_preset
from seqnet.configs.training import TrainingConfig
from seqnet.core.printable import counted
from seqnet.datasets.dataset import Dataset

__all__ = [
    "MOST_KINDS",
    "ChosenRun",
    "Recipe",
    "choose_mixture",
    "choose_recipe",
    "choose_run",
    "fitted_to",
    "misfit",
    "mixture_note",
]

_NUCLEIC = ((50, "dna-hybrid"), (2_000, "dna-deep-hybrid"))
_RECURRENT: Mapping[str, Sequence[tuple[int, str]]] = {
    "dna": _NUCLEIC,
    "rna": _NUCLEIC,
    "protein": ((2_000, "protein-hybrid"),),
}
"""Alphabet → maximum median length and preset, ascending. Their recurrent layers read up to 500 positions."""

_LONGER = "dilated-cnn"

_MIXED = "dna-deep-hybrid"
_ANCHORED = "dna-positions"
_WIDE = ("dna-parallel", "dna-parallel-3")
_MIXTURE = (_ANCHORED, *_WIDE, _MIXED)
"""Presets of a mixture, the fastest first. It is trained where `dna-deep-hybrid` would be the only network."""

_OLIGOS = 24
_READS = "dna-hybrid"
_OLIGO_MIXTURE = (_ANCHORED, _READS)
"""The mixture for sequences of one length up to this median, which are shorter than reads: their positions often have a
meaning, and `dna-hybrid` can't distinguish a sequence from its reverse complement."""

MOST_KINDS = len(_MIXTURE)
"""Maximum number of different networks that are trained by default."""

_VALIDATION = 50
"""Minimum number of validation records that choose the weights of a mixture."""

_NEARLY = 0.9
"""Sequences have nearly one length if 19 of 20 have at least this share of the longest."""

_SYMBOLS = 100_000_000
_FEWEST_EPOCHS = 8
"""Symbols that the wide convolutions see in a training at most, unless that were fewer epochs than this."""

_EARLY_STOPPING = 3
"""A network of a mixture stops after a third of its epochs without improvement."""

_TREES = 2_000
_FEWEST_TREES = 10
"""Maximum number of trees of all classes together, and minimum number for each class; with fewer, there are none."""

_WORDS = {"dna": ("DNA", "bases"), "rna": ("RNA", "bases"), "protein": ("protein", "residues")}

_WINDOW = 8_192
"""Maximum length that the network sees at once; a batch of longer sequences would take gigabytes."""

_MUCH_LONGER = 1.5
"""Times a network's window from which on sequences are much longer than it was made for."""

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
    """

    preset: str
    assignments: tuple[str, ...]
    facts: str

    @property
    def line(self) -> str:
        """Summary in one line."""
        changed = "".join(f", {text.partition('.')[2]}" for text in self.assignments)
        return f"chosen settings: preset {self.preset} ({self.facts}){changed}; --preset chooses another"


@dataclass(frozen=True)
class ChosenRun:
    """The settings to train with, and what chose them.

    Attributes:
        run: all settings.
        preset: the preset that they start from, if any.
        recipe: what the choice went by, where the dataset decided; None where the user did.
        warning: why the user's preset may not suit the dataset; None where it does.
        kinds: preset and settings of each network of a mixture, the fastest first; empty for networks of one kind.
    """

    run: RunConfig
    preset: str | None
    recipe: str | None = None
    warning: str | None = None
    kinds: tuple[tuple[str | None, RunConfig], ...] = ()

    @property
    def count(self) -> int:
        """Number of kinds of networks."""
        return max(len(self.kinds), 1)


def choose_run(dataset: Dataset, request: RunRequest, *, mix: bool = True) -> ChosenRun:
    """Returns what the user requests; of a user who names no network, the recipe for the dataset with their settings.

    Args:
        dataset: what is trained on.
        request: what the user requests.
        mix: whether the recipe may be a mixture.

    Raises:
        SettingError: a setting is unknown or wrong.
    """
    if request.run is not None:
        window, preset = request.run.network.window, request.preset
        return ChosenRun(request.run, preset, None, misfit(preset, dataset, window) if preset else None)
    recipe = choose_recipe(dataset)
    run = compose(recipe.preset, None, request.encoder, None, (*recipe.assignments, *request.assignments))
    mixture = () if request.shapes_network or not mix else choose_mixture(dataset)
    if not mixture:
        return ChosenRun(run, recipe.preset, recipe.line)
    kinds = tuple(
        (one.preset, compose(one.preset, assignments=(*one.assignments, *request.assignments))) for one in mixture
    )
    return ChosenRun(run, recipe.preset, _mixture_line(mixture, recipe.facts), kinds=kinds)


def _mixture_line(mixture: Sequence[Recipe], facts: str) -> str:
    """Returns what is chosen in one line; see `Recipe.line`."""
    names = []
    for one in mixture:
        changed = ", ".join(text.partition(".")[2] for text in one.assignments)
        names.append(f"{one.preset} ({changed})" if changed else one.preset)
    return (
        f"chosen settings: a mixture of the presets {', '.join(names[:-1])} and {names[-1]} for {facts}, weighted on "
        "the validation split; --preset chooses one"
    )


def mixture_note(dataset: Dataset, request: RunRequest) -> str | None:
    """Returns what a cross-validation leaves out; None where the recipe is no mixture anyway."""
    if request.shapes_network or not choose_mixture(dataset):
        return None
    return "each fold has one network; without --folds, networks of several kinds are trained and weighted"


def choose_mixture(dataset: Dataset) -> tuple[Recipe, ...]:
    """Returns the recipes of networks of different kinds that are mixed, the fastest first; none for one network.

    DNA of medium length is classified by motifs that may be anywhere or at one position, on both strands or one, and
    so is DNA that is shorter than reads. No single network is good at all of them, so one of each kind is trained, and
    the validation split weights them (docs/results.md).
    """
    recipe = choose_recipe(dataset)
    held_out = dataset.labels[dataset.members("validation")]
    judged = len(held_out) >= _VALIDATION and len(np.unique(held_out)) == len(dataset.classes)
    if dataset.alphabet.name != "dna" or dataset.crop or not judged:
        return ()
    lengths = dataset.tokens.lengths[dataset.members("train")]
    anchored = np.quantile(lengths, 0.05) >= _NEARLY * lengths.max()
    names: tuple[str, ...] = ()
    if recipe.preset == _MIXED:
        names = _MIXTURE if anchored else _MIXTURE[1:]
    elif anchored and np.median(lengths) <= _OLIGOS:
        names = _OLIGO_MIXTURE
    return tuple(_part_of_mixture(name, lengths, recipe.facts) for name in names)


def _part_of_mixture(preset: str, lengths: NDArray[np.int64], facts: str) -> Recipe:
    """Returns the recipe of one network of a mixture for training records of these lengths (N,)."""
    training = compose(preset).training
    fitted = fitted_to(training, len(lengths))
    epochs = compose(preset, assignments=fitted).training.epochs
    if preset in _WIDE:
        epochs = min(epochs, max(_FEWEST_EPOCHS, int(_SYMBOLS // lengths.sum())))
    kept = [one for one in fitted if not one.startswith("training.epochs=")]
    changed = [f"training.epochs={epochs}"] if epochs != training.epochs else []
    return Recipe(preset, (*changed, *kept, f"training.early_stopping={math.ceil(epochs / _EARLY_STOPPING)}"), facts)


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
    preset = next((preset for most, preset in _RECURRENT[dataset.alphabet.name] if typical <= most), _LONGER)
    records = None if dataset.crop else len(lengths)
    cut = (f"network.window={_WINDOW}",) if not dataset.crop and lengths.max(initial=0) > _WINDOW else ()
    facts = f"{name}, {typical:,} {unit}" + ("" if records is None else f", {counted(records, 'training records')}")
    run = compose(preset)
    fitted = () if records is None else fitted_to(run.training, records)
    return Recipe(preset, (*cut, *_fewer_trees(run, len(dataset.classes)), *fitted), facts)


def _fewer_trees(run: RunConfig, classes: int) -> tuple[str, ...]:
    """Returns the number of trees for many classes, each of which has its own trees, where it is not the preset's."""
    if run.network.boosted is None:
        return ()
    count = _TREES // classes
    count = count if count >= _FEWEST_TREES else 0
    return (f"network.trees={count}",) if count < run.network.boosted.rounds else ()


def misfit(preset: str, dataset: Dataset, window: int | None = None) -> str | None:
    """Returns a line where a preset was made for another alphabet, or for shorter sequences; None where it suits.

    Args:
        preset: its name.
        dataset: what it is to be trained on.
        window: `network.window` of the run, where it may be another one than the preset's.
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
    """Returns a line where the sequences are much longer than a preset was made for."""
    lengths = dataset.tokens.lengths[dataset.members("train")]
    typical = dataset.crop or (int(np.median(lengths)) if len(lengths) else 0)
    if window is None or typical <= _MUCH_LONGER * window:
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
