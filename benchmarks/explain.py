"""`make bench`: explanation by mutagenesis, after start-up, against the prediction of every variant as a record."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.predict import model_of
from benchmarks.racing import Race, options, python, report, write_reads
from seqnet.configs.readers import ReadOptions
from seqnet.core.processors import usable_processors
from seqnet.readers import open_records

__all__ = ["main", "write_variants"]


def write_variants(reads: Path, target: Path) -> int:
    """Writes every single substitution of the reads of a FASTA file; returns how many there are."""
    count = 0
    with open_records(str(reads), ReadOptions()) as reader, target.open("wb") as file:
        for batch in reader:
            for index in range(len(batch)):
                name, symbols = batch.names[index], batch.symbols[index]
                for place, present in enumerate(symbols):
                    for new in b"ACGT".replace(bytes([present]), b""):
                        variant = symbols[:place] + bytes([new]) + symbols[place + 1 :]
                        file.write(b">%s:%d%c\n%s\n" % (name, place + 1, new, variant))
                        count += 1
    return count


def main(smoke: bool, repeats: int) -> None:
    """Prints the tables, and writes them unless this is a smoke test."""
    few, many = (5, 20) if smoke else (200, 1_000)
    workers = usable_processors()
    with tempfile.TemporaryDirectory() as name:
        folder, races = Path(name), []
        for model, count in ((model_of(folder, "dna-cnn"), many), (Path("human-dna"), few)):
            reads = write_reads(folder / f"{count}.fa", count)
            variants = folder / f"{count}.variants.fa"
            every, out = write_variants(reads, variants), folder / "out.tsv"
            module, rest = "benchmarks.rivals.variants", (out, str(workers))
            entrants = {
                "explain": python(module, "explain", "mutagenesis", model, reads, *rest),
                "explain, integrated": python(module, "explain", "integrated", model, reads, *rest),
                "predict, every variant, float32": python(module, "predict", "float32", model, variants, *rest),
                "predict, every variant": python(module, "predict", "auto", model, variants, *rest),
            }
            title = f"{model.stem}, {count:,} reads of 36 bases, {every:,} variants"
            races.append(Race(title, "variants", every, entrants, "explain"))
        report("explain", "Speed of explain", races, repeats, workers, write=not smoke)


if __name__ == "__main__":
    found = options(__doc__)
    main(found.smoke, found.repeats)
