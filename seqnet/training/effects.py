"""Checks that the settings of a training have an effect on its dataset."""

from __future__ import annotations

from seqnet.configs.run import RunConfig
from seqnet.configs.training import TrainingConfig
from seqnet.core.errors import SettingError
from seqnet.core.printable import listed, shortened
from seqnet.datasets.dataset import Dataset

__all__ = ["check_effects"]

_NAMED = 10
"""Maximum number of classes that a message names."""


def check_effects(dataset: Dataset, run: RunConfig, *, from_model: bool) -> None:
    """Checks that the settings that depend on the dataset, or on a model to start from, have an effect.

    Args:
        dataset: what is trained on.
        run: all settings.
        from_model: whether the training starts from a model.

    Raises:
        SettingError: a setting has no effect.
    """
    usual = TrainingConfig()
    if not from_model:
        for name in ("freeze", "kept_rate"):
            if (value := getattr(run.training, name)) != getattr(usual, name):
                raise SettingError(f"training.{name}", value, problem="needs --from")
    if run.training.epoch_size != usual.epoch_size and dataset.crop is None:
        problem = "has no effect: it needs a dataset that was made with encode --crop"
        raise SettingError("training.epoch_size", run.training.epoch_size, problem=problem)
    if run.augmentation.fresh_negatives and not dataset.generators:
        problem = "has no effect: the dataset has no generated class, such as random=@uniform"
        raise SettingError("augmentation.fresh_negatives", True, problem=problem)
    for name in run.augmentation.fresh_shuffles:
        if name not in dataset.classes:
            known = listed(dataset.classes, _NAMED)
            problem = f"has {shortened(name)}, which is no class of the dataset; its classes are {known}"
            raise SettingError("augmentation.fresh_shuffles", name, problem=problem)
        if dataset.crop or name in dataset.generators:
            made = "that was made with encode --crop" if dataset.crop else "in which the class is generated"
            problem = f"has no effect on a dataset {made}"
            raise SettingError("augmentation.fresh_shuffles", name, problem=problem)
    if run.augmentation.reverse_complement and not dataset.alphabet.has_strands:
        problem = f"must be false: {dataset.alphabet.name} has no reverse complement"
        raise SettingError("augmentation.reverse_complement", True, problem=problem)
