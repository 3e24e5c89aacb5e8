"""Behaviour that needs a separate process: pipes, signals, and the time to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqnet.datasets.dataset import open_dataset
from seqnet.models.bundles import open_bundle
from tests.cli.running import run_all

ROOT = Path(__file__).parent.parent.parent
READS = str(ROOT / "data" / "simulated_reads.bam")


def call(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=100, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and a small model."""
    made = tmp_path_factory.mktemp("processes")
    data = made / "d.safetensors"
    run_all(
        ("encode", "--class", f"human={READS}", "--class", "random=@uniform", "-o", data),
        ("train", data, "--preset", "dna-cnn", "--set", "epochs=1", "--threads", "1", "-o", made / "m.safetensors"),
    )
    return made


def test_a_closed_pipe_ends_it_quietly(program: Path, folder: Path) -> None:
    with subprocess.Popen(
        [program, "predict", str(folder / "m.safetensors"), *[READS] * 20],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"name\t")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_standard_input_through_a_pipe(program: Path, folder: Path) -> None:
    with Path(READS).open("rb") as file:
        done = subprocess.run(
            [program, "predict", str(folder / "m.safetensors"), "-"], stdin=file, capture_output=True, check=True
        )
    assert (
        done.stdout
        == subprocess.run(
            [program, "predict", str(folder / "m.safetensors"), READS], capture_output=True, check=True
        ).stdout
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_best_epoch_so_far(
    number: signal.Signals, code: int, program: Path, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "m.safetensors"
    words = ["train", str(folder / "d.safetensors"), "--preset", "dna-cnn", "--set", "epochs=100000", "-o", str(output)]
    with subprocess.Popen([program, *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("epoch   2"):
                process.send_signal(number)
                break
        rest = process.stderr.read()
        assert process.wait(timeout=60) == code
    assert "kept epoch" in rest
    assert "continue with --resume" in rest
    assert "Traceback" not in rest
    done = call(program, "predict", output, READS)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 4001


def test_a_signal_between_folds_leaves_checkpoints_and_no_model(program: Path, folder: Path, tmp_path: Path) -> None:
    words = ["--preset", "dna-cnn", "--set", "epochs=2", "--folds", "3", "-o", str(tmp_path / "m.safetensors")]
    with subprocess.Popen(
        [program, "train", str(folder / "d.safetensors"), *words], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("fold 2 of 3"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert rest.endswith("seqnet: interrupted\n")
    assert "stopped; the model is written after all 3 folds; continue with --resume" in rest
    names = {path.name for path in tmp_path.iterdir()}
    assert "m.fold-1-of-3.checkpoint.safetensors" in names
    assert all(name.endswith(".checkpoint.safetensors") for name in names)


@pytest.mark.parametrize("reader", ["never", "always"])
def test_a_signal_in_predict_leaves_no_output(reader: str, program: Path, folder: Path, tmp_path: Path) -> None:
    words = ["predict", str(folder / "m.safetensors"), *[READS] * 500, "-o", str(tmp_path / "out.tsv")]
    with subprocess.Popen([program, *words, "--reader-process", reader], stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        # Read to its end, because the reading process would keep it open.
        assert process.stderr.read() == "seqnet: interrupted\n"
        assert process.wait(timeout=60) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_reads_changes_nothing(program: Path, folder: Path, tmp_path: Path) -> None:
    for reader in ("never", "always"):
        words = ["--reader-process", reader, "-o", tmp_path / f"{reader}.tsv"]
        done = call(program, "predict", folder / "m.safetensors", READS, READS, *words)
        assert done.returncode == 0, done.stderr
        words = ["--class", "random=@uniform", "--reader-process", reader, "-o", tmp_path / f"{reader}.safetensors"]
        done = call(program, "encode", "--class", f"human={READS}", *words)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "never.tsv").read_bytes() == (tmp_path / "always.tsv").read_bytes()
    same = [open_dataset(tmp_path / f"{reader}.safetensors").tokens.data for reader in ("never", "always")]
    assert (same[0] == same[1]).all()


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from seqnet.cli.main import run; run(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "seqnet.cli.main" in loaded
    assert not loaded & {"torch", "numpy", "rich", "pyarrow", "pysam", "sklearn", "matplotlib"}


def peak_memory(*words: str | Path) -> int:
    """Runs a command and returns its peak memory, in the system's units."""
    code = (
        "import resource, sys; from seqnet.cli.main import run; code = run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, *map(str, words), "--threads", "1"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_memory_does_not_grow_with_the_input(folder: Path, tmp_path: Path) -> None:
    peaks = []
    for count in (40_000, 300_000):
        path = tmp_path / f"{count}.fa"
        path.write_text("".join(f">r{number}\n{'ACGTTGCATTAGCCGATC' * 2}\n" for number in range(count)))
        peaks.append(peak_memory("predict", folder / "m.safetensors", path, "-o", tmp_path / f"{count}.tsv"))
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize(
    ("redirection", "code", "line"),
    [
        (">&-", 1, "seqnet: error: standard output: it is closed; use -o FILE or a pipe"),
        ("-o out.tsv >&-", 0, "using the CPU, "),
        ("nothing.fa >&-", 1, "seqnet: error: nothing.fa: no such file or directory"),
        ("nothing.fa 2>&-", 1, ""),
        ("> /dev/full", 1, "seqnet: error: standard output: no space left on device"),
    ],
)
def test_streams_that_take_nothing(
    redirection: str, code: int, line: str, program: Path, folder: Path, tmp_path: Path
) -> None:
    command = f"{program} predict {folder / 'm.safetensors'} {READS} {redirection}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)
    # A prediction says where it computed, that its reads are of one class, and how many records it had.
    assert (done.returncode, done.stderr.count("\n")) == (code, bool(line) + 2 * (not code))
    assert done.stderr.startswith(line)


SHIPPED = {"human-dna": "ACGTTGCATGCAAGCTAGCT" * 2, "solubility": "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ" * 3}
"""Model of the package → a sequence for it."""


@pytest.mark.parametrize("model", SHIPPED)
def test_predict_loads_nothing_that_it_does_not_need(model: str, tmp_path: Path) -> None:
    """PyTorch's compiler takes a second to import; the other modules are for training, evaluation and clustering.

    SciPy is loaded if there are enough records to compare their class fractions with those of the training.
    """
    records = tmp_path / "records.fa"
    records.write_text("".join(f">r{number}\n{SHIPPED[model]}\n" for number in range(50)))
    program = (
        "import sys\n"
        "from seqnet.cli.main import run\n"
        "from seqnet.cli.process import own_process\n"
        "own_process()\n"
        f"code = run(['predict', {model!r}, {str(records)!r}, '-o', {str(tmp_path / 'out.tsv')!r}])\n"
        "print(code, *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)
    code, *loaded = done.stdout.split()
    assert code == "0"
    heavy = {"torch._dynamo", "torch._inductor", "sympy", "scipy", "sklearn", "matplotlib", "pandas", "optuna"}
    assert heavy.isdisjoint(loaded)


def test_a_limit_of_processors_is_kept(program: Path, folder: Path) -> None:
    words = ("--network", "dense", "--set", "epochs=1", "--set", "baseline_records=0", "--no-audit")
    done = call(
        program, "train", folder / "d.safetensors", *words, "-o", folder / "one.safetensors",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert open_bundle(folder / "one.safetensors").provenance["threads"] == 1


def test_the_work_of_threads_on_a_giant_record_is_given_up(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "giant.fa"
    path.write_text(">giant\n" + "MKTAYIAKQRQISFVKSHFS" * 150_000 + "\n")
    words = ["predict", "solubility", str(path), "--threads", "2", "-o", str(tmp_path / "out.tsv")]
    with subprocess.Popen([program, *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while len(list(tmp_path.iterdir())) < 2:  # until the output is begun
            time.sleep(0.01)
        time.sleep(2)
        assert process.poll() is None
        asked = time.monotonic()
        process.terminate()
        reported = process.stderr.read()
    assert time.monotonic() - asked < 30  # the whole record takes more than a minute
    assert (process.returncode, reported.splitlines()[-1]) == (143, "seqnet: terminated")


@pytest.mark.parametrize(
    "command",
    [
        f"encode --class human={READS} --class random=@uniform -o out/d.safetensors",
        "audit d.safetensors -o out/records.tsv",
        "evaluate m.safetensors d.safetensors -o out/results",
    ],
)
def test_a_table_that_can_not_be_printed_is_refused_before_the_work(
    command: str, program: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    for name in ("d.safetensors", "m.safetensors"):
        (tmp_path / name).symlink_to(folder / name)
    done = subprocess.run(
        ["sh", "-c", f"{program} {command} >&-"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    problem = "it is closed; a table is written to it; redirect it to a file or to /dev/null"
    assert (done.returncode, done.stderr) == (1, f"seqnet: error: standard output: {problem}\n")
    assert not list((tmp_path / "out").iterdir())
