"""The finished trials on disk, one line each, as a journal that Optuna reads.

Only finished trials are stored: after a kill in the middle of a trial, the earlier ones are there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from seqnet.core.errors import ContainerError
from seqnet.core.outputs import whole_file
from seqnet.training.tuning.optuna_backend import optuna

__all__ = ["STUDY_NAME", "Direction", "StudyJournal", "read_journal"]

Direction = Literal["minimize", "maximize"]

# The brackets of Hyperband depend on the name of the study and the number of the trial, so the name is fixed.
STUDY_NAME = "seqnet tune"
_REMEDY = "use the same dataset and settings, or name another --storage"


class StudyJournal:
    """A study on disk that finished trials are added to.

    Args:
        path: the file; an existing one is replaced as a whole, unless it is shared.
        identity: identifies the search, as plain values.
        direction: of the values of trials.
        trials: those that it starts with.
        shared: whether other processes add trials, too; an existing file is then used as it is.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        direction: Direction,
        trials: Sequence[optuna.trial.FrozenTrial],
        *,
        shared: bool = False,
    ) -> None:
        if not shared:
            with whole_file(path, force=True) as temporary:
                _write_study(temporary, identity, direction, trials)
        elif not path.exists():
            _create_once(path, identity, direction)
        self._study = optuna.load_study(storage=_storage(path), study_name=STUDY_NAME)

    def add(self, trial: optuna.trial.FrozenTrial) -> None:
        """Writes a finished trial."""
        self._study.add_trial(trial)


def _write_study(
    path: Path, identity: Mapping[str, Any], direction: Direction, trials: Sequence[optuna.trial.FrozenTrial] = ()
) -> None:
    study = optuna.create_study(storage=_storage(path), study_name=STUDY_NAME, direction=direction)
    study.set_user_attr("identity", dict(identity))
    study.add_trials(trials)


def _create_once(path: Path, identity: Mapping[str, Any], direction: Direction) -> None:
    """Writes an empty study, unless another process does so first."""
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        new = Path(folder) / "new"
        _write_study(new, identity, direction)
        with suppress(FileExistsError):
            os.link(new, path)  # unlike a rename, this replaces nothing


def read_journal(path: Path, identity: Mapping[str, Any]) -> list[optuna.trial.FrozenTrial]:
    """Returns the finished trials of a study on disk.

    Raises:
        ContainerError: it is not a study of seqnet, or one of another search.
    """
    try:
        study = optuna.load_study(storage=_storage(path), study_name=STUDY_NAME)
        found = study.user_attrs["identity"]
        trials = study.get_trials()
        before = {name: dict(found[name]) for name in identity if name != "dataset"} | {"dataset": found["dataset"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContainerError(str(path), "this is not a study of seqnet tune, or it is damaged", _REMEDY) from error
    if before["dataset"] != identity["dataset"]:
        raise ContainerError(str(path), "the study was started with another dataset", _REMEDY)
    for part, words in (("space", "searches"), ("run", "has"), ("pruning", "has")):
        for name in sorted(before[part].keys() | identity[part].keys()):
            old, new = before[part].get(name), identity[part].get(name)
            if old != new:
                problem = f"the study {words} {name} = {old!r}, this search {words} {new!r}"
                raise ContainerError(str(path), problem, _REMEDY)
    return trials


def _storage(path: Path) -> optuna.storages.JournalStorage:
    # A lock that is a file, not a symbolic link, which a killed process could leave pointing nowhere.
    name = str(path.absolute())
    lock = optuna.storages.journal.JournalFileOpenLock(name)
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(name, lock))
