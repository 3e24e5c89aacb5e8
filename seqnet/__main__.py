"""`python -m seqnet` is `seqnet`: the entry point, which minds signals before anything else."""

from __future__ import annotations

from seqnet.cli import signals

__all__ = ["main"]


def main() -> None:
    """Runs the command line of the process and exits."""
    signals.watch()
    from seqnet.cli.main import main as run_and_exit

    run_and_exit()


if __name__ == "__main__":
    main()
