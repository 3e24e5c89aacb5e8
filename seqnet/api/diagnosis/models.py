"""The models that come with the package: all there, and whole."""

from __future__ import annotations

from typing import Any

from seqnet.api.diagnosis.problems import Problem
from seqnet.core.errors import SeqnetError

__all__ = ["model_facts"]


def model_facts() -> tuple[dict[str, Any], list[Problem]]:
    """Returns name → alphabet and classes of each model, which is opened and checked; and what is wrong."""
    from seqnet.models.bundles import open_bundle
    from seqnet.models.shipped import shipped_models

    values, problems = {}, []
    remedy = "reinstall seqnet: python -m pip install --force-reinstall --no-deps seqnet"
    for name, path in shipped_models().items():
        try:
            bundle = open_bundle(path)
        except (SeqnetError, OSError) as error:
            problems.append(Problem("failed", f"model {name}", str(error), remedy))
        else:
            values[name] = {"alphabet": bundle.alphabet.name, "classes": list(bundle.classes)}
    if not values and not problems:
        problems.append(Problem("failed", "models", "the models of the package are missing", remedy))
    return values, problems
