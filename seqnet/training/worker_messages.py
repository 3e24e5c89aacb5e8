"""Messages between a process that trains networks and its parent: a line of JSON each.

The parent sends jobs, and the request to stop. The process sends the progress of each network, and at its end the
result or an error.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from seqnet.configs.run import RunConfig
from seqnet.core import errors
from seqnet.core.errors import SeqnetError
from seqnet.training.history import EpochRow
from seqnet.training.observer import Observer

__all__ = ["FINAL", "decoded", "encoded", "epoch_message", "error_from", "error_message", "show_progress"]

FINAL = ("result", "stopped", "late", "error")
"""Kinds of the last message about a network: its result; stopped without one; no time for one; or an error."""


def encoded(message: Mapping[str, Any]) -> bytes:
    """Returns a message as a line; NaN and infinite numbers are kept."""
    return json.dumps(message, default=str).encode() + b"\n"


def decoded(line: bytes) -> dict[str, Any]:
    """Returns the message of a line.

    Raises:
        ValueError: the line is not complete.
    """
    message: dict[str, Any] = json.loads(line)
    return message


def epoch_message(row: EpochRow, best: bool) -> dict[str, Any]:
    """Returns the message about an epoch."""
    return {"kind": "epoch", "row": asdict(row), "best": best}


def show_progress(message: Mapping[str, Any], observer: Observer) -> None:
    """Passes the progress of a network on; other messages are ignored."""
    match message["kind"]:
        case "begin":
            observer.begin(RunConfig.from_dict(message["config"]))
        case "note":
            observer.note(message["text"])
        case "step":
            observer.step(*message["values"])
        case "epoch":
            observer.epoch(EpochRow(**message["row"]), message["best"])


def error_message(error: Exception) -> dict[str, Any]:
    """Returns the message about an error; see `error_from`."""
    message: dict[str, Any] = {"kind": "error", "trace": traceback.format_exc()}
    if isinstance(error, SeqnetError):
        name = next(kind.__name__ for kind in type(error).__mro__ if hasattr(errors, kind.__name__))
        return message | {"type": name, "words": list(error.args), "facts": dict(vars(error))}
    if isinstance(error, OSError):
        return message | {"type": "OSError", "words": [error.errno, error.strerror or str(error), error.filename]}
    return message | {"type": "MemoryError" if isinstance(error, MemoryError) else "RuntimeError"}


def error_from(message: Mapping[str, Any]) -> Exception:
    """Returns the error of a message: of the same class with the same facts; a bug is a RuntimeError with its trace."""
    match message["type"]:
        case "MemoryError":
            return MemoryError()
        case "RuntimeError":
            return RuntimeError(message["trace"])
        case "OSError":
            number, text, name = message["words"]
            return OSError(number, text, *([] if name is None else [name]))
    kind = getattr(errors, message["type"])
    error: SeqnetError = kind.__new__(kind, *message["words"])
    # JSON has no tuples.
    vars(error).update(
        {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in message["facts"].items()}
    )
    return error
