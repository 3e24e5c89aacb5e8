from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.configs.readers import ReadOptions
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import AlphabetMismatchError
from seqnet.prediction.inputs import PredictionInputs


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """A file of DNA, an empty one, and one that may be either."""
    texts = {"a.fa": ">a\nACGT\n>b\nGG\n", "b.fa": "", "c.fa": ">c\n" + "GAGAGS" * 10 + "\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


@pytest.mark.parametrize("size", [1, 1 << 19])
def test_files_are_read_one_after_the_other_and_what_is_odd_is_kept(paths: list[str], size: int) -> None:
    inputs = PredictionInputs(ReadOptions(batch_bytes=size), alphabet("protein"))
    found = [(place, name) for place, batch in inputs.batches(paths) for name in batch.names.text()]
    assert found == [(paths[0], "a"), (paths[0], "b"), (paths[2], "c")]
    assert inputs.empty == [(paths[1], "the file is empty")]
    assert inputs.doubts == [(paths[2], "dna")]
    assert inputs.passed == sum(Path(path).stat().st_size for path in paths)


def test_another_alphabet_is_refused_before_a_record_is_given(paths: list[str]) -> None:
    Path(paths[0]).write_text(">p\n" + "MKVLATRSDEGHWYFPQNCI" * 3 + "\n")
    with pytest.raises(AlphabetMismatchError) as caught:
        next(PredictionInputs(ReadOptions(), alphabet("dna")).batches(paths))
    assert caught.value.path == paths[0]
    assert len(next(PredictionInputs(ReadOptions(), None).batches(paths))[1]) == 1


def test_each_file_has_the_number_of_its_records(paths: list[str]) -> None:
    inputs = PredictionInputs(ReadOptions(batch_bytes=1), None)
    assert len(list(inputs.batches([*paths, paths[0]]))) > 3
    assert list(inputs.records.items()) == [(paths[0], 4), (paths[1], 0), (paths[2], 1)]
