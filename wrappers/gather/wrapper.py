"""Snakemake wrapper for seqnet gather."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)

shell("seqnet gather {snakemake.input} {extra} -o {snakemake.output[0]} {log}")
