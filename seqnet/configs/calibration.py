"""What a decision threshold can be chosen for."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BALANCED", "CRITERIA"]

BALANCED = "balanced"
"""The criterion by which every class counts the same, however rare."""

CRITERIA: Mapping[str, str] = {
    "accuracy": "accuracy",
    BALANCED: "balanced_accuracy",
    "f1": "f1",
    "mcc": "mcc",
}
"""Word on the command line → metric."""
