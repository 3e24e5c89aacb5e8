"""The rooms of the house, bottom up, and what each may know: a module imports only from below, or from its own room."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import seqnet

PACKAGE = Path(seqnet.__file__).parent

# Room → its layer, in the order of the table in the architecture page. Rooms of one layer do not know each other.
LAYERS = {
    "seqnet": 0, "printable": -1, "errors": 0,
    "schema": 1, "registry": 1, "alphabets": 1, "records": 1, "outputs": 1, "processors": 1, "memory": 1,
    "threads": 1, "mapping": 1,
    "configs": 2, "containers": 2, "provenance": 2, "models": 2,
    "readers": 3, "sources": 3, "simulation": 3, "similarity": 3, "tokenizing": 3, "splits": 3, "descriptions": 3,
    "datasets": 4, "evaluation": 4,
    "baselines": 5, "calibration": 5, "imbalance": 5, "novelty": 5, "recipes": 5,
    "audit": 6,
    "encoding": 7,
    # The torch line.
    "capabilities": 8, "devices": 8,
    "strands": 9, "batching": 9, "lookups": 9, "products": 9, "profiles": 9, "trees": 9,
    "layers": 10, "plm": 10,
    "encoders": 11,
    "networks": 12,
    "bundles": 13,
    "inference": 14,
    "training": 15,
    "tuning": 16, "inspection": 16,
    "cli": 17,
    "__main__": 18,
}  # fmt: skip
TORCH_LINE = LAYERS["devices"]


@dataclass(frozen=True)
class Import:
    source: str
    target: str
    line: int
    for_types: bool

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}, imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """Returns the module or package right below `seqnet`."""
    return module.split(".")[1] if "." in module else module


def imports_of(module: str, text: str, *, is_package: bool) -> Iterator[Import]:
    """Yields all imports in the text of a module, wherever they stand."""
    tree = ast.parse(text)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")
            base = parents[: len(parents) - node.level + is_package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from seqnet import audit` is an import of seqnet.audit.
            named = [f"{origin}.{alias.name}" for alias in node.names]
            targets = [name if name in MODULES else origin for name in named]
        else:
            continue
        for target in targets:
            yield Import(module, target, node.lineno, id(node) in typing_only)


IMPORTS = [
    found
    for module, path in MODULES.items()
    for found in imports_of(module, path.read_text(encoding="utf-8"), is_package=path.name == "__init__.py")
]


def within(found: Import) -> bool:
    return found.target.split(".")[0] == "seqnet"


def upward(found: Import) -> bool:
    source, target = room(found.source), room(found.target)
    return source != target and LAYERS[target] >= LAYERS[source]


def test_every_module_has_a_layer() -> None:
    assert {room(module) for module in MODULES} - set(LAYERS) == set()


def test_the_imports_are_seen_wherever_they_stand() -> None:
    text = (
        "import torch.nn\n"
        "from seqnet import audit, __version__\n"
        "from .errors import SettingError\n"
        "if TYPE_CHECKING:\n    from seqnet.cli.main import main\n"
        "def load():\n    import seqnet.bundles\n"
    )
    found = {(one.target, one.for_types) for one in imports_of("seqnet.records", text, is_package=False)}
    assert found == {
        ("torch.nn", False),
        ("seqnet.audit", False),
        ("seqnet", False),
        ("seqnet.errors", False),
        ("seqnet.cli.main", True),
        ("seqnet.bundles", False),
    }
    (inner,) = imports_of("seqnet.networks", "from .cnn import X", is_package=True)
    assert inner.target == "seqnet.networks.cnn"
    assert upward(Import("seqnet.records", "seqnet.cli.main", 1, True))
    assert upward(Import("seqnet.records", "seqnet.alphabets", 1, False))
    assert not upward(Import("seqnet.records", "seqnet.errors", 1, False))
    assert not upward(Import("seqnet.cli.train", "seqnet.cli.options", 1, False))


def test_every_import_points_down() -> None:
    assert [str(found) for found in IMPORTS if within(found) and upward(found)] == []


def test_there_are_no_cycles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in IMPORTS:
        if within(found) and not found.for_types:
            graph[found.source].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_nothing_above_the_torch_line_imports_torch() -> None:
    above = [found for found in IMPORTS if LAYERS[room(found.source)] < TORCH_LINE]
    assert [str(found) for found in above if found.target.split(".")[0] == "torch"] == []


def modules_loaded_by(*imports: str) -> set[str]:
    program = f"import sys, {', '.join(imports)}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_itself_loads_nothing() -> None:
    assert {name for name in modules_loaded_by("seqnet") if name.split(".")[0] == "seqnet"} == {"seqnet"}


def test_the_command_line_starts_without_the_heavy_packages() -> None:
    assert modules_loaded_by("seqnet.cli.main").isdisjoint({"torch", "numpy", "rich", "pyarrow", "pysam"})


def test_the_help_of_a_command_needs_no_torch() -> None:
    commands = [module for module in MODULES if room(module) == "cli"]
    assert modules_loaded_by(*commands).isdisjoint({"torch", "numpy", "rich", "optuna"})


def test_modules_above_the_torch_line_load_no_torch() -> None:
    above = [module for module in MODULES if LAYERS[room(module)] < TORCH_LINE and not module.endswith("__main__")]
    assert len(above) > 30
    assert "torch" not in modules_loaded_by(*above)
