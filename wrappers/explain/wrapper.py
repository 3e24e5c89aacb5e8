"""Snakemake wrapper for seqnet explain."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
model = snakemake.input.get("model") or snakemake.params.model

shell(
    "seqnet explain {model} {snakemake.input.sequences} {extra} --threads {snakemake.threads}"
    " -o {snakemake.output[0]} {log}"
)
