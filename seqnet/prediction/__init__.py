"""Files → predictions, one row for every record.

Start here: `predictor.Predictor` takes a record batch to `rows.PredictedRows`: tokens with a status, scores, decisions
(`decision`). `inputs` reads files, `streaming` predicts them in order and writes `outputs`, `tally` counts, `writers`
write rows as TSV, JSON lines or Parquet. `sorted_records` and `annotation` write the records themselves, `embeddings`
the last hidden layer.

Long records are scanned: `scans` has the settings, `windows` divides records, `scanning` scores the windows,
`aggregation` makes one prediction of them, `tracks` writes them in genomic coordinates, `scan_output` has all outputs.
"""

__all__ = [
    "aggregation",
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
    "scan_output",
    "scanning",
    "scans",
    "sorted_records",
    "streaming",
    "tally",
    "tracks",
    "windows",
    "writers",
]
