"""Files → predictions, one row for every record.

Start here: `predictor.Predictor` takes a record batch to `rows.PredictedRows`: tokens with a status, scores, decisions
(`decision`). `inputs` reads files, `streaming` predicts them in order and writes `outputs`, `tally` counts, `writers`
write rows as TSV, JSON lines or Parquet. `sorted_records` and `annotation` write the
records themselves, `embeddings` the last hidden layer.
"""

__all__ = [
    "annotation",
    "bam_headers",
    "decision",
    "destinations",
    "embeddings",
    "inputs",
    "mate_files",
    "ordered_map",
    "outputs",
    "predictor",
    "record_streams",
    "rows",
    "sorted_records",
    "streaming",
    "tally",
    "writers",
]
