"""`seqnet predict`: sequence files → predictions."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.class_fractions import ClassFractions
from seqnet.cli.manifest import ManifestFile
from seqnet.cli.opening import open_model
from seqnet.cli.options import (
    INPUT_FORMATS,
    READING,
    collect,
    device_option,
    force_option,
    plm_option,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, language_model_files
from seqnet.cli.predict_outputs import RecordOutputs, record_options, show_files
from seqnet.cli.predict_runs import RunOptions, run_options_of_predict
from seqnet.cli.predict_tables import Job, tables_of
from seqnet.cli.prediction_report import PredictionReport
from seqnet.cli.prediction_summary import show_summary
from seqnet.cli.process import leave_out_pandas
from seqnet.cli.progress import Meter
from seqnet.cli.report_option import report_option
from seqnet.cli.scanning import ScanRequest, Work, add_scan_options, scan_records, show_windows
from seqnet.cli.streams import check_stdout_is_open
from seqnet.cli.unused_options import check_language_models
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import SeqnetError
from seqnet.core.outputs import made_directory

if TYPE_CHECKING:
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.outputs import Output
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.tally import Tally

__all__ = ["command"]


@click.command(
    "predict",
    cls=Command,
    more={
        "Decisions": ("max_error", "expected_fraction", "vote"),
        "Clusters and many files": ("shard", "resume", "manifest"),
        "Windows of long sequences": ("track", "window", "stride", "chosen", "aggregate", "softmask", "regions"),
        "Records and embeddings": ("split", "annotated", "keep", "kept", "pairs", "min_probability", "embeddings"),
        INPUT_FORMATS: READING,
    },
    advanced=("alphabet", "precision", "plm"),
)
@click.argument("model", type=InputPath("container"))
@click.argument("inputs", type=InputPath("text"), nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    type=OutputPath(None),
    metavar="FILE",
    help="Write the predictions of all inputs to FILE; its name ends in .tsv, .tsv.gz, .jsonl, .jsonl.gz or .parquet.  "
    "[default: standard output; no table with --split-by-class, --annotate, --kept or --embeddings]",
)
@click.option(
    "-O",
    "--output-dir",
    "directory",
    type=OutputPath("-O names a directory"),
    metavar="DIR",
    help="Write one file of predictions for each input, named after the input.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["tsv", "tsv.gz", "jsonl", "parquet"]),
    help="Format of standard output and of the files in DIR.  [default: tsv]",
)
@run_options_of_predict
@add_scan_options
@record_options
@click.option(
    "--fast",
    is_flag=True,
    help="Use the fast version of a model of the package; docs/fast-models.md says how near it is.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with code 1 if any record could not be classified; records marked unusual do not count as failures.",
)
@report_option("counts by status and label, probabilities, lengths and notes")
@settings_options(PredictOptions, ("unknown", "max_error", "expected_fraction", "alphabet", "precision", "vote"))
@settings_options(ReadOptions, READING)
@device_option
@plm_option
@threads_option
@force_option
def command(
    model: Path,
    inputs: tuple[str, ...],
    output: Path | None,
    directory: Path | None,
    kind: str | None,
    report: Path | None,
    force: bool,
    **options: Any,
) -> int:
    """Classify the sequences in files.

    INPUT is FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL, Swiss-Prot, UniProt XML, an alignment (Stockholm, Clustal,
    PHYLIP, Nexus), 2bit, an ABI trace, a table (TSV, CSV, Excel, Parquet) or an .npz file of token arrays. Files can
    be compressed. - is standard input. The output has one row for every record, in input order: name, label,
    probability, one column p_CLASS for each class, and status. The status is ok, or the reason why there is no
    prediction. With the status unusual_length or unusual_composition there is a prediction, but the sequence differs
    from the training sequences. --track writes the scores of windows along contigs and genomes of any length.

    \b
    seqnet predict model.safetensors reads.fa.gz -o predictions.tsv
    samtools view -b in.bam chr22 | seqnet predict model.safetensors - | head
    seqnet predict model.safetensors genome.fa --window 36 --track scores.bedgraph -o contigs.tsv
    """
    leave_out_pandas()
    request = ScanRequest.of(options, inputs, directory)
    records = RecordOutputs.of(click.get_current_context(), options)
    runs = RunOptions.of(options, output, directory, bool(request or report or records.paths))
    tables = tables_of(inputs, output, directory, kind) if records.table else []
    with made_directory(directory), made_directory(records.directory):
        beside = [path for path in (report, request and request.track) if path]
        targets = [*(table.target for _, table in tables), *records.targets(), *beside, *runs.targets(tables)]
        model = _chosen(model, fast=options["fast"])
        size = runs.size(inputs)
        _claim(targets, runs, force, options["plm"])
        predictor, source = _prepared(model, inputs, records, runs, options)
        fractions = ClassFractions(predictor, source, inputs)
        predictor = predictor if directory and not request else fractions.predictor_for(inputs)
        others = [*records.outputs(predictor), *fractions.outputs()]
        tabled = [(paths, runs.output(table, predictor, model, source, paths)) for paths, table in tables]
        jobs: list[Job] = [(paths, [table, *others]) for paths, table in tabled] or [(inputs, others)]
        page = PredictionReport(report, predictor, model, source, inputs, fractions)
        work = Work(predictor, source, partial(_share, source, size), force, shown=not _rows_are_seen(targets))
        with page:
            complete, tally, about_windows = _written(work, model, page.added_to(jobs), request, runs, fractions)
    show_summary(predictor, source, tally, fractions.lines())
    show_files(others)
    show_windows(about_windows)
    page.announce()
    return 1 if not complete or (options["strict"] and not all(status.classified for status in tally.counts)) else 0


def _chosen(model: Path, *, fast: bool) -> Path:
    """Returns the model to use: the one that is named, or its fast version."""
    if not fast:
        return model
    from seqnet.models.shipped import find_fast_model

    return find_fast_model(model)


def _prepared(
    model: Path, inputs: Sequence[str], records: RecordOutputs, runs: RunOptions, options: Mapping[str, Any]
) -> tuple[Predictor, PredictionInputs]:
    """Returns what makes the predictions, and what reads the inputs."""
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor
    from seqnet.readers import shared_options

    bundle = open_model(model, options["device"], options["threads"], options["plm"])
    check_language_models([bundle])
    predictor = Predictor(bundle, collect(PredictOptions, options), embed=records.embeds)
    read = shared_options(inputs, collect(ReadOptions, options, originals=records.stores_records))
    return predictor, PredictionInputs(
        read, predictor.expected_alphabet, mate_files=records.mate_files, shard=runs.shard
    )


def _rows_are_seen(targets: Sequence[Path | None]) -> bool:
    """Returns whether rows go to a terminal that progress would be written to, too."""
    return None in targets and sys.stdout.isatty() and sys.stderr.isatty()


def _claim(targets: Sequence[Path | None], runs: RunOptions, force: bool, plm: tuple[str, ...]) -> None:
    """Checks that all files, and standard output if a target is None, may be written; see `paths.claim`."""
    runs.claim(filter(None, targets), force=force, inputs=language_model_files(plm))
    if None in targets:
        check_stdout_is_open()


def _share(source: PredictionInputs, size: int | None) -> float | None:
    """Returns how much of the inputs was read; None if that, or their `size`, is not known."""
    return source.passed / size if size and source.passed else None


def _written(
    work: Work,
    model: Path,
    jobs: Sequence[Job],
    request: ScanRequest | None,
    runs: RunOptions,
    fractions: ClassFractions,
) -> tuple[bool, Tally, list[str]]:
    """Writes all outputs; returns whether no input failed, the counts of all records, and lines about windows."""
    if request:
        return True, *scan_records(request, work, jobs)
    from seqnet.prediction.streaming import write_predictions
    from seqnet.prediction.tally import Tally

    tally = Tally()
    manifest = runs.manifest and ManifestFile(runs.manifest, work.predictor.bundle.classes)
    with Meter("predict", "records", shown=work.shown) as meter:

        def progress(records: int) -> None:
            meter.advance(records, share=work.share())

        def write(paths: Sequence[str], outputs: Sequence[Output]) -> Tally:
            predictor = fractions.predictor_for(paths)
            if runs.resume:
                return runs.write(outputs[0], predictor, model, work.source, paths, progress, force=work.force)
            return write_predictions(predictor, work.source, paths, outputs, progress, force=work.force)

        for done, job in enumerate(jobs):
            try:
                tally.add(write(*(manifest.job(job) if manifest else job)))
                if manifest:
                    manifest.add(job)
            except BrokenPipeError:
                raise
            except (SeqnetError, OSError) as error:
                if manifest and runs.tolerant:
                    manifest.add(job, error)
                    continue
                if len(jobs) > 1:
                    error.add_note(f"stopped; {done:,} of {len(jobs):,} files done")
                raise
    return manifest.write(force=work.force) if manifest else True, tally, []
