"""Programs that measure: `reproduce` for quality. Their results, dated, lie in `results/`."""
