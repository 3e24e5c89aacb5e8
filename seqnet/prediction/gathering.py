"""The shards of a run → a table with the same bytes as that of one run without shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from seqnet.core.errors import InputError, OutputError, SeqnetError
from seqnet.core.outputs import named, reading, whole_file
from seqnet.core.printable import counted, listed
from seqnet.prediction.shard_files import ShardFile, checksum, shard_file
from seqnet.prediction.writers import format_of, parquet_writer

__all__ = ["gather_shards"]

_PIECE = 1 << 22
_MOST_NAMED = 5


def gather_shards(paths: Sequence[Path], target: Path, *, force: bool = False) -> ShardFile:
    """Joins the shards of a run into one table, and returns its description, with the counts of all records.

    Args:
        paths: the tables of all shards, in any order.
        target: the table to write; its name has the ending of the shards.
        force: whether an existing file is replaced.

    Raises:
        InputError: a shard is missing, given twice, of another run, or damaged.
        OutputError: the target can't be written, or has another format.
        OSError: a file can't be read.
    """
    shards = _ordered([(path, ShardFile.read(path)) for path in paths])
    first = next(iter(shards.values()))
    form, compressed = format_of(target)
    wanted = form + ".gz" * compressed
    if wanted != first.run["format"]:
        problem = f"the shards are {first.run['format']}, and the file name ends in {wanted}"
        raise OutputError(str(target), problem, f"end it in .{first.run['format']}")
    for path, shard in shards.items():
        if path.stat().st_size != shard.size:
            raise _damaged(path, f"it has {counted(path.stat().st_size, 'bytes')} instead of {shard.size:,}")
    beside = [shard_file(path) for path in shards]
    with reading([*shards, *beside]), named(str(target)), whole_file(target, force=force) as temporary:
        if form == "parquet":
            _join_parquet(shards, temporary)
        else:
            _join_text(shards, temporary)
    counts = replace(first.counts)
    for shard in list(shards.values())[1:]:
        counts.add(shard.counts)
    counts.empty += [(place, "the file has no records") for place, count in counts.records.items()
                     if not count and place not in dict(counts.empty)]  # fmt: skip
    return replace(first, counts=counts, size=target.stat().st_size)


def _ordered(shards: Sequence[tuple[Path, ShardFile]]) -> dict[Path, ShardFile]:
    """Returns the shards in order.

    Raises:
        InputError: one is missing, given twice, or of another run.
    """
    (first_path, first), *others = shards
    seen = {first.shard.number: first_path}
    for path, shard in others:
        if shard.shard.count != first.shard.count:
            problem = (
                f"it is one of {counted(shard.shard.count, 'shards')}, and {first_path} is one of {first.shard.count:,}"
            )
            raise InputError(problem, "give the shards of one run", path=str(path))
        if other := next((key for key in first.run if shard.run.get(key) != first.run[key]), None):
            problem = f"it is of another run than {first_path}: they differ in {other}"
            raise InputError(problem, "give the shards of one run", path=str(path))
        if shard.shard.number in seen:
            problem = f"this is shard {shard.shard}, as {seen[shard.shard.number]} is"
            raise InputError(problem, "give each shard once", path=str(path))
        seen[shard.shard.number] = path
    if missing := [number for number in range(1, first.shard.count + 1) if number not in seen]:
        numbers = listed([f"{number}/{first.shard.count}" for number in missing], _MOST_NAMED)
        raise InputError(f"shards are missing: {numbers}", "give all shards of the run")
    return dict(sorted(shards, key=lambda item: item[1].shard.number))


def _join_text(shards: dict[Path, ShardFile], temporary: Path) -> None:
    """Writes the header of the first shard, the rows of all, and the end of the last one."""
    import xxhash

    last = len(shards) - 1
    with temporary.open("wb") as sink:
        for index, (path, shard) in enumerate(shards.items()):
            digest = xxhash.xxh3_128()
            with path.open("rb") as file:
                start = 0 if index == 0 else shard.header
                end = shard.size - (shard.end if index < last else 0)
                digest.update(file.read(start))
                _copy(file, sink, end - start, digest)
                digest.update(file.read())
            if digest.hexdigest() != shard.digest:
                raise _damaged(path, "its content has changed")


def _copy(source: BinaryIO, sink: BinaryIO, count: int, digest: object) -> None:
    while count > 0 and (piece := source.read(min(count, _PIECE))):
        digest.update(piece)  # type: ignore[attr-defined]
        sink.write(piece)
        count -= len(piece)


def _join_parquet(shards: dict[Path, ShardFile], temporary: Path) -> None:
    """Writes the row groups of all shards."""
    import pyarrow.parquet as pq

    for path, shard in shards.items():
        if checksum(path) != shard.digest:
            raise _damaged(path, "its content has changed")
    with pq.ParquetFile(next(iter(shards))) as first:
        schema = first.schema_arrow
    with parquet_writer(temporary, schema) as writer:
        for path in shards:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(group))


def _damaged(path: Path, problem: str) -> SeqnetError:
    return InputError(f"the shard is damaged: {problem}", "make it again with predict --shard", path=str(path))
