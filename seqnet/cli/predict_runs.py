"""How `seqnet predict` runs: whole or as a shard, continuing a killed run, or file by file with a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqnet.cli.paths import claim, total_size
from seqnet.cli.progress import say
from seqnet.core.errors import SeqnetError, SettingError
from seqnet.core.outputs import is_stream, unfinished_files
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.prediction.fraction_estimates import ClassFractions
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.jobs import PredictionJobs
    from seqnet.prediction.table_files import Table
    from seqnet.readers.parts import Shard

__all__ = ["RunOptions", "run_options_of_predict", "say_resumed"]

Function = TypeVar("Function", bound=Callable[..., Any])


class _ShardType(click.ParamType):  # type: ignore[type-arg]
    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the `Shard` that a text names."""
        from seqnet.readers.parts import Shard

        try:
            return Shard.parse(str(value))
        except SettingError as error:
            self.fail(f"must be {error.expected}, not {value!r}", param, ctx)


def run_options_of_predict(function: Function) -> Function:
    """Adds the options of this module."""
    options = (
        click.option(
            "--shard",
            type=_ShardType(),
            metavar="I/N",
            help="Classify only part I of N of the records, for N runs side by side. Needs -o FILE; seqnet gather "
            "joins the N files.",
        ),
        click.option(
            "--resume",
            is_flag=True,
            help="Keep what is complete if the run is killed; the same command then continues from there. "
            "Needs -o FILE.",
        ),
        click.option(
            "--manifest",
            is_flag=True,
            help="With -O: also write DIR/manifest.tsv with the status, records and labels of each input. An input "
            "that fails does not stop the others, unless --strict is given.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@dataclass(frozen=True)
class RunOptions:
    """What the options of this module ask for.

    Attributes:
        shard: the shard; None for all records.
        resume: whether to continue an unfinished table.
        manifest: the manifest; None for none.
        strict: whether a failed input stops the others.
    """

    shard: Shard | None
    resume: bool
    manifest: Path | None
    strict: bool

    @classmethod
    def of(cls, options: Mapping[str, Any], output: Path | None, directory: Path | None, others: bool) -> RunOptions:
        """Returns what the options of the command ask for.

        Args:
            options: all options.
            output: -o.
            directory: -O.
            others: whether something else than tables is written.

        Raises:
            click.UsageError: options can't be combined, or need another one.
        """
        from seqnet.prediction.manifest import MANIFEST

        for name in ("shard", "resume"):
            if options[name] and (output is None or is_stream(output)):
                raise click.UsageError(f"--{name} needs -o FILE")
        for name in ("shard", "resume", "manifest"):
            if options[name] and others:
                raise click.UsageError(f"--{name} is for tables; leave out --report, and files of records or windows")
        if options["shard"] and options["expected_fraction"] == ("auto",):
            problem = "--shard can't estimate class fractions, which need all records"
            raise click.UsageError(f"{problem}; give them: --expected-fraction CLASS=F")
        if options["manifest"] and directory is None:
            raise click.UsageError("--manifest needs -O DIR")
        manifest = directory / MANIFEST if directory and options["manifest"] else None
        return cls(options["shard"], options["resume"], manifest, options["strict"])

    def targets(self, tables: Sequence[Table]) -> list[Path]:
        """Returns the files that are written beside the tables."""
        from seqnet.prediction.shard_files import shard_file

        beside = [] if self.manifest is None else [self.manifest]
        return beside if self.shard is None else [shard_file(table.target) for _, table in tables if table.target]

    def size(self, inputs: Sequence[str]) -> int | None:
        """Returns the bytes that are read of all inputs, None where that is not known; see `total_size`."""
        if self.tolerant:
            return None
        size = total_size(inputs)
        return size if self.shard is None or size is None else size // self.shard.count

    def claim(self, targets: Iterable[Path], *, force: bool, inputs: Iterable[Path]) -> None:
        """Does what `paths.claim` does, but keeps the files of a resumed run."""
        targets = list(targets)
        kept = [path for target in targets for path in unfinished_files(target)] if self.resume else []
        claim(targets, force=force, inputs=inputs, kept=kept)

    def jobs(self, fractions: ClassFractions, source: PredictionInputs, model: Path, *, force: bool) -> PredictionJobs:
        """Returns how the jobs of the run are done; see `PredictionJobs`."""
        from seqnet.prediction.jobs import PredictionJobs

        failure = _failure_line if self.tolerant else None
        return PredictionJobs(fractions, source, model, self.resume, self.manifest, failure, force)

    @property
    def tolerant(self) -> bool:
        """Whether an input that fails does not stop the others."""
        return self.manifest is not None and not self.strict


def _failure_line(error: SeqnetError | OSError) -> str:
    """Says that an input failed, and returns why, for the manifest."""
    from seqnet.cli.main import error_line

    text = error_line(error, ["predict"])
    say(f"seqnet: failed: {text}")
    return text


def say_resumed(records: int) -> None:
    """Says that an unfinished table is continued."""
    say(f"continuing after {counted(records, 'records')} of an unfinished run")
