from __future__ import annotations

from seqnet.api.diagnosis.models import model_facts
from seqnet.models.shipped import shipped_models


def test_all_models_of_the_package_can_be_opened() -> None:
    values, problems = model_facts()
    assert problems == []
    assert list(values) == list(shipped_models())
    assert values["human-dna"]["alphabet"] == "dna"
    assert len(values["human-dna"]["classes"]) == 2
