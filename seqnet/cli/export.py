"""`seqnet export`: a model as a file of another program."""

from __future__ import annotations

from pathlib import Path

import click

from seqnet.cli.options import force_option
from seqnet.cli.paths import Command, InputPath, OutputPath, claim
from seqnet.cli.progress import say
from seqnet.core.printable import counted

__all__ = ["command"]

_NO_STDOUT = "an exported model can't be written to standard output"


@click.command("export", cls=Command)
@click.argument("model", type=InputPath("container"))
@click.option("--onnx", type=OutputPath(_NO_STDOUT), metavar="FILE", help="ONNX file. Needs the extra export.")
@click.option(
    "--torch-export", type=OutputPath(_NO_STDOUT), metavar="FILE", help="File of torch.export, usually named .pt2."
)
@force_option
def command(model: Path, onnx: Path | None, torch_export: Path | None, force: bool) -> None:
    """Write a model for programs that do not have seqnet.

    The file takes tokens and lengths of sequences and gives calibrated probabilities, averaged over both strands and
    over the networks of an ensemble. It is compared with the model before it is written. docs/export.md has a program
    that uses it.

    \b
    seqnet export model.safetensors --onnx model.onnx
    seqnet export human-dna --torch-export human-dna.pt2
    """
    wanted = {"onnx": onnx, "torch_export": torch_export}
    files = {kind: path for kind, path in wanted.items() if path is not None}
    if not files:
        raise click.UsageError("give --onnx or --torch-export", click.get_current_context())
    claim(files.values(), force=force)
    from seqnet.api.exporting import export_files
    from seqnet.models.bundles import open_bundle
    from seqnet.models.shipped import find_model

    bundle = open_bundle(find_model(model))
    for kind, difference in export_files(bundle, files, force=force).items():
        size = files[kind].stat().st_size
        written = f"wrote {files[kind]}, {counted(size, 'bytes')}"
        say(f"{written}; probabilities differ by at most {difference:.0e} from the model's")
