"""How decisions are made of probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting
from seqnet.core.errors import SettingError

__all__ = ["PredictOptions"]


@dataclass(frozen=True)
class PredictOptions(Settings):
    """What `predict` makes of a model's probabilities."""

    section: ClassVar[str] = "predict"

    precision: str = setting(
        "auto",
        "arithmetic; int8 is for networks of one convolution [auto: bfloat16 where the processor has it and labels "
        "were measured to stay, float32 else]",
        choices=("auto", "float32", "bfloat16", "float16", "int8"),
    )
    alphabet: str = setting(
        "auto",
        "what the sequences are made of; must be the model's alphabet [auto: refuse what is surely of another "
        "one, and warn of a doubt]",
        choices=("auto", "dna", "rna", "protein"),
    )
    unknown: str = setting(
        "report",
        "a record with a symbol outside the alphabet: say so in place of a prediction, or mask the symbol",
        choices=("report", "mask"),
    )
    vote: bool = setting(
        False, "ensembles: one vote per member, by the chosen threshold, in place of the mean of their probabilities"
    )
    max_error: float | None = setting(
        None,
        "label a record uncertain where its confidence is below the one that held the share of wrong decisions to this "
        "on the validation split",
        above=0,
        below=1,
    )
    expected_fraction: tuple[str, ...] = setting(
        (),
        "share of a class where the model is used, as CLASS=F; re-weighs the probabilities and fits threshold and "
        "--max-error to them; may be repeated",
    )

    def __post_init__(self) -> None:
        """See `Settings`; also refuses what needs calibrated probabilities for votes, which have none."""
        super().__post_init__()
        if self.vote and (self.max_error is not None or self.expected_fraction):
            problem = "can't be combined with --max-error or --expected-fraction"
            raise SettingError("predict.vote", True, problem=problem)

    def fractions(self) -> dict[str, float]:
        """Returns class → expected share.

        Raises:
            SettingError: an entry is not of the form CLASS=F with F in (0, 1), or a class is named twice.
        """
        found: dict[str, float] = {}
        for text in self.expected_fraction:
            name, _, value = text.rpartition("=")
            if name in found:
                raise SettingError("predict.expected_fraction", text, f"one share of class {name}; it is given twice")
            try:
                found[name] = float(value)
            except ValueError:
                found[name] = -1.0
            if not name or not 0 < found[name] < 1:
                raise SettingError("predict.expected_fraction", text, "CLASS=F with F between 0 and 1")
        return found
