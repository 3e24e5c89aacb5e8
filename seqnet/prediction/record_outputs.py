"""The outputs of `predict` beside the table: records by class, of some classes, with tags, and embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seqnet.configs.prediction import SortingOptions
from seqnet.core.outputs import remove_stale
from seqnet.prediction.annotation import AnnotatedAlignments
from seqnet.prediction.embeddings import EmbeddingsOutput
from seqnet.prediction.outputs import Output
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.sorted_records import KeptRecords, Sorting, SplitRecords, possible_files

__all__ = ["record_outputs", "remove_unfinished"]


def record_outputs(
    predictor: Predictor,
    paths: Mapping[str, Path | None],
    keep: Sequence[str],
    options: SortingOptions,
    command: str = "",
) -> list[Output]:
    """Returns the outputs, in the order of `paths`.

    Args:
        predictor: of the model.
        paths: `split`, `annotated`, `kept` or `embeddings` → its path; None for standard output.
        keep: the classes of `kept`.
        options: how records are sorted.
        command: command line, for the header of a BAM.
    """
    sorting = Sorting(options, predictor.decider, command)
    made: list[Output] = []
    for name, path in paths.items():
        if name == "annotated":
            made.append(AnnotatedAlignments(path, command))
        elif name == "kept":
            made.append(KeptRecords(path, tuple(keep), sorting))
        else:
            assert path is not None
            made.append(SplitRecords(path, sorting) if name == "split" else EmbeddingsOutput(path))
    return made


def remove_unfinished(directory: Path, classes: Sequence[str]) -> list[Path]:
    """Removes what killed runs have left of files by class, and returns it."""
    return [path for files in possible_files(directory, classes) for path in remove_stale(files)]
