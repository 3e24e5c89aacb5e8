"""A training run as one object: presets, TOML files and single settings, laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from seqnet.configs.encoders import EncoderConfig
from seqnet.configs.networks import NetworkConfig, network_config, network_kind
from seqnet.configs.settings import Settings
from seqnet.configs.training import AugmentationConfig, TrainingConfig
from seqnet.core.errors import FormatError, SettingError, UnknownSettingError
from seqnet.core.suggestions import did_you_mean, nearest

__all__ = ["RUN_SECTIONS", "RunConfig", "RunRequest", "compose", "load_preset", "preset_names"]

Layer = Mapping[str, Any]
Assignment = str | tuple[str, Any]
"""A single setting: `key=value` with a TOML value, or the key and the value."""


@dataclass(frozen=True)
class RunConfig:
    """All settings of a training run.

    Attributes:
        encoder: tokens → features.
        network: features → logits.
        training: how the weights are fitted.
        augmentation: what changes about the training sequences.
    """

    encoder: EncoderConfig
    network: NetworkConfig
    training: TrainingConfig
    augmentation: AugmentationConfig

    def __post_init__(self) -> None:
        """Checks that the network uses the encoder.

        Raises:
            SettingError: it does not.
        """
        if self.network.longest_kmer and self.encoder.name != "onehot":
            problem = f"must be onehot for the network {self.network.name}, which counts symbols"
            raise SettingError("encoder.name", self.encoder.name, problem=problem)

    @classmethod
    def from_dict(cls, values: Layer) -> RunConfig:
        """Returns the run of nested dictionaries, section → setting → value.

        Raises:
            SettingError: a section or setting is unknown or wrong.
        """
        for name, section in values.items():
            if name not in RUN_SECTIONS:
                raise SettingError(f"[{name}]", section, problem=_no_section(name))
            if not isinstance(section, Mapping):
                raise SettingError(name, section, problem="must be in a section, such as [training]")
        return cls(
            EncoderConfig.from_dict(values.get("encoder", {}), prefix="encoder."),
            network_config(values.get("network", {})),
            TrainingConfig.from_dict(values.get("training", {}), prefix="training."),
            AugmentationConfig.from_dict(values.get("augmentation", {}), prefix="augmentation."),
        )

    @classmethod
    def from_file(cls, values: Layer) -> RunConfig:
        """Returns the run that a model or checkpoint has, whose settings may have the names of an older version.

        Raises:
            SettingError: see `from_dict`.
        """
        return cls.from_dict({section: _with_names_of_today(section, found) for section, found in values.items()})

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the run as nested dictionaries of plain values."""
        return {name: getattr(self, name).to_dict() for name in RUN_SECTIONS}


@dataclass(frozen=True)
class RunRequest:
    """The settings that a user gives for a run; see `compose` for the attributes."""

    preset: str | None = None
    network: str | None = None
    encoder: str | None = None
    config: Path | None = None
    assignments: tuple[Assignment, ...] = ()

    @cached_property
    def run(self) -> RunConfig | None:
        """The requested run; None where no network is named, so that the dataset decides.

        Raises:
            SettingError: see `compose`.
            FormatError: see `compose`.
        """
        if not (self.preset or self.network or self.config or "network.name" in self._keys):
            return None
        return self.compose()

    @property
    def _keys(self) -> list[str]:
        return [one.partition("=")[0].strip() if isinstance(one, str) else one[0] for one in self.assignments]

    @property
    def shapes_network(self) -> bool:
        """Whether encoder or network are requested, so that the dataset does not choose the kinds of networks."""
        others = [(kind.section, field.name) for kind in (TrainingConfig, AugmentationConfig) for field in fields(kind)]
        free = {name for section, field in others for name in (field, f"{section}.{field}")}
        return self.run is not None or self.encoder is not None or not free.issuperset(self._keys)

    def compose(self, base: Layer | None = None) -> RunConfig:
        """Returns the requested run, over the defaults, or over `base`; see the function of that name."""
        return compose(self.preset, self.network, self.encoder, self.config, self.assignments, base)


_PRESETS = Path(__file__).parent / "presets"
# Keys by which a preset describes itself; a user's copy of a preset may keep them.
_REMARKS = ("description", "source", "alphabets")
RUN_SECTIONS = tuple(field.name for field in fields(RunConfig))


def _kinds(network: Layer) -> dict[str, type[Settings]]:
    """Returns section → class of its settings, for the network that `network["name"]` names."""
    return {
        "encoder": EncoderConfig,
        "network": network_kind(network),
        "training": TrainingConfig,
        "augmentation": AugmentationConfig,
    }


def _with_names_of_today(section: str, settings: Layer) -> Layer:
    kind = _kinds(settings if section == "network" else {})[section] if section in RUN_SECTIONS else None
    if kind is None or not isinstance(settings, Mapping):
        return settings
    renamed = kind.former_names()
    return {renamed.get(name, name): value for name, value in settings.items()}


