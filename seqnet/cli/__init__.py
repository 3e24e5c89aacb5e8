"""The command line: one file per command, each of them options, one library call and a summary.

Start here: `main` in `main` is the table of commands and the one place where errors become lines.
"""
