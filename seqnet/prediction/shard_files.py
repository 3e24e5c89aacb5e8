"""A shard of predictions on disk: the table, and beside it a JSON file that identifies the shard and its run.

`NAME` has the rows and `NAME.shard.json` the rest. Both are put in place together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from seqnet.core import schema
from seqnet.core.bgzf import BGZF_END
from seqnet.core.errors import InputError, SettingError
from seqnet.core.schema import SchemaError
from seqnet.prediction.outputs import Start, Writer
from seqnet.prediction.record_counts import RecordCounts
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput, encoded_rows
from seqnet.readers.parts import Shard

__all__ = ["SHARD_FILE", "ShardFile", "ShardOutput", "checksum", "shard_file"]

SHARD_FILE = ".shard.json"
"""Suffix of the JSON file beside a table."""
_VERSION = 1
_PIECE = 1 << 22
_REMEDY = "make the shard again with predict --shard"


@dataclass(frozen=True)
class ShardFile:
    """The description of a shard.

    Attributes:
        run: see `run_identity`.
        shard: which one of how many.
        size: bytes of the table.
        digest: XXH3 (128 bits) of the table, hexadecimal.
        header: bytes of the table before its first row.
        end: bytes of the table after its last row.
        counts: counts of records.
        lines: how decisions were made, for the summary.
    """

    run: Mapping[str, Any]
    shard: Shard
    size: int
    digest: str
    header: int
    end: int
    counts: RecordCounts
    lines: Sequence[str]

    def to_json(self) -> str:
        """Returns the text of the file."""
        values = {
            "seqnet_shard": _VERSION,
            "shard": self.shard.number,
            "shards": self.shard.count,
            "records": self.counts.tally.counts.total(),
            "table": {"bytes": self.size, "xxh3_128": self.digest, "header": self.header, "end": self.end},
            "run": self.run,
            "lines": list(self.lines),
            "summary": self.counts.to_json(),
        }
        return json.dumps(values, indent=1) + "\n"

    @classmethod
    def read(cls, table: Path) -> Self:
        """Returns the description of the shard with this table.

        Raises:
            InputError: it is not a shard, or the JSON file is damaged.
            OSError: a file can't be read.
        """
        path = shard_file(table)
        table.stat()
        if not path.exists():
            raise InputError(f"this is not a shard: there is no {path.name} beside it", _REMEDY, path=str(table))
        try:
            values = json.loads(path.read_bytes())
            _FILE("", values)
            found, run = values["table"], values["run"]
            shard = Shard.parse(f"{values['shard']}/{values['shards']}")
            counts = RecordCounts.from_json(values["summary"])
        except (ValueError, SchemaError, SettingError, RecursionError) as error:
            problem = f"the file is damaged: {' '.join(str(error).split())}"
            raise InputError(problem, _REMEDY, path=str(path)) from error
        size, digest, header, end = (found[name] for name in ("bytes", "xxh3_128", "header", "end"))
        return cls(run, shard, size, digest, header, end, counts, values["lines"])


_FILE = schema.record(
    {
        "seqnet_shard": schema.whole(_VERSION, _VERSION),
        "shard": schema.whole(1),
        "shards": schema.whole(1),
        "table": schema.record(
            {
                "bytes": schema.whole(),
                "xxh3_128": schema.text(32, 32),
                "header": schema.whole(),
                "end": schema.whole(),
            }
        ),
        "run": schema.record({"format": schema.text(), "inputs": schema.many(schema.anything)}),
        "lines": schema.many(schema.text()),
        "summary": schema.record({}),
    }
)


def checksum(path: Path) -> str:
    """Returns the XXH3 (128 bits) of a file in hexadecimal."""
    import xxhash

    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@dataclass(frozen=True)
class ShardOutput:
    """A table of the rows of a shard, and its description; see `outputs.Output`.

    Attributes:
        table: the table, a file.
        run: see `run_identity`.
        shard: which one.
        counts: returns the counts of records, from the counts of predictions; called at the end.
        lines: how decisions are made.
    """

    table: TableOutput
    run: Mapping[str, Any]
    shard: Shard
    counts: Callable[[Tally], RecordCounts]
    lines: Sequence[str]

    def targets(self, start: Start) -> list[Path]:
        """See `outputs.Output`."""
        (table,) = self.table.targets(start)
        return [table, shard_file(table)]

    @contextmanager
    def opened(self, paths: Sequence[Path], start: Start) -> Iterator[Writer]:
        """See `outputs.Output`."""
        tally = Tally()

        def write(item: tuple[Tally, Any]) -> None:
            tally.add(item[0])
            writer.write(item[1])

        with self.table.opened(paths[:1], start) as writer:
            yield Writer(lambda batch, rows: (Tally.of(rows), writer.render(batch, rows)), write)
        self.describe(paths[0], paths[1], start, tally)

    def describe(self, table: Path, path: Path, start: Start, tally: Tally) -> None:
        """Writes the description of a complete table."""
        header = end = 0
        if self.table.form != "parquet":
            ensemble = len(start.bundle.members) > 1
            form, compress = self.table.form, self.table.compress
            rows = encoded_rows(form, start.bundle.classes, compress=compress, ensemble=ensemble)
            header, end = len(rows.header), len(BGZF_END) if compress else 0
        size, digest = table.stat().st_size, checksum(table)
        about = ShardFile(self.run, self.shard, size, digest, header, end, self.counts(tally), self.lines)
        path.write_text(about.to_json(), encoding="utf-8")


def shard_file(table: Path) -> Path:
    """Returns the path of the JSON file beside a table."""
    return Path(str(table) + SHARD_FILE)
