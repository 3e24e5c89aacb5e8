"""The settings of a training that starts from a trained model.

In: a dataset, what the user requests, and a model of the same alphabet. Out: the settings of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seqnet.configs.run import RunConfig, RunRequest, compose, preset_names
from seqnet.configs.settings import Settings
from seqnet.core.errors import AlphabetMismatchError, SettingError
from seqnet.core.printable import counted, shortened
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.recipes import ending_of, fitted_to
from seqnet.datasets.renewal import Renewal, find_renewal
from seqnet.datasets.run_choice import ChosenRun
from seqnet.models.bundles import Bundle
from seqnet.training.warm_start import WarmStart

__all__ = ["choose_warm_run"]

_OF_HEAD = ("dense", "dense_activation", "head")
"""Settings of the head, which may differ if it is new. Dropout has no weights, so it may always differ."""
_OF_HUB = ("model", "cache")
"""Settings that have the location of a language model, not its identity; a file must not determine what is loaded."""


def choose_warm_run(dataset: Dataset, request: RunRequest, start: WarmStart, *, mix: bool = True) -> ChosenRun:
    """Returns the settings to train with: encoder, network and augmentation are those of the model.

    The training settings are those of the preset that the model was trained with, adapted to the number of records;
    without a preset, the model's own. A preset or file of the user replaces them. Of a mixture, each network has its
    own settings.

    Args:
        dataset: what is trained on.
        request: what the user requests.
        start: the model to start from.
        mix: whether there may be networks of several kinds.

    Raises:
        AlphabetMismatchError: the dataset has another alphabet than the model.
        SettingError: the user requests another encoder or network than the model's, or the model is a mixture and there
            may be one kind only.
    """
    bundle = start.bundle
    if bundle.mixture and not mix:
        problem = f"can't be combined with --from {start.name}, which is a mixture of networks; use one network"
        raise SettingError("folds", None, problem=problem)
    if dataset.alphabet.name != bundle.alphabet.name:
        own, other = dataset.alphabet.name, bundle.alphabet.name
        problem = f"this dataset is {own}, but {start.name} is a model for {other}"
        remedy = f"start from a model for {own}, or leave out --from"
        raise AlphabetMismatchError(str(dataset.path), own, other, remedy, problem)
    renewal = find_renewal(dataset)
    found = [
        _warm_run(dataset, request, start, config, preset, renewal)
        for config, preset in zip(bundle.configs, _presets(bundle), strict=True)
    ]
    if not bundle.mixture:
        return found[0]
    kinds = tuple((one.preset, one.run) for one in found)
    ending = ending_of(renewal.within(found[0].run).assignments)
    recipe = f"chosen settings: those of {start.name}, a mixture of {counted(len(kinds), 'networks')}{ending}"
    return replace(found[0], recipe=recipe if found[0].recipe else None, kinds=kinds)


def _presets(bundle: Bundle) -> list[str | None]:
    """Returns the preset that each member was trained with, None where it is not known."""
    about, known = bundle.provenance, preset_names()
    named, weights = about.get("presets"), about.get("weights")
    found: list[Any] = [about.get("preset")] * len(bundle.members)
    if isinstance(named, list) and isinstance(weights, list) and named and len(weights) % len(named) == 0:
        seeds = len(weights) // len(named)
        kept = [named[index // seeds] for index, weight in enumerate(weights) if weight]
        found = kept if len(kept) == len(found) else [None] * len(found)
    return [one if isinstance(one, str) and one in known else None for one in found]


def _warm_run(
    dataset: Dataset,
    request: RunRequest,
    start: WarmStart,
    config: RunConfig,
    preset: str | None,
    renewal: Renewal,
) -> ChosenRun:
    """Returns the settings for a network that starts from a member with these settings and this preset."""
    bundle, base = start.bundle, _base(start.bundle, config)
    facts = f"chosen settings: those of {start.name}"
    recipe = None
    if not (request.preset or request.config):
        training = compose(preset).training if preset else config.training
        count = 0 if dataset.crop else len(dataset.members("train"))
        renewed = Renewal() if config.encoder.name == "plm" else renewal
        changed = (*(fitted_to(training, count) if preset and count else ()), *renewed.assignments)
        base["training"] = {**training.to_dict(), "freeze": False}
        base = compose(assignments=changed, base=base).to_dict()
        recipe = f"{facts}{f' (preset {preset})' if preset else ''}{ending_of(changed)}"
    run = request.compose(base if request.preset is None else _base_of_preset(bundle, config, request.preset))
    new_head = set(dataset.classes) != set(bundle.classes)
    _check_same(start.name, "encoder", run.encoder, config.encoder, _OF_HUB)
    network = replace(config.network, window=run.network.window)
    if config.network.flattens:
        network = replace(network, window=bundle.window)
    _check_same(start.name, "network", run.network, network, _OF_HEAD if new_head else ())
    return ChosenRun(run, request.preset or preset, recipe, shuffled=renewal.within(run).shuffled if recipe else ())


def _base(bundle: Bundle, config: RunConfig) -> dict[str, dict[str, Any]]:
    """Returns the settings that a run takes from a network, section → setting → value, without those of training."""
    base = {name: dict(section) for name, section in config.to_dict().items() if name != "training"}
    if base["encoder"]["name"] == "plm":
        base["encoder"] = {name: value for name, value in base["encoder"].items() if name not in _OF_HUB}
    if config.network.flattens:
        base["network"]["window"] = bundle.window
    # What is generated or shuffled depends on the dataset.
    for name in ("fresh_negatives", "fresh_shuffles"):
        base["augmentation"].pop(name, None)
    return base


def _base_of_preset(bundle: Bundle, config: RunConfig, preset: str) -> dict[str, dict[str, Any]]:
    """Returns the same for a run with a preset, which also stands for the settings that it does not name."""
    base = compose(preset).to_dict()
    if config.network.flattens:
        base["network"]["window"] = bundle.window
    return base


def _check_same(model: str, section: str, own: Settings, other: Settings, free: Sequence[str]) -> None:
    """Checks that the settings of a section are those of a model.

    Raises:
        SettingError: one is not.
    """
    ours, theirs = own.to_dict(), other.to_dict()
    for name, value in ours.items():
        if name not in free and not name.startswith("dropout") and theirs.get(name, value) != value:
            problem = f"can't be {shortened(value)}: {model}, which --from names, has {shortened(theirs[name])}"
            raise SettingError(f"{section}.{name}", value, problem=problem)
