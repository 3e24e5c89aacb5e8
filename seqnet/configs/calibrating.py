"""What a decision threshold can be chosen for."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CRITERIA"]

CRITERIA: Mapping[str, str] = {
    "accuracy": "accuracy",
    "balanced": "balanced_accuracy",
    "f1": "f1",
    "mcc": "mcc",
}
"""Word on the command line → metric."""
