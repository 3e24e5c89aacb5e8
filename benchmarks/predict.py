"""`make bench`: prediction, whole process, against other programs in the same run."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pysam

from benchmarks.racing import Race, available, options, python, report, seqnet, write_reads
from seqnet.configs.run import compose
from seqnet.core.processors import usable_processors

__all__ = ["as_bam", "main", "model_of"]


def model_of(folder: Path, preset: str) -> Path:
    """Returns a model of a preset that has seen little, whose speed is that of any other."""
    reads, data, model = folder / "few.fa", folder / "few.safetensors", folder / f"{preset}.safetensors"
    write_reads(reads, 500)
    for words in (
        ("encode", "--class", f"real={reads}", "--class", "random=@uniform", "-o", data, "--force"),
        ("train", data, "--preset", preset, "--set", "epochs=1", "--no-audit", "-o", model),
    ):
        seqnet(*words)()
    return model


def as_bam(fasta: Path, target: Path) -> Path:
    """Writes the reads of a FASTA file as unaligned records; returns the path."""
    with (
        pysam.FastxFile(str(fasta)) as source,
        pysam.AlignmentFile(str(target), "wb", header={"HD": {"VN": "1.6"}}) as out,
    ):
        for record in source:
            read = pysam.AlignedSegment()
            read.query_name, read.query_sequence, read.flag = record.name, record.sequence, 4
            out.write(read)
    return target


def _proteins(target: Path, count: int) -> Path:
    """Writes random proteins of 50 to 1,200 residues, short ones more often; returns the path."""
    rng = np.random.default_rng(2)
    residues = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", dtype=np.uint8)
    lengths = np.clip(rng.lognormal(5.6, 0.55, count), 50, 1200).astype(int)
    with target.open("wb") as file:
        for index, length in enumerate(lengths):
            file.write(b">p%d\n%s\n" % (index, rng.choice(residues, length).tobytes()))
    return target


def main(smoke: bool, repeats: int, records: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    count, hybrid, proteins = (2_000, 1_000, 60) if smoke else (records, 200_000, 20_000)
    workers = usable_processors()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reads, few = write_reads(folder / "reads.fa.gz", count), write_reads(folder / "few.fa.gz", hybrid)
        bam, chains = as_bam(reads, folder / "reads.bam"), _proteins(folder / "proteins.fa", proteins)
        model, out = model_of(folder, "dna-cnn"), folder / "out.tsv"
        assert compose("dna-cnn").network.window == 36
        ours = ("-o", out, "--force", "--threads", str(workers))
        exact = ("--precision", "float32", *ours)

        textbook = {
            "seqnet": seqnet("predict", model, reads, *exact),
            "seqnet, int8": seqnet("predict", model, reads, "--precision", "int8", *ours),
            "seqnet, bfloat16": seqnet("predict", model, reads, "--precision", "bfloat16", *ours),
            "seqnet, BAM": seqnet("predict", model, bam, *exact),
            "the dense layer alone": python("benchmarks.rivals.matmul", str(count), str(workers)),
        }
        if available("Bio"):
            textbook["PyTorch and Biopython"] = python("benchmarks.rivals.eager", "textbook", reads, out, str(workers))
        if available("Bio", "keras", "tensorflow"):
            textbook["Keras and Biopython"] = python(
                "benchmarks.rivals.keras_reads", "predict", reads, out, str(workers)
            )
        if available("Bio", "onnx", "onnxruntime", "onnxscript"):
            onnx, exported = "benchmarks.rivals.onnx_reads", folder / "textbook.onnx"
            python(onnx, "export", exported)()
            textbook["ONNX Runtime and Biopython"] = python(onnx, "predict", exported, reads, out, str(workers))
        recipe = {
            "seqnet": seqnet("predict", "human-dna", few, *ours),
            "seqnet, float32": seqnet("predict", "human-dna", few, *exact),
            "seqnet --fast": seqnet("predict", "human-dna", few, "--fast", *ours),
        }
        if available("Bio"):
            recipe["PyTorch and Biopython"] = python("benchmarks.rivals.eager", "hybrid", few, out, str(workers))
        solubility = {
            "seqnet": seqnet("predict", "solubility", chains, *ours),
            "seqnet, float32": seqnet("predict", "solubility", chains, *exact),
            "eager, padded to the longest": python("benchmarks.rivals.padded", "solubility", chains, out, str(workers)),
        }
        races = [
            Race(f"dna-cnn, {count:,} reads of 36 bases, FASTA.gz to TSV", "reads", count, textbook, "seqnet"),
            Race(f"human-dna, {hybrid:,} reads of 36 bases, FASTA.gz to TSV", "reads", hybrid, recipe, "seqnet"),
            Race(f"solubility, {proteins:,} proteins, FASTA to TSV", "proteins", proteins, solubility, "seqnet"),
        ]
        report("predict", "Speed of predict", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__, records=5_000_000)
    main(found.smoke, found.repeats, found.records)
