"""Searching for settings.

Start here: `read_space` in `space` reads what is searched, `search` in `study` does a `SearchJob`, `write_trials` in
`report` makes the table. `trials` has the data of a trial, `journal` stores finished trials, `distributions` converts a
space to Optuna's distributions, `optuna_backend` imports Optuna.
"""

from seqnet.training.tuning.report import best_toml, trial_line, write_trials
from seqnet.training.tuning.space import Space, make_space, read_space
from seqnet.training.tuning.study import SearchJob, search
from seqnet.training.tuning.trials import Trial, TuningResult

__all__ = [
    "SearchJob",
    "Space",
    "Trial",
    "TuningResult",
    "best_toml",
    "make_space",
    "read_space",
    "search",
    "trial_line",
    "write_trials",
]
