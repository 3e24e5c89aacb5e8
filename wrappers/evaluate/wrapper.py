"""Snakemake wrapper for seqnet evaluate."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from pathlib import Path

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
folder = Path(snakemake.output.metrics).parent
report = f"--report {snakemake.output.report}" if snakemake.output.get("report") else ""

shell(
    "seqnet evaluate {snakemake.input.model} {snakemake.input.data} {extra} --threads {snakemake.threads}"
    " -o {folder} {report} {log}"
)
