"""The motifs of a model in the records that it was measured on."""

from __future__ import annotations

from seqnet.configs.explanation import ExplainOptions
from seqnet.configs.motifs import MotifOptions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.motifs.finding import find_motifs
from seqnet.explanation.motifs.motif import Motifs
from seqnet.explanation.survey import Survey
from seqnet.reporting.results import ModelResults

__all__ = ["measured_motifs"]


def measured_motifs(model: ModelResults, threads: int) -> Motifs:
    """Returns the motifs of a model in a sample of its measured records, by mutagenesis, which every model supports.

    Args:
        model: the model and its results.
        threads: of the CPU.
    """
    explainer, options = Explainer(model.bundle, ExplainOptions()), MotifOptions()
    survey = Survey(model.bundle, options, None)
    tokens = model.dataset.tokens.take(model.report.measured.members)
    survey.add(tokens, model.scored.predicted, model.scored.labels)
    return find_motifs(explainer, survey.sample(), options, (), threads)
