"""Snakemake wrapper for seqnet audit."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
options = [("-o", "records"), ("--report", "report")]
outputs = " ".join(f"{option} {snakemake.output[key]}" for option, key in options if snakemake.output.get(key))
log = snakemake.log_fmt_shell(stdout=False, stderr=True)

shell("seqnet audit {snakemake.input[0]} {extra} --json {outputs} > {snakemake.output.json} {log}")
