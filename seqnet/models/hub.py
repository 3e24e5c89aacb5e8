"""Models on the Hugging Face hub: `hf://OWNER/NAME` → file on this machine."""

from __future__ import annotations

import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

from seqnet.core.errors import DownloadError, SeqnetError
from seqnet.core.provenance import file_hash

__all__ = ["fetched_model", "hub_name"]

_FILE = "model.safetensors"
_REMEDY = "check the name and the network connection"
# A Path has one slash where the text has two.
_NAME = re.compile(r"hf:/{1,2}([\w.-]+/[\w.-]+?)(?:@([\w.-]+))?")


def hub_name(name: Path) -> tuple[str, str | None] | None:
    """Returns repository and revision of `hf://OWNER/NAME` or `hf://OWNER/NAME@REVISION`; None for any other name.

    Raises:
        SeqnetError: the name starts with `hf:` and is incomplete.
    """
    text = str(name)
    if not text.startswith("hf:/"):
        return None
    match = _NAME.fullmatch(text)
    if match is None:
        problem = "this is not the name of a model on the Hugging Face hub"
        raise SeqnetError(text, problem, "write hf://OWNER/NAME or hf://OWNER/NAME@REVISION")
    return match[1], match[2]


def fetched_model(repository: str, revision: str | None = None) -> Path:
    """Returns the file `model.safetensors` of a repository, downloaded unless this revision is in the client's cache.

    With `HF_HUB_OFFLINE` nothing is downloaded. The file is compared with the checksum that the hub has for it.

    Args:
        repository: OWNER/NAME.
        revision: branch, tag or commit; None for the newest.

    Raises:
        DownloadError: the file can't be downloaded, or differs from its checksum.
        SeqnetError: the client of the hub is not installed.
    """
    name = f"hf://{repository}"
    if find_spec("huggingface_hub") is None:
        problem = "models of the Hugging Face hub need the package huggingface_hub, which is not installed"
        raise SeqnetError(name, problem, "install it: python -m pip install 'seqnet[hub]'")
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        path = Path(hf_hub_download(repository, _FILE, revision=revision))
    except Exception as error:  # the client raises its own errors and those of several libraries
        reason = " ".join(str(error).split())[:200]
        problem = f"{_FILE} can't be downloaded from {constants.ENDPOINT} ({reason})"
        raise DownloadError(name, problem, _REMEDY) from error
    finally:
        if shown:
            enable_progress_bars()
    _check(name, path)
    return path


def _check(name: str, path: Path) -> None:
    """Compares a file of the client's cache with the checksum of the hub, which is the name of the file it links to.

    Raises:
        DownloadError: they differ.
    """
    expected = path.resolve().name
    if len(expected) == 40:  # a small file, with the checksum of git
        content = path.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    else:
        found = file_hash(path)
    if found != expected:
        problem = f"the downloaded file is damaged: its checksum is {found[:12]}…, not {expected[:12]}…"
        raise DownloadError(name, problem, f"delete {path.resolve()}, and try again")
