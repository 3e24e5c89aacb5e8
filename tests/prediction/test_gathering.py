"""Shards that are joined are the table of the whole run; anything but all shards of one run is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seqnet.configs.prediction import PredictOptions
from seqnet.core.errors import InputError, OutputError
from seqnet.prediction.gathering import gather_shards
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.shard_files import ShardFile, shard_file
from seqnet.readers.parts import Shard
from tests.prediction.shards import make_inputs, make_predictor, write_shard, write_whole


def shards_of(folder: Path, count: int = 3, ending: str = "tsv", predictor: Predictor | None = None) -> list[Path]:
    predictor, inputs = predictor or make_predictor(folder), make_inputs(folder)
    targets = [folder / f"p{number}of{count}.{ending}" for number in range(1, count + 1)]
    for number, target in enumerate(targets, 1):
        write_shard(predictor, inputs, target, Shard(number, count))
    return targets


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "jsonl", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("count", [1, 3])
def test_joined_shards_are_the_whole_table(tmp_path: Path, ending: str, count: int) -> None:
    predictor, inputs = make_predictor(tmp_path), make_inputs(tmp_path)
    tally = write_whole(predictor, inputs, tmp_path / f"whole.{ending}")
    shards = shards_of(tmp_path, count, ending, predictor)
    found = gather_shards(shards[::-1], tmp_path / f"joined.{ending}")
    assert (tmp_path / f"joined.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert found.counts.tally.counts == tally.counts
    assert found.counts.records == {inputs[0]: 300, inputs[1]: 300}
    assert str(found.counts.tally.invalid) == str(tally.invalid)
    assert found.lines == ["a line"]
    sizes = [ShardFile.read(shard).counts.tally.counts.total() for shard in shards]
    assert sum(sizes) == 600
    assert all(sizes)


def refused(shards: list[Path], words: str, target: str = "joined.tsv") -> None:
    before = sorted(shards[0].parent.iterdir())
    with pytest.raises((InputError, OutputError), match=words) as caught:
        gather_shards(shards, shards[0].parent / target)
    assert "\n" not in str(caught.value)
    assert sorted(shards[0].parent.iterdir()) == before


def test_missing_and_doubled_shards_are_refused(tmp_path: Path) -> None:
    one, two, three = shards_of(tmp_path)
    refused([one, three], "shards are missing: 2/3; give all shards of the run")
    refused([two], "shards are missing: 1/3, 3/3")
    refused([one, two, three, two], r"p2of3.tsv: this is shard 2/3, as .*p2of3.tsv is; give each shard once")
    refused([one, two, three], "the shards are tsv, and the file name ends in jsonl; end it in .tsv", "joined.jsonl")


def test_shards_of_other_runs_are_refused(tmp_path: Path) -> None:
    one, two, three = shards_of(tmp_path)
    other = shards_of(tmp_path, 4)
    refused([one, two, three, other[3]], "it is one of 4 shards, and .* one of 3")
    predictor = make_predictor(tmp_path)
    masked = Predictor(predictor.bundle, replace(PredictOptions(), unknown="mask"))
    for path in (two, shard_file(two)):
        path.unlink()
    write_shard(masked, make_inputs(tmp_path), two, Shard(2, 3))
    refused([one, two, three], r"p2of3.tsv: it is of another run than .*p1of3.tsv: they differ in settings")
    for path in (two, shard_file(two)):
        path.unlink()
    half = Predictor(predictor.bundle, replace(PredictOptions(), precision="bfloat16"))
    write_shard(half, make_inputs(tmp_path), two, Shard(2, 3))
    refused([one, two, three], "they differ in precision")
    make_inputs(tmp_path, 200)
    for path in (two, shard_file(two)):
        path.unlink()
    write_shard(predictor, [str(tmp_path / "a.fa"), str(tmp_path / "b.fa.gz")], two, Shard(2, 3))
    refused([one, two, three], "differ in inputs")


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "parquet"])
def test_damaged_shards_are_refused(tmp_path: Path, ending: str) -> None:
    one, two, three = shards_of(tmp_path, ending=ending)
    content = two.read_bytes()
    two.write_bytes(content[:-7])
    refused([one, two, three], f"p2of3.{ending}: the shard is damaged: it has .* bytes instead of", f"j.{ending}")
    for place in (2, len(content) // 2, len(content) - 3):
        two.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refused([one, two, three], "the shard is damaged: its content has changed", f"j.{ending}")


def test_other_content_than_a_shard_is_refused(tmp_path: Path) -> None:
    one, two, three = shards_of(tmp_path)
    about = Path(f"{two}.shard.json")
    values = json.loads(about.read_text())
    for wrong in ("", "{", "[1]", json.dumps(values | {"seqnet_shard": 2}), json.dumps(values | {"shard": 9})):
        about.write_text(wrong)
        refused([one, two, three], "p2of3.tsv.shard.json: the file is damaged: .*; make the shard again")
    about.unlink()
    refused([one, two, three], "p2of3.tsv: this is not a shard: there is no p2of3.tsv.shard.json beside it")
    with pytest.raises(FileNotFoundError):
        gather_shards([one, tmp_path / "none.tsv"], tmp_path / "joined.tsv")
