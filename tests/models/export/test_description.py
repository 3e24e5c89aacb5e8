from __future__ import annotations

import json
from dataclasses import replace

import seqnet
from seqnet.core.alphabets import alphabet
from seqnet.evaluation.calibration import Calibration
from seqnet.models.export.description import description_of, letter_tokens
from tests.models.export.building import ensemble, made


def test_letters_have_the_tokens_of_the_alphabet() -> None:
    found = letter_tokens(alphabet("rna"))
    assert {letter: found[letter] for letter in "ACGUTacgut"} == dict(
        zip("ACGUTacgut", [1, 2, 3, 4, 4] * 2, strict=True)
    )
    assert "-" not in found
    assert found["N"] == alphabet("rna").mask_token


def test_an_exported_model_describes_its_inputs_and_outputs() -> None:
    bundle = replace(made("cnn-max", "kmer", "dna"), calibration=Calibration(threshold=0.3))
    found = dict(description_of(bundle))
    assert json.loads(found.pop("tokens")) == letter_tokens(alphabet("dna"))
    assert found == {
        "seqnet": seqnet.__version__,
        "alphabet": "dna",
        "classes": '["noise", "signal"]',
        "positive": '"signal"',
        "threshold": "0.3",
        "window": "14",
        "shortest": "2",
        "strands": "both",
        "members": "1",
    }
    assert description_of(ensemble())["members"] == "2"
    assert description_of(ensemble())["strands"] == "single"
    three = description_of(made("cnn-max", "onehot", "dna", classes=("a", "b", "c")))
    assert (three["positive"], three["threshold"]) == ("null", "null")
