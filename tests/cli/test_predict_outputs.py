"""Records go back into files of their own format, by class, with nothing lost and nothing half-written."""

from __future__ import annotations

import gzip
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pysam
import pytest

from tests.cli.running import PROTEINS, READS, Runner

SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "data"
REAL = SHARED / "na12878_chr22.bam"
real_data = pytest.mark.skipif(not REAL.exists(), reason="the real data are not here")
BASES = "ACGT"


def fastq(count: int, seed: int = 0, ending: str = "") -> str:
    """Returns reads of 36 bases with odd names and qualities, in pairs that are next to each other."""
    rng = np.random.default_rng(seed)
    lines = []
    for index in range(count):
        symbols = "".join(rng.choice(list(BASES), 36))
        qualities = "".join(chr(33 + value) for value in rng.integers(0, 60, 36))
        lines += [
            f"@p{index // 2}:#{'é|' * (index // 2 % 3)}/{index % 2 + 1} comment\there{ending}",
            symbols,
            "+",
            qualities,
        ]
    return "\n".join(lines) + "\n"


def fastq_records(data: bytes) -> list[bytes]:
    lines = data.splitlines(keepends=True)
    return [b"".join(lines[start : start + 4]) for start in range(0, len(lines), 4)]


def labels_of(table: Path) -> dict[str, tuple[str, float]]:
    """Returns name → label and probability of the first class."""
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return {row[0]: (row[1], float(row[3]) if row[3] else float("nan")) for row in rows}


def segments(path: Path | str) -> list[str]:
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        return [read.to_string() for read in file.fetch(until_eof=True)]


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("threads", ["1", "3"])
def test_split_fastq_is_the_input_and_pairs_are_together(
    threads: str, trained: Path, tmp_path: Path, cli: Runner
) -> None:
    source, split, table = tmp_path / "reads.fq.gz", tmp_path / "split", tmp_path / "t.tsv"
    text = fastq(400).encode()
    source.write_bytes(gzip.compress(text))
    words = ("--split-by-class", split, "-o", table, "--threads", threads)
    outcome = cli("predict", trained / "dna.safetensors", source, *words)
    assert (outcome.code, outcome.out) == (0, "")
    assert names_in(split) == ["human.fq.gz", "random.fq.gz", "unclassified.fq.gz"]
    parts = {path.name.split(".")[0]: gzip.decompress(path.read_bytes()) for path in split.iterdir()}
    assert Counter(fastq_records(b"".join(parts.values()))) == Counter(fastq_records(text))
    found = labels_of(table)
    for label, data in parts.items():
        names = [record.split()[0][1:].decode() for record in fastq_records(data)]
        pairs = [name.rpartition("/")[0] for name in names]
        assert all(count == 2 for count in Counter(pairs).values())
        assert sorted(names, key=list(found).index) == names
        for pair in set(pairs):
            mean = (found[f"{pair}/1"][1] + found[f"{pair}/2"][1]) / 2
            assert (mean >= 0.5) == (label == "human")
    lines = outcome.err.splitlines()[-3:]
    assert [line.split(": ")[0] for line in lines] == [str(split / name) for name in names_in(split)]
    assert sum(int(line.split()[-2].replace(",", "")) for line in lines) == 400


