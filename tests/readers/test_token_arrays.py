from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from seqnet.core.errors import FormatError, TruncatedError

from .examples import DATA, REAL, columns, needs_real_data, read, read_batch

AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV"


def archive(path: Path, **arrays: NDArray[Any]) -> Path:
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type] # the stub takes the names for options
    return path


def test_each_array_is_a_class_whichever_way_it_lies() -> None:
    path = DATA / "proteins.npz"
    assert read(path) == [
        ("positives_1", "ARN", "positives_1"),
        ("positives_2", "VYWTS", "positives_2"),
        ("positives_3", "", "positives_3"),
        ("negatives_1", "ARN", "negatives_1"),
        ("negatives_2", "VYWT", "negatives_2"),
    ]
    assert columns(path) == {"label": ["positives"] * 3 + ["negatives"] * 2}


@given(
    tokens=hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.integers(1, 20)),
    lengths=st.lists(st.integers(0, 7), min_size=7, max_size=7),
    dtype=st.sampled_from(["u1", "<i2", ">i4", "i8"]),
    order=st.sampled_from("CF"),
    size=st.integers(1, 30),
)
def test_any_integers_in_any_batch_size(
    tokens: NDArray[np.int64],
    lengths: list[int],
    dtype: str,
    order: Any,
    size: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    expected = []
    for row, length in zip(tokens, lengths, strict=False):
        row[length:] = 0
        expected.append("".join(AMINO_ACIDS[token - 1] for token in row if token))
    path = archive(tmp_path_factory.getbasetemp() / "any.npz", soluble=tokens.astype(dtype, order=order))
    assert [symbols for _, symbols, _ in read(path, batch_bytes=size)] == expected


def test_padding_within_a_sequence_is_named() -> None:
    with pytest.raises(FormatError, match="array 'positives', row 2, column 2: padding lies within") as caught:
        read(DATA / "gap.npz")
    assert caught.value.record == "positives_2"


@pytest.mark.parametrize("token", [-1, 21, 300])
@pytest.mark.parametrize("size", [1, 1000])
def test_a_number_that_is_not_a_token_is_named(tmp_path: Path, token: int, size: int) -> None:
    path = archive(tmp_path / "in.npz", fine=np.ones((4, 3), int), wrong=np.array([[1, 2, 3], [4, 5, token]]))
    with pytest.raises(FormatError, match=f"array 'wrong', row 2, column 3: {token} is not a token"):
        read(path, batch_bytes=size)


@pytest.mark.parametrize(
    "array", [np.zeros(3, int), np.zeros((2, 2)), np.zeros((1, 1, 1), int), np.zeros((1, 2), bool), np.array(["AC"])]
)
def test_other_arrays_are_not_passed_over(tmp_path: Path, array: NDArray[Any]) -> None:
    with pytest.raises(FormatError, match="array 'other' is"):
        read(archive(tmp_path / "in.npz", fine=np.ones((1, 2), int), other=array))


def test_pickles_are_not_opened() -> None:
    with pytest.raises(FormatError, match="array 'positives' is 2-D of type object"):
        read(DATA / "pickled.npz")


def test_arrays_without_rows_are_empty_and_those_without_columns_are_refused(tmp_path: Path) -> None:
    assert read(archive(tmp_path / "in.npz", none=np.zeros((0, 5), int))) == []
    assert read(archive(tmp_path / "in.npz")) == []
    # A header of a hundred bytes can claim any number of rows.
    for rows in (1, 10**12):
        with pytest.raises(FormatError, match=f"array 'a' has {rows:,} rows? without columns"):
            read(archive(tmp_path / "in.npz", a=np.zeros((rows, 0), np.uint8)))


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    content = (DATA / "proteins.npz").read_bytes()
    path = tmp_path / "in.npz"
    for length in [*range(4, len(content) - 22, 9), len(content) - 23]:
        path.write_bytes(content[:length])
        with pytest.raises(TruncatedError):
            read(path)


def test_damage_is_noticed(tmp_path: Path) -> None:
    content = (DATA / "proteins.npz").read_bytes()
    path = tmp_path / "in.npz"
    position = content.index(b"\x14\x00\x00\x00\x00\x00\x00\x00\x13")  # tokens 20 and 19
    path.write_bytes(content[:position] + b"\x13" + content[position + 1 :])
    with pytest.raises(FormatError, match=r"this is not a valid \.npz archive"):
        read(path)


def test_other_archives_and_wrong_headers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("reads.fa", ">a\nACGT\n")
    with pytest.raises(FormatError, match="this is a zip archive of other files; unpack it"):
        read(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.npy", "notes")
    with pytest.raises(FormatError, match=r"this is not a valid \.npz archive"):
        read(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i8", "fortran_order": False, "shape": (10**9, 10**9)})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("huge.npy", header.getvalue() + bytes(80))
    with pytest.raises(FormatError, match="array 'huge' is not as long as its header says"):
        read(path)


@pytest.mark.real_data
@needs_real_data
def test_the_real_proteins() -> None:
    batch = read_batch(REAL / "solubility.npz")
    assert (len(batch), batch.names[0], batch.names[8785]) == (18453, b"positives_1", b"negatives_1")
    assert batch.columns["label"].text().count("positives") == 8785
    with np.load(REAL / "solubility.npz") as arrays:
        row = arrays["negatives"][-1]
    assert batch.symbols[-2] == "".join(AMINO_ACIDS[token - 1] for token in row if token).encode()


def test_a_header_that_promises_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    start = b"\x93NUMPY\x02\x00" + (10**9).to_bytes(4, "little")
    with zipfile.ZipFile(tmp_path / "in.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", start + bytes(100_000_000))
    tracemalloc.start()
    with pytest.raises(FormatError, match="array 'a' has a damaged header"):
        read(tmp_path / "in.npz")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_an_array_is_not_longer_than_its_bytes_can_make(tmp_path: Path) -> None:
    path = archive(tmp_path / "in.npz", a=np.ones((3, 4), int))
    content = bytearray(path.read_bytes())
    # The size in the directory at the end, which zipfile uses.
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"member 'a\.npy' is not as long as the archive says"):
        read(path)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), (\n",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-2, -3), }\n",
        "((((\n",
        " x\n y\n",
        "[" * 300 + "]" * 300,
        "{'descr': [('a', '<i8', -1)], 'fortran_order': False, 'shape': (2, 3), }\n",
        "",
    ],
)
def test_a_header_that_is_none_is_one_line(header: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as file:
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        file.writestr("a.npy", start + header.encode() + bytes(48))
    with pytest.raises(FormatError, match="array 'a' has a damaged header; get the file again"):
        read(tmp_path / "in.npz")
