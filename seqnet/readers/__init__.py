"""Files to columnar record batches."""
