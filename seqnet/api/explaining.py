"""Attributions of sequences that a program has."""

from __future__ import annotations

from collections.abc import Iterable

from seqnet.api.explain_keywords import ExplainKeywords, explain_options
from seqnet.api.in_memory import in_batches
from seqnet.api.python_words import python_words
from seqnet.api.sequences import Sequences, as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.readers import ReadOptions
from seqnet.explanation.attributions import Attributions
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.streaming import explain_in_order
from seqnet.models.bundles import Bundle
from seqnet.nn.devices import computing
from seqnet.prediction.inputs import PredictionInputs

__all__ = ["explain_sequences"]


def explain_sequences(
    bundle: Bundle, threads: int, sequences: Sequences, names: Iterable[object] | None, options: ExplainKeywords
) -> Attributions:
    """Returns the attributions of sequences; see `Model.explain`."""
    with python_words():
        explainer = Explainer(bundle, explain_options(options))
        records = as_records(sequences, names)
        inputs = PredictionInputs(ReadOptions(threads=threads), explainer.predictor.expected_alphabet)
        with computing(threads, bundle.classifier.device):
            found = Attributions.concatenate(
                list(explain_in_order(explainer, in_batches(inputs, records), threads, lambda one: one))
            )
    warn_of_other_alphabet(inputs)
    return found
