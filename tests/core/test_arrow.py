from __future__ import annotations

import subprocess
import sys


def run(code: str) -> list[str]:
    """Returns the words that Python prints for some code, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_arrow_loads_no_pandas_and_others_still_can() -> None:
    code = (
        "import sys, pyarrow as pa\n"
        "from seqnet.core.arrow import leave_out_pandas\n"
        "leave_out_pandas()\n"
        "print(pa.array(['a', 'b'])[1], 'pandas' in sys.modules)\n"
        "import pandas\n"
        "print(pandas.Series([5]).sum())"
    )
    assert run(code) == ["b", "False", "5"]


def test_pandas_is_hidden_for_good() -> None:
    code = (
        "from seqnet.core.arrow import hide_pandas\n"
        "hide_pandas()\n"
        "try:\n    import pandas\nexcept ModuleNotFoundError as error:\n    print(error.name)\n"
        "import json\nprint(json.dumps(1))"
    )
    assert run(code) == ["pandas", "1"]
