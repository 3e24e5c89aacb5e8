"""The files that `train` and `tune` write, and which of them a resumed run may replace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.cli.paths import claim
from seqnet.core.errors import ContainerError, OutputError
from seqnet.core.printable import counted

if TYPE_CHECKING:
    import torch

    from seqnet.models.bundles import Bundle

__all__ = ["TrainingFiles", "TuningFiles"]


@dataclass(frozen=True)
class TrainingFiles:
    """What is written beside the model."""

    model: Path
    history: Path
    curves: Path
    dataset: Path
    checkpoints: tuple[Path, ...]
    out_of_fold: tuple[Path, ...] = ()
    """Of a cross-validation: the prediction of each record, and the metrics."""
    report: Path | None = None
    more_checkpoints: tuple[Path, ...] = ()
    """Those of a mixture, of which the dataset decides; see `of_networks`."""

    @classmethod
    def beside(
        cls, model: Path, members: int, folds: int | None, report: Path | None = None, kinds: int = 1
    ) -> TrainingFiles:
        """Returns the files of a run by the name of its model, and the report, if one is requested.

        Args:
            model: the model.
            members: number of networks of each kind.
            folds: number of folds; None for no cross-validation.
            report: the report, if one is requested.
            kinds: most kinds of networks that there may be; the dataset decides, see `of_networks`.
        """
        stem = model.name.removesuffix(".safetensors")
        endings = (".history.tsv", ".curves.svg", ".dataset.safetensors")
        history, curves, dataset = (model.with_name(stem + ending) for ending in endings)
        numbered = [f".{number}" for number in range(1, members * kinds + 1)]
        numbers = [""] if members == 1 else numbered[:members]
        others = numbered if members == 1 < kinds else numbered[members:]
        if folds:
            numbers, others = [f".fold-{number}-of-{folds}" for number in range(1, folds + 1)], []
        checkpoints, more = (
            tuple(model.with_name(f"{stem}{number}.checkpoint.safetensors") for number in part)
            for part in (numbers, others)
        )
        tables = [model.with_name(stem + ending) for ending in (".folds.tsv", ".folds.json")] if folds else []
        return cls(model, history, curves, dataset, checkpoints, tuple(tables), report, more)

    def of_networks(self, count: int) -> TrainingFiles:
        """Returns the files with the checkpoints of as many networks, once their number is known."""
        if count == len(self.checkpoints):
            return replace(self, more_checkpoints=())
        numbered = self.more_checkpoints if len(self.checkpoints) == 1 else self.checkpoints + self.more_checkpoints
        return replace(self, checkpoints=numbered[:count], more_checkpoints=())

    @property
    def results(self) -> list[Path]:
        """All that is written at the end."""
        return [self.model, self.history, self.curves, *self.out_of_fold, *([self.report] if self.report else [])]

    @property
    def _claimed(self) -> tuple[Path, ...]:
        return self.checkpoints + self.more_checkpoints

    @property
    def outputs(self) -> list[Path]:
        """All that training writes."""
        return [*self.results, *self.checkpoints]

    def claim(self, *, resume: bool, force: bool, encodes: bool, inputs: Iterable[Path] = ()) -> bool:
        """Returns whether existing outputs are replaced, once all may be written.

        Args:
            resume: whether to go on from the checkpoints.
            force: whether --force was given.
            encodes: whether the dataset is written, too.
            inputs: files that are read, beside those that parameters name.

        Raises:
            OutputError: see `seqnet.cli.paths.claim`; or the model is not one that the run can go on with.
        """
        # A resumed run replaces what the stopped one wrote, and nothing else.
        replaced = force or (resume and any(path.exists() for path in self._claimed))
        if resume and not force and self.model.exists():
            self._check_resumed(replaced)
        if not replaced and not self.model.exists():
            self._check_unfinished()
        single = list(self._claimed)
        if encodes and not (resume and self.dataset.exists()):
            if self.dataset.exists() and not replaced:
                remedy = "continue it with --resume, or replace it with --force"
                raise OutputError(str(self.dataset), "already exists", remedy)
            single.append(self.dataset)
        claim(self.results, force=replaced, inputs=inputs, single=single)
        return replaced

    def _check_unfinished(self) -> None:
        """Checks that no run has left its checkpoint and no model."""
        for path in self._claimed:
            if path.exists():
                problem = "a stopped run has left this checkpoint without a model"
                raise OutputError(str(path), problem, "continue it with --resume, or start over with --force")

    def _check_resumed(self, has_checkpoint: bool) -> None:
        """Checks that the model that is there may be of the run that is resumed."""
        if not has_checkpoint:
            problem = f"already exists, and there is no checkpoint {self.checkpoints[0].name} to continue from"
            raise OutputError(str(self.model), problem, "choose another name or use --force")
        try:
            there = self._kept()
        except ContainerError as error:
            problem = "already exists, and is not a model that training can continue"
            raise OutputError(str(self.model), problem, "choose another name or use --force") from error
        most = max(len(self.checkpoints), len(self.more_checkpoints))
        if len(there.members) > most:
            problem = f"it has {counted(len(there.members), 'networks')}, and this run has {most}"
            raise OutputError(str(self.model), problem, "use the same --members, or choose another name")

    def _kept(self) -> Bundle:
        from seqnet.models.bundles import open_bundle

        return open_bundle(self.model)

    def hold(self, bundle: Bundle) -> bool:
        """Returns whether all results are there, and the model has weights, calibration and baselines of this one."""
        if not all(path.is_file() for path in self.results):
            return False
        there = self._kept()
        if there.calibration != bundle.calibration or len(there.members) != len(bundle.members):
            return False
        # A run that was stopped while it fitted them has left a model without.
        if _fitted_to(there) != _fitted_to(bundle):
            return False
        pairs = zip(there.members, bundle.members, strict=True)
        return all(_same(one.state_dict(), other.state_dict()) for one, other in pairs)


def _fitted_to(bundle: Bundle) -> dict[str, int]:
    """Returns name → number of training records of the baselines of a model."""
    return {name: baseline.records for name, baseline in bundle.baselines.items()}


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(bool(one[name].equal(other[name])) for name in one)


@dataclass(frozen=True)
class TuningFiles:
    """What a search for settings writes."""

    best: Path
    trials: Path
    study: Path

    @classmethod
    def beside(cls, best: Path, study: Path | None) -> TuningFiles:
        """Returns the files of a search by the name of its best settings, and that of its study, if it has one."""
        stem = best.name.removesuffix(".toml")
        return cls(best, best.with_name(stem + ".trials.tsv"), study or best.with_name(stem + ".study.journal"))

    def claim(self, *, resume: bool, force: bool, inputs: Iterable[Path]) -> bool:
        """Returns whether existing outputs are replaced, once all may be written.

        Args:
            resume: whether to go on with the study.
            force: whether --force was given.
            inputs: files that are read, beside those that parameters name.

        Raises:
            OutputError: see `seqnet.cli.paths.claim`; or there is a study that could be gone on with.
        """
        if self.study.is_file() and not (resume or force):
            raise OutputError(str(self.study), "already exists", "continue it with --resume, or use --force")
        # A resumed search replaces what the stopped one wrote, and nothing else.
        replaced = force or (resume and self.study.exists())
        # Another process may begin a shared study at any moment, so whether there is one is asked only once.
        claim([self.best, self.trials, self.study], force=True, inputs=inputs)
        claim([self.best, self.trials], force=replaced, inputs=inputs)
        return replaced
