"""Classes whose records a training can make anew in every epoch, and the settings for it.

In: a dataset. Out: a `Renewal`. A network can't learn by heart what changes in every epoch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from seqnet.configs.run import RunConfig
from seqnet.datasets.dataset import Dataset
from seqnet.datasets.shuffled_classes import shuffled_classes

__all__ = ["Renewal", "find_renewal"]


@dataclass(frozen=True)
class Renewal:
    """Classes whose records are made anew in every epoch.

    Attributes:
        generated: classes that `encode` generated.
        shuffled: classes that were found to be shuffles of others.
    """

    generated: tuple[str, ...] = ()
    shuffled: tuple[str, ...] = ()

    @property
    def assignments(self) -> tuple[str, ...]:
        """The `key=value` settings that do it."""
        shuffled = json.dumps(list(self.shuffled), ensure_ascii=False)
        return (
            *(["augmentation.fresh_negatives=true"] if self.generated else []),
            *([f"augmentation.fresh_shuffles={shuffled}"] if self.shuffled else []),
        )

    def within(self, run: RunConfig) -> Renewal:
        """Returns what is left of it with these settings, by which the user may have switched it off.

        A language model, which would have to compute new records in every epoch, leaves nothing.
        """
        if run.encoder.name == "plm":
            return Renewal()
        chosen = run.augmentation
        return Renewal(
            self.generated if chosen.fresh_negatives else (),
            tuple(name for name in self.shuffled if name in chosen.fresh_shuffles),
        )


def find_renewal(dataset: Dataset) -> Renewal:
    """Returns the classes of a dataset that can be made anew; windows of genomes are drawn anew without settings."""
    return Renewal() if dataset.crop else Renewal(tuple(dataset.generators), shuffled_classes(dataset))
