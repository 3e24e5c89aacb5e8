"""Training that starts from a trained model: the weights that it keeps.

In: a model, and the classifier of a run. Out: the classifier with the weights of the model. Encoder and network are
kept. The head is kept if the classes are the same, and new if not. Trees beside the network are fitted again. With
`training.freeze`, only the head is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqnet.configs.run import RunConfig
from seqnet.core.errors import ContainerError, SettingError
from seqnet.core.printable import counted
from seqnet.core.provenance import file_hash
from seqnet.datasets.dataset import Dataset
from seqnet.models.bundles import Bundle, open_bundle, write_bundle
from seqnet.models.shipped import find_model
from seqnet.nn.networks import Classifier

__all__ = ["Kept", "StartingWeights", "WarmStart"]

_HEAD = "network.head."
_TREES = "trees."


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
