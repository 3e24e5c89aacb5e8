"""Snakemake wrapper for seqnet tune."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)

shell(
    "seqnet tune {snakemake.input.data} --space {snakemake.input.space} {extra} --resume --threads {snakemake.threads}"
    " -o {snakemake.output.best} {log}"
)
