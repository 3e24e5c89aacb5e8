from __future__ import annotations

import gzip
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.core.errors import OutputError
from seqnet.core.ragged import Ragged
from seqnet.core.records import RecordBatch
from seqnet.datasets.tokenizing import RecordStatus
from seqnet.prediction.rows import PredictedRows
from seqnet.prediction.writers import OUTPUT_FORMATS, columns, format_of, opened_writer, text_columns

CLASSES = ("noise", "signal")
NO_RECORDS = RecordBatch.concatenate([])
"""Tables are made of rows alone."""
NAMES = [b"read/1", "gène".encode(), b"odd\xff\xfebytes", b"", b"sp|P0 x", b'quoted"name', b"r7", b"r8"]
PROBABILITIES = [
    [0.0, 1.0], [1.0, 0.0], [1e-7, 1 - 1e-7], [0.5, 0.5], [math.nan, math.nan], [1 / 3, 2 / 3],
    [0.9999996, 4e-7], [math.nan, math.nan],
]  # fmt: skip
STATUS = [RecordStatus.OK] * 4 + [RecordStatus.EMPTY, RecordStatus.OK, RecordStatus.OK, RecordStatus.INVALID_SYMBOL]


def predictions(
    probabilities: Sequence[Sequence[float]] = PROBABILITIES,
    status: Sequence[RecordStatus] = STATUS,
    names: Sequence[bytes] = NAMES,
) -> PredictedRows:
    values = np.array(probabilities, dtype=np.float64)
    labels = np.where(np.isnan(values[:, 0]), -1, values.argmax(axis=1))
    return PredictedRows(Ragged.from_strings(names), np.array(status, dtype=np.uint8), labels, values)


def escaped(name: bytes) -> bytes:
    return b"".join(rb"\x%02x" % byte if byte < 32 or byte == 127 else bytes([byte]) for byte in name)


def formatted(rows: PredictedRows, classes: Sequence[str] = CLASSES) -> bytes:
    """Returns the same rows as tab-separated values, one by one."""
    lines = [
        b"\t".join(name.encode() for name in ("name", "label", "probability", *(f"p_{c}" for c in classes), "status"))
    ]
    for index in range(len(rows)):
        fields = [""] * (len(classes) + 2)
        if rows.status[index] == RecordStatus.OK:
            p = [float(value) for value in rows.probabilities[index]]
            label = int(rows.labels[index])
            fields = [classes[label], f"{p[label]:.6f}", *(f"{value:.6f}" for value in p)]
        word = {0: "ok", 1: "empty", 2: "invalid_symbol", 3: "too_short"}[int(rows.status[index])]
        lines.append(b"\t".join([escaped(rows.names[index]), *(field.encode() for field in fields), word.encode()]))
    return b"\n".join(lines) + b"\n"


def write(
    path: Path | None, kind: str, *batches: PredictedRows, compress: bool = False, classes: Sequence[str] = CLASSES
) -> None:
    with opened_writer(path, kind, classes, compress=compress) as writer:
        for batch in batches:
            writer.write(writer.render(NO_RECORDS, batch))


def split(rows: PredictedRows, at: int) -> tuple[PredictedRows, PredictedRows]:
    first, second = (
        PredictedRows(rows.names.slice(a, b), rows.status[a:b], rows.labels[a:b], rows.probabilities[a:b])
        for a, b in ((0, at), (at, len(rows)))
    )
    return first, second


def test_tsv_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    write(path, "tsv", predictions())
    assert path.read_bytes().split(b"\n") == [
        b"name\tlabel\tprobability\tp_noise\tp_signal\tstatus",
        b"read/1\tsignal\t1.000000\t0.000000\t1.000000\tok",
        b"g\xc3\xa8ne\tnoise\t1.000000\t1.000000\t0.000000\tok",
        b"odd\xff\xfebytes\tsignal\t1.000000\t0.000000\t1.000000\tok",
        b"\tnoise\t0.500000\t0.500000\t0.500000\tok",
        b"sp|P0 x\t\t\t\t\tempty",
        b'quoted"name\tsignal\t0.666667\t0.333333\t0.666667\tok',
        b"r7\tnoise\t1.000000\t1.000000\t0.000000\tok",
        b"r8\t\t\t\t\tinvalid_symbol",
        b"",
    ]
    assert path.read_bytes() == formatted(predictions())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_probabilities_have_six_decimals(values: list[float]) -> None:
    rows = predictions([[1 - value, value] for value in values], [RecordStatus.OK] * len(values), [b"r"] * len(values))
    text = text_columns(rows, CLASSES)[4].to_pylist()
    assert all(len(one) == 8 for one in text)
    for one, value in zip(text, values, strict=True):
        # Half a unit in the last place, and the rounding error of a millionth in float64.
        assert abs(float(one) - value) <= 5e-7 + 1e-15


