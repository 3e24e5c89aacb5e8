from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import transformers

from seqnet.configs.encoders import EncoderConfig
from seqnet.core.alphabets import alphabet
from seqnet.core.errors import InputError, SeqnetError, SettingError
from seqnet.nn.plm.model_files import find_again, find_language_model, settled
from tests.nn.plm.models import CHANNELS, save_model, settled_config, shared_model, silent, without_bars

PROTEIN = alphabet("protein")
NAME = "someone/esm_tiny"


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def config_of(folder: Path | str, cache: str = "none", sha256: str = "") -> EncoderConfig:
    return EncoderConfig(name="plm", model=str(folder), cache=cache, sha256=sha256)


def test_settled_settings_identify_the_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    monkeypatch.chdir(tmp_path)
    found = settled(config_of("esm", cache="here"), PROTEIN, silent)
    assert (found.model, found.cache, found.dimension) == (str(folder), str(tmp_path / "here"), CHANNELS)
    # The sorted output of sha256sum for the files, hashed again.
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
    hashes = {name: hash_of(folder / name) for name in names if (folder / name).is_file()}
    lines = sorted(f"{digest}  {name}\n" for name, digest in hashes.items())
    assert found.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert settled(found, PROTEIN, silent) == found
    # The hash of the weights alone is also accepted for checking.
    assert settled(config_of(folder, sha256=hashes["model.safetensors"]), PROTEIN, silent).sha256 == found.sha256


def test_settings_of_other_encoders_are_left_alone() -> None:
    config = EncoderConfig(name="embedding")
    assert settled(config, alphabet("dna"), silent) is config


def test_nucleotides_and_no_model_are_refused() -> None:
    with pytest.raises(SettingError, match=r"encoder\.name plm needs protein"):
        settled(config_of(shared_model()), alphabet("dna"), silent)
    with pytest.raises(SettingError, match=r"encoder\.model must be a folder or a name on the"):
        settled(EncoderConfig(name="plm"), PROTEIN, silent)


def test_another_model_is_refused(tmp_path: Path) -> None:
    one, other = save_model(tmp_path / "one"), save_model(tmp_path / "other", seed=1)
    config = settled_config(one)
    with pytest.raises(SettingError, match=rf"encoder\.sha256 must be .*other, not '{config.sha256[:9]}"):
        settled(config_of(other, sha256=config.sha256), PROTEIN, silent)
    assert find_again(config, [str(one)], silent).folder == one
    save_model(one, seed=2)
    with pytest.raises(InputError, match=r"one: the files of this .* was trained with those of .*one with .*--plm"):
        find_again(config, [str(one)], silent)


def test_a_vocabulary_or_a_configuration_that_was_changed_is_another_model(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    config = settled_config(folder)
    for name in ("config.json", "tokenizer_config.json"):
        before = (folder / name).read_text()
        (folder / name).write_text(before + " ")
        with pytest.raises(InputError, match="the files of this language model have SHA-256"):
            find_again(config, [str(folder)], silent)
        (folder / name).write_text(before)
    assert find_again(config, [str(folder)], silent).sha256 == config.sha256


def test_a_classifier_of_version_0_1_identifies_the_weights_only_with_a_message(tmp_path: Path) -> None:
    folder, reported = save_model(tmp_path / "esm"), list[str]()
    config = replace(settled_config(folder), sha256=hash_of(folder / "model.safetensors"))
    assert find_again(config, [str(folder)], reported.append).folder == folder
    assert reported == [
        f"this classifier was trained with seqnet 0.1, which recorded the weights of {folder} but not its vocabulary"
    ]


def test_what_a_classifier_names_is_not_looked_for(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    with pytest.raises(InputError, match=r"^this classifier needs the language model that it was trained on, .*--plm$"):
        find_again(settled_config(folder), [], silent)


def test_a_model_may_be_elsewhere(tmp_path: Path) -> None:
    one = save_model(tmp_path / "one")
    config = settled_config(one)
    moved = one.rename(tmp_path / "moved")
    with pytest.raises(
        InputError, match=r"one: there is no language model in this folder.* for a trained classifier, --plm"
    ):
        find_again(config, [str(one)], silent)
    other = save_model(tmp_path / "other", seed=1)
    # Of several named models, it uses its own.
    assert find_again(config, [str(other), str(moved)], silent).folder == moved
    with pytest.raises(InputError, match=r"other: the files of this"):
        find_again(config, [str(other)], silent)


def test_weights_in_several_files_have_one_hash(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    with without_bars():
        model = transformers.EsmModel.from_pretrained(folder, add_pooling_layer=False)
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="2KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    hashes = "\n".join(hashlib.sha256(shard.read_bytes()).hexdigest() for shard in shards)
    assert find_language_model(str(folder), silent).weights == hashlib.sha256(hashes.encode()).hexdigest()
    shards[0].unlink()
    with pytest.raises(InputError, match=r"esm: there is no complete model\.safetensors; give the folder"):
        find_language_model(str(folder), silent)


def test_pickled_weights_are_not_taken(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "esm")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"no complete model\.safetensors"):
        find_language_model(str(folder), silent)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"esm: there is no config\.json of a language model"),
        ("{", r"config\.json: this is not the configuration of an ESM model; give"),
        ("[]", "not the configuration"),
        (json.dumps({"model_type": "bert", "hidden_size": 8}), "not the configuration"),
        (json.dumps({"model_type": "esm", "hidden_size": "8"}), "not the configuration"),
        (json.dumps({"model_type": "esm", "hidden_size": 8, "max_position_embeddings": 4}), "not the configuration"),
        (json.dumps({"model_type": "esm", "hidden_size": 8, "pad_token_id": None}), "not the configuration"),
    ],
)
def test_other_models_than_esm_are_refused(tmp_path: Path, text: str | None, message: str) -> None:
    folder = save_model(tmp_path / "esm")
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)
    with pytest.raises(InputError, match=message):
        find_language_model(str(folder), silent)


