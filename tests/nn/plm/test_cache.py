from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from platformdirs import user_cache_path

from seqnet.core.errors import OutputError
from seqnet.nn.plm.cache import EmbeddingCache, cache_folder

TOKENS = np.array([1, 2, 3, 20], dtype=np.uint8)
# Values that need all bits of float32.
EMBEDDING: NDArray[np.float32] = (np.arange(12).reshape(4, 3) / 7 * 1e20).astype(np.float32)


def cache_in(folder: Path, **environment: Any) -> EmbeddingCache:
    return EmbeddingCache(folder, {"weights": "a", **environment}, 3)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_put_is_what_is_got_to_the_last_bit(tmp_path: Path) -> None:
    assert TOKENS not in cache_in(tmp_path)
    assert cache_in(tmp_path).get(TOKENS) is None
    assert files(tmp_path) == []
    cache_in(tmp_path).put(TOKENS, EMBEDDING)
    found = cache_in(tmp_path).get(TOKENS)
    assert TOKENS in cache_in(tmp_path)
    assert found is not None
    assert (found.dtype, found.shape) == (np.dtype(np.float32), (4, 3))
    assert found.tobytes() == EMBEDDING.tobytes()


def test_other_tokens_and_other_environments_have_embeddings_of_their_own(tmp_path: Path) -> None:
    cache_in(tmp_path).put(TOKENS, EMBEDDING)
    assert cache_in(tmp_path).get(TOKENS[::-1].copy()) is None
    assert cache_in(tmp_path, weights="b").get(TOKENS) is None
    assert cache_in(tmp_path, machine="another").get(TOKENS) is None


def test_a_folder_describes_its_embeddings(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    cache.put(TOKENS, EMBEDDING)
    about, one = files(tmp_path)[::-1] if files(tmp_path)[0].suffix == ".f32" else files(tmp_path)
    assert json.loads(about.read_text()) == {"weights": "a", "layout": 1}
    assert one.stat().st_size == cache.size(4) == 4 * 3 * 4 + 4
    assert about.parent == cache.place == one.parent.parent


@pytest.mark.parametrize("damage", ["cut", "longer", "flipped", "empty"])
def test_a_damaged_embedding_is_not_taken(tmp_path: Path, damage: str) -> None:
    cache = cache_in(tmp_path)
    cache.put(TOKENS, EMBEDDING)
    (file,) = (path for path in files(tmp_path) if path.suffix == ".f32")
    content = file.read_bytes()
    changed = {"cut": content[:-1], "longer": content + b"0", "flipped": b"\1" + content[1:], "empty": b""}[damage]
    file.write_bytes(changed)
    assert cache.get(TOKENS) is None
    cache.put(TOKENS, EMBEDDING)
    assert cache.get(TOKENS) is not None


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = cache_in(tmp_path)
    cache.put(TOKENS[:1], EMBEDDING[:1])
    before = files(tmp_path)
    write = Path.write_bytes

    def stopped(path: Path, content: bytes) -> int:
        write(path, content[:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", stopped)
    with pytest.raises(KeyboardInterrupt):
        cache.put(TOKENS, EMBEDDING)
    assert files(tmp_path) == before
    assert cache.get(TOKENS) is None


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    cache_in(tmp_path).put(TOKENS, EMBEDDING)
    whole = files(tmp_path)
    (one,) = (path for path in whole if path.suffix == ".f32")
    one.with_name(".another.f32.0123456789abcdef.part").write_bytes(b"half")
    one.with_name("mine.part").write_bytes(b"mine")
    cache_in(tmp_path).put(TOKENS, EMBEDDING)
    assert files(tmp_path) == sorted([*whole, one.with_name("mine.part")])


def test_free_disk_space_is_checked(tmp_path: Path) -> None:
    cache = cache_in(tmp_path / "not" / "yet")
    cache.check_space(10)
    with pytest.raises(OutputError, match=r"need 1,000,000,000.0 GB, and .* GB are free; set encoder.cache to another"):
        cache.check_space(10**18)
    assert files(tmp_path) == []


def test_the_folder_is_that_of_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("auto") == user_cache_path("seqnet", appauthor=False) / "plm"
    if sys.platform == "linux":
        assert cache_folder("auto") == tmp_path / "xdg" / "seqnet" / "plm"
        monkeypatch.delenv("XDG_CACHE_HOME")
        assert cache_folder("auto") == tmp_path / ".cache" / "seqnet" / "plm"
    assert cache_folder("~/here") == tmp_path / "here"
    assert cache_folder("none") is None
