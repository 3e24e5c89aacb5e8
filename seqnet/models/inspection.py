"""The content of a dataset or model, as plain values for JSON and as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqnet.core.containers import Container, read_container
from seqnet.datasets.dataset import dataset_of
from seqnet.datasets.splits import SPLITS
from seqnet.evaluation.baselines import describe_baselines

if TYPE_CHECKING:
    from seqnet.configs.run import RunConfig
    from seqnet.models.bundles import Bundle

__all__ = ["inspect", "lines", "summary"]

_REMEDY = "give a dataset of seqnet encode or a model of seqnet train"


def inspect(path: Path) -> dict[str, Any]:
    """Returns the content of a file as plain values.

    Raises:
        ContainerError: the file is neither a dataset nor a model of seqnet, is damaged, or has another version.
    """
    container = read_container(path, ("dataset", "model"), _REMEDY)
    if container.description["kind"] == "dataset":
        return _dataset(path, container)
    return _model(path, container)


def _dataset(path: Path, container: Container) -> dict[str, Any]:
    dataset = dataset_of(path, container)
    lengths = dataset.tokens.lengths
    counts = dataset.counts()
    return {
        "kind": container.description["kind"],
        "version": container.description["version"],
        "records": len(dataset),
        "symbols": len(dataset.tokens.data),
        "alphabet": dataset.alphabet.name,
        "classes": list(dataset.classes),
        "positive": None if dataset.positive is None else dataset.classes[dataset.positive],
        "generators": dict(dataset.generators),
        "crop": dataset.crop,
        "counts": {
            name: dict(zip(SPLITS, map(int, row), strict=True))
            for name, row in zip(dataset.classes, counts, strict=True)
        },
        "groups": len(np.unique(dataset.groups)),
        "lengths": {
            "shortest": int(lengths.min()),
            "median": float(np.median(lengths)),
            "longest": int(lengths.max()),
        },
        "provenance": dict(dataset.provenance),
    }


def _model(path: Path, container: Container) -> dict[str, Any]:
    from seqnet.models.bundles import bundle_of

    bundle = bundle_of(path, container)
    return {
        "kind": container.description["kind"],
        "version": container.description["version"],
        "card": dict(bundle.card),
        "alphabet": bundle.alphabet.name,
        "classes": list(bundle.classes),
        "positive": None if bundle.positive is None else bundle.classes[bundle.positive],
        "parameters": bundle.parameter_count,
        "members": len(bundle.members),
        "window": bundle.window,
        "strands": "both" if bundle.both_strands else "single",
        "mixture": _mixture(bundle),
        "layers": _layers(bundle),
        "metrics": dict(bundle.metrics),
        "origin": bundle.provenance.get("origin"),
        "calibration": asdict(bundle.calibration) | {"shares": list(bundle.calibration.shares)},
        "novelty": _novelty(bundle),
        "baselines": describe_baselines(bundle.baselines),
        "config": bundle.config.to_dict(),
        "configs": [one.config.to_dict() for one in bundle.mixture] or None,
        "provenance": dict(bundle.provenance),
    }


def _novelty(bundle: Bundle) -> dict[str, Any] | None:
    """Returns the criteria by which `predict` marks records; without the covariance, which people can't read."""
    if bundle.novelty is None:
        return None
    found = bundle.novelty
    names = [*bundle.alphabet.canonical, "codes"]
    return {
        "shortest": found.shortest,
        "longest": found.longest,
        "shares": dict(zip(names, found.shares, strict=True)),
        "bound": found.bound,
    }


def _mixture(bundle: Bundle) -> list[dict[str, Any]] | None:
    """Returns the kind and the weight of each network of a mixture; None for another model."""
    if not bundle.mixture:
        return None
    return [
        {
            "network": one.config.network.name,
            "seed": one.config.training.seed,
            "strands": "both" if member.both_strands else "single",
            "parameters": member.parameter_count,
            "weight": one.weight,
        }
        for member, one in zip(bundle.members, bundle.mixture, strict=True)
    ]


def _layers(bundle: Bundle) -> list[dict[str, Any]]:
    """Returns the layers of the first network, or of each network of a mixture, named by its number."""
    if not bundle.mixture:
        return _layers_of(bundle, bundle.config)
    return [
        layer | {"name": f"{number}.{layer['name']}"}
        for number, one in enumerate(bundle.mixture, 1)
        for layer in _layers_of(bundle, one.config)
    ]


