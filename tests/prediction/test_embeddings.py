from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from seqnet.api.models import Model
from seqnet.configs.prediction import PredictOptions
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import OutputError
from seqnet.models.bundles import Bundle
from seqnet.nn.batching import chunked_parts
from seqnet.prediction.embeddings import EmbeddingsOutput
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import write_predictions
from tests.building import make_bundle, random_strings, run_config

FLAT: Mapping[str, Any] = {"name": "cnn", "filters": [6], "kernels": [4], "pools": [2], "summary": ["flatten"]}
NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "summary": {"name": "cnn", "filters": [6], "kernels": [4], "pools": [2], "dense": [5]},
    "folded": {**FLAT, "dense": [7, 5]},
    "folded, one layer": {**FLAT, "dense": [5]},
    "no dense layer": {**FLAT, "dense": []},
    "hybrid": {
        "name": "hybrid", "filters": [4], "kernels": [3], "pools": [2], "units": 3, "composition": True,
        "head": "sigmoid",
    },
}  # fmt: skip
SEQUENCES = [*random_strings([12, 40, 7, 12], seed=3), "ACGTNNACGTAC", "", "AC!", "NNNN"]
NAMES = ["plain", "gène", "a/1", "long" * 30, "r4", "r5", "r6", "r7"]


def written(bundle: Bundle, target: Path, size: int = 1 << 19, threads: int = 1) -> None:
    source = target.with_suffix(".fa")
    source.write_text("".join(f">{name}\n{symbols}\n" for name, symbols in zip(NAMES, SEQUENCES, strict=True)))
    predictor = Predictor(bundle, PredictOptions(), embed=True)
    inputs = PredictionInputs(ReadOptions(batch_bytes=size, threads=threads), None)
    write_predictions(predictor, inputs, [str(source)], [EmbeddingsOutput(target)], force=True)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_output_layer_makes_the_probabilities_of_the_embeddings(name: str, tmp_path: Path) -> None:
    bundle = make_bundle(run_config(network=NETWORKS[name]))
    written(bundle, tmp_path / "e.npz")
    found = np.load(tmp_path / "e.npz")["embeddings"]
    layer = bundle.classifier.output
    assert found.shape == (len(SEQUENCES), layer.in_features)
    with torch.no_grad():
        logits = layer(torch.from_numpy(found[[0, 2, 3, 4]]))
    logits = torch.nn.functional.pad(logits, (2 - logits.shape[1], 0))
    predictor = Predictor(bundle, PredictOptions())
    inputs = PredictionInputs(ReadOptions(), None)
    (rows, *more) = [predictor.predict_batch(batch) for _, batch in inputs.batches([str(tmp_path / "e.fa")])]
    expected = np.concatenate([rows.probabilities, *(one.probabilities for one in more)])
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), expected[[0, 2, 3, 4]], atol=1e-5)
    assert np.isnan(found).all(axis=1).tolist() == [False] * 5 + [True] * 3


def test_both_forms_hold_the_same_whatever_the_batches(tmp_path: Path) -> None:
    bundle = make_bundle(members=2)
    one, two = tmp_path / "e.npz", tmp_path / "e.parquet"
    written(bundle, one)
    written(bundle, two, size=1, threads=3)
    arrays, table = np.load(one), pq.read_table(two)
    assert arrays["names"].tolist() == table["name"].to_pylist() == NAMES
    assert arrays["status"].tolist() == table["status"].to_pylist()
    assert arrays["status"].tolist() == ["ok"] * 5 + ["empty", "invalid_symbol", "all_ambiguous"]
    vectors = table["embedding"].to_pylist()
    assert [vector is None for vector in vectors] == [False] * 5 + [True] * 3
    np.testing.assert_allclose(np.array(vectors[:5], dtype=np.float32), arrays["embeddings"][:5], atol=1e-5)
    written(bundle, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == one.read_bytes()


def test_members_are_side_by_side(tmp_path: Path) -> None:
    bundle = make_bundle(members=2)
    written(bundle, tmp_path / "both.npz")
    both = np.load(tmp_path / "both.npz")["embeddings"]
    for index, member in enumerate(bundle.members):
        single = make_bundle(seed=index)
        written(single, tmp_path / "one.npz")
        width = member.output.in_features
        own = np.load(tmp_path / "one.npz")["embeddings"]
        np.testing.assert_allclose(both[:, index * width : (index + 1) * width], own, atol=1e-6)


def test_a_long_sequence_has_the_mean_of_its_windows() -> None:
    bundle = make_bundle()
    model, whole = Model(bundle, threads=1), SEQUENCES[1]
    ((_, starts, lengths),) = chunked_parts(np.array([len(whole)]), bundle.window, 100)
    assert len(starts) > 3
    windows = [whole[start : start + length] for start, length in zip(starts, lengths, strict=True)]
    found = model.embed([whole, *windows])
    np.testing.assert_allclose(found[0], found[1:].mean(axis=0), atol=1e-5)


def test_no_records_are_empty_arrays(tmp_path: Path) -> None:
    source = tmp_path / "none.fa"
    source.write_text("")
    for name in ("e.npz", "e.parquet"):
        inputs = PredictionInputs(ReadOptions(), None)
        outputs = [EmbeddingsOutput(tmp_path / name)]
        write_predictions(Predictor(make_bundle(), embed=True), inputs, [str(source)], outputs)
    assert np.load(tmp_path / "e.npz")["embeddings"].shape == (0, 5)
    assert np.load(tmp_path / "e.npz")["names"].shape == (0,)
    assert pq.read_table(tmp_path / "e.parquet").num_rows == 0


def test_the_name_sets_the_form() -> None:
    with pytest.raises(OutputError, match=r"end it in \.parquet or \.npz"):
        EmbeddingsOutput(Path("e.tsv"))
