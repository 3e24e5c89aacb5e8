"""Files that a separate process reads: the same records, the same errors, and nothing left behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seqnet.cli.main import run
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import ResourceError, SeqnetError
from seqnet.readers import open_each, open_records, opening, subprocess_reader
from seqnet.readers.record_reader import RecordReader
from seqnet.readers.subprocess_reader import SubprocessReader

from .examples import DATA, piped_stdin

FILES = sorted(path for path in DATA.iterdir() if path.is_file() and path.suffix not in (".py", ".bai"))


def outcome(path: Path, **options: Any) -> list[object]:
    """Returns everything that a reader returns for a file, or the error that it ends with."""
    said: list[object] = []
    try:
        with open_records(str(path), ReadOptions(batch_bytes=20, **options)) as reader:
            said.append(reader.format)
            for batch in reader:
                columns = {"": batch.headers, " ": batch.symbols, **batch.columns}
                said.append((batch.names.text(), [(name, column.text()) for name, column in columns.items()]))
                said.append((reader.skipped.copy(), reader.passed))
            said.append((reader.skipped, reader.passed))
    except SeqnetError as error:
        known = {name: value for name, value in error.__dict__.items() if name != "__notes__"}
        said.append((type(error), known, str(error)))
    return said


def many(tmp_path: Path) -> str:
    """Returns a file that exceeds the capacity of a pipe."""
    path = tmp_path / "many.fa"
    path.write_bytes(b"".join(b">r%d\n%s\n" % (index, b"ACGT" * 9) for index in range(100_000)))
    return str(path)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    # An ended process may still be a zombie.
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_errors_are_those_of_this_process(path: Path) -> None:
    assert outcome(path, reader_process="always") == outcome(path, reader_process="never")


@pytest.mark.parametrize(
    "options", [{"min_mapq": 30}, {"region": "chr1:1-50"}, {"region": "none:1-2"}, {"sequence_column": "nothing"}]
)
@pytest.mark.parametrize("name", ["reverse.bam", "proteins.tsv"])
def test_options_are_handed_over(name: str, options: dict[str, Any]) -> None:
    here = outcome(DATA / name, reader_process="never", **options)
    assert outcome(DATA / name, reader_process="always", **options) == here


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        SubprocessReader(str(tmp_path / "none.fa"), ReadOptions())
    assert caught.value.filename == str(tmp_path / "none.fa")


def test_headers_that_are_the_names_are_handed_over_once(tmp_path: Path) -> None:
    with SubprocessReader(many(tmp_path), ReadOptions()) as reader:
        assert all(batch.headers is batch.names for batch in reader)


@pytest.mark.parametrize(
    ("options", "size", "apart"),
    [
        ({"threads": 2}, 1000, True),
        ({"threads": 4}, 999, False),
        ({"threads": 1}, 1000, False),
        ({"threads": 4, "reader_process": "never"}, 1000, False),
        ({"reader_process": "always"}, 999, True),
    ],
)
def test_large_files_have_a_process_where_there_are_processors(
    options: dict[str, Any], size: int, apart: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_WORTH_A_PROCESS", 1000)
    path = tmp_path / "in.fa"
    path.write_bytes(b">a\n".ljust(size - 1, b"A") + b"\n")
    with open_records(str(path), ReadOptions(**options)) as reader:
        assert isinstance(reader, SubprocessReader) == apart


def test_what_the_other_process_could_not_open_is_read_here(tmp_path: Path) -> None:
    always = ReadOptions(reader_process="always")
    with (DATA / "wrapped.fa").open("rb") as file, open_records(f"/dev/fd/{file.fileno()}", always) as reader:
        assert not isinstance(reader, SubprocessReader)
        assert sum(map(len, reader))
    with piped_stdin((DATA / "wrapped.fa").read_bytes()), open_records("-", always) as reader:
        assert not isinstance(reader, SubprocessReader)
    link = tmp_path / "link"
    link.symlink_to("/dev/stdin")
    (tmp_path / "further").symlink_to("link")
    for name in ("//dev/stdin", str(link), str(tmp_path / "further"), "/proc/self/fd/0", f"{tmp_path}/../../dev/stdin"):
        assert opening._is_own(name) or not Path(name).exists(), name
    (tmp_path / "file").symlink_to(DATA / "wrapped.fa")
    assert not opening._is_own(str(tmp_path / "file"))


def test_a_file_that_is_called_as_stdin_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text(">other\nA\n")
    with piped_stdin(b">piped\nA\n"), open_records("-", ReadOptions(reader_process="always")) as reader:
        assert [name for batch in reader for name in batch.names.text()] == ["piped"]


def test_odd_paths_of_modules_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, Path("/nowhere"), ""])
    with open_records(str(DATA / "wrapped.fa"), ReadOptions(reader_process="always")) as reader:
        assert isinstance(reader, SubprocessReader)
        assert sum(map(len, reader))


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    always = ReadOptions(reader_process="always")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ResourceError, match=r"no process can be started to read it: .*; use --reader-process never"):
        open_records(str(DATA / "wrapped.fa"), always)
    monkeypatch.setattr(sys, "executable", None)
    with open_records(str(DATA / "wrapped.fa"), always) as reader:
        assert not isinstance(reader, SubprocessReader)


def test_the_cause_of_an_error_is_handed_over() -> None:
    with pytest.raises(SeqnetError) as caught:
        list(open_records(str(DATA / "damaged.bam"), ReadOptions(reader_process="always")))
    assert "IsalError" in str(caught.value.__cause__)


def test_a_name_that_looks_like_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A file in the folder must not replace a module.
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    (tmp_path / "-h").write_bytes((DATA / "wrapped.fa").read_bytes())
    with open_records("-h", ReadOptions(reader_process="always")) as reader:
        assert sum(map(len, reader))


def process_of(reader: RecordReader) -> int:
    assert isinstance(reader, SubprocessReader)
    return reader._process.pid


def test_it_ends_when_it_is_left_early(tmp_path: Path) -> None:
    with open_records(many(tmp_path), ReadOptions(reader_process="always")) as reader:
        process = process_of(reader)
        batches = iter(reader)
        next(batches)
        assert is_there(process)
    assert not is_there(process)


def test_it_ends_when_it_is_forgotten(tmp_path: Path) -> None:
    reader = open_records(many(tmp_path), ReadOptions(reader_process="always"))
    process = process_of(reader)
    batches = iter(reader)
    next(batches)
    del reader, batches
    gc.collect()
    assert not is_there(process)


def test_a_process_that_is_killed_is_an_error(tmp_path: Path) -> None:
    path = many(tmp_path)
    with open_records(path, ReadOptions(reader_process="always")) as reader:
        batches = iter(reader)
        next(batches)
        os.kill(process_of(reader), signal.SIGKILL)
        with pytest.raises(ResourceError) as caught:
            list(batches)
    assert str(caught.value).startswith(
        f"{path}: the process that reads it was stopped by a signal (killed); run it again"
    )


def test_a_bug_in_it_shows_its_traceback(tmp_path: Path) -> None:
    # Options that only a program could create.
    code = (
        "import sys, seqnet.readers.subprocess_reader as apart; from seqnet.configs.readers import ReadOptions\n"
        "ReadOptions.to_dict = lambda self: {'nothing': 1}\n"
        "apart.SubprocessReader(sys.argv[1], ReadOptions())"
    )
    done = subprocess.run([sys.executable, "-c", code, many(tmp_path)], capture_output=True, text=True, check=False)
    assert "UnknownSettingError" in done.stderr
    assert "RuntimeError: the process that reads" in done.stderr


@pytest.mark.parametrize("waiting", ["to write", "to read"])
def test_it_ends_with_the_process_that_it_reads_for(waiting: str, tmp_path: Path) -> None:
    path = many(tmp_path)
    if waiting == "to read":  # from a pipe that gets nothing after the head
        path = str(tmp_path / "pipe")
        os.mkfifo(path)
        sink = os.open(path, os.O_RDWR)
        os.write(sink, b">a\nACGT\n" * 100)
    code = (
        "import sys, time; from seqnet.readers.subprocess_reader import *; from seqnet.configs.readers import *\n"
        "SubprocessReader._received = lambda self: 'fasta'\n"
        "reader = SubprocessReader(sys.argv[1], ReadOptions()); print(reader._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        reader = int(process.stdout.readline())
        assert is_there(reader)
        process.kill()
    end = time.monotonic() + 20
    while is_there(reader) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_there(reader)


def test_the_next_file_has_its_process_before_this_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess_reader.start_process

    def noted(path: str, options: ReadOptions) -> subprocess.Popen[bytes]:
        started.append(start(path, options))
        return started[-1]

    monkeypatch.setattr(opening, "start_process", noted)
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.fa"))
        Path(paths[-1]).write_text(f">r{number}\nACGT\n")
    readers = open_each(paths, ReadOptions(reader_process="always"))
    names = []
    for number, reader in enumerate(readers):
        assert len(started) == min(number + 1, 2)
        names += [name for batch in reader for name in batch.names.text()]
    assert names == ["r0", "r1", "r2"]
    started.clear()
    left = open_each(paths, ReadOptions(reader_process="always"))
    next(left)
    left.close()
    assert [process.returncode is not None for process in started] == [True]


def test_an_error_is_one_line_whoever_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,sequence\na,ACGT,3\n")
    reported = []
    for way in ("never", "always"):
        assert run(["predict", "human-dna", str(path), "--reader-process", way]) == 1
        reported.append(capsys.readouterr().err)
    assert reported[0] == reported[1]
    assert len(reported[0].splitlines()) == 1
