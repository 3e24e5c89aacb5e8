"""Tables of predictions from Python have the bytes of those of the commands, in shards or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import seqnet
from seqnet.core.errors import InputError, OutputError, SettingError
from tests.api.conftest import cli as cli
from tests.api.conftest import folder_bytes, page_of_program
from tests.building import make_bundle, random_strings
from tests.cli.running import Runner

SMALL = {"batch_bytes": 1500}


@pytest.fixture
def reads(tmp_path: Path) -> list[Path]:
    """Two files of 120 reads, a few of which have no prediction."""
    paths = [tmp_path / "a.fa", tmp_path / "b.fa"]
    for path in paths:
        strings = [*random_strings([12, 40, 0, 9, 30] * 23), "ACJT", "", "ACGTACGTAC", "A", "C"]
        path.write_text("".join(f">{path.stem}{at}\n{string}\n" for at, string in enumerate(strings)))
    return paths


@pytest.fixture
def model(tmp_path: Path) -> seqnet.Model:
    seqnet.Model(make_bundle()).save(tmp_path / "m.safetensors")
    return seqnet.load(tmp_path / "m.safetensors", device="cpu", threads=1)


def test_a_table_is_that_of_the_command(tmp_path: Path, model: seqnet.Model, reads: list[Path], cli: Runner) -> None:
    counts = seqnet.predict_table(model, reads, tmp_path / "ours.tsv", unknown="mask")
    words = ("--unknown", "mask", "--device", "cpu")
    assert cli("predict", tmp_path / "m.safetensors", *reads, "-o", tmp_path / "theirs.tsv", *words).code == 0
    assert (tmp_path / "ours.tsv").read_bytes() == (tmp_path / "theirs.tsv").read_bytes()
    statuses = [line.rsplit("\t", 1)[1] for line in (tmp_path / "ours.tsv").read_text().splitlines()[1:]]
    assert counts == {status: statuses.count(status) for status in counts}
    assert sum(counts.values()) == 240


@pytest.mark.parametrize("ending", ["tsv", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("resume", [False, True])
def test_gathered_shards_are_the_whole_table(
    tmp_path: Path, model: seqnet.Model, reads: list[Path], ending: str, resume: bool
) -> None:
    whole = seqnet.predict_table(model, reads, tmp_path / f"whole.{ending}", **SMALL)  # type: ignore[arg-type]
    parts = [tmp_path / f"{number}.{ending}" for number in (1, 2, 3)]
    options: Any = {"resume": resume, **SMALL}
    shards: list[tuple[int, int] | str] = [(1, 3), "2/3", (3, 3)]
    found = [
        seqnet.predict_table(model, map(str, reads), str(part), shard=shard, **options)
        for part, shard in zip(parts, shards, strict=True)
    ]
    assert all(sum(counts.values()) > 20 for counts in found)
    assert seqnet.gather(parts[::-1], tmp_path / f"joined.{ending}") == whole
    assert (tmp_path / f"joined.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()


def test_shards_of_command_and_library_are_of_one_run(
    tmp_path: Path, model: seqnet.Model, reads: list[Path], cli: Runner
) -> None:
    one, two = tmp_path / "1.tsv", tmp_path / "2.tsv"
    seqnet.predict_table(model, reads, one, shard=(1, 2))
    done = cli("predict", tmp_path / "m.safetensors", *reads, "-o", two, "--shard", "2/2", "--device", "cpu")
    assert done.code == 0
    assert cli("gather", one, two, "-o", tmp_path / "joined.tsv").code == 0
    seqnet.predict_table(model, reads, tmp_path / "whole.tsv")
    assert (tmp_path / "joined.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()
    other = tmp_path / "other.tsv"
    done = cli("predict", tmp_path / "m.safetensors", *reads, "-o", other, "--shard", "1/2", "--device", "cpu")
    theirs, ours = (json.loads(Path(f"{path}.shard.json").read_text()) for path in (other, one))
    assert theirs == ours


def test_the_parts_of_a_file_follow_each_other(model: seqnet.Model, reads: list[Path]) -> None:
    names: list[str] = []
    for number in (1, 2, 3, 4):
        for part in model.predict_file(reads[0], shard=(number, 4), batch_bytes=300):
            names += part.names.tolist()
    assert names == [f"a{at}" for at in range(120)]
    assert len(list(model.predict_file(reads[0], shard="1/4", batch_bytes=300))) > 1


@pytest.mark.parametrize("shard", [(0, 4), (5, 4), (1, 2, 3), (1.0, 2), "1/0", "a/b", 3, (True, 2), ()])
def test_what_is_no_shard_is_refused(model: seqnet.Model, reads: list[Path], shard: Any) -> None:
    with pytest.raises(SettingError, match=r"^shard must be \(I, N\) with I from 1 to N, such as \(3, 10\), not "):
        model.predict_file(reads[0], shard=shard)


def test_what_can_not_be_written_is_refused_before_it_is_computed(
    tmp_path: Path, model: seqnet.Model, reads: list[Path]
) -> None:
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "out.tsv"

    def refuses(kind: type[Exception], words: str, *arguments: Any, **options: Any) -> None:
        with pytest.raises(kind, match=words) as caught:
            seqnet.predict_table(*arguments, **options)
        assert "\n" not in str(caught.value)
        assert sorted(tmp_path.iterdir()) == before

    unsaved = seqnet.Model(make_bundle())
    refuses(
        SettingError, r"^shard needs a model that is in a file; save the model first", unsaved, reads, out, shard="1/2"
    )
    refuses(SettingError, r"^resume needs a model that is in a file", unsaved, reads, out, resume=True)
    refuses(
        SettingError,
        "^expected_fraction needs all records, not those of a shard",
        model,
        reads,
        out,
        shard=(1, 2),
        expected_fraction="auto",
    )
    refuses(
        SettingError, "^model must be a model that seqnet.load or seqnet.train returns", "m.safetensors", reads, out
    )
    refuses(SettingError, "^inputs must be a path, or several, not", model, [], out)
    refuses(SettingError, "^inputs must be a path, or several, not 5", model, [reads[0], 5], out)
    refuses(OutputError, "does not end in a known format", model, reads, tmp_path / "out.doc")
    refuses(FileNotFoundError, "no such file", model, "no such file", out)
    refuses(InputError, "shards and resumed runs need files", model, "-", out, shard=(1, 2))


def test_an_existing_table_and_the_inputs_are_kept(tmp_path: Path, model: seqnet.Model, reads: list[Path]) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("mine")
    with pytest.raises(OutputError, match=r"exists.*force=True"):
        seqnet.predict_table(model, reads, table)
    assert table.read_text() == "mine"
    reads[0].rename(tmp_path / "reads.txt")
    with pytest.raises(OutputError, match=r"this is also an input"):
        seqnet.predict_table(model, tmp_path / "reads.txt", tmp_path / "reads.txt", force=True)
    assert (tmp_path / "reads.txt").read_text().startswith(">a0\n")


def test_shards_that_are_missing_are_named(tmp_path: Path, model: seqnet.Model, reads: list[Path]) -> None:
    seqnet.predict_table(model, reads, tmp_path / "1.tsv", shard=(1, 2))
    with pytest.raises(InputError, match=r"^shards are missing: 2/2; give all shards of the run"):
        seqnet.gather(tmp_path / "1.tsv", tmp_path / "joined.tsv")
    with pytest.raises(SettingError, match=r"^shards must be a path, or several"):
        seqnet.gather([], tmp_path / "joined.tsv")
    assert not (tmp_path / "joined.tsv").exists()


def test_a_model_knows_its_file(tmp_path: Path) -> None:
    model = seqnet.Model(make_bundle())
    assert model.file is None
    model.save(str(tmp_path / "m.safetensors"))
    assert model.file == tmp_path / "m.safetensors"
    assert seqnet.load(tmp_path / "m.safetensors").file == model.file


def test_a_report_is_that_of_the_command(tmp_path: Path, model: seqnet.Model, reads: list[Path], cli: Runner) -> None:
    file = tmp_path / "m.safetensors"
    ours, theirs, table = tmp_path / "ours.html", tmp_path / "theirs.html", tmp_path / "theirs.tsv"
    seqnet.predict_table(model, reads, tmp_path / "ours.tsv", report=ours)
    done = cli("predict", file, *reads, "-o", table, "--report", theirs, "--device", "cpu", "--threads", 1)
    assert done.code == 0, done.err
    assert (tmp_path / "ours.tsv").read_bytes() == table.read_bytes()
    assert ours.read_text() == page_of_program(theirs, ("--unknown mask", "unknown=&#34;mask&#34;"))
    unsaved = seqnet.Model(make_bundle(), threads=1)
    seqnet.predict_table(unsaved, reads, tmp_path / "memory.tsv", report=tmp_path / "memory.html")
    assert "<title>Predictions</title>" in (tmp_path / "memory.html").read_text()
    with pytest.raises(SettingError, match="resume can't be combined with report"):
        seqnet.predict_table(model, reads, tmp_path / "r.tsv", resume=True, report=tmp_path / "r.html")


def test_tables_of_many_inputs_are_those_of_the_command(
    tmp_path: Path, model: seqnet.Model, reads: list[Path], cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = tmp_path / "c.fa"
    wrong.write_text(">x\nMKVLAWFYHEDRMKVLAWFYHEDRMKVLAWFYHEDR\n" * 40)
    inputs = [reads[0], wrong, tmp_path / "none.fa", reads[1]]
    words = ("--manifest", "--format", "jsonl", "--device", "cpu", "--threads", 1)
    assert cli("predict", "m.safetensors", *inputs, "-O", "out", *words).code == 1
    Path("out").rename("theirs")
    found = seqnet.predict_tables(model, inputs, "out", format="jsonl", manifest=True)
    ours, theirs = folder_bytes(Path("out")), folder_bytes(Path("theirs"))
    in_python = (b"or use --alphabet dna", b'or pass alphabet="dna"')
    assert ours == theirs | {"manifest.tsv": theirs["manifest.tsv"].replace(*in_python)}
    assert list(ours) == ["a.jsonl", "b.jsonl", "manifest.tsv"]
    assert [(one.path, one.output.name, one.labels is None) for one in found] == [
        (str(path), f"{path.stem}.jsonl", path.stem in ("c", "none")) for path in inputs
    ]
    assert (
        found[1].error
        == f'{wrong}: this looks like protein, not dna; give dna sequences, or pass alphabet="dna" if these are'
    )
    assert found[2].error == f"{inputs[2]}: no such file or directory"
    assert found[3].labels is not None
    assert sum(found[3].labels.values()) == sum(found[3].statuses.values()) == 120
    assert found[3].statuses == {"ok": 95, "empty": 24, "invalid_symbol": 1}
    assert found[3].labels["unclassified"] == 25


def test_an_input_that_fails_stops_the_others_unless_there_is_a_manifest(
    tmp_path: Path, model: seqnet.Model, reads: list[Path]
) -> None:
    inputs = [reads[0], tmp_path / "none.fa", reads[1]]
    for options in ({}, {"manifest": True, "strict": True}):
        with pytest.raises(FileNotFoundError):
            seqnet.predict_tables(model, inputs, tmp_path / "out", force=True, **options)  # type: ignore[arg-type]
        assert list(folder_bytes(tmp_path / "out")) == ["a.tsv"]
    page = tmp_path / "page.html"
    assert [one.error for one in seqnet.predict_tables(model, reads, tmp_path / "more", report=page)] == ["", ""]
    assert "240 records of 2 inputs" in page.read_text()


def test_tables_that_can_not_be_written_are_refused(tmp_path: Path, model: seqnet.Model, reads: list[Path]) -> None:
    other = tmp_path / "more" / "a.fa"
    other.parent.mkdir()
    other.write_bytes(reads[0].read_bytes())
    out = tmp_path / "out"
    with pytest.raises(
        OutputError, match="two inputs have this output; give them different names, or use predict_table"
    ):
        seqnet.predict_tables(model, [*reads, other], out)
    with pytest.raises(SettingError, match="strict needs manifest"):
        seqnet.predict_tables(model, reads, out, strict=True)
    with pytest.raises(SettingError, match="manifest can't be combined with report"):
        seqnet.predict_tables(model, reads, out, manifest=True, report=tmp_path / "r.html")
    with pytest.raises(SettingError, match=r"format must be one of tsv, tsv\.gz, jsonl, parquet, not 'csv'"):
        seqnet.predict_tables(model, reads, out, format="csv")
    assert not out.exists()
    (out / "b.tsv").parent.mkdir()
    (out / "b.tsv").write_text("mine")
    with pytest.raises(OutputError, match="already exists; choose another name or pass force=True"):
        seqnet.predict_tables(model, reads, out)
    assert folder_bytes(out) == {"b.tsv": b"mine"}
