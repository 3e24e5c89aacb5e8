"""Snakemake wrapper for seqnet encode."""

__author__ = "The seqnet developers"
__license__ = "MIT"

from snakemake.shell import shell

extra = snakemake.params.get("extra", "")
log = snakemake.log_fmt_shell(stdout=True, stderr=True)
named = [
    (name, file) for name, files in snakemake.input.items() for file in ([files] if isinstance(files, str) else files)
]
inputs = [file for file in snakemake.input if file not in {file for _, file in named}]
inputs += [f"--class {name}={file}" for name, file in named]

shell("seqnet encode {inputs} {extra} --threads {snakemake.threads} -o {snakemake.output[0]} {log}")
