"""What a program is warned of, as Python warnings that name the caller's line."""

from __future__ import annotations

import sys
import warnings

from seqnet.core.errors import SeqnetWarning
from seqnet.prediction.inputs import PredictionInputs

__all__ = ["warn", "warn_of_other_alphabet"]


def warn(text: str) -> None:
    """Warns of something, at the line outside of this package that called it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "seqnet":
        frame, level = frame.f_back, level + 1
    warnings.warn(text, SeqnetWarning, stacklevel=level)


def warn_of_other_alphabet(inputs: PredictionInputs) -> None:
    """Warns, once, of sequences that look like another alphabet than the model's, but may be of it."""
    while inputs.doubts:
        place, found = inputs.doubts.pop(0)
        assert inputs.alphabet is not None
        name = inputs.alphabet.name
        warn(f'{place}: this looks like {found}, but may be {name}; pass alphabet="{name}" if it is')
