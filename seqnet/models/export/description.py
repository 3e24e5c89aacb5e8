"""What other programs must know of an exported model, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping

import seqnet
from seqnet.core.alphabets import INVALID, Alphabet
from seqnet.models.bundles import Bundle

__all__ = ["description_of", "letter_tokens"]


def letter_tokens(alphabet: Alphabet) -> Mapping[str, int]:
    """Returns letter → token of all letters of an alphabet, of both cases."""
    return {chr(byte): int(token) for byte, token in enumerate(alphabet.to_token) if token != INVALID}


def description_of(bundle: Bundle) -> Mapping[str, str]:
    """Returns name → text; texts of `tokens`, `classes`, `positive` and `threshold` are JSON.

    The names are `seqnet` (the version), `alphabet`, `tokens` (letter → token; 0 is padding), `classes` (in the order
    of the columns), `positive` (the class of the threshold, or null), `threshold` (the label is the positive class if
    its probability is at least this; null: the most probable class), `window` (maximum length), `shortest` (minimum
    length), `strands` (both or single) and `members` (networks that are averaged).
    """
    positive = bundle.positive
    return {
        "seqnet": seqnet.__version__,
        "alphabet": bundle.alphabet.name,
        "tokens": json.dumps(letter_tokens(bundle.alphabet)),
        "classes": json.dumps(list(bundle.classes)),
        "positive": json.dumps(None if positive is None else bundle.classes[positive]),
        "threshold": json.dumps(None if positive is None else bundle.calibration.threshold),
        "window": str(bundle.window),
        "shortest": str(bundle.shortest),
        "strands": "both" if bundle.both_strands else "single",
        "members": str(len(bundle.members)),
    }
