from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

import seqnet
from seqnet.configs.readers import ReadOptions
from seqnet.core.errors import FormatError, OutputError
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.evaluation.novelty import describe
from seqnet.models.bundles import Bundle
from seqnet.prediction import ordered_map
from seqnet.prediction.inputs import PredictionInputs
from seqnet.prediction.predictor import Predictor
from seqnet.prediction.streaming import predict_in_order, write_predictions
from seqnet.prediction.writers import TableOutput
from tests.building import encoded, make_bundle, random_strings

PACKAGE = str(Path(seqnet.__file__).parent) + "/"

STAGES = {
    "readers/": "read",
    "datasets/alphabet_check.py": "read",
    "prediction/inputs.py": "read",
    "datasets/tokenizing.py": "tokens",
    "models/probabilities.py": "scores",
    "prediction/decision.py": "decision",
    "evaluation/novelty.py": "decision",
    "prediction/writers.py": "rows",
}
"""Where the code of each stage is."""


def stage_of(frame: FrameType) -> str | None:
    name = frame.f_code.co_filename.removeprefix(PACKAGE)
    return next((stage for place, stage in STAGES.items() if name.startswith(place)), None)


def stages(work: Callable[[], object]) -> list[str]:
    """Returns the stages in the order in which they are entered from outside of any stage."""
    entered: list[str] = []

    def enter(frame: FrameType, event: str, argument: object) -> None:
        stage = stage_of(frame) if event == "call" else None
        # Files are opened and closed for all batches.
        if stage is None or frame.f_code.co_name in ("targets", "opened", "close"):
            return
        outer = frame.f_back
        while outer is not None:
            if stage_of(outer) is not None:
                return
            outer = outer.f_back
        entered.append(stage)

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


def marking() -> Bundle:
    """Returns a model that marks what is unlike its training sequences."""
    bundle, trained_on = make_bundle(members=2), encoded(random_strings([12] * 400))
    return replace(bundle, novelty=describe(trained_on, trained_on, bundle.alphabet, both_strands=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "reads.fa"
    sequences = ["ACGTTGCATGCA", "A" * 12, "", "AC!TTGCATGCA", "NNNN", "ACGTACGTACGTACGT"]
    path.write_text("".join(f">r{place}\n{sequence}\n" for place, sequence in enumerate(sequences)))
    return path


def test_a_batch_enters_each_stage_once_and_in_order(path: Path, tmp_path: Path) -> None:
    bundle = marking()
    all_stages = ["read", "tokens", "scores", "decision", "rows"]
    none_usable = ["read", "tokens", "decision", "rows"]
    one_each = [*all_stages * 2, *none_usable * 3, *all_stages]
    single, target = tmp_path / "single.fa", tmp_path / "rows.tsv"
    single.write_text(">r0\nACGTTGCATGCA\n")
    # The alphabet is reported from the start of the file, or the user has said it.
    for source, size, alphabet, expected in (
        (single, 1 << 19, bundle.alphabet, all_stages),
        (single, 1 << 19, None, all_stages),
        (path, 1, None, one_each),
    ):
        inputs = PredictionInputs(ReadOptions(batch_bytes=size), alphabet)
        work = partial(write_predictions, Predictor(bundle), inputs, [str(source)], [TableOutput(target)], force=True)
        assert stages(work) == [*expected, "read"]  # at last the reader finds the end
    words = [line.rsplit("\t")[-1] for line in target.read_text().splitlines()[1:]]
    assert words == ["ok", "unusual_composition", "empty", "invalid_symbol", "all_ambiguous", "unusual_length"]


def test_the_stages_are_seen_where_they_are_entered_again() -> None:
    from seqnet.core.alphabets import alphabet
    from seqnet.core.ragged import Ragged
    from seqnet.datasets.tokenizing import tokenize

    symbols = Ragged.from_strings(["ACGT"])
    assert stages(lambda: [tokenize(symbols, alphabet("dna")) for _ in range(2)]) == ["tokens", "tokens"]


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_are_in_the_order_of_the_records_and_counted(path: Path, tmp_path: Path, threads: int) -> None:
    predictor = Predictor(marking())
    inputs = PredictionInputs(ReadOptions(batch_bytes=1, threads=threads), None)
    done: list[int] = []
    target = tmp_path / "rows.tsv"
    tally = write_predictions(predictor, inputs, [str(path), str(path)], [TableOutput(target)], done.append)
    names = [line.partition("\t")[0] for line in target.read_text().splitlines()]
    assert names == ["name", *[f"r{place}" for place in range(6)] * 2]
    assert (sum(done), tally.counts.total(), tally.counts[RecordStatus.EMPTY]) == (12, 12, 2)
    assert tally.invalid is not None
    assert (tally.invalid.path, tally.invalid.record) == (str(path), "r3")
    rows = list(predict_in_order(predictor, PredictionInputs(ReadOptions(), None).batches([str(path)]), threads))
    assert np.concatenate([part.status for part in rows]).tolist() == [0, 5, 1, 2, 6, 4]


def test_on_a_gpu_nothing_is_computed_between_two_results(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_map, "start_thread", lambda device: None)
    at_work: list[str] = []
    both = threading.Barrier(2, timeout=20)

    def predict(batch: RecordBatch, place: str) -> tuple[int, int]:
        at_work.append(place)
        both.wait()  # passes only if two batches are computed at once
        at_work.remove(place)
        return len(batch), len(at_work)

    gpu = SimpleNamespace(classifier=SimpleNamespace(device=torch.device("cuda")))
    predictor = cast(Predictor, SimpleNamespace(bundle=gpu, predict_batch=predict))
    records = PredictionInputs(ReadOptions(batch_bytes=1), None).batches([str(path)] * 10)
    found = []
    for rows in predict_in_order(predictor, records, 8):
        assert not at_work
        found.append(rows)
    assert len(found) == 60


def test_nothing_is_written_of_a_file_that_can_not_be_read(path: Path, tmp_path: Path) -> None:
    target, broken = tmp_path / "rows.tsv", tmp_path / "broken.fa"
    broken.write_text("no sequences at all, but text\n")
    outputs = [TableOutput(target), TableOutput(tmp_path / "rows.jsonl", "jsonl")]
    for paths in ([str(broken)], [str(path), str(broken)]):
        with pytest.raises(FormatError):
            write_predictions(Predictor(make_bundle()), PredictionInputs(ReadOptions(), None), paths, outputs)
        assert sorted(tmp_path.iterdir()) == [broken, path]
    target.write_text("kept")
    with pytest.raises(OutputError):
        write_predictions(Predictor(make_bundle()), PredictionInputs(ReadOptions(), None), [str(path)], outputs)
    assert target.read_text() == "kept"


def test_several_outputs_are_made_of_one_reading(path: Path, tmp_path: Path) -> None:
    table, lines, again = tmp_path / "rows.tsv", tmp_path / "rows.jsonl", tmp_path / "again.tsv"
    outputs = [TableOutput(table), TableOutput(lines, "jsonl"), TableOutput(again)]
    inputs = PredictionInputs(ReadOptions(), None)
    work = partial(write_predictions, Predictor(marking()), inputs, [str(path)], outputs)
    assert stages(work) == [*["read", "tokens", "scores", "decision", "rows", "rows", "rows"] * 2, "read"]
    assert len(lines.read_text().splitlines()) == len(table.read_text().splitlines()) - 1 == 6
    assert again.read_bytes() == table.read_bytes()
