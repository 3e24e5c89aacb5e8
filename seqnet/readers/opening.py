"""Detects the format of a file and opens the reader for it."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from subprocess import Popen

import numpy as np

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import guess_alphabet
from seqnet.core.errors import FormatError, InputError, SettingError
from seqnet.core.originals import Beginning
from seqnet.core.printable import quoted
from seqnet.core.records import RecordBatch
from seqnet.readers.aligned_rows import check_no_gaps, without_gaps
from seqnet.readers.fasta import semicolon_comment
from seqnet.readers.format_options import check_format_options, options_for_files
from seqnet.readers.formats import FORMATS, RecordFormat
from seqnet.readers.inputs import HEAD_BYTES, Input
from seqnet.readers.originals import form_of, templates_kept_together
from seqnet.readers.part_selection import selected_batches
from seqnet.readers.record_reader import EMPTY, RecordReader, shown_path
from seqnet.readers.subprocess_reader import SubprocessReader, end_process, start_process

__all__ = ["open_each", "open_here", "open_records", "shared_options"]

_TAR, _TAR_AT = b"ustar", 257
"""Source: POSIX.1-2017, pax, "ustar Interchange Format"."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Source: [MS-CFB] 2.2, compound file header."""
_OPEN_DOCUMENT = re.compile(rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis\.opendocument", re.DOTALL)
"""Source: OpenDocument v1.3 part 2, section 3.3."""
_OWN, _LINKS = ("/dev/std", "/dev/fd", "/proc/"), 40
_WORTH_A_PROCESS = 1 << 25
"""Minimum stored size in bytes of a file for which a separate process saves time."""


def open_records(path: str, options: ReadOptions) -> RecordReader:
    """Returns a reader of the records of a file; format and compression are detected by content.

    If several threads compute, large files are read in a separate process, unless the option `reader_process` is set.
    The records are the same.

    Args:
        path: the file, or `-` for stdin.
        options: options of the reader.

    Raises:
        FormatError: the format is unknown, or the compressed data are damaged.
        TruncatedError: the compressed data end too early.
        SettingError: the format of the file does not use one of the options.
        OSError: the file can't be opened or read.
    """
    path = os.fspath(path)
    return SubprocessReader(path, options) if _is_read_separately(path, options) else open_here(path, options)


def open_each(paths: Sequence[str], options: ReadOptions) -> Generator[RecordReader, None, None]:
    """Yields a reader of each file, one after the other, and closes it; see `open_records`.

    The process that reads the next file is started while this file is read. Each option must be of use for one of the
    files; see `shared_options`.
    """
    options = shared_options(paths, options)
    started: Popen[bytes] | None = None
    try:
        for path, following in zip(paths, [*paths[1:], None], strict=False):
            process, started = started, None
            with SubprocessReader(path, options, process) if process else open_records(path, options) as reader:
                if following is not None and _is_read_separately(following, options):
                    started = start_process(following, options)
                yield reader
    finally:
        if started:
            end_process(started)


def shared_options(paths: Sequence[str], options: ReadOptions) -> ReadOptions:
    """Returns the options to read all input files of a run with.

    Some of several files may have no use for an option, such as `region` for a BAM and a FASTA.

    Raises:
        SettingError: none of several files uses one of the options, or none can be read in a separate process, as
            `reader_process` asks for.
    """
    if options.reader_process == "always" and paths and all(path == "-" or _is_own(path) for path in paths):
        problem = "has no effect on standard input, which is read in this process"
        raise SettingError("read.reader_process", options.reader_process, problem=problem)
    return options_for_files(paths, options, _detect)


def _is_read_separately(path: str, options: ReadOptions) -> bool:
    """Returns whether a separate process reads the file."""
    if options.reader_process == "never" or not sys.executable or path == "-" or _is_own(path):
        return False
    if not os.path.isfile(path):
        return False
    wanted = options.reader_process == "always"
    return wanted or (options.threads > 1 and os.path.getsize(path) >= _WORTH_A_PROCESS)


def _is_own(path: str) -> bool:
    """Returns whether a path names an open file of this process, which another process can't open by this name."""
    for _ in range(_LINKS):
        path = os.path.abspath(path).replace("//", "/")
        if path.startswith(_OWN):
            return True
        if not os.path.islink(path):
            return False
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return True


def open_here(path: str, options: ReadOptions, *, ahead: bool = False) -> RecordReader:
    """Returns a reader of the records of a file, in this process; see `open_records`, and `Input` for `ahead`."""
    try:
        source = Input(path, ahead=ahead)
        try:
            found = _detect(source, options)
            check_format_options(source, found, options)
            return _ReaderHere(source, found, options)
        except BaseException:
            source.close()
            raise
    except InputError as error:
        error.at(shown_path(path))
        raise


class _ReaderHere(RecordReader):
    """The records of a file that is read in this process.

    Args:
        source: the file; the reader closes it.
        format: name of the format.
        options: options of the reader.
    """

    def __init__(self, source: Input, format: str, options: ReadOptions) -> None:
        self.path = source.path
        self.format = format
        self.skipped = Counter()
        self._source = source
        self.notes = source.notes
        self.region = options.region
        self._removes_gaps = options.gaps == "remove"
        self._aligned = format != EMPTY and FORMATS.load(format).aligned
        self._found = (
            _no_records() if format == EMPTY else _records(source, FORMATS.load(format), options, self.skipped)
        )
        self._originals = options.originals

    @property
    def passed(self) -> int | None:
        """See `RecordReader.passed`."""
        return self._source.passed

    def close(self) -> None:
        """See `RecordReader.close`."""
        self._found.close()
        self._source.close()

    def _batches(self) -> Generator[RecordBatch, None, None]:
        """See `RecordReader`; adds the path to errors."""
        try:
            for batch in self._with_originals() if self._originals else self._found:
                if self._removes_gaps:
                    batch = without_gaps(batch)
                elif self._aligned:
                    check_no_gaps(batch)
                if len(batch) or batch.originals is not None:
                    yield batch.as_utf8()
        except InputError as error:
            if error.line is not None:
                error.line += self._source.lines_before()
            error.at(shown_path(self.path))
            raise
        finally:
            self.close()

    def _with_originals(self) -> Generator[RecordBatch, None, None]:
        form = form_of(self.format, self.path)
        compressed = self._source.compression is not None
        # The reader of alignments yields their header.
        beginning = None if self.format == "sam" else Beginning(form, compressed)
        return templates_kept_together(self._found, beginning)


def _records(
    source: Input, format: RecordFormat, options: ReadOptions, skipped: Counter[str]
) -> Generator[RecordBatch, None, None]:
    """Returns the records of an input, or of the part of it that the options name."""
    if not options.has_part or format.reads_parts(source, options):
        return format.read(source, options, skipped)
    return selected_batches(source, format, options, skipped)


def _no_records() -> Generator[RecordBatch, None, None]:
    yield from ()


def _detect(source: Input, options: ReadOptions) -> str:
    """Returns the name of the format of an input."""
    if source.empty:
        return EMPTY
    if source.head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise FormatError("a tar archive", "unpack it, and give the files in it")
    if source.head.startswith(_OLE):
        raise FormatError("an Excel file in the old format, .xls, or with a password", "save it as .xlsx or .csv")
    if _OPEN_DOCUMENT.match(source.head):
        raise FormatError("an OpenDocument file", "save the table as .xlsx or .csv")
    for name in FORMATS:
        if FORMATS.load(name).recognises(source.head):
            return name
    if not source.head.strip():
        problem = f"it begins with more than {HEAD_BYTES:,} blanks and line breaks"
        raise FormatError(problem, "remove these, where a sequence file follows")
    first_line = source.head.strip().partition(b"\n")[0].strip()
    _check_columns(first_line, options.sequence_column)
    header = "put a line such as >name before each sequence"
    if b"\n>" in source.head and first_line.startswith(b";"):
        raise semicolon_comment(source.first_line()[1])
    if b"\n>" in source.head:
        raise FormatError("FASTA without a header: there is text before the first '>'", header, line=1)
    if re.fullmatch(rb"[A-Za-z*-]+", first_line) and guess_alphabet(np.frombuffer(first_line, dtype=np.uint8)):
        raise FormatError("sequence text without a FASTA header", header, line=1)
    within = f" within {source.compression}" if source.compression else ""
    raise FormatError(f"not a sequence file{within} (tried {', '.join(FORMATS)})", "convert it to one of these")


def _check_columns(first_line: bytes, sequence_column: str) -> None:
    """Refuses a table whose delimiter can't be found."""
    words = re.split(r"[\s|]+", first_line.decode(errors="replace").replace('"', ""))
    if words == [sequence_column]:
        remedy = "add a column of names before it, such as id,sequence"
        raise FormatError(f"the table has a column {quoted(sequence_column)} and no column of names", remedy, line=1)
    if sequence_column in words:
        raise FormatError("the table has one column", "use tabs, commas or semicolons", line=1)
