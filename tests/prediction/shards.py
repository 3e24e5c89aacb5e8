"""A small model, files of reads, and predictions of them in shards, with batches of a few records."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path

from seqnet.configs.readers import ReadOptions
from seqnet.models.bundles import open_bundle, write_bundle
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.record_counts import RecordCounts
from seqnet.prediction.run_identity import run_identity
from seqnet.prediction.shard_files import ShardOutput
from seqnet.prediction.streaming import write_predictions
from seqnet.prediction.tally import Tally
from seqnet.prediction.writers import TableOutput, format_of
from seqnet.readers.parts import Shard
from tests.building import make_bundle

__all__ = ["READ", "make_inputs", "make_predictor", "shard_output", "write_shard", "write_whole"]

READ = ReadOptions(batch_bytes=1500)


def make_predictor(folder: Path) -> Predictor:
    path = folder / "m.safetensors"
    if not path.exists():
        write_bundle(path, make_bundle())
    return Predictor(open_bundle(path))


def make_inputs(folder: Path, records: int = 300) -> list[str]:
    """Writes a FASTA and a FASTA.gz of reads, some of which have no prediction; returns their paths."""
    rng = random.Random(1)
    lengths = [rng.choice([0, 5, 36, 50]) for _ in range(records)]
    text = "".join(f">r{at} x\n{''.join(rng.choices('ACGT', k=length))}\n" for at, length in enumerate(lengths))
    (folder / "a.fa").write_text(text)
    (folder / "b.fa.gz").write_bytes(gzip.compress(text.replace(">r", ">s").replace("ACG", "AJG", 1).encode()))
    return [str(folder / "a.fa"), str(folder / "b.fa.gz")]


def write_whole(predictor: Predictor, paths: Sequence[str], target: Path) -> Tally:
    source = PredictionInputs(READ, predictor.expected_alphabet)
    return write_predictions(predictor, source, paths, [TableOutput(target, *format_of(target))])


def shard_output(
    predictor: Predictor, source: PredictionInputs, paths: Sequence[str], target: Path, shard: Shard
) -> ShardOutput:
    table = TableOutput(target, *format_of(target))
    run = run_identity(predictor, target.parent / "m.safetensors", source, paths, table)
    return ShardOutput(table, run, shard, lambda tally: RecordCounts.of(predictor, source, tally), ["a line"])


def write_shard(predictor: Predictor, paths: Sequence[str], target: Path, shard: Shard) -> Tally:
    source = PredictionInputs(READ, predictor.expected_alphabet, shard=shard)
    return write_predictions(predictor, source, paths, [shard_output(predictor, source, paths, target, shard)])
