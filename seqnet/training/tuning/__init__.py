"""Searching for settings.

Start here: `read_space` in `space` reads what is searched, `search` in `study` does a `SearchJob`, `write_trials` in
`report` makes the table. `trials` is what is known of a trial, `journal` keeps finished trials, `distributions` makes
Optuna's of a space, `optuna_backend` is Optuna, if that is there.
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
