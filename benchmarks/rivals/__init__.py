"""The same work as others would do it: scripts that the benchmarks time beside seqnet."""
