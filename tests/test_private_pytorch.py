"""What PyTorch keeps for itself, or does not document, is used in one module, behind its table of capabilities."""

from __future__ import annotations

import ast
import re

from tests.test_architecture import MODULES, PACKAGE, imports_of

PRIVATE_PYTORCH = {"nn/fast/capabilities.py"}
"""Files that may use what PyTorch does not document, each behind a trial."""
UNDOCUMENTED = {"torch.ops", "torch.lstm", "torch.gru", "torch.rnn_tanh", "torch.rnn_relu"}


def private_pytorch(text: str) -> list[str]:
    """Returns the names in the text of a module that PyTorch keeps for itself, as they are written, in order."""
    tree = ast.parse(text)
    names = [found.target for found in imports_of("module", text, is_package=False)]
    names += [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    names += [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return sorted({name for name in names if re.fullmatch(r"[\w.]+", name) and is_private_pytorch(name)})


def is_private_pytorch(name: str) -> bool:
    first, *others = name.split(".")
    if first != "torch":
        return False
    return any(re.match("_[a-zA-Z]", other) for other in others) or ".".join((first, *others[:1])) in UNDOCUMENTED


def test_private_names_of_pytorch_are_seen() -> None:
    text = (
        "import torch._dynamo\nfrom torch import _VF, nn\nfrom torch.nn.modules._functions import SyncBatchNorm\n"
        "print(torch.__version__, torch.nn.Linear)\n"
        "torch.ops.mkldnn._linear_pointwise(x)\ntorch.ops.aten.relu(x)\ntorch._foreach_add_(x, 1)\ntorch.lstm(x)\n"
    )
    assert private_pytorch(text) == [
        "torch._VF",
        "torch._dynamo",
        "torch._foreach_add_",
        "torch.lstm",
        "torch.nn.modules._functions",
        "torch.nn.modules._functions.SyncBatchNorm",
        "torch.ops",
        "torch.ops.aten",
        "torch.ops.aten.relu",
        "torch.ops.mkldnn",
        "torch.ops.mkldnn._linear_pointwise",
    ]


def test_private_names_of_pytorch_are_used_in_one_place() -> None:
    having = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES.values()
        if private_pytorch(path.read_text(encoding="utf-8"))
    }
    assert having == PRIVATE_PYTORCH
