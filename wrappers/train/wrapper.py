"""Snakemake wrapper for seqnet train."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
model = snakemake.output.model
stem = model.removesuffix(".safetensors")

shell(
    "seqnet train {snakemake.input[0]} {extra} --resume --threads {snakemake.threads} -o {model} {log}"
    " && rm -f {stem}.checkpoint.safetensors {stem}.*.checkpoint.safetensors"
)
