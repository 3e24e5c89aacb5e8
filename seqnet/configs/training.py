"""Every setting of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seqnet.configs.settings import LARGEST_SEED, MOST_RECORDS, Needs, Settings, setting

__all__ = ["MOST_MEMBERS", "AugmentationConfig", "TrainingConfig"]

MOST_MEMBERS = 100
"""Networks of an ensemble, at most."""


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """How a network is fitted."""

    section: ClassVar[str] = "training"

    epochs: int = setting(20, "passes over the training split", minimum=1, maximum=1_000_000)
    epoch_size: int = setting(200_000, "with encode --crop: random pieces in an epoch", minimum=1, maximum=10**12)
    precision: str = setting(
        "float32",
        "number format of the computation; auto is bfloat16 on CPUs that are faster in it; weights stay float32",
        choices=("auto", "float32", "bfloat16"),
    )
    compile: bool = setting(
        False, "use torch.compile, for long trainings on a GPU and sequences of one length; slower on a CPU"
    )
    batch_size: int = setting(128, "sequences in a batch", minimum=1, maximum=10_000_000)
    optimizer: str = setting("adamw", "optimiser", choices=("sgd", "adam", "adamw"))
    learning_rate: float = setting(1e-3, "maximum learning rate", above=0, maximum=3.4e38)
    momentum: float = setting(0.0, "sgd: momentum", minimum=0, below=1, needs=[Needs("optimizer", ("sgd",))])
    schedule: str = setting(
        "onecycle",
        "learning rate schedule",
        choices=("constant", "linear", "cosine", "exponential", "onecycle"),
    )
    warmup: float = setting(
        0.0,
        "share of steps in which the learning rate rises from zero; onecycle has its own warm-up",
        minimum=0,
        below=1,
        needs=[Needs("schedule", ("constant", "linear", "cosine", "exponential"))],
    )
    weight_decay: float = setting(
        0.01, "weight decay; decoupled in adamw, otherwise added to the gradient", minimum=0, maximum=1_000
    )
    l1: float = setting(0.0, "L1 penalty on weights", minimum=0, maximum=1_000_000)
    l2: float = setting(0.0, "L2 penalty on weights", minimum=0, maximum=1_000_000)
    penalize: str = setting(
        "dense",
        "weights that l1 and l2 apply to: hidden dense layers or all",
        choices=("dense", "all"),
        needs=[Needs("l1"), Needs("l2"), Needs("activity_l2")],
    )
    activity_l2: float = setting(
        0.0, "L2 penalty on the outputs of the hidden dense layers (mean square)", minimum=0, maximum=1_000_000
    )
    clip_norm: float = setting(1.0, "maximum gradient norm; 0 for no clipping", minimum=0, maximum=1_000_000)
    label_smoothing: float = setting(0.0, "share of each label that is spread over all classes", minimum=0, below=1)
    balance: str = setting(
        "auto",
        "for imbalanced classes: weights gives rare classes more weight in the loss, oversample uses their records "
        "more often, auto is weights if the classes are more imbalanced than `imbalance`, and chooses the threshold of "
        "two classes for balanced accuracy; probabilities are always for the class fractions of the train split",
        choices=("auto", "none", "weights", "oversample"),
    )
    imbalance: float = setting(
        10.0,
        "classes are imbalanced if the largest has more than this many times the records of the smallest",
        minimum=1,
        maximum=MOST_RECORDS,
        needs=[Needs("balance", ("auto",))],
    )
    monitor: str = setting(
        "loss",
        "metric on the validation split that chooses the best epoch",
        choices=("loss", "accuracy", "balanced_accuracy", "auroc"),
    )
    baseline_records: int = setting(
        50_000,
        "maximum number of training records for the baselines that evaluate shows; 0 for no baselines",
        minimum=0,
        maximum=MOST_RECORDS,
    )
    freeze: bool = setting(
        False, "with --from: train only the head, the dense layers and the output, and leave all before it as it is"
    )
    kept_rate: float = setting(
        0.3,
        "with --from: learning rate of the weights that are kept, as a factor of learning_rate",
        above=0,
        maximum=1_000,
        needs=[Needs("freeze", (False,))],
    )
    early_stopping: int | None = setting(
        None,
        "stop after this many epochs without improvement",
        minimum=1,
        maximum=1_000_000,
        formerly="patience",
    )
    seed: int = setting(
        1, "random seed of weights, order, dropout, augmentation and folds", minimum=0, maximum=LARGEST_SEED
    )


@dataclass(frozen=True)
class AugmentationConfig(Settings):
    """What changes about the training sequences from epoch to epoch."""

    section: ClassVar[str] = "augmentation"

    reverse_complement: bool = setting(
        False, "DNA: replace random sequences by their reverse complement; always on if both strands are predicted"
    )
    shift: int = setting(
        0, "remove a random number of symbols, up to this many, from either end", minimum=0, maximum=1_000_000_000
    )
    mutation_rate: float = setting(0.0, "probability that a symbol is replaced by another one", minimum=0, maximum=1)
    fresh_negatives: bool = setting(False, "generate new sequences for generated classes in every epoch")
    fresh_shuffles: tuple[str, ...] = setting(
        (),
        "classes whose records are shuffled anew in every epoch, with the same counts of neighbouring pairs of symbols",
    )
