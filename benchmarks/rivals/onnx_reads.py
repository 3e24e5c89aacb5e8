"""The textbook network in ONNX Runtime.

`python -m benchmarks.rivals.onnx_reads export MODEL`, then `… predict MODEL INPUT OUTPUT THREADS`.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.rivals.parsing import batches, onehot


def export(model: str) -> None:
    """Writes the network with random weights."""
    import torch

    from benchmarks.rivals.networks import textbook

    network = torch.nn.Sequential(textbook(), torch.nn.Softmax(dim=1)).eval()
    torch.onnx.export(
        network,
        (torch.zeros(2, 4, 36),),
        model,
        input_names=["reads"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def predict(model: str, source: str, target: str, threads: str) -> None:
    """Writes name and probabilities of every read."""
    import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    with open(target, "w") as file:
        for names, columns in batches(source, 1024):
            features = np.ascontiguousarray(onehot(columns).transpose(0, 2, 1))
            found = session.run(None, {"reads": features})[0].tolist()
            for name, (no, yes) in zip(names, found, strict=True):
                file.write(f"{name}\t{no:.6f}\t{yes:.6f}\n")


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(sys.argv[2])
    else:
        predict(*sys.argv[2:])
