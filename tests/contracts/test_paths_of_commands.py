"""What every command does with the files in its options; the options are found by introspection."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from seqnet.cli.evaluation_files import FigurePath
from seqnet.cli.main import COMMANDS, command_group, run
from seqnet.cli.paths import Command, InputPath, OutputPath
from seqnet.datasets.sources import find_source
from tests.cli.running import PROTEINS, READS, Outcome

# Options whose text is never a path.
NO_PATHS = {
    "download": {"names", "url", "sha256"},
    "encode": {
        "length",
        "label_regex",
        "label_column",
        "positive",
        "split",
        "split_column",
        "sequence_column",
        "name_column",
        "region",
        "feature",
    },
    "doctor": {"device"},
    "tune": {"device", "assignments"},
    "train": {"device", "assignments", "split"},
    "distill": {"device", "assignments", "plm", "sequence_column", "name_column", "region", "feature"},
    "evaluate": {"device", "plm", "label_regex", "label_column", "sequence_column", "name_column"},
    "explain": {
        "records",
        "target",
        "label_column",
        "label_regex",
        "feature",
        "device",
        "plm",
        "sequence_column",
        "name_column",
        "region",
    },
    "predict": {
        "feature",
        "device",
        "plm",
        "sequence_column",
        "name_column",
        "region",
        "expected_fraction",
        "chosen",
        "keep",
    },
}


# Commands that need an output, and a name for it.
NEEDED = {"train": "model.safetensors", "tune": "best.toml"}


# Outputs of predict beside the table, and a name for each: that of a class is in a directory.
OF_RECORDS = {
    "track": "reads.bedgraph", "split": "human.fa", "annotated": "reads.bam", "kept": "reads.fa",
    "embeddings": "reads.npz",
}  # fmt: skip


def commands() -> dict[str, click.Command]:
    group = command_group()
    found = {name: group.get_command(click.Context(group), name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


def parameters(kind: type[click.Path]) -> Iterator[tuple[str, click.Parameter]]:
    for name, command in commands().items():
        for parameter in command.params:
            if isinstance(parameter.type, kind):
                yield name, parameter


INPUTS = list(parameters(InputPath))
OUTPUTS = list(parameters(OutputPath))


def named(pairs: list[tuple[str, click.Parameter]]) -> list[str]:
    return [f"{name}-{parameter.name}" for name, parameter in pairs]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    monkeypatch.chdir(tmp_path)

    def called(*words: str | Path) -> Outcome:
        capfd.readouterr()
        code = run([str(word) for word in words])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return called


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and a model."""
    folder = tmp_path_factory.mktemp("material")
    tiny = ("--network", "dense", "--set", "dense=[2]", "--set", "epochs=1", "--threads", "1", "--no-audit")
    for words in (
        ("encode", "--class", f"human={READS}", "--class", "random=@uniform", "--limit", "200", "-o", "d.safetensors"),
        ("train", "d.safetensors", *tiny, "-o", "m.safetensors"),
    ):
        paths = [str(folder / word) if word.endswith(".safetensors") else word for word in words]
        assert run(paths) == 0
    return folder


def test_every_path_of_a_command_is_an_input_or_an_output() -> None:
    for name, command in commands().items():
        assert isinstance(command, Command), name
        for parameter in command.params:
            if parameter.name != "log_file":  # tests/cli/test_log_file.py
                assert type(parameter.type) is not click.Path, (name, parameter.name)
            if isinstance(parameter.type, type(click.STRING)):
                assert parameter.name in NO_PATHS.get(name, set()), (name, parameter.name)
    assert len(INPUTS) >= 20
    assert len(OUTPUTS) >= 8


def sources(folder: Path, material: Path) -> dict[str, Path]:
    """Returns parameter → a file for it; other parameters get sequences."""
    space, config, reads = folder / "space.toml", folder / "config.toml", folder / "reads.fa"
    space.write_text("[training]\nlearning_rate = { choices = [0.1, 0.2] }\n")
    config.write_text("[training]\nepochs = 1\n")
    reads.write_text(">a\nACGT\n")
    dataset, model = material / "d.safetensors", material / "m.safetensors"
    return {"dataset": dataset, "model": model, "models": model, "space": space, "config": config, "": reads}


def command_words(name: str, tried: click.Parameter, given: Path, files: dict[str, Path]) -> list[str | Path]:
    """Returns a command line with the given path for one parameter, and valid values for all other ones."""
    command, words = commands()[name], [name]
    for parameter in command.params:
        value: str | Path = given if parameter is tried else files.get(str(parameter.name), files[""])
        if isinstance(parameter.type, InputPath) and parameter.type.form == "class":
            value = f"a={value}"
        if parameter.name == "names":
            words.append("solubility")
        elif name == "train" and parameter.name == "dataset" and tried.name in ("classes", "group_by"):
            words += ["--class", f"b={files['']}"]
        elif isinstance(parameter, click.Argument):
            words.append(str(value))
        elif parameter is tried or (parameter.required and isinstance(parameter.type, InputPath)):
            words += [parameter.opts[-1], str(value)]
    return list(words)


