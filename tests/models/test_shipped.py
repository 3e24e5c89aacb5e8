from __future__ import annotations

from pathlib import Path

import pytest

from seqnet.core.errors import ContainerError
from seqnet.models.shipped import find_fast_model, find_model, shipped_models


def test_a_name_is_a_model_of_the_package_unless_there_is_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(shipped_models()) == {"human-dna", "human-dna-fast", "solubility"}
    monkeypatch.chdir(tmp_path)
    assert find_model(Path("human-dna")) == shipped_models()["human-dna"]
    (tmp_path / "human-dna").write_text("mine")
    assert find_model(Path("human-dna")) == Path("human-dna")


def test_a_mistyped_name_gets_the_nearest_and_another_one_the_list() -> None:
    with pytest.raises(
        ContainerError, match=r"^humandna: no such file or directory; did you mean human-dna( or human-dna-fast)?\?$"
    ):
        find_model(Path("humandna"))
    with pytest.raises(ContainerError, match="give the path of a model; the models that come with seqnet: human-dna"):
        find_model(Path("yeast.safetensors"))


def test_a_fast_version_is_of_a_model_of_the_package_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_fast_model(Path("human-dna")) == shipped_models()["human-dna-fast"]
    (tmp_path / "human-dna").write_text("mine")
    for name in ("human-dna", "solubility", "human-dna-fast"):
        with pytest.raises(ContainerError, match=rf"^{name}: there is no fast version of this model; leave out --fast"):
            find_fast_model(Path(name))
    with pytest.raises(ContainerError, match=r"^human-dn: no such file or directory; did you mean"):
        find_fast_model(Path("human-dn"))
