"""The figures of `seqnet evaluate`, by name: results → pictures.

`configs.figures.FIGURES` is the table. Of two models, some figures show both, and others are drawn for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seqnet.configs.figures import FIGURES
from seqnet.core.errors import SeqnetError
from seqnet.core.printable import counted
from seqnet.evaluation import METRICS, Estimate
from seqnet.evaluation.baselines import BASELINES
from seqnet.evaluation.curves import MOST_BANDS, ClassCurves
from seqnet.evaluation.distributions import class_histogram
from seqnet.reporting.figures.calibration import reliability_picture
from seqnet.reporting.figures.confusion import confusion_picture
from seqnet.reporting.figures.histograms import histogram_picture
from seqnet.reporting.figures.intervals import interval_picture
from seqnet.reporting.figures.learning import learning_picture
from seqnet.reporting.figures.pictures import Picture
from seqnet.reporting.figures.ranking import NamedCurve, precision_picture, roc_picture
from seqnet.reporting.records import TrainingRecord
from seqnet.reporting.results import ModelResults, Results

__all__ = ["NoFigureError", "check_learning", "course_picture", "picture_of", "pictures_of"]


_MOST_CLASSES = 40
"""With more, classes are not drawn one by one."""


class NoFigureError(SeqnetError):
    """The results do not have what a figure shows.

    Attributes:
        figure: name and file of the figure, NAME=FILE; empty if it has no file.
    """

    figure = ""


def pictures_of(name: str, results: Results) -> list[Picture]:
    """Returns a figure, for each model if it is of one model.

    Raises:
        NoFigureError: the results do not have what it shows.
    """
    if FIGURES[name].each:
        return [picture_of(name, model, number) for number, model in enumerate(results.models, 1)]
    return [_DRAW[name](results)]


def picture_of(name: str, model: ModelResults, number: int) -> Picture:
    """Returns a figure of one model, which is the first or the second of its results.

    Raises:
        NoFigureError: the results do not have what it shows.
    """
    return _DRAW_MODEL[name](model, "" if number == 1 else f"-{number}")


def _chosen(model: ModelResults, *, one: bool) -> list[tuple[str, ClassCurves, str | None]]:
    """Returns name, curves, and the class of the area, None for all, of the curves of a model."""
    classes = model.bundle.classes
    last = model.curves[-1:] if model.scored.positive is not None or _has_mean(model) else ()
    if one or model.scored.positive is not None:
        return [(model.report.name if one else classes[curves.label or 0], curves, None) for curves in last]
    if len(classes) <= MOST_BANDS:
        return [(classes[each.label], each, classes[each.label]) for each in model.curves if each.label is not None]
    few = len(classes) <= _MOST_CLASSES
    faint = [("", each, None) for each in model.curves if each.label is not None and few]
    return [*faint, *(("mean over classes", curves, None) for curves in last)]


def _has_mean(model: ModelResults) -> bool:
    return bool(model.curves) and model.curves[-1].label is None


def _named(results: Results, metric: str) -> list[tuple[NamedCurve, ClassCurves]]:
    """Returns the curves of all models with the areas below them.

    Raises:
        NoFigureError: there are none.
    """
    found = []
    several = len(results.models) > 1
    for model in results.models:
        for name, curves, of in _chosen(model, one=several):
            estimates = model.evaluation.metrics if of is None else model.evaluation.per_class[of]
            curve = curves.roc if metric == "auroc" else curves.precision
            found.append((NamedCurve(name, curve, estimates[metric] if name else None), curves))
    if not found:
        counts = results.models[0].evaluation.confusion.sum(axis=1)
        empty = [name for name, count in zip(results.models[0].bundle.classes, counts, strict=True) if not count]
        raise NoFigureError("", f"there is no {METRICS[metric].title} curve: no record of class {empty[0]}")
    return found


def _how(results: Results, found: list[tuple[NamedCurve, ClassCurves]]) -> str:
    """Returns how the bands were made, and what the mean is, in sentences."""
    recipe = results.models[0].evaluation.bootstrap
    words = []
    if any(curves.label is None for _, curves in found):
        words.append("The curve of several classes is the mean over classes, each against the rest.")
    if any(len(one.curve.low) for one, _ in found):
        words.append(f"Bands are pointwise {100 * recipe.confidence:g} % intervals from a bootstrap of {recipe.unit}s.")
    return " ".join(words)


def _roc(results: Results) -> Picture:
    found = _named(results, "auroc")
    return roc_picture([one for one, _ in found], _how(results, found))


def _precision(results: Results) -> Picture:
    found = _named(results, "auprc")
    share = sum(curves.share for _, curves in found) / len(found)
    return precision_picture([one for one, _ in found], share, _how(results, found))


def _reliability(model: ModelResults, ending: str) -> Picture:
    classes, positive = model.bundle.classes, model.scored.positive
    before, after = model.calibration_errors
    caption = f"Calibration error of these records {after:.4f}"
    caption += ". The model has no temperature" if before is None else f", {before:.4f} before calibration"
    if positive is None:
        caption += ". All classes together, each against the rest"
    what = "probability" if positive is None else f"probability of {classes[positive]}"
    return reliability_picture("reliability" + ending, model.reliability, model.raw_reliability, what, caption + ".")


def _confusion(model: ModelResults, ending: str) -> Picture:
    if len(model.bundle.classes) > _MOST_CLASSES:
        raise NoFigureError("", f"a confusion matrix can't be drawn for more than {_MOST_CLASSES} classes")
    return confusion_picture("confusion" + ending, model.evaluation.confusion, model.bundle.classes)


def _scores(model: ModelResults, ending: str) -> Picture:
    classes, positive = model.bundle.classes, model.scored.positive
    key, title, threshold = "scores" + ending, "Scores by class", model.evaluation.threshold
    if positive is None:
        caption = "Probability of the true class; 1 is best."
        return histogram_picture(key, title, model.scores, classes, "probability of the true class", caption)
    name = classes[positive]
    caption = f"Probability of {name}, by true class."
    if threshold is not None:
        caption += f" The dashed line is the threshold, {threshold:.3f}."
    return histogram_picture(key, title, model.scores, classes, f"probability of {name}", caption, threshold)


def _lengths(results: Results) -> Picture:
    model = results.models[0]
    if model.lengths.min() == model.lengths.max():
        raise NoFigureError(
            "", f"there is no figure of lengths: all records have {counted(int(model.lengths[0]), 'symbols')}"
        )
    found = class_histogram(model.lengths, model.scored.labels, model.scored.class_count)
    unit = "residues" if results.dataset.alphabet.name == "protein" else "bases"
    return histogram_picture(
        "lengths", "Lengths", found, model.bundle.classes, f"length ({unit})", "Lengths of the measured records."
    )


def _baselines(model: ModelResults, ending: str) -> Picture:
    compared = model.report.baselines
    if not compared:
        raise NoFigureError("", f"there is no figure of baselines: {model.report.name} has none for these records")
    metric = next(iter(compared.values())).main_metric
    rows = [("model", model.evaluation.metrics[metric])]
    rows += [(BASELINES[name].title, paired.metrics[metric]) for name, paired in compared.items()]
    caption = "The model, and simple models fitted to the same training records."
    title = METRICS[metric].title
    chance = 0.5 if metric == "auroc" else None
    return interval_picture("baselines" + ending, "Baselines", rows, title, caption, reference=chance, marked=0)


def _differences(results: Results) -> Picture:
    if results.report.comparison is None:
        raise NoFigureError("", "there is no figure of differences: it needs two models")
    first, second = (model.report.name for model in results.models)
    found = results.report.comparison.paired.differences
    rows: list[tuple[str, Estimate]] = [
        (METRICS[name].title, one) for name, one in found.items() if name not in ("log_loss",)
    ]
    caption = f"{first} minus {second}, on the same records. Log loss has another unit and is in the table only."
    return interval_picture("differences", "Differences", rows, "difference", caption, reference=0)


def check_learning(record: TrainingRecord) -> None:
    """Checks that the learning curves of a model are known.

    Raises:
        NoFigureError: they are not.
    """
    if not record.runs:
        raise NoFigureError("", record.remarks[0])


def _learning(model: ModelResults, ending: str) -> Picture:
    check_learning(model.training)
    return course_picture(model.training, trees=model.bundle.config.network.boosted is not None, ending=ending)


def course_picture(record: TrainingRecord, *, trees: bool, ending: str = "") -> Picture:
    """Returns the learning curves of a training whose epochs are known.

    Args:
        record: its course.
        trees: whether trees stand beside the network.
        ending: of the key.
    """
    caption = "Loss and accuracy by epoch. The dotted line is the epoch that was kept."
    if len(record.runs) > 1:
        caption = f"Loss and accuracy by epoch of {counted(len(record.runs), 'networks')}. "
        caption += "Dotted lines are the epochs that were kept."
    if trees:
        caption += " The train split is measured without the trees, the validation split with them."
    return learning_picture("learning" + ending, record.runs, record.kept, caption)


_DRAW: Mapping[str, Callable[[Results], Picture]] = {
    "roc": _roc,
    "pr": _precision,
    "lengths": _lengths,
    "differences": _differences,
}
_DRAW_MODEL: Mapping[str, Callable[[ModelResults, str], Picture]] = {
    "confusion": _confusion,
    "scores": _scores,
    "reliability": _reliability,
    "baselines": _baselines,
    "learning": _learning,
}