def written_name(name: str, tried: click.Parameter, output: click.Parameter) -> str:
    """Returns the name of an output file of a command."""
    if output.name in OF_RECORDS:
        return OF_RECORDS[output.name]
    in_directory = output.metavar == "DIR"
    if output.name == "report":
        return "report.html"
    if name == "evaluate":
        return "metrics.json" if in_directory else "roc.pdf"
    if name == "explain" and in_directory:
        return "motifs.tsv" if output.name == "motifs" else "a.svg"  # of the record a
    if name == "download":
        return find_source("solubility").filename
    return "given.tsv" if in_directory and tried.name == "inputs" else "reads.tsv"


def option_value(output: click.Parameter, target: str | Path) -> str | Path:
    """Returns what is given for an output, if it is to be this file."""
    return f"roc={target}" if isinstance(output.type, FigurePath) else target


@pytest.mark.parametrize("kind", ["path", "symbolic link", "hard link"])
@pytest.mark.parametrize(("name", "parameter"), INPUTS, ids=named(INPUTS))
def test_no_output_replaces_an_input(
    name: str, parameter: click.Parameter, kind: str, material: Path, tmp_path: Path, call: Callable[..., Outcome]
) -> None:
    """Every input, given as each output of its command with --force, is refused and not changed."""
    files = sources(tmp_path, material)
    for output in [one for command, one in OUTPUTS if command == name]:
        in_directory = output.metavar == "DIR"
        if name == "explain" and output.name == "logos" and parameter.name != "inputs" and parameter.name != "model":
            continue  # logos are named after records, and FASTA, which has some here, is read without a reference
        if name == "explain" and parameter.name in ("known", "labels") and output.name != "motifs":
            continue  # refused: only motifs have them
        if parameter.name in ("regions", "reference") and output.name == "split":
            continue  # named after classes once records are read, and FASTA has no regions or reference here
        if parameter.name == "regions" and output.name in ("annotated", "kept", "embeddings"):
            continue  # refused: regions are not records of a file
        folder = tmp_path / f"out-{output.name}"
        folder.mkdir()
        target = folder / written_name(name, parameter, output)
        given = target if kind == "path" else folder / "given.fa"
        shutil.copy(files.get(str(parameter.name), files[""]), given)
        if kind == "symbolic link":
            target.symlink_to(given)
        elif kind == "hard link":
            os.link(given, target)
        before = given.read_bytes()
        where = [output.opts[0], folder if in_directory else option_value(output, target)]
        if name in NEEDED and output.name != "output":
            where += ["-o", folder / NEEDED[name]]
        if output.name == "kept":
            where += ["--keep", "human"]
        outcome = call(*command_words(name, parameter, given, files), *where, "--force")
        assert outcome.err.endswith(": this is also an input; choose another name\n"), (output.name, outcome.err)
        assert (outcome.code, outcome.err.count("\n")) == (1, 1)
        assert given.read_bytes() == before
        assert {path.name for path in folder.iterdir()} == {given.name, target.name}


# These write BAM to a pipe, which has its own tests.
TO_STDOUT = [pair for pair in OUTPUTS if pair[1].name not in ("annotated", "kept")]


@pytest.mark.parametrize(("name", "parameter"), TO_STDOUT, ids=named(TO_STDOUT))
def test_a_dash_is_standard_output_or_refused(
    name: str, parameter: click.Parameter, material: Path, tmp_path: Path, call: Callable[..., Outcome]
) -> None:
    complete: dict[str, list[str | Path]] = {
        "audit": [material / "d.safetensors"],
        "distill": [material / "m.safetensors", READS],
        "download": ["solubility", "--url", "http://localhost:1/x"],
        "encode": [PROTEINS, "--label-regex", r"label=(\S+)"],
        "evaluate": [material / "m.safetensors", material / "d.safetensors"],
        "explain": [material / "m.safetensors", READS, "--records", "sim:264266:-:0"],
        "export": [material / "m.safetensors"],
        "gather": [READS],
        "predict": [material / "m.safetensors", READS],
        "train": [material / "d.safetensors", "--preset", "dna-cnn"],
        "tune": [material / "d.safetensors", "--space", material / "space.toml"],
    }
    words = complete[name]
    if name in NEEDED and parameter.name != "output":
        words += ["-o", tmp_path / NEEDED[name]]
    outcome = call(name, *words, parameter.opts[0], option_value(parameter, "-"))
    assert list(tmp_path.iterdir()) == []
    lines = {"predict": 4001, "explain": 37}
    if name in lines and parameter.name == "output":
        assert (outcome.code, outcome.out.count("\n")) == (0, lines[name])
        return
    assert isinstance(parameter.type, OutputPath)
    assert outcome.code == 1
    assert outcome.out == ""
    reason = parameter.type.no_stdout
    assert outcome.err == f"seqnet: error: {reason}; give a file name, or ./- for a file named -\n"
