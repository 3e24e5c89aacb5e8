"""Nothing in the package runs code from a file: no pickle, no eval, no shell, no code of a hub."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import seqnet

PACKAGE = Path(seqnet.__file__).parent

MODULES = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code", "codeop", "runpy"}
CALLS = {
    "eval", "exec", "compile", "__import__", "torch.load", "torch.jit.load", "torch.hub.load",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen", "subprocess.getoutput",
    "subprocess.getstatusoutput", "pd.read_pickle", "pandas.read_pickle",
}  # fmt: skip
KEYWORDS = {"shell", "trust_remote_code", "allow_pickle", "weights_only"}


OWN_PIPE = {"readers/__main__.py", "readers/subprocess_reader.py"}
"""Modules that send objects between a process and its parent through a private pipe."""


def forbidden(text: str) -> Iterator[str]:
    """Yields forbidden expressions of a module, with their lines."""
    for node in ast.walk(ast.parse(text)):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [one.name for one in node.names if one.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found = [module] if module.split(".")[0] in MODULES else []
            found += [name for one in node.names if (name := f"{module}.{one.name}") in CALLS]
        elif isinstance(node, ast.Call):
            found = [ast.unparse(node.func)] if ast.unparse(node.func) in CALLS else []
            found += [
                f"{one.arg}={ast.unparse(one.value)}"
                for one in node.keywords
                if one.arg in KEYWORDS and ast.unparse(one.value) != "False"
            ]
        yield from (f"line {getattr(node, 'lineno', 0)}: {one}" for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "def f():\n    from pickle import loads",
        "import os.path, marshal",
        "eval('1')",
        "exec(text)",
        "torch.load(path)",
        "from torch import load",
        "from torch.hub import load",
        "yaml.load(text)",
        "os.system('ls')",
        "subprocess.run(words, shell=True)",
        "subprocess.run(words, shell=chosen)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_it_is_seen_wherever_it_stands(text: str) -> None:
    assert len(list(forbidden(text))) == 1


@pytest.mark.parametrize("text", ["model.eval()", "re.compile('a')", "json.load(file)", "run(words, shell=False)"])
def test_what_is_harmless_may_stand(text: str) -> None:
    assert list(forbidden(text)) == []


def test_the_package_has_none_of_it() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    found = [(path.relative_to(PACKAGE).as_posix(), one) for path in files for one in forbidden(path.read_text())]
    assert [one for one in found if one[0] not in OWN_PIPE or not one[1].endswith(": pickle")] == []
