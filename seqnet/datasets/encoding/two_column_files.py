"""Reader of files with two tab-separated columns: labels by record name, members by cluster."""

from __future__ import annotations

import io
from collections.abc import Generator

from seqnet.core.errors import EmptyInputError, FormatError, InputError
from seqnet.readers.inputs import Input

__all__ = ["read_two_columns"]


def read_two_columns(path: str) -> Generator[tuple[int, str, str], None, None]:
    """Yields the line number (from 1) and the two cells of each line that is not blank, without surrounding blanks.

    Quotation marks have no meaning in such a file. It may be compressed, or in UTF-16.

    Raises:
        FormatError: the file is not text, or a line does not have two columns.
        EmptyInputError: the file is empty.
    """
    try:
        source = Input(path)
        try:
            if source.empty:
                raise EmptyInputError("it is empty", "give a file with at least one line")
            with io.TextIOWrapper(source.text(), encoding="utf-8") as file:
                for line, text in enumerate(file, 1):
                    cells = [cell.strip() for cell in text.split("\t")]
                    if cells == [""]:
                        continue
                    if len(cells) != 2:
                        problem = f"expected two columns with a tab in between, found {len(cells)}"
                        raise FormatError(problem, "separate two columns with one tab", line=line)
                    yield line, cells[0], cells[1]
        finally:
            source.close()
    except InputError as error:
        error.at(path)
        raise
    except UnicodeDecodeError:
        raise FormatError("this is not text in UTF-8", "give two tab-separated columns", path=path) from None
