"""What a program is warned of, as Python warnings."""

from __future__ import annotations

import warnings

from seqnet.core.errors import SeqnetWarning
from seqnet.prediction.inputs import PredictionInputs

__all__ = ["warn_of_doubts"]


def warn_of_doubts(inputs: PredictionInputs) -> None:
    """Warns, once, of sequences that look like another alphabet than the model's, but may be of it."""
    while inputs.doubts:
        place, found = inputs.doubts.pop(0)
        assert inputs.alphabet is not None
        name = inputs.alphabet.name
        text = f'{place}: this looks like {found}, but may be {name}; pass alphabet="{name}" if it is'
        warnings.warn(text, SeqnetWarning, stacklevel=3)
