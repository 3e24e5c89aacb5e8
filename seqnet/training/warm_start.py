"""Training that starts from a trained model: which settings it has, and which weights it keeps.

In: a dataset and a model of the same alphabet. Out: the settings of the run, and a classifier with the weights of the
model. Encoder and network are kept. The head is kept if the classes are the same, and new if not. Trees beside the
network are fitted again. With `training.freeze`, only the head is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqnet.configs.run import RunConfig, RunRequest, compose, preset_names
from seqnet.configs.settings import Settings
from seqnet.core.errors import AlphabetMismatchError, ContainerError, SettingError
from seqnet.core.printable import counted, shortened
from seqnet.core.provenance import file_hash
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.recipes import fitted_to, renewal
from seqnet.datasets.run_choice import ChosenRun
from seqnet.models.bundles import Bundle, open_bundle, write_bundle
from seqnet.models.shipped import find_model
from seqnet.nn.networks import Classifier

__all__ = ["Kept", "StartingWeights", "WarmStart", "choose_warm_run"]

_HEAD = "network.head."
_TREES = "trees."
_OF_HEAD = ("dense", "dense_activation", "head")
"""Settings of the head, which may differ if it is new. Dropout has no weights, so it may always differ."""
_OF_HUB = ("model", "cache")
"""Settings that have the location of a language model, not its identity; a file must not determine what is loaded."""


class Kept(NamedTuple):
    """The weights that a classifier has from the model that it starts from.

    Attributes:
        names: the parameters.
        head: whether the head is among them.
        frozen: modules that are not trained, and stay in evaluation mode.
    """

    names: frozenset[str] = frozenset()
    head: bool = False
    frozen: tuple[nn.Module, ...] = ()


@dataclass(frozen=True, eq=False)
class StartingWeights:
    """The weights of one network, for a network with the same settings.

    Attributes:
        model: what the user calls the model.
        weights: name → weight.
        classes: the classes of its logits, in their order.
    """

    model: str
    weights: Mapping[str, Tensor]
    classes: tuple[str, ...]

    @torch.no_grad()
    def load_into(self, classifier: Classifier, classes: Sequence[str], *, freeze: bool) -> Kept:
        """Copies the weights into a classifier with these classes, and returns what it keeps.

        Args:
            classifier: untrained; its head is not changed if the classes differ.
            classes: its K classes, in the order of its logits.
            freeze: whether only the head is to be trained.

        Raises:
            ContainerError: the weights do not fit.
        """
        own, same = classifier.state_dict(), set(classes) == set(self.classes)
        for name, weight in self.weights.items():
            if name.startswith(_TREES) or (name.startswith(_HEAD) and not same):
                continue
            weight = self._in_order(name, weight, classes) if name.startswith(_HEAD + "output.") else weight
            if name not in own or own[name].shape != weight.shape:
                raise ContainerError(self.model, f"its weights {name} do not fit this run", "leave out --from")
            own[name].copy_(weight)
        names = {name for name, _ in classifier.named_parameters() if same or not name.startswith(_HEAD)}
        return Kept(frozenset(names), same, tuple(_freeze(classifier)) if freeze else ())

    def _in_order(self, name: str, weight: Tensor, classes: Sequence[str]) -> Tensor:
        """Returns a weight (K, …) or (1, …) of the output in the order of `classes`."""
        order = [self.classes.index(label) for label in classes]
        if len(weight) == len(order):
            return weight[order]
        # One unit is the logit of the second class against the first.
        return weight if order == [0, 1] else -weight


def _freeze(classifier: Classifier) -> Iterator[nn.Module]:
    """Makes all weights but those of the head constant, and yields the modules before it."""
    for name, weight in classifier.named_parameters():
        weight.requires_grad_(name.startswith(_HEAD))
    yield classifier.encoder
    yield classifier.dropout
    for name, module in classifier.network.named_children():
        if name != "head":
            yield module


@dataclass(frozen=True, eq=False)
class WarmStart:
    """A model to start from.

    Attributes:
        name: what the user calls it.
        bundle: the model.
        sha256: of its file.
    """

    name: str
    bundle: Bundle
    sha256: str

    @classmethod
    def open(cls, name: Path) -> WarmStart:
        """Returns the model in a file, or that of the package with this name.

        Raises:
            ContainerError: there is no such model, or it is damaged.
        """
        path = find_model(name)
        return cls(str(name), open_bundle(path), file_hash(path))

    @classmethod
    def of(cls, bundle: Bundle) -> WarmStart:
        """Returns a model in memory; its SHA-256 is that of the file that it would be saved to."""
        with TemporaryDirectory(prefix="seqnet-") as folder:
            path = Path(folder) / "model.safetensors"
            write_bundle(path, bundle)
            return cls("a model in memory", bundle, file_hash(path))

    def weights(self, index: int) -> StartingWeights:
        """Returns what the network of that index starts from: the member of that index, or again the first ones."""
        members = self.bundle.members
        weights = members[index % len(members)].state_dict()
        return StartingWeights(self.name, {name: one.cpu() for name, one in weights.items()}, self.bundle.classes)

    @property
    def origin(self) -> dict[str, Any]:
        """What the provenance of a new model says about this one."""
        about: dict[str, Any] = {"model": self.name, "sha256": self.sha256}
        data = self.bundle.provenance.get("dataset")
        if isinstance(data, Mapping):
            about["dataset"] = {"sha256": data.get("sha256")}
        if licence := self.bundle.card.get("data_licence"):
            about["data_licence"] = licence
        return about

    def line(self, dataset: Dataset, run: RunConfig, count: int) -> str:
        """Returns what is kept, in one line.

        Args:
            dataset: what is trained on.
            run: the settings.
            count: number of networks that are trained.
        """
        same = set(dataset.classes) == set(self.bundle.classes)
        head = "and head are kept" if same else "are kept; the head is new, because the classes differ"
        parts = [f"starting from {self.name}: encoder{',' if same else ' and'} network {head}"]
        if run.training.freeze:
            parts.append("only the head is trained")
        else:
            parts.append(f"kept weights have {run.training.kept_rate:g} times the learning rate")
        members = len(self.bundle.members)
        if members > 1 or count > 1:
            parts.append(f"networks start from the {counted(members, 'members')} of the model, in order")
        return "; ".join(parts)

    def check_folds(self, dataset: Dataset) -> None:
        """Checks that the records of the folds are not those that the model was trained on.

        Raises:
            SettingError: the model was trained on this dataset.
        """
        known = self.origin.get("dataset")
        if known and known["sha256"] == dataset.sha256():
            problem = f"can't be combined with --from {self.name}, which was trained on records of all folds"
            raise SettingError("folds", None, problem=problem)


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
    found = [
        _warm_run(dataset, request, start, config, preset)
        for config, preset in zip(bundle.configs, _presets(bundle), strict=True)
    ]
    if not bundle.mixture:
        return found[0]
    kinds = tuple((one.preset, one.run) for one in found)
    recipe = f"chosen settings: those of {start.name}, a mixture of {counted(len(kinds), 'networks')}"
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
    dataset: Dataset, request: RunRequest, start: WarmStart, config: RunConfig, preset: str | None
) -> ChosenRun:
    """Returns the settings for a network that starts from a member with these settings and this preset."""
    bundle, base = start.bundle, _base(start.bundle, config)
    facts = f"chosen settings: those of {start.name}"
    recipe = None
    if not (request.preset or request.config):
        training = compose(preset).training if preset else config.training
        count = 0 if dataset.crop else len(dataset.members("train"))
        changed = (*(fitted_to(training, count) if preset and count else ()), *renewal(dataset))
        base["training"] = {**training.to_dict(), "freeze": False}
        base = compose(assignments=changed, base=base).to_dict()
        ending = "".join(f", {text.partition('.')[2]}" for text in changed)
        recipe = f"{facts}{f' (preset {preset})' if preset else ''}{ending}"
    run = request.compose(base if request.preset is None else _base_of_preset(bundle, config, request.preset))
    new_head = set(dataset.classes) != set(bundle.classes)
    _check_same(start.name, "encoder", run.encoder, config.encoder, _OF_HUB)
    network = replace(config.network, window=run.network.window)
    if config.network.flattens:
        network = replace(network, window=bundle.window)
    _check_same(start.name, "network", run.network, network, _OF_HEAD if new_head else ())
    return ChosenRun(run, request.preset or preset, recipe)


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
