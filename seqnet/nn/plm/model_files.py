"""Finds and identifies a language model: a folder or a name on the Hugging Face hub → files and SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from seqnet.configs.encoders import EncoderConfig
from seqnet.core.alphabets import Alphabet
from seqnet.core.errors import DownloadError, InputError, SeqnetError, SettingError
from seqnet.core.provenance import file_hash
from seqnet.nn.plm.vocabulary import check_protein_alphabet

__all__ = ["NAMED", "FoundModel", "Notify", "find_again", "find_language_model", "settled"]

Notify = Callable[[str], None]
"""Function that shows the user a message of one line."""

NAMED = "SEQNET_PLM"
"""Environment variable instead of `--plm`: folder or name of the language model that a classifier needs."""

_KIND = "esm"
_INDEX = "model.safetensors.index.json"
# No pickled weights, and no weights for other frameworks.
_VOCABULARY = ("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_FILES = ("config.json", "model*.safetensors", _INDEX, *_VOCABULARY)
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_REMEDY = "give the folder or the hub name of an ESM model with safetensors weights, as encoder.model"


@dataclass(frozen=True)
class FoundModel:
    """A language model on this machine.

    Attributes:
        folder: folder of its files, in the layout of transformers' `save_pretrained`.
        channels: length of its hidden states.
        limit: maximum number of residues in one input.
        sha256: hash of everything that its hidden states depend on: a line with SHA-256 and name for each file of
            configuration, weights and vocabulary.
        weights: SHA-256 of the weights alone, which seqnet 0.1 used to identify a model: of the file, or of all hashes
            if there are several files.
    """

    folder: Path
    channels: int
    limit: int
    sha256: str
    weights: str


def settled(config: EncoderConfig, alphabet: Alphabet, notify: Notify) -> EncoderConfig:
    """Returns the settings with the identity of the named model: SHA-256 and length of the hidden states.

    Settings of another encoder are returned unchanged. Folders become absolute.

    Args:
        config: settings; `model` names the language model.
        alphabet: alphabet of the sequences.
        notify: called with a message about downloads.

    Raises:
        SettingError: no model is named, its hash is not the given `sha256`, or the sequences are not proteins.
        SeqnetError: see `find_language_model`.
    """
    if config.name != "plm":
        return config
    check_protein_alphabet(alphabet)
    if not config.model:
        raise SettingError(
            "encoder.model", "", "a folder or a name on the Hugging Face hub, such as facebook/esm2_t6_8M_UR50D"
        )
    found = find_language_model(config.model, notify)
    if config.sha256 not in ("", found.sha256, found.weights):
        raise SettingError(
            "encoder.sha256", config.sha256, f"{found.sha256}, the SHA-256 of the files in {found.folder}"
        )
    local = Path(config.model).expanduser()
    name = str(local.resolve()) if local.is_dir() else config.model
    cache = config.cache if config.cache in ("auto", "none") else str(Path(config.cache).expanduser().resolve())
    return replace(config, model=name, cache=cache, sha256=found.sha256, dimension=found.channels)


def find_again(config: EncoderConfig, named: Sequence[str], notify: Notify) -> FoundModel:
    """Returns the model of settled settings, searched among those that the user has named.

    The name in the settings of a classifier is not used, because they are from a file of unknown origin.

    Args:
        config: settled settings.
        named: folders or hub names.
        notify: called with a message about downloads.

    Raises:
        SeqnetError: see `find_language_model`; or no model is named, or it is another model.
    """
    if not named:
        problem = f"this classifier needs the language model that it was trained on, {config.model}"
        raise InputError(problem, "name its folder, or its name on the Hugging Face hub, with --plm")
    for model in named:
        found = find_language_model(model, notify)
        if config.sha256 == found.weights != found.sha256:
            notify(
                f"this classifier was trained with seqnet 0.1, which recorded the weights of {config.model} but not "
                "its vocabulary"
            )
        if config.sha256 in (found.sha256, found.weights):
            return found
    problem = (
        f"the files of this language model have SHA-256 {found.sha256[:12]}…, and the classifier was trained with "
        f"those of {config.model} with {config.sha256[:12]}…"
    )
    raise InputError(problem, "name that model with --plm", path=str(found.folder))


def find_language_model(model: str, notify: Notify) -> FoundModel:
    """Returns the language model in a folder or, if the folder does not exist, with this name on the hub.

    Files in the cache of the hub's client are not downloaded again. With `HF_HUB_OFFLINE` nothing is downloaded.

    Args:
        model: a folder, or a name such as facebook/esm2_t6_8M_UR50D.
        notify: called with a message about the download and its source.

    Raises:
        InputError: the folder does not exist, or is not that of an ESM model with safetensors weights.
        DownloadError: the model can't be downloaded.
        SeqnetError: transformers is not installed.
    """
    # This check comes before that of the folder, because installing transformers is the first thing to do.
    if find_spec("transformers") is None:
        raise SeqnetError("encoder plm", "needs transformers, which is not installed", "pip install 'seqnet[plm]'")
    local = Path(model).expanduser()
    if not local.is_dir() and not _HUB_NAME.fullmatch(model):
        remedy = "correct encoder.model or, for a trained classifier, --plm"
        raise InputError("there is no language model in this folder", remedy, path=model)
    folder = local if local.is_dir() else _fetched(model, notify)
    channels, limit = _read_config(folder)
    files = _weights(folder)
    if not files:
        raise InputError("there is no complete model.safetensors", _REMEDY, path=str(folder))
    hashes = [_hash(file, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    weights = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    others = [folder / name for name in ("config.json", *_VOCABULARY) if (folder / name).is_file()]
    listed = [*zip(hashes, files, strict=True), *((file_hash(file), file) for file in others)]
    lines = sorted(f"{digest}  {file.relative_to(folder).as_posix()}\n" for digest, file in listed)
    return FoundModel(folder, channels, limit, hashlib.sha256("".join(lines).encode()).hexdigest(), weights)


@lru_cache
def _hash(path: Path, size: int, time: int) -> str:
    """Returns the SHA-256 of a file; size and time are in the cache key, so that a changed file is hashed again."""
    return file_hash(path)


def _weights(folder: Path) -> list[Path]:
    """Returns the weight files in order; empty if one is missing."""
    files = [folder / "model.safetensors"]
    if not files[0].is_file() and (folder / _INDEX).is_file():
        try:
            index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
            files = [folder / name for name in sorted(set(index["weight_map"].values()))]
        except (AttributeError, KeyError, TypeError, ValueError):
            return []
    return files if all(file.is_file() for file in files) else []


def _read_config(folder: Path) -> tuple[int, int]:
    """Returns the length of the hidden states and the maximum number of residues.

    Raises:
        InputError: the file is not the configuration of an ESM model.
    """
    file = folder / "config.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        kind, channels = found["model_type"], found["hidden_size"]
        # Positions are numbered after the number of the padding token. <cls> and <eos> take one position each.
        limit = found.get("max_position_embeddings", 1026) - found.get("pad_token_id", 1) - 3
        if kind != _KIND or not isinstance(channels, int) or channels < 1 or limit < 1:
            raise ValueError(kind)
    except FileNotFoundError:
        raise InputError("there is no config.json of a language model", _REMEDY, path=str(folder)) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError("this is not the configuration of an ESM model", _REMEDY, path=str(file)) from None
    return channels, limit


def _fetched(name: str, notify: Notify) -> Path:
    """Returns the folder of a model of the hub, downloaded if it is not in the client's cache."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    try:
        folder = Path(snapshot_download(name, allow_patterns=list(_FILES), local_files_only=True))
        vocabulary = any((folder / name).is_file() for name in ("vocab.txt", "tokenizer.json"))
        if (folder / "config.json").is_file() and _weights(folder) and vocabulary:
            return folder
    except (FileNotFoundError, ValueError):
        pass
    if constants.HF_HUB_OFFLINE:
        problem = f"this model is not in {constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE forbids downloads"
        raise DownloadError(name, problem, "download it first, or give its folder as encoder.model")
    notify(f"downloading the language model {name} from {constants.ENDPOINT} into {constants.HF_HUB_CACHE}")
    shown = not are_progress_bars_disabled()
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES)))
    except Exception as error:  # the client raises its own errors and those of several libraries
        reason = _network_reason(error)
        problem = (
            f"can't reach {constants.ENDPOINT} ({reason})"
            if reason
            else f"can't be downloaded from {constants.ENDPOINT} ({' '.join(str(error).split())[:200]})"
        )
        raise DownloadError(
            name, problem, "check the name and the network connection, or give a folder as encoder.model"
        ) from error
    finally:
        if shown:
            enable_progress_bars()


def _network_reason(error: BaseException | None) -> str | None:
    """Returns the operating system's message about the network if it caused an error of the client; otherwise None."""
    while error is not None:
        if isinstance(error, ConnectionError | socket.gaierror) and error.strerror:
            return error.strerror.lower()
        error = error.__cause__ or error.__context__
    return None
