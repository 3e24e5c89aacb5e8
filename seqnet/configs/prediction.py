"""How decisions are made of probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import Settings, setting
from seqnet.core.errors import SettingError

__all__ = ["PredictOptions", "SortingOptions"]


@dataclass(frozen=True)
class PredictOptions(Settings):
    """What `predict` makes of a model's probabilities."""

    section: ClassVar[str] = "predict"

    precision: str = setting(
        "auto",
        "number format of the computation; auto is bfloat16 on CPUs that are faster in it, if the model's labels "
        "hardly change on validation data, otherwise float32; int8 is for networks with one convolution",
        choices=("auto", "float32", "bfloat16", "float16", "int8"),
    )
    alphabet: str = setting(
        "auto",
        "type of the sequences, which must be that of the model; auto stops if the sequences are clearly of another "
        "type, and warns if they could be",
        choices=("auto", "dna", "rna", "protein"),
    )
    unknown: str = setting(
        "report",
        "symbols outside the alphabet: report gives the record the status invalid_symbol and no prediction, mask "
        "treats the symbols as N (DNA, RNA) or X (protein)",
        choices=("report", "mask"),
    )
    vote: bool = setting(
        False, "ensembles: label by majority vote of the networks instead of by their mean probability"
    )
    max_error: float | None = setting(
        None,
        "label low-confidence records 'uncertain', so that at most this share of the other labels was wrong on "
        "validation data",
        above=0,
        below=1,
    )
    expected_fraction: tuple[str, ...] = setting(
        (),
        "real-world share of a class, such as human=0.02, if it differs from the training data; adjusts "
        "probabilities, threshold and --max-error. May be repeated. auto estimates the shares from the scores of each "
        "output's records, which are read twice",
    )

    def __post_init__(self) -> None:
        """See `Settings`; also refuses what needs calibrated probabilities for votes, which have none."""
        super().__post_init__()
        if self.vote and (self.max_error is not None or self.expected_fraction):
            problem = "can't be combined with --max-error or --expected-fraction"
            raise SettingError("predict.vote", True, problem=problem)

    @property
    def automatic(self) -> bool:
        """Whether the class fractions are to be estimated."""
        return self.expected_fraction == ("auto",)

    def fractions(self) -> dict[str, float]:
        """Returns class → expected share; nothing where the shares are to be estimated.

        Raises:
            SettingError: an entry is not of the form CLASS=F with F in (0, 1), or a class is named twice.
        """
        found: dict[str, float] = {}
        if self.automatic:
            return found
        for text in self.expected_fraction:
            name, _, value = text.rpartition("=")
            if name in found:
                raise SettingError("predict.expected_fraction", text, problem=f"gives class {name} twice")
            try:
                found[name] = float(value)
            except ValueError:
                found[name] = -1.0
            if not name or not 0 < found[name] < 1:
                raise SettingError("predict.expected_fraction", text, "CLASS=F with F between 0 and 1, or auto alone")
        return found


@dataclass(frozen=True)
class SortingOptions(Settings):
    """How `predict` sorts records into files."""

    section: ClassVar[str] = "predict"

    pairs: str = setting(
        "together",
        "with --split-by-class or --keep: together writes mates that are next to each other to one file, chosen by the "
        "mean of their probabilities; files does the same for two inputs, one of first and one of second mates, and "
        "writes two files for each class; separate writes each mate by its own prediction",
        choices=("together", "files", "separate"),
    )
    min_probability: float | None = setting(
        None,
        "with --split-by-class or --keep: minimum probability of the label; records below it count as records without "
        "a label",
        minimum=0,
        maximum=1,
    )
