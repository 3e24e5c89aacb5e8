"""The known problems of the real data are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.audit import Check, audit_dataset
from seqnet.configs.encoding import EncodeOptions
from seqnet.configs.readers import ReadOptions
from seqnet.datasets.dataset import open_dataset
from seqnet.datasets.encoding import ClassSource, encode

REAL = Path(__file__).parent.parent.parent.parent / "shared" / "data"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"no real sequences in {REAL}"),
]


def audited(tmp_path: Path, options: EncodeOptions) -> dict[str, Check]:
    output = tmp_path / "out.safetensors"
    encode([ClassSource(None, path=str(REAL / "solubility.npz"))], output, options, ReadOptions())
    return {check.name: check for check in audit_dataset(open_dataset(output))}


@pytest.mark.slow
def test_solubility_at_random(tmp_path: Path) -> None:
    found = audited(tmp_path, EncodeOptions())
    # One protein in twenty has a near-duplicate with the opposite label; nearly all near-duplicates do.
    assert found["near-contradictory"].value == pytest.approx(0.065, abs=0.005)
    assert found["near-contradictory"].message.endswith("92% of those that have one at all")
    assert found["near-across"].status == "fail"
    assert found["duplicates-inside"].value == 0
    assert found["length-composition"].value == pytest.approx(0.65, abs=0.015)
    assert found["tag-his6"].value is not None
    assert "24.7% of negatives, 24.4% of positives" in found["tag-his6"].message


@pytest.mark.slow
def test_solubility_by_similarity(tmp_path: Path) -> None:
    found = audited(tmp_path, EncodeOptions(split_by="similarity"))
    assert found["near-across"].value == 0
    assert found["near-contradictory"].value == pytest.approx(0.065, abs=0.005)
    assert found["drift"].value == pytest.approx(0, abs=0.001)
