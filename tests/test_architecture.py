"""The layers of packages: a module imports only from packages below its own, or from its own package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import seqnet
from seqnet.cli.main import COMMANDS

PACKAGE = Path(seqnet.__file__).parent

# Units, bottom up: packages, and parts of packages. Each imports from itself and from those before it. `seqnet` itself,
# which has the version and the names of the API, loads these when they are used.
ORDER = [
    "seqnet",
    "core",
    "configs",
    "readers",
    "similarity",
    "datasets.sources",
    "datasets.simulation",
    "datasets",
    "datasets.encoding",
    "evaluation",
    "evaluation.calibration",
    "evaluation.baselines",
    "audit",
    # The torch line.
    "nn",
    "nn.devices",
    "nn.fast",
    "nn.strands",
    "nn.batching",
    "nn.profiles",
    "nn.trees",
    "nn.layers",
    "nn.plm",
    "nn.encoders",
    "nn.networks",
    "models",
    "prediction",
    "explanation",
    "training",
    "training.tuning",
    "reporting",
    "api",
    "api.diagnosis",
    "cli",
    "__main__",
]
LAYERS = {unit: height for height, unit in enumerate(ORDER)}
TORCH_LINE = LAYERS["nn"]

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50
"""From `def` to the last line: signature, docstring, comments and blank lines count. Decorators do not."""
MOST_PARAMETERS = 8
"""Of a function, without `self`; more are an object, such as a frozen dataclass."""


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


@cache
def parsed(text: str) -> ast.Module:
    """Returns the syntax tree of a text, which several tests read."""
    return ast.parse(text)


def unit(module: str) -> str:
    """Returns the longest prefix of a module's name, below `seqnet`, that is in `ORDER`, or its package."""
    words = module.split(".")[1:]
    prefixes = [".".join(words[:count]) for count in range(len(words), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in LAYERS), prefixes[-1] if words else module)


def imports_of(module: str, text: str, *, is_package: bool) -> Iterator[Import]:
    """Yields all imports in the text of a module, at any level."""
    tree = parsed(text)
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


@cache
def all_imports() -> list[Import]:
    """Returns the imports of all modules."""
    return [
        found
        for module, path in MODULES.items()
        for found in imports_of(module, path.read_text(encoding="utf-8"), is_package=path.name == "__init__.py")
    ]


def within(found: Import) -> bool:
    return found.target.split(".")[0] == "seqnet"


def upward(found: Import) -> bool:
    source, target = unit(found.source), unit(found.target)
    if source == "seqnet":
        return not (found.for_types and target in ("api", "api.diagnosis", "core"))
    return source != target and LAYERS[target] >= LAYERS[source]


def test_every_module_has_a_layer() -> None:
    assert {unit(module) for module in MODULES} - set(LAYERS) == set()


def test_the_imports_are_seen_wherever_they_stand() -> None:
    text = (
        "import torch.nn\n"
        "from seqnet import audit, __version__\n"
        "from .errors import SettingError\n"
        "if TYPE_CHECKING:\n    from seqnet.cli.main import main\n"
        "def load():\n    import seqnet.models.bundles\n"
    )
    found = {(one.target, one.for_types) for one in imports_of("seqnet.core.records", text, is_package=False)}
    assert found == {
        ("torch.nn", False),
        ("seqnet.audit", False),
        ("seqnet", False),
        ("seqnet.core.errors", False),
        ("seqnet.cli.main", True),
        ("seqnet.models.bundles", False),
    }
    (inner,) = imports_of("seqnet.nn.networks", "from .cnn import X", is_package=True)
    assert inner.target == "seqnet.nn.networks.cnn"
    assert upward(Import("seqnet.core.records", "seqnet.cli.main", 1, True))
    assert upward(Import("seqnet.core.records", "seqnet.configs.run", 1, False))
    assert upward(Import("seqnet.nn.layers", "seqnet.nn.networks.cnn", 1, False))
    assert upward(Import("seqnet", "seqnet.api.models", 1, False))
    assert upward(Import("seqnet", "seqnet.cli.main", 1, True))
    assert not upward(Import("seqnet", "seqnet.api.models", 1, True))
    assert not upward(Import("seqnet.core.records", "seqnet.core.errors", 1, False))
    assert not upward(Import("seqnet.cli.train", "seqnet.cli.options", 1, False))


