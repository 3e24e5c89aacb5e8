"""Small sequences, datasets, settings and models for the tests of encoders, networks, training and inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqnet.configs.run import RunConfig
from seqnet.core.alphabets import alphabet
from seqnet.core.provenance import file_hash
from seqnet.core.ragged import Ragged
from seqnet.datasets.dataset import Dataset, open_dataset, save_dataset
from seqnet.datasets.splits import SPLITS
from seqnet.models.bundles import Bundle
from seqnet.nn.batching import Batch
from seqnet.nn.networks import Classifier
from seqnet.nn.trees import Trees
from seqnet.training.fit import NetworkJob, TrainingResult, train
from seqnet.training.history import EpochRow

CPU = torch.device("cpu")
MOTIF = "ACGTTGCA"


def encoded(strings: Sequence[str], name: str = "dna") -> Ragged:
    """Returns the tokens of sequences."""
    symbols = Ragged.from_strings(strings)
    return Ragged(alphabet(name).encode(symbols.data), symbols.offsets)


def padded(strings: Sequence[str], name: str = "dna", width: int = 0) -> Batch:
    """Returns sequences as a padded batch, at least `width` wide."""
    width = max([width, *map(len, strings)])
    tokens = torch.zeros((len(strings), width), dtype=torch.uint8)
    for row, string in enumerate(strings):
        tokens[row, : len(string)] = torch.from_numpy(encoded([string], name).data.copy())
    return tokens, torch.tensor([len(string) for string in strings])


def random_strings(lengths: Sequence[int], symbols: str = "ACGT", seed: int = 0) -> list[str]:
    """Returns sequences of independent symbols."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(symbols), length)) for length in lengths]


def make_dataset(
    strings: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[str],
    *,
    name: str = "dna",
    classes: Sequence[str] = ("noise", "signal"),
    generators: Mapping[str, str] | None = None,
    crop: int | None = None,
) -> Dataset:
    """Returns a dataset in memory; record i is named `r` i and forms its own group."""
    return Dataset(
        path=Path("tiny.safetensors"),
        alphabet=alphabet(name),
        classes=tuple(classes),
        positive=1 if len(classes) == 2 else None,
        generators=generators or {},
        crop=crop,
        tokens=encoded(strings, name),
        names=Ragged.from_strings([f"r{index}" for index in range(len(strings))]),
        labels=np.array(labels, dtype=np.int32),
        groups=np.arange(len(strings)),
        split=np.array([SPLITS.index(split) for split in splits], dtype=np.uint8),
        provenance={"seed": 1},
    )


def planted(counts: Sequence[int] = (96, 48, 24), length: int = 24, seed: int = 0, **options: Any) -> Dataset:
    """Returns random DNA, every other sequence with a motif; `counts` are the sizes of train, validation and test."""
    strings = random_strings([length] * sum(counts), seed=seed)
    places = np.random.default_rng(seed + 1).integers(0, length - len(MOTIF) + 1, len(strings))
    for index in range(1, len(strings), 2):
        at = int(places[index])
        strings[index] = strings[index][:at] + MOTIF + strings[index][at + len(MOTIF) :]
    labels = [index % 2 for index in range(len(strings))]
    splits = [split for split, count in zip(SPLITS, counts, strict=True) for _ in range(count)]
    return make_dataset(strings, labels, splits, **options)


def saved(dataset: Dataset, path: Path) -> Dataset:
    """Writes a dataset to a file and opens it."""
    save_dataset(path, dataset)
    return open_dataset(path)


def trained_on(bundle: Bundle, dataset: Dataset) -> Bundle:
    """Returns the bundle with a provenance that names the dataset, which is in a file, as its training dataset."""
    about = {"path": str(dataset.path), "sha256": file_hash(dataset.path)}
    return replace(bundle, provenance={**bundle.provenance, "dataset": about})


SMALL_NETWORK: Mapping[str, Any] = {"name": "cnn", "filters": [6], "kernels": [5], "pools": [2], "dense": [5]}


