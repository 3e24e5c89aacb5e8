"""Models on the Hugging Face hub, from a server on this machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from seqnet.core.errors import SeqnetError
from seqnet.models.hub import hub_name
from seqnet.models.shipped import shipped_models

pytest.importorskip("huggingface_hub")

PATH = "/lab/reads/resolve/"


class Hub(BaseHTTPRequestHandler):
    """A hub with one model, whose checksum may be that of another file."""

    content: bytes
    checksum: str

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        if not (self.path.startswith(PATH) and self.path.endswith("/model.safetensors")):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.send_header("ETag", f'"{self.checksum}"')
        self.send_header("X-Repo-Commit", "c" * 40)
        self.end_headers()
        if body:
            self.wfile.write(self.content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[type[Hub]]:
    content = shipped_models()["human-dna"].read_bytes()
    handler = type("Handler", (Hub,), {"content": content, "checksum": hashlib.sha256(content).hexdigest()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.address = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


def inspected(
    program: Path, home: Path, address: str, name: str = "hf://lab/reads"
) -> subprocess.CompletedProcess[str]:
    """Runs `seqnet inspect` with a cache in `home`; the client reads its settings when it is imported."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {"HF_HOME": str(home), "HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    return subprocess.run([program, "inspect", name], env=keep | settings, capture_output=True, text=True, check=False)


def test_a_model_of_the_hub_is_used_as_any_other(hub: type[Hub], program: Path, tmp_path: Path) -> None:
    done = inspected(program, tmp_path, hub.address)  # type: ignore[attr-defined]
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "card"), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_model_with_another_checksum_is_refused(hub: type[Hub], program: Path, tmp_path: Path) -> None:
    hub.checksum = "0" * 64
    done = inspected(program, tmp_path, hub.address)  # type: ignore[attr-defined]
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("seqnet: error: hf://lab/reads: the downloaded file is damaged: its checksum is ")
    assert done.stderr.count("\n") == 1


def test_a_model_that_is_not_there_is_one_line(hub: type[Hub], program: Path, tmp_path: Path) -> None:
    done = inspected(program, tmp_path, hub.address, "hf://lab/other")  # type: ignore[attr-defined]
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "seqnet: error: hf://lab/other: model.safetensors can't be downloaded from http://127"
    )
    assert done.stderr.count("\n") == 1


def test_names_of_the_hub() -> None:
    assert hub_name(Path("hf://lab/reads")) == ("lab/reads", None)
    assert hub_name(Path("hf://lab/reads.v2@v1.0")) == ("lab/reads.v2", "v1.0")
    assert hub_name(Path("lab/reads")) is None
    for wrong in ("hf://lab", "hf://lab/reads/file", "hf://lab/reads@"):
        with pytest.raises(SeqnetError, match="write hf://OWNER/NAME"):
            hub_name(Path(wrong))


def test_without_the_client_there_is_one_line(program: Path) -> None:
    code = (
        "import sys\nsys.modules['huggingface_hub'] = None\nimport importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'huggingface_hub' else find(name, *more)\n"
        "from seqnet.cli.main import main\nmain(['inspect', 'hf://lab/reads'])"
    )
    done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "seqnet: error: hf://lab/reads: models of the Hugging Face hub need the package huggingface_hub, which is not "
        "installed; install it: python -m pip install 'seqnet[hub]'\n"
    )