def test_separate_mates_follow_the_table(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split, table = tmp_path / "reads.fq", tmp_path / "split", tmp_path / "t.tsv"
    source.write_text(fastq(200))
    words = ("--split-by-class", split, "--pairs", "separate", "-o", table)
    assert cli("predict", trained / "dna.safetensors", source, *words).code == 0
    for name, (label, _) in labels_of(table).items():
        records = fastq_records((split / f"{label}.fq").read_bytes())
        assert sum(record.startswith(f"@{name} ".encode()) for record in records) == 1


def test_two_files_of_mates_are_split_as_pairs(trained: Path, tmp_path: Path, cli: Runner) -> None:
    records = fastq_records(fastq(60).encode())
    one, two, both = tmp_path / "r1.fq.gz", tmp_path / "r2.fq", tmp_path / "both.fq"
    one.write_bytes(gzip.compress(b"".join(records[::2])))
    two.write_bytes(b"".join(records[1::2]))
    both.write_bytes(b"".join(records))
    model, split, expected = trained / "dna.safetensors", tmp_path / "split", tmp_path / "expected"
    assert cli("predict", model, one, two, "--split-by-class", split, "--pairs", "files").code == 0
    assert cli("predict", model, both, "--split-by-class", expected).code == 0
    stems = ("human", "random", "unclassified")
    assert names_in(split) == [f"{stem}_{mate}.fq.gz" for stem in stems for mate in (1, 2)]
    for stem in stems:
        mates = [fastq_records(gzip.decompress((split / f"{stem}_{mate}.fq.gz").read_bytes())) for mate in (1, 2)]
        pairs = fastq_records((expected / f"{stem}.fq").read_bytes())
        assert mates == [pairs[::2], pairs[1::2]]


@pytest.mark.parametrize(
    ("drop", "message"),
    [(-1, "it has fewer records than the file of the other mates"), (1, "has another name, p1:#é|")],
)
def test_files_of_mates_must_fit(drop: int, message: str, trained: Path, tmp_path: Path, cli: Runner) -> None:
    records = fastq_records(fastq(20).encode())
    one, two, split = tmp_path / "r1.fq", tmp_path / "r2.fq", tmp_path / "split"
    one.write_bytes(b"".join(records[::2]))
    mates = records[1::2]
    del mates[drop - 1 if drop > 0 else drop]
    two.write_bytes(b"".join(mates))
    outcome = cli("predict", trained / "dna.safetensors", one, two, "--split-by-class", split, "--pairs", "files")
    assert outcome.code == 1
    assert message in outcome.err
    assert not split.exists()


def test_records_without_a_class_are_in_a_file_of_their_own(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split = tmp_path / "reads.fa", tmp_path / "split"
    text = b">a whole header\nACGTACGTACGTACGTAC\nGTTGACGTACGTACGTACGT\n>b\n\n>c\nAC!T\n>d\xff\nACGTAGGT\n"
    source.write_bytes(text)
    outcome = cli("predict", trained / "dna.safetensors", source, "--split-by-class", split)
    assert outcome.code == 0
    parts = {path.name: path.read_bytes() for path in split.iterdir()}
    assert parts["unclassified.fa"] == b">b\n\n>c\nAC!T\n"
    assert sorted(b"".join(parts.values())) == sorted(text)
    cli("predict", trained / "dna.safetensors", source, "--split-by-class", split, "--min-probability", "1", "--force")
    assert (split / "unclassified.fa").read_bytes() == text


@pytest.mark.parametrize("name", ["none.fq.gz", "none.fa", "none.bam"])
def test_an_empty_input_gives_empty_files(name: str, trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split = tmp_path / name, tmp_path / "split"
    if name.endswith(".bam"):
        with pysam.AlignmentFile(str(source), "wb", header={"HD": {"VN": "1.6"}, "RG": [{"ID": "x"}]}):
            pass
    else:
        source.write_bytes(gzip.compress(b"") if name.endswith(".gz") else b"")
    assert cli("predict", trained / "dna.safetensors", source, "--split-by-class", split).code == 0
    ending = name.partition(".")[2]
    assert names_in(split) == [f"{stem}.{ending}" for stem in ("human", "random", "unclassified")]
    for path in split.iterdir():
        if ending == "bam":
            with pysam.AlignmentFile(str(path), check_sq=False) as file:
                assert file.header.to_dict()["RG"] == [{"ID": "x"}]
                assert list(file) == []
        else:
            assert (gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()) == b""


def write_alignments(path: Path, template: Iterable[tuple[str, int]]) -> None:
    """Writes alignments of given names and flags, of one piece of sequence for each name and mate."""
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr1", "LN": 10_000}], "PG": [{"ID": "aln"}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for name, flag in template:
            read = pysam.AlignedSegment(file.header)
            rng = np.random.default_rng([ord(letter) for letter in name] + [flag & 0xC0])
            read.query_name, read.flag = name, flag
            read.query_sequence = "".join(rng.choice(list(BASES), 40))
            read.query_qualities = pysam.qualitystring_to_array("I" * 40)
            if not flag & 4:
                read.reference_id, read.reference_start, read.cigarstring = 0, 100, "40M"
            read.set_tag("XX", f"slZspf{name}")
            file.write(read)


PAIRS = [(f"t{index}", flag) for index in range(60) for flag in (99, 355, 147, 2195)] + [("u", 4), ("lost", 256)]


def test_alignments_of_a_template_go_to_one_file(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split = tmp_path / "in.bam", tmp_path / "split"
    write_alignments(source, PAIRS)
    outcome = cli("predict", trained / "dna.safetensors", source, "--split-by-class", split)
    assert outcome.code == 0
    parts = {path.stem: segments(path) for path in split.iterdir()}
    assert Counter(line for lines in parts.values() for line in lines) == Counter(segments(source))
    where: dict[str, set[str]] = {}
    for stem, lines in parts.items():
        for line in lines:
            where.setdefault(line.split("\t")[0], set()).add(stem)
    assert all(len(stems) == 1 for stems in where.values())
    assert where["lost"] == {"unclassified"}
    assert min(len(parts["human"]), len(parts["random"])) > 8
    assert "no prediction of their own: 61 secondary" in outcome.err
    with pysam.AlignmentFile(str(split / "human.bam")) as file:
        _, ours = file.header.to_dict()["PG"]
        assert (ours["PN"], ours["PP"]) == ("seqnet", "aln")


def without_ours(path: Path) -> list[str]:
    tagged = [line.split("\t") for line in segments(path)]
    return ["\t".join(field for field in line if not field.startswith(("sl:", "sp:", "ss:"))) for line in tagged]


def test_annotated_alignments_are_as_they_were_with_tags(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, target, table = tmp_path / "in.bam", tmp_path / "out.bam", tmp_path / "t.tsv"
    write_alignments(source, PAIRS)
    words = ("--annotate", target, "-o", table)
    assert cli("predict", trained / "dna.safetensors", source, *words).code == 0
    assert without_ours(target) == segments(source)
    found = labels_of(table)
    with pysam.AlignmentFile(str(target)) as file:
        for read in file:
            name = f"{read.query_name}{'/1' if read.is_read1 else '/2' if read.is_read2 else ''}"
            if read.is_secondary or read.is_supplementary:
                assert not read.has_tag("sl")
                continue
            label, human = found[name]
            probability = human if label == "human" else 1 - human
            assert read.get_tag("sl") == label
            assert read.get_tag("sp") == pytest.approx(probability, abs=2e-6)
    chosen = pysam.samtools.view("-c", "-e", '[sp] > 0.6 && [sl] == "human"', str(target))
    assert int(str(chosen)) == sum(label == "human" and human > 0.6 for label, human in found.values()) > 0


@real_data
def test_real_alignments_are_as_they_were(trained: Path, tmp_path: Path, cli: Runner) -> None:
    model, target = trained / "dna.safetensors", tmp_path / "out.bam"
    assert cli("predict", model, REAL, "--annotate", target).code == 0
    assert without_ours(target) == segments(REAL)
    split = tmp_path / "split"
    words = ("--split-by-class", split, "--pairs", "separate")
    assert cli("predict", model, REAL, *words).code == 0
    assert Counter(line for path in split.iterdir() for line in segments(path)) == Counter(segments(REAL))
    refused = cli("predict", model, REAL, "--split-by-class", tmp_path / "other")
    assert refused.code == 1
    assert "--pairs can't keep mates together in alignments that are sorted by position" in refused.err
    assert not (tmp_path / "other").exists()


def test_kept_records_go_to_a_file_or_down_a_pipe(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split, kept = tmp_path / "reads.fq", tmp_path / "split", tmp_path / "kept.fq.gz"
    source.write_text(fastq(100))
    model = trained / "dna.safetensors"
    assert cli("predict", model, source, "--split-by-class", split).code == 0
    expected = (split / "human.fq").read_text()
    outcome = cli("predict", model, source, "--keep", "human", "--kept", kept)
    assert (outcome.code, outcome.out) == (0, "")
    assert gzip.decompress(kept.read_bytes()).decode() == expected
    left = len(fastq_records((split / "random.fq").read_bytes()))
    assert outcome.err.splitlines()[-1] == f"left out: {left} records"
    assert cli("predict", model, source, "--keep", "human", "--kept", "-").out == expected
    both = cli("predict", model, source, "--keep", "human", "--keep", "random", "--kept", "-")
    assert both.out == source.read_text()


def test_a_bam_goes_through_pipes(program: Path, trained: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.bam", tmp_path / "out.bam"
    write_alignments(source, PAIRS)
    seqnet = [str(program), "predict", str(trained / "dna.safetensors"), "-"]
    with source.open("rb") as file, target.open("wb") as out:
        subprocess.run([*seqnet, "--annotate", "-"], stdin=file, stdout=out, check=True, stderr=subprocess.DEVNULL)
    assert without_ours(target) == segments(source)
    pysam.samtools.quickcheck(str(target))
    with source.open("rb") as file:
        process = subprocess.Popen([*seqnet, "--annotate", "-"], stdin=file, stdout=subprocess.PIPE, stderr=-3)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 141


def test_other_formats_are_split_as_fasta(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, split = tmp_path / "t.csv", tmp_path / "split"
    source.write_text("id,sequence\n" + "".join(f"r {index},{'ACGTTGCA' * 5}\n" for index in range(5)))
    assert cli("predict", trained / "dna.safetensors", source, "--split-by-class", split).code == 0
    text = "".join((split / name).read_text() for name in names_in(split))
    assert text == "".join(f">r {index}\n{'ACGTTGCA' * 5}\n" for index in range(5))
    assert cli("predict", trained / "protein.safetensors", PROTEINS, "--split-by-class", tmp_path / "p").code == 0
    found = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "p").iterdir())
    assert Counter(found.split(b">")[1:]) == Counter(gzip.decompress(Path(PROTEINS).read_bytes()).split(b">")[1:])


REFUSED: dict[str, tuple[list[str], int, str]] = {
    "tags of FASTQ": (["--annotate", "o.bam"], 1, "only SAM, BAM and CRAM have tags, and the input has FASTQ"),
    "another format": (["--keep", "human", "--kept", "o.bam"], 1, "end it in .fq or .fq.gz or .fastq"),
    "an unknown class": (["--keep", "humen", "--kept", "o.fq"], 1, "did you mean human?"),
    "--keep alone": (["--keep", "human"], 2, "--keep CLASS and --kept FILE need each other"),
    "one file of mates": (
        ["--split-by-class", "d", "--pairs", "files"],
        2,
        "--pairs files needs two inputs",
    ),
    "--pairs alone": (["--pairs", "separate"], 2, "--pairs needs --split-by-class, or --keep and --kept"),
    "two on standard output": (["--keep", "human", "--kept", "-", "-o", "-"], 2, "only one output can go to"),
    "-O": (["--split-by-class", "d", "-O", "e"], 2, "--split-by-class can't be combined with -O or --format"),
    "a probability above 1": (["--split-by-class", "d", "--min-probability", "2"], 1, "at most 1"),
    "the same file twice": (["--keep", "human", "--kept", "d/human.fq", "--split-by-class", "d"], 1, "two outputs"),
    "the input": (["--keep", "human", "--kept", "in.fq", "--force"], 1, "this is also an input"),
    "embeddings as text": (["--embeddings", "e.tsv"], 1, "end it in .parquet or .npz"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_is_one_line(
    case: str, trained: Path, tmp_path: Path, cli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fq").write_text(fastq(10))
    words, code, message = REFUSED[case]
    outcome = cli("predict", trained / "dna.safetensors", "in.fq", *words)
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert (outcome.code, outcome.out) == (code, "")
    assert names_in(tmp_path) == ["in.fq"]


def test_a_second_input_must_fit_the_first(trained: Path, tmp_path: Path, cli: Runner) -> None:
    one, two, bam = tmp_path / "one.fq", tmp_path / "two.fa", tmp_path / "x.bam"
    one.write_text(fastq(4))
    two.write_text(">a\n" + "ACGT" * 9 + "\n")
    write_alignments(bam, PAIRS)
    model, split = trained / "dna.safetensors", tmp_path / "split"
    outcome = cli("predict", model, one, two, "--split-by-class", split, "-o", tmp_path / "t.tsv")
    assert outcome.code == 1
    assert f"{two}: its records are FASTA, and those of the first input are FASTQ" in outcome.err
    outcome = cli("predict", model, bam, READS, "--annotate", tmp_path / "o.bam")
    assert outcome.code == 1
    assert f"{READS}: its header differs from that of the first input" in outcome.err
    assert names_in(tmp_path) == ["one.fq", "two.fa", "x.bam"]
    assert cli("predict", model, one, one, "--split-by-class", split).code == 0
    assert Counter(fastq_records(b"".join(path.read_bytes() for path in split.iterdir()))) == Counter(
        fastq_records(one.read_bytes() * 2)
    )


def test_tags_that_are_there_are_refused(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, target = tmp_path / "in.bam", tmp_path / "out.bam"
    write_alignments(source, PAIRS)
    model = trained / "dna.safetensors"
    assert cli("predict", model, source, "--annotate", target).code == 0
    again = cli("predict", model, target, "--annotate", tmp_path / "again.bam")
    assert again.code == 1
    assert again.err == (
        f"seqnet: error: {target}: record t0: the alignment has a tag sl already; remove these tags first: "
        "samtools view -b -x sl -x sp -x ss\n"
    )
    assert names_in(tmp_path) == ["in.bam", "out.bam"]


def test_nothing_is_left_of_an_input_that_ends_too_early(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source = tmp_path / "in.fq"
    source.write_text(fastq(9_000)[:-20])
    words = ("--split-by-class", tmp_path / "d", "--embeddings", tmp_path / "e.npz", "-o", tmp_path / "t.tsv")
    outcome = cli("predict", trained / "dna.safetensors", source, *words)
    assert outcome.code == 1
    assert "the file ends within a record" in outcome.err
    assert names_in(tmp_path) == ["in.fq"]


def test_embeddings_are_beside_the_table(trained: Path, tmp_path: Path, cli: Runner) -> None:
    source, target = tmp_path / "reads.fq", tmp_path / "e.npz"
    source.write_text(fastq(50))
    outcome = cli("predict", trained / "dna.safetensors", source, "--embeddings", target, "-o", "-")
    assert outcome.code == 0
    names = [line.split("\t")[0] for line in outcome.out.splitlines()[1:]]
    with np.load(target) as arrays:
        assert arrays["names"].tolist() == names
        assert np.isfinite(arrays["embeddings"]).all()
