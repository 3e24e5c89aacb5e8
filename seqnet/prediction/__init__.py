"""Files → predictions, one row for every record.

Start here: `predictor.Predictor` streams files through a model, `decision` makes labels of probabilities, `writers`
write the rows as TSV, JSON lines or Parquet.
"""

__all__ = [
    "decision",
    "ordered_map",
    "predictor",
    "writers",
]
