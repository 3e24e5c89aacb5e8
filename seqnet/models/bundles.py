"""The trained model on disk: one safetensors file with everything that `predict` needs.

The tensors are the weights of a `Classifier`. The description has alphabet, classes, settings, window, validation
metrics and provenance. `docs/formats.md` is the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray

from seqnet.configs.run import RunConfig
from seqnet.core.alphabets import Alphabet, alphabet
from seqnet.core.containers import Container, read_container, write_container
from seqnet.core.errors import ContainerError, SettingError
from seqnet.datasets.file_schemas import check_description
from seqnet.evaluation.calibration import Calibration, ValidationScores
from seqnet.evaluation.novelty import Novelty
from seqnet.models.mixture import MemberConfig, described, mixture_of
from seqnet.models.weights import REMEDY, check_weights, layout_of, load_weights
from seqnet.nn.networks import Classifier
from seqnet.nn.plm import Notify

if TYPE_CHECKING:
    from seqnet.evaluation.baselines import FittedBaseline

__all__ = ["Bundle", "bundle_of", "open_bundle", "write_bundle"]

_BASELINES = "baselines"
_VALIDATION = "validation"
"""First part of the names of tensors that do not belong to a member."""


@dataclass(frozen=True)
class Bundle:
    """One or more trained classifiers, and everything that is needed to use them.

    Attributes:
        members: the classifiers, in evaluation mode; probabilities are the weighted mean over members.
        alphabet: alphabet of the sequences.
        classes: the K class names, in the order of the logits.
        positive: index of the positive class of binary metrics; None for more than two classes.
        config: the settings of the training; of a mixture, those of the first member.
        window: maximum length of a sequence in one piece; longer sequences are divided into windows.
        metrics: name → value on the validation split, the mean over members; for a cross-validation also out-of-fold
            values.
        provenance: dataset with SHA-256, command, versions, seed.
        calibration: parameters that turn probabilities into decisions.
        card: model card of a published model: title, intended use, data, licence, measured quality, known failures.
        novelty: distribution of the training sequences; None in models without it.
        baselines: name → baseline that was fitted to the training records; empty in models without baselines.
        validation: scores for fitting decisions again for other class fractions; None in models without them.
        mixture: settings and weight of each member if they are of different kinds; otherwise empty.
    """

    members: tuple[Classifier, ...]
    alphabet: Alphabet
    classes: tuple[str, ...]
    positive: int | None
    config: RunConfig
    window: int
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]
    calibration: Calibration = field(default_factory=Calibration)
    card: Mapping[str, Any] = field(default_factory=dict)
    novelty: Novelty | None = None
    baselines: Mapping[str, FittedBaseline] = field(default_factory=dict)
    validation: ValidationScores | None = None
    mixture: tuple[MemberConfig, ...] = ()

    @property
    def classifier(self) -> Classifier:
        """The first member."""
        return self.members[0]

    @property
    def weights(self) -> tuple[float, ...]:
        """Share of each member in the mean over members."""
        if self.mixture:
            return tuple(member.weight for member in self.mixture)
        return (1 / len(self.members),) * len(self.members)

    @property
    def configs(self) -> tuple[RunConfig, ...]:
        """Settings of each member, except for the seeds of an ensemble of one kind."""
        return tuple(member.config for member in self.mixture) or (self.config,) * len(self.members)

    @property
    def both_strands(self) -> bool:
        """Whether the prediction is the same for a sequence and its reverse complement."""
        return all(member.both_strands for member in self.members)

    @property
    def shortest(self) -> int:
        """Minimum length of a sequence."""
        return max(member.encoder.shortest for member in self.members)

    @property
    def parameter_count(self) -> int:
        """Number of trained parameters of all members."""
        return sum(member.parameter_count for member in self.members)

    @property
    def uses_language_model(self) -> bool:
        """Whether features are those of a protein language model, which is not part of the bundle."""
        return self.config.encoder.name == "plm"

    def to(self, device: torch.device) -> None:
        """Moves all members to a device."""
        for member in self.members:
            member.to(device)

    def prepare(self, notify: Notify, named: Sequence[str] = ()) -> None:
        """Loads a language model that the model needs and does not contain, and reports downloads.

        Args:
            notify: called with a message about downloads.
            named: the language models that the user has named; no other one is loaded.

        Raises:
            SeqnetError: the language model is missing, or is another one than in training.
        """
        for member in self.members:
            member.encoder.prepare(notify, named)


def write_bundle(path: Path, bundle: Bundle) -> None:
    """Writes a bundle; the same bundle gives the same bytes."""
    description: dict[str, Any] = {
        "alphabet": bundle.alphabet.name,
        "classes": list(bundle.classes),
        "positive": bundle.positive,
        "config": bundle.config.to_dict(),
        "window": bundle.window,
        "metrics": dict(bundle.metrics),
        "provenance": dict(bundle.provenance),
        "parameters": bundle.parameter_count,
        "members": len(bundle.members),
        "calibration": asdict(bundle.calibration),
        "card": dict(bundle.card),
        "novelty": None if bundle.novelty is None else asdict(bundle.novelty),
    }
    if bundle.mixture:
        description["mixture"] = described(bundle.mixture)
    weights = {
        f"{index:03}.{name}": tensor.detach().cpu().numpy()
        for index, member in enumerate(bundle.members)
        for name, tensor in member.state_dict().items()
    }
    if bundle.baselines:
        from seqnet.evaluation.baselines import baseline_tensors, describe_baselines

        description["baselines"] = describe_baselines(bundle.baselines)
        weights |= {f"{_BASELINES}.{name}": tensor for name, tensor in baseline_tensors(bundle.baselines).items()}
    if bundle.validation is not None:
        weights |= {f"{_VALIDATION}.{name}": tensor for name, tensor in bundle.validation.tensors().items()}
    write_container(path, "model", description, weights)


def open_bundle(path: Path) -> Bundle:
    """Returns the model in a file.

    Raises:
        ContainerError: the file is not a model, is damaged, or has another version.
    """
    return bundle_of(path, read_container(path, ["model"], REMEDY))


def bundle_of(path: Path, container: Container) -> Bundle:
    """Returns the model in a container that was read from `path`.

    Raises:
        ContainerError: the description is damaged, or the weights do not fit the settings.
    """
    about, parts = container.description, _parts_of(container.tensors)
    kept = {part: parts.pop(part, {}) for part in (_BASELINES, _VALIDATION)}
    weights = [parts[index] for index in sorted(parts)]
    check_description(str(path), about, REMEDY)
    if about["members"] != len(weights):
        problem = f"the description of the model is damaged: members is {about['members']}, there are {len(weights)}"
        raise ContainerError(str(path), problem, REMEDY)
    try:
        config = RunConfig.from_file(about["config"])
        symbols = alphabet(about["alphabet"])
        mixture = mixture_of(about.get("mixture", []))
        kinds = [one.config for one in mixture] or [config]
        shapes = [(symbols, len(about["classes"]), kind.encoder, kind.network, about["window"]) for kind in kinds]
        layouts = [(shape, layout_of(shape)) for shape in shapes]
        novelty = Novelty.from_dict(about["novelty"], symbols) if about.get("novelty") is not None else None
        calibration = Calibration(**about["calibration"] | {"shares": tuple(about["calibration"]["shares"])})
        classes = len(about["classes"])
        validation = ValidationScores.restore(kept[_VALIDATION], classes)
    except (OverflowError, RuntimeError, TypeError, ValueError, SettingError) as error:
        raise ContainerError(str(path), f"the description of the model is damaged ({error})", REMEDY) from error
    layouts = layouts if mixture else layouts * len(weights)
    for arrays, (_, expected) in zip(weights, layouts, strict=True):
        # Checked before memory is allocated, because a description may ask for more than the weights have.
        check_weights(path, arrays, expected)
    members = []
    for arrays, (shape, _) in zip(weights, layouts, strict=True):
        members.append(Classifier(*shape).eval())
        load_weights(path, members[-1], arrays)
    return Bundle(
        members=tuple(members),
        alphabet=symbols,
        classes=tuple(about["classes"]),
        positive=about["positive"],
        config=config,
        window=about["window"],
        metrics=about["metrics"],
        provenance=about["provenance"],
        calibration=calibration,
        card=about["card"],
        novelty=novelty,
        baselines=_Baselines(partial(_restored, path, about.get("baselines", {}), kept[_BASELINES], symbols, classes)),
        validation=validation,
        mixture=mixture,
    )


class _Baselines(Mapping[str, "FittedBaseline"]):
    """The baselines of a file, read at first access, because predictions do not need them.

    Args:
        restore: function that returns the baselines.
    """

    def __init__(self, restore: Callable[[], Mapping[str, FittedBaseline]]) -> None:
        self._restore = restore

    @cached_property
    def _found(self) -> Mapping[str, FittedBaseline]:
        return self._restore()

    def __getitem__(self, name: str) -> FittedBaseline:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _restored(
    path: Path, about: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], symbols: Alphabet, classes: int
) -> Mapping[str, FittedBaseline]:
    """Returns the baselines of a file.

    Raises:
        ContainerError: the baselines are damaged.
    """
    if not about and not tensors:
        return {}
    from seqnet.evaluation.baselines import restore_baselines

    try:
        return restore_baselines(about, tensors, symbols, classes)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ContainerError(str(path), f"the baselines of the model are damaged ({error})", REMEDY) from error


def _parts_of(tensors: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    """Returns part → name → array, for tensors named `PART.NAME`; a part is the index of a member or other data."""
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for full, array in tensors.items():
        part, _, name = full.partition(".")
        parts.setdefault(part, {})[name] = array
    return parts
