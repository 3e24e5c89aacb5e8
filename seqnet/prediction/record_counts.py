"""Counts of records and notes about files, which can be stored and added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seqnet.core import schema
from seqnet.core.alphabets import Alphabet, alphabet
from seqnet.core.errors import SymbolError
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.tally import Tally

__all__ = ["RecordCounts", "tally_from_json", "tally_to_json"]

_NOTES = ("notes", "empty", "doubts")


@dataclass
class RecordCounts:
    """Counts and notes.

    Attributes:
        alphabet: that of the model.
        records: file → number of its records.
        skipped: reason → number of reads that are no records of their own.
        notes: files, and a note about each.
        empty: files without records, and why.
        doubts: files whose symbols look like another alphabet, and which.
        tally: counts of predictions.
        originals: whether records are written in their own format.
    """

    alphabet: Alphabet
    records: Counter[str]
    skipped: Counter[str]
    notes: list[tuple[str, str]]
    empty: list[tuple[str, str]]
    doubts: list[tuple[str, str]]
    tally: Tally
    originals: bool = False

    @classmethod
    def of(cls, predictor: Predictor, source: PredictionInputs, tally: Tally) -> Self:
        """Returns the counts of a run."""
        counted = (source.records, source.skipped, source.notes, source.empty, source.doubts)
        return cls(predictor.bundle.alphabet, *counted, tally, source.read.originals)

    def add(self, following: RecordCounts) -> None:
        """Adds the counts of the shard that follows."""
        self.records.update(following.records)
        self.skipped.update(following.skipped)
        for name in _NOTES:
            own = getattr(self, name)
            own += [one for one in getattr(following, name) if one not in own]
        self.empty = [(place, why) for place, why in self.empty if not self.records[place]]
        self.tally.add(following.tally)

    def to_json(self) -> dict[str, Any]:
        """Returns the counts as JSON values."""
        return {
            "alphabet": self.alphabet.name,
            "records": dict(self.records),
            "skipped": dict(self.skipped),
            "notes": [list(one) for one in self.notes],
            "empty": [list(one) for one in self.empty],
            "doubts": [list(one) for one in self.doubts],
            "tally": tally_to_json(self.tally),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Returns the counts that `to_json` has stored.

        Raises:
            SchemaError: the values are of another form.
        """
        _COUNTS("summary", values)
        notes, empty, doubts = ([(place, text) for place, text in values[name]] for name in _NOTES)
        records, skipped = (Counter[str](values[name]) for name in ("records", "skipped"))
        tally = tally_from_json(values["tally"])
        return cls(alphabet(values["alphabet"]), records, skipped, notes, empty, doubts, tally)


def tally_to_json(tally: Tally) -> dict[str, Any]:
    """Returns counts of predictions as JSON values."""
    invalid = tally.invalid
    return {
        "counts": {status.word: count for status, count in sorted(tally.counts.items())},
        "uncertain": tally.uncertain,
        "masked": tally.masked,
        "stops": tally.stops,
        "invalid": invalid
        and {
            "path": invalid.path,
            "record": invalid.record,
            "position": invalid.position,
            "symbol": invalid.symbol,
            "alphabet": invalid.alphabet,
        },
    }


def tally_from_json(values: Mapping[str, Any]) -> Tally:
    """Returns the counts that `tally_to_json` has stored.

    Raises:
        SchemaError: the values are of another form.
    """
    _TALLY("tally", values)
    counts = Counter({RecordStatus[word.upper()]: count for word, count in values["counts"].items()})
    invalid = values["invalid"] and SymbolError(**values["invalid"])
    return Tally(counts, values["uncertain"], values["masked"], values["stops"], invalid or None)


def _status_counts(place: str, value: Any) -> None:
    schema.mapping(schema.whole())(place, value)
    for word in value:
        if word.upper() not in RecordStatus.__members__:
            raise schema.wrong(place, word, "the name of a status")


_TALLY = schema.record(
    {
        "counts": _status_counts,
        "uncertain": schema.whole(),
        "masked": schema.whole(),
        "stops": schema.whole(),
        "invalid": schema.optional(
            schema.record(
                {
                    "path": schema.text(path=True),
                    "record": schema.text(path=True),
                    "position": schema.whole(),
                    "symbol": schema.text(),
                    "alphabet": schema.text(),
                }
            )
        ),
    }
)
_PAIRS = schema.many(schema.many(schema.text(path=True), 2, 2))
_COUNTS = schema.record(
    {
        "alphabet": schema.text(),
        "records": schema.mapping(schema.whole()),
        "skipped": schema.mapping(schema.whole()),
        "notes": _PAIRS,
        "empty": _PAIRS,
        "doubts": _PAIRS,
        "tally": _TALLY,
    }
)