def _layers_of(bundle: Bundle, config: RunConfig) -> list[dict[str, Any]]:
    """Returns name, type, output shape and parameters of each layer, for one sequence with the window's length."""
    import torch

    from seqnet.nn.fast.matmul import Dense
    from seqnet.nn.layers import MaskedBatchNorm, MaskedConvolution, Recurrence
    from seqnet.nn.networks import Classifier

    # On the meta device, computing shapes takes no memory, however long the window is.
    with torch.device("meta"):
        shape = (bundle.alphabet, len(bundle.classes), config.encoder, config.network, bundle.window)
        classifier = Classifier(*shape).eval()
        sequence = (torch.ones(1, bundle.window, dtype=torch.uint8), torch.tensor([bundle.window]))
    classifier.encoder.shapes_only = True
    found: list[dict[str, Any]] = []
    hooks = []
    names = {module: name for name, module in classifier.named_modules()}
    computed: set[torch.nn.Module] = set()
    for module in names:
        # Some layers hold a torch module for its weights and compute its result themselves.
        if isinstance(module, Recurrence):
            computed.add(module.recurrent)
        elif isinstance(module, MaskedConvolution):
            computed.add(module.convolution)
        elif any(True for _ in module.children()) or module in computed:
            continue

        def note(layer: torch.nn.Module, inputs: tuple[object, ...], output: object) -> None:
            first = output[0] if isinstance(output, tuple) else output
            shape = list(first.shape[1:]) if isinstance(first, torch.Tensor) else []
            # A normalisation that is computed within a convolution is one of the convolution's inputs.
            layers = [layer, *(part for part in inputs if isinstance(part, MaskedBatchNorm))]
            for one in layers:
                one = one.convolution if isinstance(one, MaskedConvolution) else one
                count = sum(weight.numel() for weight in one.parameters())
                if not isinstance(one, torch.nn.Identity) and (count or shape):
                    kind = "Linear" if isinstance(one, Dense) else type(one).__name__
                    found.append({"name": names[one], "type": kind, "output": shape, "parameters": count})

        hooks.append(module.register_forward_hook(note))
    with torch.inference_mode():
        classifier(*sequence)
    for hook in hooks:
        hook.remove()
    return found


_SUMMARY = {
    "dataset": ("records", "symbols", "alphabet", "classes", "positive", "generators", "crop", "counts", "groups",
                "lengths"),
    "model": ("card", "alphabet", "classes", "positive", "parameters", "members", "window", "strands", "mixture",
              "metrics", "origin"),
}  # fmt: skip
"""Kind of file → what its summary has, in this order."""


def summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that most readers want; of a model, its card first."""
    known = _SUMMARY[found["kind"]]
    shown = {key: found[key] for key in known if key not in ("crop", "mixture", "origin") or found[key] is not None}
    card = shown.get("card", {})
    return shown | {"card": {key: card[key] for key in sorted(card, key="title".__ne__)}} if card else shown


def lines(found: Mapping[str, Any]) -> list[str]:
    """Returns the values as lines of text."""
    out: list[str] = []
    for key, value in found.items():
        if (key == "card" and not value) or (key in ("mixture", "configs") and value is None):
            continue
        if key == "layers":
            out.append("layers")
            width = max((len(layer["name"]) for layer in value), default=0)
            out += [
                f"  {layer['name']:{width}}  {layer['type']:16}  {'×'.join(map(str, layer['output'])):>10}"
                f"  {layer['parameters']:>10,}"
                for layer in value
            ]
        else:
            out += _entry(key, value, "")
    return out


def _number(value: float) -> str:
    """Returns a number rounded for people; JSON has all digits."""
    return f"{value:.4g}"


def _entry(key: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and not value:
        return []
    if isinstance(value, Mapping):
        return [
            f"{indent}{key}",
            *(line for name, inner in value.items() for line in _entry(name, inner, indent + "  ")),
        ]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [f"{indent}{key}", *(line for inner in value for line in _entry("-", inner, indent + "  "))]
    if isinstance(value, list) and any(isinstance(inner, str) and "," in inner for inner in value):
        return [f"{indent}{key}", *(f"{indent}  - {inner}" for inner in value)]
    if isinstance(value, list):
        value = ", ".join(_number(inner) if isinstance(inner, float) else str(inner) for inner in value)
    if isinstance(value, float):
        value = _number(value)
    if isinstance(value, int) and not isinstance(value, bool) and key != "seed":
        value = f"{value:,}"
    return [f"{indent}{key}: {'none' if value is None else value}"]
