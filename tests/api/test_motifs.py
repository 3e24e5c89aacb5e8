"""Motifs from Python."""

from __future__ import annotations

import pytest

from seqnet.api.models import Model
from seqnet.core.errors import InputError, LabelError, UnknownSettingError
from tests.building import make_bundle, random_strings, run_config

NETWORK = {"name": "cnn", "filters": [4], "kernels": [5], "pools": [1]}


def test_motifs_of_sequences_in_memory() -> None:
    model = Model(make_bundle(run_config(network=NETWORK)), threads=1)
    strings = random_strings([12] * 80)
    labels = ["noise", "signal", None, "noise"] * 20
    found = model.motifs(strings, labels=labels, motif_q=1, motif_effect=0, motif_sites=5, method="gradient")
    assert found.records == 80
    assert found.method == "gradient"
    assert {motif.source.split()[0] for motif in found} & {"filter", "filters"}
    assert found[0].name == "motif_1"
    assert all(motif.labelled is not None and motif.labelled.shape == (2,) for motif in found)
    again = model.motifs(strings, labels=labels, motif_q=1, motif_effect=0, motif_sites=5, method="gradient")
    assert [motif.consensus for motif in again] == [motif.consensus for motif in found]
    assert "60 records" not in " ".join(found.notes)
    assert model.motifs([], method="gradient").notes == ("there are no records",)


def test_wrong_arguments() -> None:
    model = Model(make_bundle(run_config(network=NETWORK)), threads=1)
    strings = random_strings([12] * 4)
    with pytest.raises(InputError, match="there are 3 labels for 4 sequences"):
        model.motifs(strings, labels=["noise"] * 3)
    with pytest.raises(LabelError, match="'other' is not a class of the model"):
        model.motifs(strings, labels=["other"] * 4)
    with pytest.raises(UnknownSettingError, match="motif_p"):
        model.motifs(strings, motif_p=1)  # type: ignore[call-arg]
