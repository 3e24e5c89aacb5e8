from __future__ import annotations

import numpy as np
import pytest
import torch

from seqnet.models.export.layers import exportable_copy
from tests.building import make_classifier, padded
from tests.contracts.test_networks import CASES, Case

WITHOUT = ("plm", "rna")


@pytest.mark.parametrize("case", [one for one in CASES if not any(word in str(one.id) for word in WITHOUT)])
def test_layers_in_another_form_give_the_same_logits(case: Case) -> None:
    classifier = make_classifier(case.config, case.name, window=case.window)
    tokens, lengths = padded(case.strings(), case.name)
    with torch.inference_mode():
        expected = classifier.strand_logits(tokens, lengths)
        found = exportable_copy(classifier, onnx=False).strand_logits(tokens.long(), lengths)
    np.testing.assert_allclose(found, expected, atol=1e-5)
