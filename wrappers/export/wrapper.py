"""Snakemake wrapper for seqnet export."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
model = (snakemake.input[0] if snakemake.input else "") or snakemake.params.model
files = [
    f"{option} {file}"
    for option, name in (("--onnx", "onnx"), ("--torch-export", "torch_export"))
    if (file := snakemake.output.get(name))
]

shell("seqnet export {model} {files} {extra} {log}")
