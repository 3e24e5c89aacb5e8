"""How well probabilities rank the records, and whether they are as high as they should be."""

from __future__ import annotations

from seqnet.configs.calibration import CRITERIA
from seqnet.reporting.figures.evaluation import NoFigureError, pictures_of
from seqnet.reporting.pages.content import Block, Figures, Section, Text
from seqnet.reporting.results import ModelResults, Results
from seqnet.reporting.wording import number_text, sentence

__all__ = ["calibration_section", "ranking_section"]


def ranking_section(results: Results) -> Section:
    """Returns the ROC and the precision-recall curves, or why there are none."""
    block: Block
    try:
        block = Figures([*pictures_of("roc", results), *pictures_of("pr", results)])
    except NoFigureError as error:
        block = Text(sentence(str(error)))
    return Section("ranking", "ROC and precision-recall curves", [block])


def calibration_section(results: Results) -> Section:
    """Returns reliability diagrams, and how each model was calibrated."""
    text = "A point shows how often a class is true among records with about the same probability. "
    text += "Points on the dashed line are calibrated."
    blocks: list[Block] = [Text(text), Figures(pictures_of("reliability", results))]
    for model in results.models:
        line = _calibrated(model)
        blocks.append(Text(sentence(line) if len(results.models) == 1 else f"{model.report.name}: {line}"))
    return Section("calibration", "Calibration", blocks)


def _calibrated(model: ModelResults) -> str:
    """Returns which temperature and threshold were fitted in training, and on what."""
    found = model.bundle.calibration
    if found.temperature == 1:
        text = f"no temperature{': ' + found.not_calibrated if found.not_calibrated else ''}."
    else:
        text = f"temperature {number_text(found.temperature)}, fitted in training to records that the network had not"
        text += " been fitted to."
    if model.scored.positive is not None:
        chosen = f"it has the best {CRITERIA[found.criterion]} on these".replace("_", " ") if found.criterion else ""
        text += f" Threshold {found.threshold:.3f}{'; ' + chosen if chosen else ''}."
    return text
