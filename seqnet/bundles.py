"""The trained model on disk: one safetensors file that knows all that `predict` needs.

The tensors are the weights of a `Classifier`; the description has alphabet, classes, settings, window, validation
metrics and provenance. `docs/formats.md` is the specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqnet.alphabets import Alphabet, alphabet
from seqnet.configs.run import RunConfig
from seqnet.containers import Container, read_container, write_container
from seqnet.errors import ContainerError, SettingError
from seqnet.networks import Classifier

__all__ = ["Bundle", "bundle_of", "load_weights", "open_bundle", "write_bundle"]

_REMEDY = "make one with seqnet train"


@dataclass(frozen=True)
class Bundle:
    """A trained classifier and what must be known to use it.

    Attributes:
        classifier: encoder and network, in evaluation mode.
        alphabet: of the sequences that it takes.
        classes: the K class names, in the order of its logits.
        positive: index of the class that binary metrics call positive; None for more than two classes.
        config: the settings that it was trained with.
        window: longest sequence that it takes at once; longer ones are seen through windows.
        metrics: on the validation split, name → value.
        provenance: dataset with SHA-256, command, versions, seed.
    """

    classifier: Classifier
    alphabet: Alphabet
    classes: tuple[str, ...]
    positive: int | None
    config: RunConfig
    window: int
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]


def write_bundle(path: Path, bundle: Bundle) -> None:
    """Writes a bundle; the same bundle gives the same bytes."""
    description = {
        "alphabet": bundle.alphabet.name,
        "classes": list(bundle.classes),
        "positive": bundle.positive,
        "config": bundle.config.to_dict(),
        "window": bundle.window,
        "metrics": dict(bundle.metrics),
        "provenance": dict(bundle.provenance),
        "parameters": bundle.classifier.parameter_count,
    }
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in bundle.classifier.state_dict().items()}
    write_container(path, "model", description, weights)


def open_bundle(path: Path) -> Bundle:
    """Returns the bundle in a file.

    Raises:
        ContainerError: the file is not a bundle, damaged, or of another version.
    """
    return bundle_of(path, read_container(path, ["model"], _REMEDY))


def bundle_of(path: Path, container: Container) -> Bundle:
    """Returns the bundle in a container that was read from `path`.

    Raises:
        ContainerError: its description is damaged, or its weights don't fit its settings.
    """
    about = container.description
    try:
        if not _is_described(about):
            raise ContainerError(str(path), "the description of the model is damaged", _REMEDY)
        config = RunConfig.from_dict(about["config"])
        symbols = alphabet(about["alphabet"])
        classifier = Classifier(symbols, len(about["classes"]), config.encoder, config.network, about["window"])
    except (KeyError, TypeError, SettingError) as error:
        raise ContainerError(str(path), f"the description of the model is damaged ({error})", _REMEDY) from error
    load_weights(path, classifier, container.tensors)
    return Bundle(
        classifier=classifier.eval(),
        alphabet=symbols,
        classes=tuple(about["classes"]),
        positive=about["positive"],
        config=config,
        window=about["window"],
        metrics=about["metrics"],
        provenance=about["provenance"],
    )


def _is_described(about: Mapping[str, Any]) -> bool:
    """Returns whether a description says what it should, in values of the right types."""
    classes, positive, window = about["classes"], about["positive"], about["window"]
    return (
        isinstance(classes, list)
        and all(isinstance(name, str) for name in classes)
        and len(set(classes)) == len(classes) > 1
        and (positive is None or 0 <= positive < len(classes) == 2)
        and isinstance(window, int)
        and window >= 1
        and all(isinstance(about[name], dict) for name in ("config", "metrics", "provenance"))
    )


def load_weights(path: Path, classifier: Classifier, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Copies the weights of a file into a classifier.

    Raises:
        ContainerError: they are not the weights of this classifier.
    """
    weights: dict[str, Tensor] = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    try:
        classifier.load_state_dict(weights)
    except RuntimeError as error:
        raise ContainerError(str(path), "the weights are not those of the network it describes", _REMEDY) from error
