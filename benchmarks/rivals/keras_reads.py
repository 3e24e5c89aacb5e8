"""The textbook networks in Keras on TensorFlow.

`python -m benchmarks.rivals.keras_reads predict INPUT OUTPUT THREADS`, or
`… train textbook|solubility COUNT BATCH EPOCHS THREADS`, which prints the seconds of an epoch after the first.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

from benchmarks.rivals.parsing import batches, onehot


def textbook() -> keras.Model:
    """Returns the network of the preset dna-cnn: (B, 36, 4) → probabilities (B, 2)."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((36, 4)),
            layers.Conv1D(64, 4),
            layers.MaxPooling1D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )


def solubility() -> keras.Model:
    """Returns the network of the preset solubility-cnn: tokens (B, 200) → probability (B, 1)."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((200,)),
            layers.Embedding(21, 16),
            layers.Conv1D(16, 5, activation="relu"),
            layers.MaxPooling1D(4),
            layers.Conv1D(16, 3, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(16, 3, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def predict(source: str, target: str) -> None:
    """Writes name and probabilities of every read."""
    network = textbook()
    with open(target, "w") as file:
        for names, columns in batches(source, 65_536):
            found = network.predict(onehot(columns), batch_size=1024, verbose=0).tolist()
            for name, (no, yes) in zip(names, found, strict=True):
                file.write(f"{name}\t{no:.6f}\t{yes:.6f}\n")


def train(kind: str, count: int, batch: int, epochs: int) -> None:
    """Fits to random sequences, and prints the median seconds of the epochs after the first, which is traced."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, count)
    if kind == "textbook":
        network, loss = textbook(), "sparse_categorical_crossentropy"
        data = onehot(rng.integers(0, 4, (count, 36)))
    else:
        network, loss = solubility(), "binary_crossentropy"
        data = rng.integers(1, 21, (count, 200)).astype(np.int32)
    network.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    marks: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter()))
    network.fit(data, labels, batch_size=batch, epochs=epochs, verbose=0, callbacks=[clock])
    print(float(np.median(np.diff(marks))))


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[-1]))
    if sys.argv[1] == "predict":
        predict(*sys.argv[2:4])
    else:
        train(sys.argv[2], *map(int, sys.argv[3:6]))
