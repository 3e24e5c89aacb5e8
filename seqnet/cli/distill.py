"""`seqnet distill`: a model → a small, fast one that learns from its probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqnet.cli.observers import TrainingObserver
from seqnet.cli.options import (
    READING,
    collect,
    device_option,
    force_option,
    plm_option,
    run_options,
    run_request,
    settings_options,
    threads_option,
)
from seqnet.cli.paths import Command, InputPath, OutputPath, claim, language_model_files
from seqnet.cli.process import command_line, set_up_process
from seqnet.cli.progress import Meter, say
from seqnet.cli.unused_options import check_language_models, refuse_unused
from seqnet.configs.distillation import DistillOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.printable import counted

if TYPE_CHECKING:
    from seqnet.training.distillation import Distilled
    from seqnet.training.distillation_sources import DistillationPlan

__all__ = ["command"]


@click.command("distill", cls=Command, advanced=("encoder", "plm", *READING))
@click.argument("model", type=InputPath("container"))
@click.argument("sequences", type=InputPath("text"), nargs=-1, metavar="[SEQUENCES]...")
@click.option(
    "-o",
    "--output",
    type=OutputPath("a model can't be written to standard output"),
    required=True,
    metavar="FILE",
    help="Fast model to write.",
)
@settings_options(DistillOptions, ("count", "length", "random"))
@run_options("dna-fast for DNA and RNA reads, else dilated-cnn")
@settings_options(DistillOptions, ("seed",))
@settings_options(ReadOptions, READING)
@plm_option
@device_option
@threads_option
@force_option
def command(model: Path, sequences: tuple[str, ...], output: Path, force: bool, **options: Any) -> None:
    """Make a small, fast model that imitates another one.

    The fast model is trained on the probabilities of MODEL for many sequences, which need no labels: pieces of
    SEQUENCES, and random sequences. SEQUENCES should be like those that the fast model is for. They are sequence files,
    or a dataset (.safetensors), of which the train split is used. If the dataset has the classes of MODEL, its
    validation split calibrates the fast model. Without SEQUENCES, all sequences are random, which only suits models
    that separate random sequences from others.

    All sequences are held in memory. Ctrl-C while training keeps the best epoch so far. Measure both models on records
    that neither has seen: seqnet evaluate MODEL FILE DATASET.

    \b
    seqnet distill human-dna genome.fa.gz -o fast.safetensors
    seqnet distill model.safetensors reads.safetensors --count 200000 -o fast.safetensors
    seqnet evaluate model.safetensors fast.safetensors reads.safetensors
    """
    claim([output], force=force, inputs=language_model_files(options["plm"]))
    if all(path.endswith(".safetensors") for path in sequences):
        refuse_unused(READING, "needs sequence files as SEQUENCES")
    distilled = _fit(_plan(model, sequences, options), options)
    _write(distilled, output, force=force)
    if stop := distilled.result.interruption:
        say(f"seqnet: stopped after epoch {len(distilled.result.rows)}")
        raise stop


def _plan(model: Path, sequences: tuple[str, ...], options: dict[str, Any]) -> DistillationPlan:
    """Returns what the fast model is to learn from."""
    from seqnet.nn.devices import choose_device
    from seqnet.training.distillation_sources import prepare_distillation
    from seqnet.training.warm_start import WarmStart

    start = WarmStart.open(model)
    set_up_process(options["threads"])
    start.bundle.to(choose_device(options["device"]))
    check_language_models([start.bundle])
    start.bundle.prepare(say, options["plm"])
    read = collect(ReadOptions, options)
    return prepare_distillation(start, sequences, collect(DistillOptions, options), run_request(options), read)


def _fit(plan: DistillationPlan, options: dict[str, Any]) -> Distilled:
    """Trains and returns the fast model."""
    from seqnet.training.distillation import distill
    from seqnet.training.distillation_sources import make_distillation_job
    from seqnet.training.jobs import ProgressLines

    if plan.chosen.recipe:
        say(plan.chosen.recipe)
    threads, device = options["threads"], plan.start.bundle.classifier.device
    with Meter("label", "sequences", total=len(plan.drawn.tokens)) as meter:
        job = make_distillation_job(plan, device, threads=threads, command=command_line(), progress=meter.advance)
    say(f"labelled {counted(len(job.dataset), 'sequences')}: {counted(plan.drawn.real, 'pieces')} of SEQUENCES")
    with Meter("train", "batches") as meter:
        observer = TrainingObserver(meter, ProgressLines(say, job, threads=threads))
        return distill(job, plan.start, observer, real=plan.drawn.real, labelled=plan.labelled)


def _write(distilled: Distilled, output: Path, *, force: bool) -> None:
    from seqnet.core.outputs import whole_file
    from seqnet.models.bundles import write_bundle

    with whole_file(output, force=force) as temporary:
        write_bundle(temporary, distilled.bundle)
    say(distilled.line)
    say(f"wrote {output}")