def run_config(
    training: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] = SMALL_NETWORK,
    encoder: Mapping[str, Any] | None = None,
    augmentation: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Returns the settings of a short run of a small network; `training` overrides them."""
    return RunConfig.from_dict(
        {
            "encoder": encoder or {},
            "network": network,
            "training": {"epochs": 3, "batch_size": 16, **(training or {})},
            "augmentation": augmentation or {},
        }
    )


@dataclass
class Recorder:
    """An observer that stores its messages, and interrupts the run after some batches or epochs.

    Attributes:
        stop_at_step: epoch in whose last batch it interrupts.
        stop_at_epoch: epoch after which it interrupts.
    """

    stop_at_step: int | None = None
    stop_at_epoch: int | None = None
    notes: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    rows: list[EpochRow] = field(default_factory=list)
    better: list[bool] = field(default_factory=list)

    def begin(self, config: RunConfig) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def member(self, label: str) -> Recorder:
        return self

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        self.steps.append((epoch, done, steps))
        if epoch == self.stop_at_step:
            raise KeyboardInterrupt

    def epoch(self, row: EpochRow, best: bool) -> None:
        self.rows.append(row)
        self.better.append(best)
        if row.epoch == self.stop_at_epoch:
            raise KeyboardInterrupt


def fit(dataset: Dataset, config: RunConfig, observer: Recorder | None = None, **options: Any) -> TrainingResult:
    """Trains on the CPU and returns the result."""
    return train(NetworkJob(dataset, config, CPU, **options), observer or Recorder())


def weights_of(result: TrainingResult) -> dict[str, NDArray[Any]]:
    """Returns name → array of the weights that a run has stored."""
    return {name: tensor.numpy() for name, tensor in result.bundle.classifier.state_dict().items()}


def same_weights(one: TrainingResult, other: TrainingResult) -> bool:
    """Returns whether two runs have stored the same weights, to the last bit."""
    ours, theirs = weights_of(one), weights_of(other)
    assert ours.keys() == theirs.keys()
    return all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


def fill_trees(trees: Trees) -> None:
    """Fills trees with random decisions, each as deep as it may be."""
    count, nodes = trees.feature.shape
    inner = min(nodes // 2, 2**trees.depth - 1)
    branches = torch.arange(nodes, dtype=torch.int32)[:, None].repeat(count, 1, 2)
    branches[:, :inner] = torch.arange(1, 2 * inner + 1, dtype=torch.int32).reshape(inner, 2)
    feature = torch.randint(trees.features, trees.feature.shape, dtype=torch.int32)
    tables = feature, torch.randn(trees.bound.shape), branches, torch.randn(trees.value.shape) / nodes
    trees.fill(*(table.numpy() for table in tables))


def make_classifier(
    config: RunConfig, name: str = "dna", classes: int = 2, window: int = 12, seed: int = 0
) -> Classifier:
    """Returns a classifier in evaluation mode with random weights that predicts both classes for random sequences.

    Logits differ by about 1, so that any change of them is visible in the probabilities.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        classifier = Classifier(alphabet(name), classes, config.encoder, config.network, window).eval()
        classifier.encoder.prepare(print, [config.encoder.model])
        if classifier.trees is not None:
            fill_trees(classifier.trees)
        for name_of, tensor in classifier.state_dict().items():
            if not tensor.is_floating_point() or name_of.startswith("trees."):
                continue
            if tensor.dim() > 1:
                tensor.copy_(torch.randn_like(tensor) * 1.5 / tensor[0].numel() ** 0.5)
            else:
                # Positive, so that rectified units stay active, and valid as a variance.
                tensor.copy_(torch.rand_like(tensor) + 0.1)
        output = classifier.network.get_submodule("head.output")
        assert isinstance(output, torch.nn.Linear)
        batch = (torch.randint(1, alphabet(name).size + 1, (64, window), dtype=torch.uint8), torch.full((64,), window))
        spread = classifier.strand_logits(*batch).diff(dim=1).std()
        output.weight.div_(spread)
        offset = classifier.strand_logits(*batch).mean(dim=0)[-len(output.bias) :]
        output.bias.sub_(offset / (1 - classifier.tree_weight))
    return classifier


def make_bundle(
    config: RunConfig | None = None,
    name: str = "dna",
    classes: Sequence[str] = ("noise", "signal"),
    window: int = 12,
    seed: int = 0,
    members: int = 1,
) -> Bundle:
    """Returns a bundle with random weights; those of member i are made with `seed` + i."""
    config = config or run_config()
    return Bundle(
        members=tuple(make_classifier(config, name, len(classes), window, seed + index) for index in range(members)),
        alphabet=alphabet(name),
        classes=tuple(classes),
        positive=1 if len(classes) == 2 else None,
        config=config,
        window=window,
        metrics={"epoch": 3.0, "validation_loss": 0.25},
        provenance={"seed": 1, "data": {"seed": 1}},
    )
