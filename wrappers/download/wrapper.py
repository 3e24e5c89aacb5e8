"""Snakemake wrapper for seqnet download."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
shell("seqnet download {snakemake.params.source} {extra} -o {snakemake.output[0]} {log}")
