"""Models that are part of the package, one safetensors file each, found by name."""

from __future__ import annotations

from pathlib import Path

from seqnet.core.errors import ContainerError
from seqnet.core.suggestions import did_you_mean, nearest
from seqnet.models.hub import fetched_model, hub_name

__all__ = ["find_fast_model", "find_model", "shipped_models"]

_FAST = "-fast"
"""The fast version of the model NAME is NAME-fast."""


def shipped_models() -> dict[str, Path]:
    """Returns name → file of the models in the package, sorted."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.safetensors"))}


def find_model(name: Path) -> Path:
    """Returns the file of a model: the path itself, or, if there is no such file, the shipped model with this name.

    `hf://OWNER/NAME` is a model on the Hugging Face hub, see `seqnet.models.hub`.

    Raises:
        ContainerError: neither exists.
        SeqnetError: a model of the hub can't be had.
    """
    shipped = shipped_models()
    if str(name) in shipped and not name.is_file():
        return shipped[str(name)]
    if name.exists():
        return name
    if on_hub := hub_name(name):
        return fetched_model(*on_hub)
    if near := did_you_mean(nearest(str(name), shipped)):
        raise ContainerError(str(name), "no such file or directory", near)
    known = f"; the models that come with seqnet: {', '.join(shipped)}" if shipped else ""
    raise ContainerError(str(name), "no such file or directory", f"give the path of a model{known}")


def find_fast_model(name: Path) -> Path:
    """Returns the file of the fast version of a model in the package.

    Raises:
        ContainerError: there is no such model, or no fast version of it.
    """
    find_model(name)
    shipped = shipped_models()
    fast = f"{name}{_FAST}"
    if fast in shipped and not name.is_file():
        return shipped[fast]
    known = ", ".join(one.removesuffix(_FAST) for one in shipped if one.endswith(_FAST))
    remedy = f"leave out --fast, or make a fast version with seqnet distill and give its path ({known} has one)"
    raise ContainerError(str(name), "there is no fast version of this model", remedy)
