"""The commands, to compare with."""

from tests.cli.conftest import cli

__all__ = ["cli"]
