"""`seqnet predict`: sequence files → predictions."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
from seqnet.cli.predict_runs import RunOptions, run_options_of_predict, say_resumed
from seqnet.cli.predict_tables import tables_of
from seqnet.cli.prediction_summary import show_summary
from seqnet.cli.process import command_line, leave_out_pandas
from seqnet.cli.progress import Meter, say
from seqnet.cli.report_option import report_option
from seqnet.cli.scanning import add_scan_options, scan_request, show_windows
from seqnet.cli.streams import check_stdout_is_open
from seqnet.cli.unused_options import check_language_models
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.outputs import made_directory
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.prediction.fraction_estimates import ClassFractions
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.jobs import Job, PredictionJobs
    from seqnet.prediction.predictor import Predictor
    from seqnet.prediction.scan_runs import ScanRequest
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
    help="Use the fast version of a model of the package; docs/fast-models.md compares the two.",
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
    request = scan_request(options, inputs, directory)
    records = RecordOutputs.of(click.get_current_context(), options)
    runs = RunOptions.of(options, output, directory, bool(request or report or records.paths))
    tables = tables_of(inputs, output, directory, kind) if records.table else []
    with made_directory(directory), made_directory(records.directory):
        beside = [path for path in (report, request and request.track) if path]
        targets = [*(table.target for _, table in tables), *records.targets(), *beside, *runs.targets(tables)]
        model, size = _chosen(model, fast=options["fast"]), runs.size(inputs)
        _claim(targets, runs, force, options["plm"])
        from seqnet.reporting.prediction_report import PredictionReport

        predictor, source, fractions = _prepared(model, inputs, records, runs, options)
        predictor = predictor if directory and not request else fractions.predictor_for(inputs)
        others = [*records.outputs(predictor), *fractions.outputs()]
        jobs: list[Job] = [(paths, [table, *others]) for paths, table in tables] or [(inputs, others)]
        run = runs.jobs(fractions, source, model, force=force)
        with PredictionReport(report, predictor, model, source, inputs, fractions, command=command_line()) as page:
            failed, tally, about_windows = _written(run, page.added_to(jobs), request, predictor, size, targets)
    show_summary(predictor, source, tally, fractions.lines())
    show_files(others)
    show_windows(about_windows)
    if report:
        say(f"wrote {report}")
    return 1 if failed or (options["strict"] and not all(status.classified for status in tally.counts)) else 0


def _chosen(model: Path, *, fast: bool) -> Path:
    """Returns the model to use: the one that is named, or its fast version."""
    if not fast:
        return model
    from seqnet.models.shipped import find_fast_model

    return find_fast_model(model)


def _prepared(
    model: Path, inputs: Sequence[str], records: RecordOutputs, runs: RunOptions, options: Mapping[str, Any]
) -> tuple[Predictor, PredictionInputs, ClassFractions]:
    """Returns what makes the predictions, what reads the inputs, and the class fractions of these."""
    from seqnet.prediction.fraction_estimates import ClassFractions
    from seqnet.prediction.inputs import PredictionInputs
    from seqnet.prediction.predictor import Predictor
    from seqnet.readers import shared_options

    bundle = open_model(model, options["device"], options["threads"], options["plm"])
    check_language_models([bundle])
    predictor = Predictor(bundle, collect(PredictOptions, options), embed=records.embeds)
    read = shared_options(inputs, collect(ReadOptions, options, originals=records.stores_records))
    alphabet = predictor.expected_alphabet
    source = PredictionInputs(read, alphabet, mate_files=records.mate_files, shard=runs.shard)
    return predictor, source, ClassFractions(predictor, source, inputs)


def _rows_are_seen(targets: Sequence[Path | None]) -> bool:
    """Returns whether rows go to a terminal that progress would be written to, too."""
    return None in targets and sys.stdout.isatty() and sys.stderr.isatty()


def _claim(targets: Sequence[Path | None], runs: RunOptions, force: bool, plm: tuple[str, ...]) -> None:
    """Checks that all files, and standard output if a target is None, may be written; see `paths.claim`."""
    runs.claim(filter(None, targets), force=force, inputs=language_model_files(plm))
    if None in targets:
        check_stdout_is_open()


def _written(
    run: PredictionJobs,
    jobs: Sequence[Job],
    request: ScanRequest | None,
    predictor: Predictor,
    size: int | None,
    targets: Sequence[Path | None],
) -> tuple[int, Tally, list[str]]:
    """Writes all outputs; returns how many inputs failed, the counts of all records, and lines about windows."""
    source, shown = run.source, not _rows_are_seen(targets)

    def share() -> float | None:
        """Returns how much of the inputs was read; None if that, or their size, is not known."""
        return source.passed / size if size and source.passed else None

    with Meter("predict", "windows" if request else "records", shown=shown) as meter:
        if request is None:
            found = run.write(jobs, lambda records: meter.advance(records, share=share()), resumed=say_resumed)
        else:
            from seqnet.prediction.scan_runs import scan_records

            def progress(windows: int, of_read: float) -> None:
                read = share()
                meter.advance(windows, share=None if read is None else read * of_read)

            return 0, *scan_records(request, predictor, source, jobs, progress, note=say, force=run.force)
    if found.failed:
        say(f"{found.failed:,} of {counted(len(found.files), 'inputs')} failed; see {run.manifest}")
    return found.failed, found.tally, []
