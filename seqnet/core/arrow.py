"""pyarrow without pandas, for processes that only run a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

__all__ = ["hide_pandas", "leave_out_pandas"]


class _NoPandas:
    """Hides pandas from imports."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Finds nothing, and refuses pandas."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is left out", name=name)


def hide_pandas() -> None:
    """Prevents every import of pandas from now on; for a process that never needs it."""
    sys.meta_path.insert(0, _NoPandas())


def leave_out_pandas() -> None:
    """Prevents pyarrow from loading pandas with its first array, which takes a third of a second and 60 MB.

    pyarrow looks for pandas once and remembers the result. It can't read pandas columns afterwards, so call this only
    in a process that runs one command.
    """
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)
