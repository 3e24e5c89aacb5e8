from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from seqnet.core.containers import VERSION, Spool, read_container, write_container
from seqnet.core.errors import ContainerError
from seqnet.core.schema import SchemaError, anything
from tests.rewriting import header_of, write_header

REMEDY = "make it again"
TENSORS: dict[str, NDArray[Any]] = {
    "letters": np.arange(5, dtype=np.uint8),
    "numbers": np.arange(6, dtype=np.int64).reshape(2, 3),
    "weights": np.linspace(0, 1, 3, dtype=np.float32),
}
ABOUT = {"classes": ["a", "b"], "seed": 1}

arrays = st.sampled_from([np.uint8, np.int32, np.int64, np.float32, np.float64, np.bool_]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
tensor_tables = st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"), arrays)
# Python represents file names that are not UTF-8 as text with lone surrogates.
texts = st.text(max_size=6) | st.sampled_from(["caf\udce9.fa", '"\\', "é\0"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
descriptions = st.dictionaries(texts.filter(lambda key: key not in ("kind", "version")), values, max_size=4)


def read(path: Path, kind: str = "dataset") -> Any:
    return read_container(path, [kind], REMEDY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.safetensors"
    write_container(path, "dataset", ABOUT, TENSORS)
    return path


@given(descriptions, tensor_tables)
def test_written_content_reads_back(
    tmp_path_factory: pytest.TempPathFactory, description: dict[str, Any], tensors: dict[str, NDArray[Any]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.safetensors"
    write_container(path, "dataset", description, tensors)
    found = read(path)
    assert found.description == {**description, "kind": "dataset", "version": VERSION}
    assert set(found.tensors) == set(tensors)
    reference = load_file(path)
    for name, expected in tensors.items():
        for array in (found.tensors[name], reference[name]):
            assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
            np.testing.assert_array_equal(array, expected)


def test_the_same_content_is_the_same_bytes_in_any_order(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    write_container(again, "dataset", dict(reversed(ABOUT.items())), dict(reversed(TENSORS.items())))
    assert again.read_bytes() == path.read_bytes()
    write_container(again, "dataset", {**ABOUT, "seed": 2}, TENSORS)
    assert again.read_bytes() != path.read_bytes()


def test_the_data_are_those_of_the_reference_implementation(path: Path, tmp_path: Path) -> None:
    reference = tmp_path / "reference.safetensors"
    with safe_open(path, framework="np") as opened:
        save_file(TENSORS, reference, metadata=opened.metadata())
        assert set(opened.metadata()) == {"checksum", "seqnet"}
    assert header_of(path) == header_of(reference)


def test_tensors_are_aligned_and_can_not_be_written_to(path: Path) -> None:
    for array in read(path).tensors.values():
        assert array.flags.aligned
        assert not array.flags.writeable


def test_tensors_in_any_memory_order_are_written_as_they_look(tmp_path: Path) -> None:
    square = np.arange(6, dtype=np.int32).reshape(2, 3)
    write_container(tmp_path / "x", "dataset", {}, {"turned": square.T, "every other": square[:, ::2]})
    found = read(tmp_path / "x").tensors
    np.testing.assert_array_equal(found["turned"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found["every other"], [[0, 2], [3, 5]])


def test_reading_needs_no_torch(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from seqnet.core.containers import read_container\n"
        "read_container(Path(sys.argv[1]), ['dataset'], ''); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 0


def refusal(path: Path, kind: str = "dataset") -> str:
    with pytest.raises(ContainerError) as caught:
        read(path, kind)
    assert caught.value.place == str(path)
    assert caught.value.remedy
    return caught.value.problem


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.safetensors"
    write_container(path, "dataset", ABOUT, TENSORS)
    size = int(share * path.stat().st_size)
    os.truncate(path, size)
    if size > 8:
        assert refusal(path) == f"the file is damaged or cut short at {size:,} bytes"
    else:
        assert refusal(path) == "this is not a seqnet dataset"


def test_a_file_with_something_behind_its_end_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    assert "damaged" in refusal(path)


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_wrong_byte_in_the_header_never_gets_further_than_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "wrong.safetensors"
    write_container(path, "dataset", ABOUT, TENSORS)
    raw = bytearray(path.read_bytes())
    raw[place] = byte
    path.write_bytes(raw)
    try:
        found = read(path)
    except ContainerError:
        return
    # The changed byte may be in a name or a text; what was read is still within the file.
    assert sum(array.nbytes for array in found.tensors.values()) == sum(array.nbytes for array in TENSORS.values())


@pytest.mark.parametrize("raw", [b"", b"\0" * 8, b">read1\nACGTACGTACGT\n", b"PK\3\4" * 40, b"{" * 100])
def test_any_other_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "other").write_bytes(raw)
    assert refusal(tmp_path / "other") == "this is not a seqnet dataset"


@pytest.mark.parametrize("length", [100_000_001, 2**40, 2**63, 2**64 - 1])
def test_a_header_longer_than_any_takes_no_memory(path: Path, length: int) -> None:
    raw = path.read_bytes()
    path.write_bytes(struct.pack("<Q", length) + raw[8:])
    assert refusal(path) == "this is not a seqnet dataset"


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    for metadata in (None, {"format": "pt"}, {"seqnet": "no JSON"}, {"seqnet": "[1, 2]"}, {"seqnet": "{}"}):
        save_file(TENSORS, tmp_path / "other", metadata=metadata)
        assert refusal(tmp_path / "other") == "this is a safetensors file, but not a seqnet dataset"


def test_a_description_nested_without_end_is_refused(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "deep", metadata={"seqnet": "[" * 200_000})
    assert refusal(tmp_path / "deep") == "this is a safetensors file, but not a seqnet dataset"


def test_another_kind_and_another_version_are_refused(path: Path) -> None:
    assert refusal(path, "model") == "this is a seqnet dataset, not a model"
    with pytest.raises(ContainerError, match="this is a seqnet dataset, not a model or checkpoint; make it again"):
        read_container(path, ("model", "checkpoint"), REMEDY)
    header, data = header_of(path)
    for version, shown in ((2, "2"), (0, "0"), ("1", "'1'"), (None, "none"), ([1], "[1]")):
        description = json.dumps({"kind": "dataset", "version": version})
        write_header(path, header | {"__metadata__": {"seqnet": description}}, data)
        assert refusal(path) == f"this dataset has format version {shown}, this program reads versions 1 and 3"


@pytest.mark.parametrize("kind", ["notebook", None, ["dataset"], {}])
def test_an_unknown_kind_is_refused(path: Path, kind: object) -> None:
    header, data = header_of(path)
    write_header(path, header | {"__metadata__": {"seqnet": json.dumps({"kind": kind, "version": 1})}}, data)
    assert refusal(path) == f"this is a seqnet {kind}, not a dataset"


@pytest.mark.parametrize(("code", "size"), [("F16", 2), ("BF16", 2), ("U64", 8), ("I8", 1), ("F8_E4M3", 1)])
def test_a_type_that_we_never_write_is_refused(path: Path, code: str, size: int) -> None:
    header, _ = header_of(path)
    tensor = {"dtype": code, "shape": [2], "data_offsets": [0, 2 * size]}
    write_header(path, {"__metadata__": header["__metadata__"], "x": tensor}, bytes(2 * size))
    assert refusal(path) == f"tensor x has type {code}"


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": [6]},
        {"shape": [-5]},
        {"shape": [2**62, 4]},
        {"shape": [2**64]},
        {"shape": [5.0]},
        {"shape": 5},
        {"dtype": "U9"},
        {"dtype": None},
        {"data_offsets": [0, 6]},
        {"data_offsets": [5, 0]},
        {"data_offsets": [-1, 4]},
        {"data_offsets": [2**62, 2**62 + 5]},
        {"data_offsets": [0]},
        {"data_offsets": None},
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "x"
    write_container(path, "dataset", ABOUT, {"x": np.arange(5, dtype=np.uint8)})
    header, data = header_of(path)
    write_header(path, header, data)
    read(path)
    write_header(path, header | {"x": header["x"] | changed}, data)
    assert "damaged" in refusal(path)


def test_a_tensor_that_is_described_twice_can_not_reach_beyond_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    about = json.dumps({"seqnet": json.dumps({"kind": "dataset", "version": 1})})
    good = '{"dtype": "U8", "shape": [5], "data_offsets": [0, 5]}'
    far = '{"dtype": "U8", "shape": [50000], "data_offsets": [0, 50000]}'
    for first, second in ((good, far), (far, good)):
        write_header(path, f'{{"__metadata__": {about}, "x": {first}, "x": {second}}}'.encode(), bytes(5))
        try:
            found = read(path)
        except ContainerError:
            continue
        assert found.tensors["x"].shape == (5,)


def test_overlapping_tensors_and_holes_are_refused(path: Path) -> None:
    header, _ = header_of(path)
    for starts in ((0, 4), (0, 6), (1, 6)):
        tensors = {str(start): {"dtype": "U8", "shape": [5], "data_offsets": [start, start + 5]} for start in starts}
        write_header(path, {"__metadata__": header["__metadata__"], **tensors}, bytes(starts[1] + 5))
        assert "damaged" in refusal(path)


def test_a_missing_file_is_an_operating_system_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5), max_size=6))
def test_a_spool_is_the_column_that_was_appended(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "spooled.safetensors"
    expected: list[int] = []
    with closing(Spool(np.int32)) as spool:
        for part in parts:
            before = spool.view()
            spool.append(np.array(part, dtype=np.int64))
            assert before.tolist() == expected
            expected += part
            assert spool.view().tolist() == expected
            assert spool.shape == (len(expected),)
        write_container(path, "dataset", {}, {"column": spool})
        # A copied file may still grow.
        spool.append(np.array([7]))
        assert spool.view().tolist() == [*expected, 7]
    assert read(path).tensors["column"].tolist() == expected
    spooled = path.read_bytes()
    write_container(path, "dataset", {}, {"column": np.array(expected, dtype=np.int32)})
    assert path.read_bytes() == spooled


def test_a_spool_goes_away_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = Spool(np.uint8)
    spool.append(np.arange(10, dtype=np.uint8))
    view = spool.view()
    spool.close()
    assert list(tmp_path.iterdir()) == []
    assert view.tolist() == list(range(10))


def test_every_bit_counts(path: Path) -> None:
    write_container(path, "dataset", {}, {"x": np.arange(3, dtype=np.uint8)})
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(ContainerError):
            read(path)
    path.write_bytes(content)
    read(path)


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(path: Path) -> None:
    content, (header, _) = path.read_bytes(), header_of(path)
    found = header["__metadata__"]["checksum"]
    assert content[37:69] == found.encode()
    assert xxhash.xxh3_128(content[:37] + b"0" * 32 + content[69:]).hexdigest() == found


def test_a_file_of_version_3_without_a_checksum_is_refused(path: Path) -> None:
    header, data = header_of(path)
    del header["__metadata__"]["checksum"]
    write_header(path, header, data)
    assert refusal(path) == "the file is damaged: it has no checksum"


def test_the_checksum_is_checked_in_every_version(path: Path) -> None:
    header, data = header_of(path)
    header["__metadata__"]["seqnet"] = header["__metadata__"]["seqnet"].replace('"version": 3', '"version": 1')
    write_header(path, header, data, checksum=False)
    assert refusal(path) == "the file is damaged: its content does not match its checksum"


def test_a_large_file_that_is_cut_while_it_is_mapped_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = read(path)
    monkeypatch.setattr("seqnet.core.containers._COPIED", 0)
    mapped = read(path)
    mapped.check_whole()
    os.truncate(path, 100)
    with pytest.raises(ContainerError, match="the file was truncated while it was read; make it again"):
        mapped.check_whole()
    # A file that was read into memory does not change.
    small.check_whole()
    np.testing.assert_array_equal(small.tensors["numbers"], TENSORS["numbers"])


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        assert refusal(tmp_path / "pipe") == "this is a pipe or a device, not a file"
    finally:
        os.close(end)


def test_the_place_of_what_is_nested_too_deep_is_its_top() -> None:
    value: object = {}
    for _ in range(40):
        value = {"a": [value]}
    with pytest.raises(SchemaError) as caught:
        anything("provenance", value)
    assert str(caught.value) == "provenance is nested more than 32 deep"
