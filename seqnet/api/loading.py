"""A model from Python, by its file or name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from seqnet.api.keywords import as_path
from seqnet.api.models import Model
from seqnet.api.python_words import python_words
from seqnet.core.errors import SettingError
from seqnet.models.bundles import Bundle, open_bundle
from seqnet.models.shipped import find_fast_model, find_model
from seqnet.nn.devices import choose_device

__all__ = ["load", "prepare_language_model"]


def load(
    name: str | os.PathLike[str],
    *,
    fast: bool = False,
    device: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    plm: str | os.PathLike[str] | Sequence[str] = (),
) -> Model:
    """Returns a trained model.

    Args:
        name: path of a model, or the name of one that comes with seqnet: human-dna, human-dna-fast,
            solubility.
        fast: whether to open the fast version of a model that comes with seqnet.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of the CPU; None for the processors that the process may use.
        precision: auto, float32, bfloat16, float16 or int8; see `seqnet predict --precision`.
        plm: folder or name of the language model, for a model that was trained with the encoder plm.

    Raises:
        ContainerError: there is no such model or fast version of it, or the file is not a model, damaged, or of another
            version.
        SettingError: there is no such device here, the model can't compute in this precision on it, or `plm` is given
            for a model without a language model.
    """
    with python_words():
        find = find_fast_model if fast else find_model
        file = find(as_path(name, "name", "the path or the name of a model"))
        bundle = open_bundle(file)
        bundle.to(choose_device(str(device)))
        prepare_language_model(bundle, plm)
        model = Model(bundle, threads=threads, precision=precision)
        model.file = file
        return model


def prepare_language_model(bundle: Bundle, plm: str | os.PathLike[str] | Sequence[str]) -> None:
    """Opens the language model of a model that was trained with one.

    Args:
        bundle: the model.
        plm: folders or names of language models; empty for the one that the model names.

    Raises:
        SettingError: one is given for a model without a language model.
    """
    sources = [plm] if isinstance(plm, str) or not isinstance(plm, Iterable) else list(plm)
    named = [os.fspath(as_path(one, "plm")) for one in sources]
    if named and not bundle.uses_language_model:
        raise SettingError("plm", plm, problem="is for models that were trained with the encoder plm")
    bundle.prepare(lambda line: None, named)