_DEFAULT_NAMES = {"encoder": EncoderConfig().name, "network": network_config({}).name}


def preset_names() -> list[str]:
    """Returns the names of the presets in the package, sorted."""
    return sorted(file.stem for file in _PRESETS.glob("*.toml"))


def load_preset(name: str) -> dict[str, Any]:
    """Returns a preset as nested dictionaries, remarks included: `description`, `source`, `alphabets` if not all.

    Raises:
        SettingError: there is no such preset.
    """
    if name not in preset_names():
        raise SettingError("preset", name, choices=preset_names())
    import tomllib  # not at the top: help loads this module

    return tomllib.loads((_PRESETS / f"{name}.toml").read_text(encoding="utf-8"))


def compose(
    preset: str | None = None,
    network: str | None = None,
    encoder: str | None = None,
    config: Path | None = None,
    assignments: Sequence[Assignment] = (),
    base: Layer | None = None,
) -> RunConfig:
    """Returns the run that the layers make, each one over the one before.

    Args:
        preset: name of a preset.
        network: name of a network; other than the preset's it starts from its own defaults.
        encoder: name of an encoder.
        config: TOML file with sections.
        assignments: `key=value` with a TOML value, or pairs of both; the key is `section.setting`, or the setting alone
            where only one section has it.
        base: nested dictionaries in place of defaults, section → setting → value.

    Raises:
        SettingError: a name, setting or value is unknown or wrong, or a setting of the file or of `assignments` has no
            effect with the others.
        FormatError: the file is not TOML.
    """
    values: dict[str, dict[str, Any]] = {}
    _lay(base or {}, values)
    if preset:
        _lay(load_preset(preset), values)
    of_file = _read_toml(config) if config else {}
    _lay(of_file, values)
    if network:
        _lay({"network": {"name": network}}, values)
    if encoder:
        _lay({"encoder": {"name": encoder}}, values)
    single = [_parse_assignment(one) if isinstance(one, str) else one for one in assignments]
    given: dict[str, dict[str, bool]] = {
        section: dict.fromkeys(of_file.get(section, {}), False) for section in RUN_SECTIONS
    }
    # Names first: they decide which other settings there are.
    texts = {one.partition("=")[0].strip() for one in assignments if isinstance(one, str)}
    for key, value in sorted(single, key=lambda pair: not pair[0].endswith("name")):
        section, name = _locate(key, value, values)
        _lay({section: {name: value}}, values)
        given[section][name] = key in texts
    run = RunConfig.from_dict(values)
    _check_effects(run, given)
    return run


def _check_effects(run: RunConfig, given: Mapping[str, Mapping[str, bool]]) -> None:
    """Checks that the settings of the user have an effect.

    Args:
        run: all settings.
        given: section → setting of the user → whether it was given by itself. All settings of a run, as a file or a
            mapping has them, include some of no use; these have their defaults.

    Raises:
        SettingError: one has none.
    """
    for section, names in given.items():
        settings: Settings = getattr(run, section)
        usual = {field.name: field.default for field in fields(settings)}
        settings.check_effect(
            name for name, alone in names.items() if name in usual and (alone or getattr(settings, name) != usual[name])
        )


def _lay(layer: Layer, values: dict[str, dict[str, Any]]) -> None:
    for section, settings in layer.items():
        if section in _REMARKS:
            continue
        if not isinstance(settings, Mapping):
            raise SettingError(section, settings, problem="must be in a section, such as [training]")
        below = values.setdefault(section, {})
        name_below = below.get("name", _DEFAULT_NAMES.get(section))
        if settings.get("name", name_below) != name_below:
            below.clear()
        below.update(settings)


def _no_section(name: str) -> str:
    """Returns what is wrong with a setting or section whose section is of that name."""
    near = did_you_mean(nearest(name, RUN_SECTIONS)) or "use one of " + ", ".join(RUN_SECTIONS)
    return f"has no known section; {near}"


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"this is not valid TOML ({error})", "correct it", path=str(path)) from None


def _parse_assignment(text: str) -> tuple[str, Any]:
    import tomllib

    key, equals, value = text.partition("=")
    if not (key and equals):
        raise SettingError("set", text, "KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _locate(key: str, value: Any, values: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Returns the section and setting that a key means."""
    section, dot, name = key.partition(".")
    if dot:
        if section not in RUN_SECTIONS:
            raise SettingError(key, value, problem=_no_section(section))
        return section, name
    kinds = _kinds(values.get("network", {}))
    settings = {section: [field.name for field in fields(kind)] for section, kind in kinds.items()}
    having = [section for section, names in settings.items() if key in names]
    if len(having) > 1:
        raise SettingError(key, value, problem="is ambiguous; use " + " or ".join(f"{one}.{key}" for one in having))
    renamed = [f"{section}.{kind.former_names()[key]}" for section, kind in kinds.items() if key in kind.former_names()]
    if not having:
        known = sorted({name for names in settings.values() for name in names})
        raise UnknownSettingError(key, value, known, now=next(iter(renamed), ""))
    return having[0], key
