"""Words that are over-represented in a predicted class, in sequences that a program has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqnet.api.explain_keywords import word_options
from seqnet.api.in_memory import in_batches
from seqnet.api.keywords import as_path
from seqnet.api.python_words import python_words
from seqnet.api.sequences import Sequences, as_records
from seqnet.api.warn import warn_of_other_alphabet
from seqnet.configs.readers import ReadOptions
from seqnet.core.outputs import whole_file
from seqnet.core.printable import counted
from seqnet.explanation import words as found_words
from seqnet.explanation.explainer import Explainer
from seqnet.explanation.survey import Survey
from seqnet.models.bundles import Bundle
from seqnet.nn.devices import computing
from seqnet.prediction.inputs import PredictionInputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Words", "words_in"]


class Words(found_words.Words):
    """The words that are over-represented in a predicted class; see `Model.words`."""

    @classmethod
    def made(cls, found: found_words.Words) -> Words:
        """Returns the same words."""
        return cls(found.words, found.classes, found.records)

    def to_pandas(self) -> pd.DataFrame:
        """Returns a row for each word, by class, the lowest p-value first: the columns of `seqnet explain --words`."""
        import pandas as pd

        return pd.DataFrame(list(self.rows()), columns=list(self.COLUMNS))

    def write(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Writes the words as TSV, as `seqnet explain --words` does.

        Args:
            path: the file.
            force: whether an existing file is replaced.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        with python_words(), whole_file(as_path(path), force=force) as temporary:
            self.write_table(temporary)

    def __repr__(self) -> str:
        shown = ", ".join(word.text for word in self.words[:5]) + (", …" if len(self) > 5 else "")
        records = counted(int(self.records.sum()), "records")
        return f"<seqnet.Words: {len(self):,} in {records}: {shown or 'none'}>"


def words_in(bundle: Bundle, threads: int, sequences: Sequences, options: Mapping[str, Any]) -> Words:
    """Returns the words of sequences; see `Model.words`."""
    with python_words():
        explain, wanted = word_options(options)
        predictor = Explainer(bundle, explain).predictor
        inputs = PredictionInputs(ReadOptions(threads=threads), predictor.expected_alphabet)
        survey = Survey(bundle, None, wanted)
        with computing(threads, bundle.classifier.device):
            for place, batch in in_batches(inputs, as_records(sequences, None)):
                tokenized = predictor.tokens_of(batch)
                survey.add(tokenized.tokens, predictor.predict_tokens(batch.names, tokenized, place).labels, None)
        assert survey.words is not None
        found = found_words.Words.of(survey.words, wanted.word_q, bundle.classes)
    warn_of_other_alphabet(inputs)
    return Words.made(found)