def test_probabilities_are_formatted_as_python_does() -> None:
    values = np.concatenate([np.random.default_rng(0).random(20_000), 10.0 ** np.arange(-12, 1)])
    rows = predictions(
        np.column_stack([1 - values, values]).tolist(), [RecordStatus.OK] * len(values), [b"r"] * len(values)
    )
    assert text_columns(rows, CLASSES)[4].to_pylist() == [f"{value:.6f}" for value in values]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 2**32))
def test_batches_of_any_size_give_the_same_bytes(count: int, at: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.dirichlet([1, 1, 1], count) if count else np.empty((0, 3))
    status = rng.choice(
        [RecordStatus.OK, RecordStatus.EMPTY, RecordStatus.INVALID_SYMBOL, RecordStatus.TOO_SHORT],
        count,
        p=[0.7, 0.1, 0.1, 0.1],
    )
    values[status != RecordStatus.OK] = math.nan
    names = [bytes(rng.integers(33, 256, rng.integers(0, 9)).astype(np.uint8)) for _ in range(count)]
    labels = np.where(status == RecordStatus.OK, values.argmax(axis=1) if count else 0, -1)
    rows = PredictedRows(Ragged.from_strings(names), status.astype(np.uint8), labels.astype(np.int64), values)
    out = io.BytesIO()

    class Standing:
        buffer = out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", Standing)
        write(None, "tsv", *split(rows, min(at, count)), classes="abc")
    assert out.getvalue() == formatted(rows, "abc")


@pytest.mark.parametrize("odd", [b"a\tb", b"a\nb", b"a\rb", b"a\r\nb", b"\x1b[31m\t"])
def test_a_name_never_breaks_a_line(odd: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    write(path, "tsv", predictions([[0.25, 0.75]], [RecordStatus.OK], [odd]))
    name = odd.replace(b"\t", rb"\t").replace(b"\n", rb"\n").replace(b"\r", rb"\r").replace(b"\x1b", rb"\x1b")
    assert path.read_bytes().split(b"\n")[1:] == [name + b"\tsignal\t0.750000\t0.250000\t0.750000\tok", b""]
    path = tmp_path / "rows.jsonl"
    write(path, "jsonl", predictions([[0.25, 0.75]], [RecordStatus.OK], [odd]))
    assert json.loads(path.read_text())["name"] == odd.decode()


@pytest.mark.parametrize("kind", list(OUTPUT_FORMATS))
def test_no_rows_are_a_header_at_most(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    empty, _ = split(predictions(), 0)
    write(path, kind, empty)
    if kind == "parquet":
        assert pq.read_table(path).num_rows == 0
        assert pq.read_table(path).column_names == columns(CLASSES)
    else:
        assert path.read_bytes() == (formatted(empty) if kind == "tsv" else b"")


def test_json_lines_parse(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = predictions()
    write(path, "jsonl", *split(rows, 3))
    found = [json.loads(line) for line in path.read_bytes().decode().splitlines()]
    assert len(found) == len(rows)
    for index, row in enumerate(found):
        assert list(row) == columns(CLASSES)
        assert row["name"] == NAMES[index].decode(errors="replace")
        assert row["status"] == STATUS[index].word
        if STATUS[index] == RecordStatus.OK:
            label = int(rows.labels[index])
            p = [round(value, 6) for value in PROBABILITIES[index]]
            assert (row["label"], row["probability"]) == (CLASSES[label], p[label])
            assert [row["p_noise"], row["p_signal"]] == p
        else:
            assert [row[name] for name in columns(CLASSES)[1:-1]] == [None] * 4


def test_parquet_has_types_and_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = predictions()
    write(path, "parquet", *split(rows, 3))
    table = pq.read_table(path)
    text, number = pa.large_string(), pa.float64()
    kinds = [text, text, number, number, number, text]
    assert table.schema.equals(pa.schema(list(zip(columns(CLASSES), kinds, strict=True))))
    assert table["name"].to_pylist() == [name.decode(errors="replace") for name in NAMES]
    assert table["status"].to_pylist() == [status.word for status in STATUS]
    for index, one in enumerate(("p_noise", "p_signal")):
        found = table[one].to_pylist()
        assert [math.nan if value is None else value for value in found] == pytest.approx(
            [row[index] for row in PROBABILITIES], abs=0, nan_ok=True
        )
    assert table["label"].null_count == table["probability"].null_count == table["p_noise"].null_count == 2


@pytest.mark.parametrize("kind", ["tsv", "jsonl"])
def test_gzip_is_the_same_text_and_the_same_bytes_every_time(kind: str, tmp_path: Path) -> None:
    plain, packed, again = (tmp_path / name for name in ("plain", "packed", "elsewhere"))
    write(plain, kind, predictions())
    for path in (packed, again):
        write(path, kind, predictions(), compress=True)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes() == again.read_bytes()
    # The gzip header has no time; its flags say that there is a size of the block, as in bgzip, and no file name.
    assert packed.read_bytes()[3:8] == b"\x04" + bytes(4)


@pytest.mark.parametrize("kind", list(OUTPUT_FORMATS))
@pytest.mark.parametrize("compress", [False, True])
def test_standard_output_gets_the_bytes_of_a_file(
    kind: str, compress: bool, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "rows"
    write(path, kind, predictions(), compress=compress)
    write(None, kind, predictions(), compress=compress)
    assert capsysbinary.readouterr().out == path.read_bytes()
    # It is still open for the next writer.
    print("more")
    assert capsysbinary.readouterr().out == b"more\n"


def test_three_classes_with_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    classes = ("β lactamase", "A/B", "status")
    rows = predictions([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], [RecordStatus.OK] * 2, [b"x", b"y"])
    write(path, "tsv", rows, classes=classes)
    assert path.read_bytes() == formatted(rows, classes)
    assert path.read_text().splitlines()[1].split("\t") == [
        "x",
        "status",
        "0.500000",
        "0.200000",
        "0.300000",
        "0.500000",
        "ok",
    ]


def test_the_label_of_a_tie_is_the_one_that_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    one = predictions([[0.6, 0.4]], [RecordStatus.OK], [b"x"])
    write(path, "tsv", PredictedRows(one.names, one.status, np.array([1]), one.probabilities))
    assert path.read_text().splitlines()[1] == "x\tsignal\t0.400000\t0.600000\t0.400000\tok"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.tsv", ("tsv", False)),
        ("a.txt", ("tsv", False)),
        ("a.tsv.gz", ("tsv", True)),
        ("a.b.jsonl", ("jsonl", False)),
        ("a.ndjson.gz", ("jsonl", True)),
        ("a.parquet", ("parquet", False)),
    ],
)
def test_the_name_sets_the_format(name: str, expected: tuple[str, bool], tmp_path: Path) -> None:
    assert format_of(tmp_path / name) == expected


@pytest.mark.parametrize("name", ["a.parquet.gz", "a.csv", "a", "tsv", "a.gz", "a.tsv.zst"])
def test_a_name_without_a_known_format_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the name does not end in a known format; end it in \.tsv"):
        format_of(tmp_path / name)


def test_a_device_gets_plain_text() -> None:
    assert format_of(Path("/dev/null")) == ("tsv", False)


@pytest.mark.parametrize("kind", list(OUTPUT_FORMATS))
def test_an_ensemble_has_the_deviation_of_what_it_decided(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    one = predictions(
        [[0.25, 0.75], [math.nan, math.nan], [0.9, 0.1]],
        [RecordStatus.OK, RecordStatus.EMPTY, RecordStatus.OK],
        [b"x", b"y", b"z"],
    )
    deviations = np.array([[0.125, 0.0625], [math.nan, math.nan], [0.5, 0.25]])
    rows = PredictedRows(one.names, one.status, one.labels, one.probabilities, deviations)
    with opened_writer(path, kind, CLASSES, ensemble=True) as writer:
        writer.write(writer.render(NO_RECORDS, rows))
    if kind == "tsv":
        assert path.read_text().splitlines() == [
            "name\tlabel\tprobability\tsd\tp_noise\tp_signal\tstatus",
            "x\tsignal\t0.750000\t0.062500\t0.250000\t0.750000\tok",
            "y\t\t\t\t\t\tempty",
            "z\tnoise\t0.900000\t0.500000\t0.900000\t0.100000\tok",
        ]
    else:
        table = (
            pq.read_table(path).to_pylist()
            if kind == "parquet"
            else [json.loads(line) for line in path.read_text().splitlines()]
        )
        assert [row["sd"] for row in table] == [0.0625, None, 0.5]
        assert list(table[0]) == columns(CLASSES, ensemble=True)


@pytest.mark.parametrize("kind", list(OUTPUT_FORMATS))
def test_a_decision_that_is_too_unsure_is_not_reported(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    one = predictions(
        [[0.25, 0.75], [math.nan, math.nan], [0.9, 0.1]],
        [RecordStatus.OK, RecordStatus.EMPTY, RecordStatus.OK],
        [b"x", b"y", b"z"],
    )
    rows = PredictedRows(one.names, one.status, one.labels, one.probabilities, uncertain=np.array([True, False, False]))
    write(path, kind, rows)
    if kind == "tsv":
        assert path.read_text().splitlines()[1:] == [
            "x\tuncertain\t0.750000\t0.250000\t0.750000\tok",
            "y\t\t\t\t\tempty",
            "z\tnoise\t0.900000\t0.900000\t0.100000\tok",
        ]
    else:
        table = (
            pq.read_table(path).to_pylist()
            if kind == "parquet"
            else [json.loads(line) for line in path.read_text().splitlines()]
        )
        assert [row["label"] for row in table] == ["uncertain", None, "noise"]
        assert [row["probability"] for row in table] == [0.75, None, 0.9]
