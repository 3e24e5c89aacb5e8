"""How a prediction is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.prediction import PredictOptions
from seqnet.configs.settings import Settings, setting, setting_of
from seqnet.core.errors import SettingError

__all__ = ["ExplainOptions"]


@dataclass(frozen=True)
class ExplainOptions(Settings):
    """What `explain` attributes to the positions of a sequence, and how."""

    section: ClassVar[str] = "explain"

    method: str = setting(
        "mutagenesis",
        "mutagenesis computes the effect of every single substitution; gradient multiplies the gradient by the input; "
        "integrated adds up gradients between the background composition and the sequence",
        choices=("mutagenesis", "gradient", "integrated"),
    )
    steps: int = setting(64, "integrated: number of points at which gradients are computed", minimum=1, maximum=100_000)
    target: str | None = setting(
        None, "class to explain [default: the positive class; with more than two classes, the predicted one]"
    )
    alphabet: str = setting_of(PredictOptions, "alphabet")
    unknown: str = setting_of(PredictOptions, "unknown")

    def __post_init__(self) -> None:
        """See `Settings`; also checks that a number of steps is of use."""
        super().__post_init__()
        if self.steps != type(self).steps and self.method != "integrated":
            raise SettingError("explain.steps", self.steps, problem="needs --method integrated")
