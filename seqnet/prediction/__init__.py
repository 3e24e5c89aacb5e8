"""Files → predictions, one row for every record.

Start here: `predictor.Predictor` takes a record batch to `rows.PredictedRows`: tokens with a status, scores, decisions
(`decision`). `inputs` reads files, `streaming` predicts them in order and writes `outputs`, `tally` counts, `writers`
write rows as TSV, JSON lines or Parquet.
"""

__all__ = [
    "decision",
    "inputs",
    "ordered_map",
    "outputs",
    "predictor",
    "rows",
    "streaming",
    "tally",
    "writers",
]