def test_every_import_points_down() -> None:
    assert [str(found) for found in all_imports() if within(found) and upward(found)] == []


def test_there_are_no_cycles() -> None:
    """Neither of imports that are for types only, but for those of the lazy `seqnet/__init__.py`."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in all_imports():
        if within(found) and not (found.for_types and found.source == "seqnet"):
            graph[found.source].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_nothing_above_the_torch_line_imports_torch() -> None:
    above = [found for found in all_imports() if LAYERS[unit(found.source)] < TORCH_LINE]
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
    commands = [module for module in MODULES if unit(module) == "cli"]
    assert modules_loaded_by(*commands).isdisjoint({"torch", "numpy", "rich", "optuna"})


def loaded_for(*words: str) -> set[str]:
    """Returns what the program imports for a command line, less what Python imports when it starts."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "seqnet", *words], capture_output=True, text=True, check=True
    )
    # What Python loads at its start is not the program's. pathlib, which every command needs, brings urllib.
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import pathlib"], capture_output=True, text=True, check=True
    )
    loaded, before = (
        {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}
        for run in (done, bare)
    )
    assert "seqnet.cli.main" in loaded
    return loaded - before


# Each takes a millisecond or more, of the 50 that help takes.
SLOW = {"hashlib", "importlib.resources", "random", "secrets", "tempfile", "tomllib", "unittest", "urllib", "zipfile"}
SLOW_FOR_MAIN = {"bz2", "ctypes", "dataclasses", "difflib", "json", "lzma", "shutil"}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_loads_little(command: str) -> None:
    assert loaded_for(command, "--help") & SLOW == set()


def test_the_main_help_loads_little() -> None:
    assert loaded_for("--help") & (SLOW | SLOW_FOR_MAIN) == set()


def test_modules_above_the_torch_line_load_no_torch() -> None:
    above = [module for module in MODULES if LAYERS[unit(module)] < TORCH_LINE and not module.endswith("__main__")]
    assert len(above) > 30
    assert "torch" not in modules_loaded_by(*above)


def too_long(place: str, text: str) -> Iterator[str]:
    """Yields the place of a text, and of each function in it, that has too many lines."""
    if len(text.splitlines()) > MOST_LINES_OF_A_FILE:
        yield place
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION:
                yield f"{place}: {node.name}"


def test_long_files_and_functions_are_seen() -> None:
    body = "    x = 1\n"
    assert list(too_long("a.py", "x = 1\n" * MOST_LINES_OF_A_FILE)) == []
    assert list(too_long("a.py", "x = 1\n" * (MOST_LINES_OF_A_FILE + 1))) == ["a.py"]
    assert list(too_long("a.py", "def f():\n" + body * (MOST_LINES_OF_A_FUNCTION - 1))) == []
    method = "class C:\n    @property\n    def f(self):\n" + "        x = 1\n" * MOST_LINES_OF_A_FUNCTION
    assert list(too_long("a.py", method)) == ["a.py: f"]


MANY_PARAMETERS = {
    "configs/settings.py: setting",  # declares a field: default, help and each kind of bound, all by name
}
"""Functions with more parameters. So may have a command, whose parameters are its options, and a function or method of
the API that takes these options as keyword arguments."""


