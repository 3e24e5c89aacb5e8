"""Every setting of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Settings, setting

__all__ = ["MOST_MEMBERS", "AugmentationConfig", "TrainingConfig"]

MOST_MEMBERS = 100
"""Networks of an ensemble, at most."""


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """How a network is fitted."""

    section: ClassVar[str] = "training"

    epochs: int = setting(20, "passes over the training split", minimum=1, maximum=1_000_000)
    epoch_size: int = setting(
        200_000, "sequences in an epoch of windows that are drawn anew (encode --crop)", minimum=1, maximum=10**12
    )
    precision: str = setting(
        "float32",
        "arithmetic of convolutions, recurrences and dense layers; weights are float32",
        choices=("float32", "bfloat16"),
    )
    compile: bool = setting(
        False, "sequences of one length: have torch.compile make the code of a step, for a GPU; slower on a CPU"
    )
    batch_size: int = setting(128, "sequences in a batch", minimum=1, maximum=10_000_000)
    optimizer: str = setting("adamw", "optimiser; sgd with or without momentum", choices=("sgd", "adam", "adamw"))
    learning_rate: float = setting(1e-3, "largest learning rate", above=0, maximum=3.4e38)
    momentum: float = setting(0.0, "sgd: momentum", minimum=0, below=1)
    schedule: str = setting(
        "onecycle",
        "course of the learning rate over all steps",
        choices=("constant", "linear", "cosine", "exponential", "onecycle"),
    )
    warmup: float = setting(
        0.0, "share of the steps in which the rate rises from zero; onecycle has a rise of its own", minimum=0, below=1
    )
    weight_decay: float = setting(
        0.01, "decay of the weights, decoupled in adamw, part of the gradient else", minimum=0, maximum=1_000
    )
    l1: float = setting(0.0, "penalty on the sum of absolute weights", minimum=0, maximum=1_000_000)
    l2: float = setting(0.0, "penalty on the sum of squared weights", minimum=0, maximum=1_000_000)
    penalize: str = setting(
        "dense", "weights that l1 and l2 are on: hidden dense layers or all", choices=("dense", "all")
    )
    activity_l2: float = setting(
        0.0, "penalty on the mean square of the hidden dense layers' outputs", minimum=0, maximum=1_000_000
    )
    clip_norm: float = setting(1.0, "largest norm of the gradient; 0 is no bound", minimum=0, maximum=1_000_000)
    label_smoothing: float = setting(0.0, "share of each label spread over all classes", minimum=0, below=1)
    balance: str = setting(
        "auto",
        "rare classes: weigh their loss, or draw them more often; auto weighs, and chooses the threshold of two "
        "classes for balanced accuracy, beyond `imbalance`; probabilities are those of the train split's mix",
        choices=("auto", "none", "weights", "oversample"),
    )
    imbalance: float = setting(
        10.0,
        "classes are imbalanced where the largest has more than this many times the smallest's records",
        minimum=1,
        maximum=MOST_RECORDS,
    )
    monitor: str = setting(
        "loss",
        "what chooses the best epoch on the validation split",
        choices=("loss", "accuracy", "balanced_accuracy", "auroc"),
    )
    baseline_records: int = setting(
        50_000,
        "most training records that simple baselines are fitted to; evaluate compares the model with them; 0 fits none",
        minimum=0,
        maximum=MOST_RECORDS,
    )
    patience: int | None = setting(
        None, "stop after this many epochs without a better one", minimum=1, maximum=1_000_000
    )
    seed: int = setting(1, "seed of weights, order, dropout, augmentation and folds", minimum=0, maximum=LARGEST_SEED)


@dataclass(frozen=True)
class AugmentationConfig(Settings):
    """What changes about the training sequences from epoch to epoch."""

    section: ClassVar[str] = "augmentation"

    reverse_complement: bool = setting(False, "DNA: turn every other sequence; always on when both strands predict")
    shift: int = setting(0, "cut up to this many symbols, at random, from either end", minimum=0, maximum=1_000_000_000)
    mutation_rate: float = setting(0.0, "chance of each symbol to become another one", minimum=0, maximum=1)
    fresh_negatives: bool = setting(False, "draw new sequences for generated classes in every epoch")
