"""Readers: files to columnar record batches.

Start here: `open_records(path, options)` detects format and compression by content, whatever the file name, and returns
a `RecordReader` that iterates over `RecordBatch` columns in file order. The formats are the rows of `formats.FORMATS`,
the compressions those of `compression.COMPRESSIONS`. A new one is a module and a row.
Importing this package imports no file library: pysam, pyarrow and the decompressors are imported with the first file
that needs them.
"""

from seqnet.readers.formats import FORMATS, RecordFormat
from seqnet.readers.opening import open_each, open_records, shared_options
from seqnet.readers.record_reader import RecordReader, shown_path

__all__ = ["FORMATS", "RecordFormat", "RecordReader", "open_each", "open_records", "shared_options", "shown_path"]
