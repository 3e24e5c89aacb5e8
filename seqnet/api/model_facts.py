"""What a trained model is: classes, alphabet, device, card, metrics and settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqnet.models.bundles import Bundle

__all__ = ["ModelFacts"]


class ModelFacts:
    """The facts of a model, as attributes of `Model`.

    Attributes:
        bundle: what was trained.
        file: the file that it was opened from or saved to; None if it is only in memory.
    """

    bundle: Bundle
    file: Path | None

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the columns of probabilities."""
        return self.bundle.classes

    @property
    def alphabet(self) -> str:
        """The alphabet of the sequences: dna, rna or protein."""
        return self.bundle.alphabet.name

    @property
    def positive(self) -> str | None:
        """The positive class, for precision and recall; None for more than two classes."""
        return None if self.bundle.positive is None else self.bundle.classes[self.bundle.positive]

    @property
    def device(self) -> str:
        """The device of the computation, such as cpu or cuda:0."""
        return str(self.bundle.classifier.device)

    @property
    def card(self) -> Mapping[str, Any]:
        """Title, intended use, data, licence, metrics and known failures; empty if the model has no card."""
        return dict(self.bundle.card)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Metric → value on the validation split of its training."""
        return dict(self.bundle.metrics)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that it was trained with."""
        return self.bundle.config.to_dict()

    @property
    def title(self) -> str:
        """What reports call the model: the name of its file, or "the model"."""
        return self.file.name if self.file else "the model"