def test_missing_transformers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(SeqnetError, match=r"^encoder plm: needs transformers, which .*; pip install 'seqnet\[plm\]'$"):
        find_language_model(str(shared_model()), silent)


class Hub(BaseHTTPRequestHandler):
    """The parts of the hub that its client uses, with one model."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        self.asked.append(self.path)
        _, _, name = self.path.partition(f"/{NAME}/resolve/")
        commit = "c" * 40
        file = self.folder / name.partition("/")[2]
        if self.path.startswith(f"/api/models/{NAME}/"):
            files = sorted(path.name for path in self.folder.iterdir())
            about = {
                "id": NAME,
                "private": False,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "sha": commit,
                "siblings": [{"rfilename": one} for one in files],
            }
            entries = [{"type": "file", "path": one, "size": 1, "oid": "0"} for one in files]
            content = json.dumps(entries if "/tree/" in self.path else about).encode()
        elif name and file.is_file():
            content = file.read_bytes()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", '"' + hashlib.sha256(content).hexdigest() + '"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """The address of a hub with a model whose repository also has files that are not needed."""
    folder = save_model(tmp_path / "repository")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    handler = type("Handler", (Hub,), {"folder": folder, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


PROGRAM = f"""
import sys
from seqnet.core.errors import SeqnetError
from seqnet.nn.plm.model_files import find_language_model
try:
    found = find_language_model("{NAME}", lambda text: print("reported:", text))
    print(found.weights, sorted(path.name for path in found.folder.iterdir()))
except SeqnetError as error:
    print(type(error).__name__, error)
"""


def ask_hub(program: Path, home: Path, address: str, **environment: str) -> list[str]:
    """Returns the output of a process that looks for the model; the client reads its settings when it is imported."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    settings = {"HF_HOME": str(home), "HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [program, "-c", PROGRAM], env=keep | settings | environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_model_is_fetched_once_with_a_message(hub: str, program: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    offline = ask_hub(program, home, hub, HF_HUB_OFFLINE="1")
    problem = f"{NAME}: this model is not in {home}/hub, and HF_HUB_OFFLINE forbids downloads"
    assert offline == [f"DownloadError {problem}; download it first, or give its folder as encoder.model"]
    first, found = ask_hub(program, home, hub)
    assert first == f"reported: downloading the language model {NAME} from {hub} into {home}/hub"
    assert found.startswith(hashlib.sha256((tmp_path / "repository" / "model.safetensors").read_bytes()).hexdigest())
    assert "pytorch_model.bin" not in found
    assert ask_hub(program, home, hub) == ask_hub(program, home, hub, HF_HUB_OFFLINE="1") == [found]


def test_a_model_that_is_not_there_is_one_line(program: Path, tmp_path: Path) -> None:
    reported, line = ask_hub(program, tmp_path / "home", "http://127.0.0.1:9")
    assert reported.startswith("reported: downloading")
    assert line.startswith(f"DownloadError {NAME}: can't reach http://127.0.0.1:9 (connection refused)")
    assert line.endswith("; check the name and the network connection, or give a folder as encoder.model")
