from __future__ import annotations

import pytest
from Bio.SeqUtils.ProtParamData import kd

from seqnet.core.alphabets import alphabet
from seqnet.nn.residue_scales import ALIPHATIC, SCALES, TURN_FORMERS


def test_every_scale_has_every_residue() -> None:
    canonical = set(alphabet("protein").canonical)
    assert all(set(scale) == canonical for scale in SCALES.values())
    assert set(ALIPHATIC) | set(TURN_FORMERS) < canonical


def test_hydropathy_is_that_of_biopython() -> None:
    assert dict(SCALES["hydropathy"]) == kd


@pytest.mark.parametrize(
    ("scale", "highest", "lowest"),
    [
        ("helix", "E", "PG"),
        ("sheet", "V", "E"),
        ("turn", "NG", "I"),
        ("disorder", "P", "W"),
        ("aggregation", "I", "D"),
        ("volume", "W", "G"),
    ],
)
def test_ends_of_the_scales(scale: str, highest: str, lowest: str) -> None:
    values = SCALES[scale]
    assert {residue for residue, value in values.items() if value == max(values.values())} == set(highest)
    assert {residue for residue, value in values.items() if value == min(values.values())} == set(lowest)


def test_charges_at_neutral_ph() -> None:
    assert {residue: value for residue, value in SCALES["charge"].items() if value} == {
        "R": 1,
        "K": 1,
        "D": -1,
        "E": -1,
    }
