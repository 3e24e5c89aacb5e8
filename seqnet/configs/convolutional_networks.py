"""The settings of convolutional networks."""

from __future__ import annotations

from dataclasses import dataclass

from seqnet.configs.network_base import ACTIVATIONS, DEEPEST, NETWORKS, REACH, WIDEST, NetworkConfig
from seqnet.configs.settings import setting
from seqnet.core.errors import SettingError
from seqnet.core.printable import counted

__all__ = ["SUMMARIES", "CnnConfig", "ConvolutionConfig", "ParallelConfig", "check_summary"]


@dataclass(frozen=True)
class ConvolutionConfig(NetworkConfig):
    """A stack of convolutions; the lists have one entry per layer."""

    filters: tuple[int, ...] = setting((64,), "filters of each convolution", minimum=1, maximum=WIDEST, most=DEEPEST)
    kernels: tuple[int, ...] = setting(
        (4,), "kernel width of each convolution, in symbols", minimum=1, maximum=REACH, most=DEEPEST
    )
    dilations: tuple[int, ...] = setting(
        (), "dilation of each convolution; an empty list for 1", minimum=1, maximum=REACH, most=DEEPEST
    )
    pools: tuple[int, ...] = setting(
        (2,), "width of the max pooling after each convolution; 1 for none", minimum=1, maximum=REACH, most=DEEPEST
    )
    padding: str = setting(
        "same", "same pads the ends to keep the length; valid uses whole kernels only", choices=("same", "valid")
    )
    activation: str = setting("relu", "activation of the convolutions", choices=ACTIVATIONS)
    norm: str = setting("none", "normalisation after each convolution", choices=("none", "batch", "layer"))
    residual: bool = setting(
        False, "add the input of each convolution to its output, with a projection if the widths differ"
    )
    dropout_conv: float = setting(0.0, "dropout of whole channels after each convolution", minimum=0, below=1)

    def __post_init__(self) -> None:
        """See `Settings`; also checks that the lists are of one length."""
        super().__post_init__()
        count = len(self.filters)
        for name in ("kernels", "dilations", "pools"):
            if len(getattr(self, name)) not in ((0, count) if name == "dilations" else (count,)):
                raise SettingError(
                    f"network.{name}",
                    list(getattr(self, name)),
                    f"a list of {counted(count, 'numbers')}, one for each of network.filters",
                )
        for kernel, dilation in zip(self.kernels, self.dilations, strict=False):
            if (kernel - 1) * dilation > REACH:
                problem = f"are too large: (kernel width - 1) × dilation must be at most {REACH:,}"
                raise SettingError("network.dilations", list(self.dilations), problem=problem)
        if self.padding == "valid" and not self.flattens:
            raise SettingError(
                "network.padding", "valid", problem="must be 'same' in a network that takes sequences of any length"
            )
        if self.padding == "valid" and self.residual:
            raise SettingError("network.residual", True, problem="can't be true where network.padding is 'valid'")


SUMMARIES = ("mean", "max", "attention")


@dataclass(frozen=True)
class CnnConfig(ConvolutionConfig):
    """Convolutions, then the whole window or a summary of it, then dense layers."""

    name: str = setting("cnn", "type of network", choices=tuple(NETWORKS))
    dense: tuple[int, ...] = setting(
        (256,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )
    summary: tuple[str, ...] = setting(
        ("max",), "how positions are summarised: flatten, or one or more of mean, max, attention"
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks the summary."""
        super().__post_init__()
        check_summary(self.summary, ("flatten", *SUMMARIES))

    @property
    def flattens(self) -> bool:
        """Whether the network takes inputs of one length only."""
        return self.summary == ("flatten",)


@dataclass(frozen=True)
class ParallelConfig(NetworkConfig):
    """Convolutions of several widths side by side, each summed up by its maximum."""

    name: str = setting("parallel", "type of network", choices=tuple(NETWORKS))
    filters: tuple[int, ...] = setting(
        (64, 64, 64), "filters of each convolution", minimum=1, maximum=WIDEST, most=DEEPEST
    )
    kernels: tuple[int, ...] = setting(
        (3, 7, 11), "kernel width of each convolution, in symbols", minimum=1, maximum=REACH, most=DEEPEST
    )
    activation: str = setting("relu", "activation of the convolutions", choices=ACTIVATIONS)
    norm: str = setting(
        "none", "normalisation of the maximum of each filter, before the activation", choices=("none", "batch")
    )
    dense: tuple[int, ...] = setting(
        (128,), "units of the dense layers before the output", minimum=1, maximum=WIDEST, most=DEEPEST
    )

    def __post_init__(self) -> None:
        """See `Settings`; also checks that the lists are of one length."""
        super().__post_init__()
        if len(self.kernels) != len(self.filters):
            raise SettingError(
                "network.kernels",
                list(self.kernels),
                f"a list of {counted(len(self.filters), 'numbers')}, one for each of network.filters",
            )


def check_summary(summary: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Checks the ways in which positions are summed up.

    Raises:
        SettingError: one is unknown, there is none, or `flatten` is not alone.
    """
    known = bool(summary) and all(name in allowed for name in summary)
    if not known or ("flatten" in summary and len(summary) > 1):
        raise SettingError("network.summary", list(summary), "a list of one or more of " + ", ".join(allowed))
