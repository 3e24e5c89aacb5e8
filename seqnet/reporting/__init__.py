"""One or two models on a split of a dataset, and all that puts their metrics into proportion.

Start here: `report.report` makes a `Report`; `measurement.evaluate_bundle` applies a model to a split and measures it.
"""

__all__ = [
    "measurement",
    "report",
]