def too_wide(place: str, text: str, names: Collection[str] = ()) -> Iterator[str]:
    """Yields the place of each function with too many parameters that is no command and not among the public names."""
    tree = parsed(text)
    named = [node for node in tree.body if getattr(node, "name", "") in names]
    public = {
        id(inner)
        for node in named
        for inner in (node, *(node.body if isinstance(node, ast.ClassDef) else ()))
        if getattr(inner, "name", "_") == "__init__" or not getattr(inner, "name", "_").startswith("_")
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or id(node) in public:
            continue
        if any(ast.unparse(decorator).startswith("click.command(") for decorator in node.decorator_list):
            continue
        words = node.args
        given = [
            one.arg for one in (*words.posonlyargs, *words.args, *words.kwonlyargs, words.vararg, words.kwarg) if one
        ]
        if len(given) - (given[:1] in (["self"], ["cls"])) > MOST_PARAMETERS:
            yield f"{place}: {node.name}"


def test_functions_with_many_parameters_are_seen() -> None:
    most = ", ".join(f"p{number}" for number in range(MOST_PARAMETERS))
    assert list(too_wide("a.py", f"def f({most}): ...\nclass C:\n    def g(self, {most}): ...\n")) == []
    for more in (f"x, {most}", f"{most}, *x", f"{most}, **x", f"{most}, *, x=1", f"x, /, {most}"):
        assert list(too_wide("a.py", f"def f({more}): ...\n")) == ["a.py: f"]
        assert list(too_wide("a.py", f"def f({more}): ...\n", ["f"])) == []
        assert list(too_wide("a.py", f"@click.command('f')\ndef f({more}): ...\n")) == []
        methods = f"class C:\n    def __init__(self, {more}): ...\n    def _g(self, {more}): ...\n"
        assert list(too_wide("a.py", methods)) == ["a.py: __init__", "a.py: _g"]
        assert list(too_wide("a.py", methods, ["C"])) == ["a.py: _g"]


def test_functions_have_few_parameters() -> None:
    found = {
        place
        for module, path in MODULES.items()
        for place in too_wide(
            path.relative_to(PACKAGE).as_posix(),
            path.read_text(encoding="utf-8"),
            seqnet.__all__ if unit(module) == "api" else (),
        )
    }
    assert found == MANY_PARAMETERS


TESTED_ELSEWHERE = {
    "__main__": "test_main.py",  # a module of the package itself
    "api/encoding": "api/test_dataset.py",
    "api/explain_keywords": "api/test_keywords.py",
    "api/explaining": "api/test_models.py",
    "api/exporting": "cli/test_export.py",
    "api/file_runs": "api/test_tables.py",
    "api/in_memory": "api/test_models.py",
    "api/inspecting": "cli/test_models.py",
    "api/loading": "api/test_models.py",
    "api/model_facts": "api/test_models.py",
    "api/python_words": "api/test_keywords.py",
    "api/words": "api/test_explained_files.py",
    "api/training_runs": "api/test_training_outputs.py",
    "audit/audited_dataset": "audit/test_dataset_audit.py",  # what it holds is what the checks use
    "audit/findings": "audit/test_dataset_audit.py",  # a row of `CHECKS` is tested with its bounds
    "cli/completion": "cli/test_shell_completion.py",
    "cli/durations": "cli/test_train_mixture.py",
    "cli/gather": "cli/test_predict_runs.py",
    "cli/inspect": "cli/test_models.py",
    "cli/motif_options": "cli/test_explain_motifs.py",
    "cli/options": "cli/test_hints.py",  # the reference page, which is held in step, has all options
    "cli/paths": "cli/test_outputs_are_not_inputs.py",
    "cli/predict_tables": "cli/test_predict_many.py",
    "cli/prediction_summary": "cli/test_predict.py",
    "cli/setting_names": "cli/test_shell_completion.py",
    "cli/signals": "e2e/test_signals_and_streams.py",  # needs a process of its own
    "cli/tuning_files": "cli/test_tune.py",
    "configs/convolutional_networks": "configs/test_networks.py",
    "configs/input_files": "cli/test_outputs_are_not_inputs.py",
    "configs/network_base": "configs/test_networks.py",
    "configs/explanation": "cli/test_explain.py",
    "core/outputs/claims": "cli/test_resume.py",
    "datasets/encoding/labelled_file": "api/test_evaluation.py",
    "datasets/encoding/ingestion": "datasets/encoding/test_pipeline.py",
    "datasets/simulation/__main__": "datasets/simulation/test_example_files.py",
    "datasets/sources/partial_download": "datasets/sources/test_fetching.py",  # against a server
    "datasets/sources/transfer": "datasets/sources/test_fetching.py",
    "datasets/splits": "contracts/test_splits.py",
    "api/diagnosis/problems": "api/diagnosis/test_diagnosis.py",
    "explanation/arrays": "cli/test_explain.py",
    "explanation/attributions": "explanation/test_explainer.py",
    "explanation/extra": "cli/test_explain.py",
    "explanation/logos": "cli/test_explain.py",
    "explanation/margins": "explanation/test_explainer.py",
    "explanation/motifs/finding": "explanation/test_planted_motif.py",
    "explanation/motifs/motif": "explanation/motifs/test_discovery.py",
    "explanation/mutagenesis": "explanation/test_explainer.py",
    "explanation/relaxation": "explanation/test_gradients.py",
    "explanation/streaming": "cli/test_explain.py",
    "explanation/writers": "cli/test_explain.py",
    "models/precision": "models/test_scoring.py",
    "models/weights": "models/test_bundles.py",
    "prediction/fraction_estimates": "cli/test_class_fractions.py",
    "prediction/jobs": "cli/test_predict_runs.py",
    "prediction/manifest": "cli/test_predict_runs.py",
    "prediction/outputs": "prediction/test_streaming.py",
    "prediction/record_outputs": "cli/test_predict_outputs.py",
    "prediction/run_identity": "prediction/test_record_counts.py",
    "prediction/scan_inputs": "cli/test_scanning.py",
    "prediction/scan_runs": "cli/test_scanning.py",
    "prediction/shard_files": "prediction/test_gathering.py",
    "prediction/summary_lines": "cli/test_predict.py",
    "prediction/table_files": "cli/test_predict_many.py",
    "readers/__main__": "readers/test_subprocess_reader.py",
    "readers/alignment_records": "readers/test_alignments.py",
    "readers/part_selection": "readers/test_parts.py",
    "readers/pieces": "readers/test_parts.py",
    "readers/bam_header": "readers/test_bam.py",
    "readers/biopython": "readers/test_flat_files.py",
    "readers/htslib": "readers/test_alignments.py",  # the same tests for BAM by columns and by htslib
    "readers/single_records": "readers/test_flat_files.py",
    "reporting/evaluation_files": "cli/test_evaluation_files.py",
    "reporting/explanation_run": "api/test_explained_files.py",
    "reporting/figures/calibration": "reporting/figures/test_evaluation.py",
    "reporting/figures/confusion": "reporting/figures/test_evaluation.py",
    "reporting/figures/histograms": "reporting/figures/test_evaluation.py",
    "reporting/figures/intervals": "reporting/figures/test_evaluation.py",
    "reporting/figures/learning": "reporting/figures/test_evaluation.py",
    "reporting/figures/motif_logos": "reporting/pages/test_motifs.py",
    "reporting/figures/ranking": "reporting/figures/test_evaluation.py",
    "reporting/motifs": "cli/test_evaluation_files.py",
    "reporting/printed_tables": "cli/test_evaluate.py",
    "reporting/prediction_report": "cli/test_report_option.py",
    "reporting/training_outputs": "api/test_training_outputs.py",
    "reporting/pages/content": "reporting/pages/test_rendering.py",
    "reporting/pages/evaluation/comparisons": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/data": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/decisions": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/model": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/origin": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/probabilities": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/strata": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/summary": "reporting/pages/evaluation/test_page.py",
    "reporting/pages/evaluation/training": "reporting/pages/evaluation/test_page.py",
    "similarity/sketches": "similarity/test_pairs.py",
    "training/launching": "cli/test_processes.py",
    "training/requests": "api/test_training_outputs.py",
    "training/training_files": "api/test_training_outputs.py",
    "training/finalization": "training/test_cross_validation.py",
    "training/member_training": "training/test_concurrent_members.py",
    "training/members": "training/test_imbalanced_classes.py",
    "training/observer": "training/test_jobs.py",  # an interface
    "training/out_of_fold": "training/test_cross_validation.py",
    "training/tuning/journal": "training/tuning/test_study.py",
    "training/tuning/trials": "training/tuning/test_study.py",
}
"""Module → file of its tests, where these need the modules around it. Others have a test file of their own name."""


def test_every_module_with_code_has_its_tests() -> None:
    tests, without = Path(__file__).parent, set()
    for path in MODULES.values():
        place = path.relative_to(PACKAGE).with_suffix("")
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        has_code = any(isinstance(node, functions) for node in ast.walk(parsed(path.read_text(encoding="utf-8"))))
        own = tests / place.parent / f"test_{place.name}.py"
        if path.name != "__init__.py" and has_code and not own.exists():
            without.add(place.as_posix())
    assert without == set(TESTED_ELSEWHERE)
    assert [file for file in TESTED_ELSEWHERE.values() if not (tests / file).exists()] == []


UNCLEAR = {
    "ask", "asked", "brief", "companion", "companions", "deciding", "evidence", "heard", "house", "intake", "lesson",
    "lookups", "patience", "products", "room", "rooms", "span", "spans", "spoken", "teller", "told", "who",
}  # fmt: skip
"""Unclear words that no module, class, function, parameter or variable may have in its name."""


def names_in(text: str) -> Iterator[str]:
    """Yields the names that a module defines."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def words_of(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))


def test_the_words_of_a_name_are_seen() -> None:
    text = "class HouseTeller:\n    def f(self, asked):\n        self.room = _told = 1\n"
    assert {word for name in names_in(text) for word in words_of(name)} & UNCLEAR == {
        "asked", "house", "room", "teller", "told",
    }  # fmt: skip


def test_names_use_plain_words() -> None:
    found = [
        f"{module}: {name}"
        for module, path in MODULES.items()
        for name in {module.rpartition(".")[2], *names_in(path.read_text(encoding="utf-8"))}
        if words_of(name) & UNCLEAR
    ]
    assert found == []


SHARED_NAMES = {
    "Dataset", "Motifs", "Words", "distill", "encode", "inspect", "open_dataset", "train",
    "command", "main",
    "hide_pandas", "leave_out_pandas",
    "columns", "format_of", "opened_writer",
}  # fmt: skip
"""Names that two modules define for the same thing: those of the API for what it is made of; a command and a program of
each module; what a process does only if it runs a single command; and tables of predictions and of attributions."""


def defined_names(text: str) -> Iterator[str]:
    """Yields the classes of a module, and its functions that others may use."""
    tree = parsed(text)
    yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    yield from (node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_")


def test_classes_and_public_functions_are_seen() -> None:
    text = "class A:\n    def f(self): ...\ndef g():\n    class _B: ...\ndef _h(): ...\n"
    assert list(defined_names(text)) == ["A", "_B", "g"]


def test_a_name_means_one_thing() -> None:
    modules: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for name in defined_names(path.read_text(encoding="utf-8")):
            modules.setdefault(name, []).append(module)
    assert {name for name, found in modules.items() if len(found) > 1} == SHARED_NAMES


def test_files_and_functions_are_short() -> None:
    found = {
        place
        for path in MODULES.values()
        for place in too_long(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
    }
    assert found == set()
