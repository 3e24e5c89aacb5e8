"""The settings of a training: those that the user requests, or those that suit the dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqnet.configs.run import RunConfig, RunRequest, compose
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.mixtures import choose_mixture
from seqnet.datasets.recipes import Recipe, choose_recipe, ending_of, misfit

__all__ = ["ChosenRun", "choose_run", "mixture_note"]


@dataclass(frozen=True)
class ChosenRun:
    """The settings to train with, and how they were chosen.

    Attributes:
        run: all settings.
        preset: the preset that they start from, if any.
        recipe: a line about the choice by the dataset; None if the user chose.
        warning: why the user's preset may not suit the dataset; None if it does.
        kinds: preset and settings of each network of a mixture, the fastest first; empty for networks of one kind.
        shuffled: classes that were found to be shuffles, and are shuffled anew in every epoch.
    """

    run: RunConfig
    preset: str | None
    recipe: str | None = None
    warning: str | None = None
    kinds: tuple[tuple[str | None, RunConfig], ...] = ()
    shuffled: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of kinds of networks."""
        return max(len(self.kinds), 1)


def choose_run(dataset: Dataset, request: RunRequest, *, mix: bool = True) -> ChosenRun:
    """Returns the settings of the user; if these name no network, the recipe for the dataset with these settings.

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
    recipe = replace(recipe, renewal=recipe.renewal.within(_composed(recipe, request, request.encoder)))
    run, shuffled = _composed(recipe, request, request.encoder), recipe.renewal.shuffled
    mixture = () if request.shapes_network or not mix else choose_mixture(dataset, recipe)
    if not mixture:
        return ChosenRun(run, recipe.preset, recipe.line, shuffled=shuffled)
    kinds = tuple((one.preset, _composed(one, request)) for one in mixture)
    return ChosenRun(run, recipe.preset, _mixture_line(mixture, recipe.facts), kinds=kinds, shuffled=shuffled)


def _composed(recipe: Recipe, request: RunRequest, encoder: str | None = None) -> RunConfig:
    """Returns the settings of a recipe, and those of the user in place of them."""
    assignments = (*recipe.assignments, *recipe.renewal.assignments, *request.assignments)
    return compose(recipe.preset, None, encoder, None, assignments)


def _mixture_line(mixture: Sequence[Recipe], facts: str) -> str:
    """Returns the choice in one line; see `Recipe.line`. Settings that all networks have in common are told once."""
    common = [text for text in mixture[0].assignments if all(text in one.assignments for one in mixture)]
    names = []
    for one in mixture:
        changed = ending_of([text for text in one.assignments if text not in common]).removeprefix(", ")
        names.append(f"{one.preset} ({changed})" if changed else one.preset)
    shared = ending_of([*common, *mixture[0].renewal.assignments]).removeprefix(", ")
    return (
        f"chosen settings: a mixture of the presets {', '.join(names[:-1])} and {names[-1]} for {facts}"
        f"{f', all with {shared}' if shared else ''}, weighted on the validation split; --preset chooses one"
    )


def mixture_note(dataset: Dataset, request: RunRequest) -> str | None:
    """Returns a note that a cross-validation has no mixture; None if the default is not a mixture anyway."""
    if request.shapes_network or not choose_mixture(dataset, choose_recipe(dataset)):
        return None
    return "each fold has one network; without --folds, networks of several kinds are trained and weighted"
