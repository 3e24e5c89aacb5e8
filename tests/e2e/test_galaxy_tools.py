"""The tools for Galaxy: the commands of their tests run, and write what the tests ask for. Galaxy itself is not run."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

import click
import pytest

from seqnet.cli.main import command_group, run
from seqnet.configs.run import preset_names
from seqnet.models.shipped import shipped_models
from tests.cli.running import ROOT
from tests.e2e.galaxy_tools import Tool

FOLDER = ROOT / "galaxy"
TOOLS = {name: Tool(FOLDER / f"seqnet_{name}.xml") for name in ("predict", "train")}
CASES = [
    pytest.param(tool, test, id=f"{name}-{number}")
    for name, tool in TOOLS.items()
    for number, test in enumerate(tool.section("tests"), 1)
]

ASSERTIONS: Mapping[str, Callable[[bytes, Mapping[str, str]], bool]] = {
    "has_n_columns": lambda data, of: len(data.splitlines()[0].split(b"\t")) == int(of["n"]),
    "has_n_lines": lambda data, of: len(data.splitlines()) == int(of["n"]),
    "has_line": lambda data, of: of["line"] in data.decode().splitlines(),
    "has_line_matching": lambda data, of: bool(re.search(f"^(?:{of['expression']})$", data.decode(), re.MULTILINE)),
    "has_size": lambda data, of: len(data) >= int(of["min"]),
    "has_text": lambda data, of: of["text"] in data.decode(),
    "not_has_text": lambda data, of: of["text"] not in data.decode(),
}  # fmt: skip


def check(data: bytes, expected: Element) -> None:
    """Fails if some content is not what the assertions of a test say."""
    for one in expected:
        assert ASSERTIONS[one.tag](data, one.attrib), (one.tag, one.attrib, data[:2000])


def written(tool: Tool, folder: Path) -> dict[str, Path]:
    """Returns name → file of the outputs; elements of a collection are COLLECTION/ELEMENT."""
    found = {}
    for output in tool.section("outputs"):
        name = output.attrib["name"]
        if output.tag == "data" and (path := folder / output.attrib["from_work_dir"]).exists():
            found[name] = path
        for pattern in output.findall("discover_datasets"):
            for path in (folder / pattern.attrib["directory"]).glob("*"):
                if match := re.match(pattern.attrib["pattern"], path.name):
                    found[f"{name}/{match['designation']}"] = path
    return found


def run_command(text: str, capture: Callable[[], tuple[str, str]]) -> tuple[int, bytes, bytes]:
    """Runs a command of a tool, seqnet in this process; returns exit code, standard output and standard error."""
    capture()
    code = 0
    for part in text.replace("${GALAXY_SLOTS:-1}", "1").split(" && "):
        program, *words = shlex.split(part)
        code = run(words) if program == "seqnet" else subprocess.run([program, *words], check=True).returncode
        if code:
            break
    out, err = capture()
    return code, out.encode(), err.encode()


@pytest.mark.parametrize(("tool", "test"), CASES)
def test_the_command_of_a_test_writes_what_the_test_asks_for(
    tool: Tool, test: Element, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run_command(tool.command(test), capfd.readouterr)
    assert code == int(test.get("expect_exit_code", "0")), err
    for stream, name in ((out, "assert_stdout"), (err, "assert_stderr")):
        for expected in test.findall(name):
            check(stream, expected)
    files = written(tool, tmp_path)
    for output in test.findall("output"):
        for expected in output.findall("assert_contents"):
            check(files[output.attrib["name"]].read_bytes(), expected)
    for collection in test.findall("output_collection"):
        inside = {name for name in files if name.startswith(collection.attrib["name"] + "/")}
        assert len(inside) == int(collection.attrib["count"])
        for element in collection.findall("element"):
            for expected in element.findall("assert_contents"):
                check(files[f"{collection.attrib['name']}/{element.attrib['name']}"].read_bytes(), expected)


@pytest.mark.parametrize("name", TOOLS)
def test_the_options_of_a_tool_exist(name: str) -> None:
    options = set(TOOLS[name].options())
    commands = {command for command, _ in options}
    assert commands == ({"predict"} if name == "predict" else {"encode", "train", "evaluate"})
    group = command_group()
    for command in sorted(commands):
        found = group.get_command(click.Context(group), command)
        assert found is not None
        known = {word for param in found.params for word in param.opts}
        assert {option for of, option in options if of == command} <= known, command
    params = list(TOOLS[name].root.iter("param"))
    values = {word for one in params for word in one.get("truevalue", "").split() if word.startswith("--")}
    assert {one.attrib["argument"] for one in params if "argument" in one.attrib} <= values | {
        one for _, one in options
    }


def choices(tool: Tool, name: str) -> set[str]:
    (param,) = [one for one in tool.root.iter("param") if name in (one.get("name"), one.get("argument"))]
    return {option.attrib["value"] for option in param.findall("option")}


def test_presets_and_models_are_those_of_the_package() -> None:
    assert choices(TOOLS["train"], "--preset") == {"auto", *preset_names()}
    models = [
        one for tool in TOOLS.values() for one in tool.root.iter("param") if one.get("label") == "Model of seqnet"
    ]
    assert len(models) == 2
    for one in models:
        assert {option.get("value") for option in one} == set(shipped_models())


def test_texts_can_not_leave_their_quotes_or_name_files_of_the_server() -> None:
    for tool in TOOLS.values():
        for param in tool.root.iter("param"):
            if param.get("type") == "text":
                patterns = [str(one.text) for one in param.findall("validator[@type='regex']")]
                assert patterns
                assert not all(re.match(pattern, "a'(b)'") for pattern in patterns), param.get("label")
    (group,) = [one for one in TOOLS["train"].root.iter("param") if one.get("argument") == "--group-by"]
    assert not all(re.match(str(one.text), "/etc/passwd") for one in group.findall("validator"))
