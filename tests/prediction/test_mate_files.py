from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, TruncatedError
from seqnet.prediction.inputs import PredictionInputs


def written(path: Path, names: list[str]) -> str:
    path.write_text("".join(f"@{name}\n{'ACGT'[index % 4] * 5}\n+\nIIIII\n" for index, name in enumerate(names)))
    return str(path)


def names_of(paths: list[str], size: int) -> list[list[str]]:
    inputs = PredictionInputs(ReadOptions(originals=True, batch_bytes=size), None, mate_files=True)
    return [batch.names.text() for _, batch in inputs.batches(paths)]


@pytest.mark.parametrize("size", [1, 20, 50, 1 << 19])
@pytest.mark.parametrize("marks", [("/1", "/2"), ("", "")])
def test_records_come_in_turns(size: int, marks: tuple[str, str], tmp_path: Path) -> None:
    one = written(tmp_path / "r1.fq", [f"r{index}{marks[0]}" for index in range(9)])
    two = written(tmp_path / "r2.fq", [f"r{index}{marks[1]} longer comment" for index in range(9)])
    beginning, *batches = names_of([one, two], size)
    assert beginning == []
    assert all(len(batch) % 2 == 0 for batch in batches)
    found = [name for batch in batches for name in batch]
    assert found == [f"r{index}{mark}" for index in range(9) for mark in marks]


@pytest.mark.parametrize("size", [1, 1 << 19])
def test_files_that_do_not_fit(size: int, tmp_path: Path) -> None:
    one, two = written(tmp_path / "r1.fq", ["a/1", "b/1"]), written(tmp_path / "r2.fq", ["a/2"])
    for paths, short in (([one, two], two), ([two, one], two)):
        with pytest.raises(TruncatedError, match="it has fewer records") as caught:
            names_of(paths, size)
        assert caught.value.path == short
    with pytest.raises(FormatError, match="has another name, c") as found:
        names_of([one, written(tmp_path / "r2.fq", ["a/2", "c/2"])], size)
    assert (found.value.path, found.value.record) == (one, "b")


def test_two_empty_files_have_no_pairs(tmp_path: Path) -> None:
    assert names_of([written(tmp_path / "r1.fq", []), written(tmp_path / "r2.fq", [])], 100) == [[]]
