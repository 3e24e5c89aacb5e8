from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import seqnet
from seqnet.core.errors import DownloadError, OutputError, SettingError


def copy_of(tmp_path: Path) -> tuple[Path, str]:
    """Returns a file of token arrays, and its checksum."""
    path = tmp_path / "copy.npz"
    np.savez(path, positives=np.ones((3, 5), dtype=np.int64), negatives=np.full((3, 5), 2))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_checked_and_put_into_the_directory(tmp_path: Path) -> None:
    path, digest = copy_of(tmp_path)
    lines: list[str] = []
    found = seqnet.download("solubility", tmp_path / "new", from_file=path, sha256=digest, progress=lines.append)
    about = seqnet.list_sources()["solubility"]
    assert found == tmp_path / "new" / str(about["filename"])
    assert found.read_bytes() == path.read_bytes()
    assert lines == [f"solubility: {about['licence']}", f"cite {about['citation']}"]
    with pytest.raises(OutputError, match="already exists"):
        seqnet.download("solubility", str(tmp_path / "new"), from_file=path, sha256=digest)
    assert seqnet.download("solubility", tmp_path / "new", from_file=path, sha256=digest, force=True) == found


def test_what_is_not_the_source_leaves_nothing(tmp_path: Path) -> None:
    path, digest = copy_of(tmp_path)
    with pytest.raises(DownloadError, match="this is not the published"):
        seqnet.download("solubility", tmp_path / "new", from_file=path)
    with pytest.raises(SettingError, match="source must be one of"):
        seqnet.download("solubilty", tmp_path / "new")
    with pytest.raises(SettingError, match="sha256 must be 64 hexadecimal digits, not 'abc'"):
        seqnet.download("solubility", tmp_path / "new", from_file=path, sha256="abc")
    with pytest.raises(SettingError, match="can't be combined with from_file"):
        seqnet.download("solubility", tmp_path / "new", from_file=path, sha256=digest, url="http://x")
    assert not (tmp_path / "new").exists()
