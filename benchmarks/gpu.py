"""Training and prediction on a GPU, in float32 and bfloat16, compiled or not, beside plain PyTorch and the CPU.

`python -m benchmarks.gpu [--device cuda] [--smoke]`; about five minutes. `--device cpu --smoke` runs without a GPU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.epochs import Clock
from benchmarks.machine import describe_machine
from benchmarks.racing import RESULTS, write_reads
from benchmarks.rivals.networks import Hybrid, textbook
from seqnet.api.models import Model
from seqnet.cli.main import run
from seqnet.cli.process import set_up_process
from seqnet.configs.run import compose
from seqnet.core.errors import SettingError
from seqnet.core.processors import usable_processors
from seqnet.datasets.dataset import Dataset, open_dataset
from seqnet.models.bundles import Bundle
from seqnet.models.probabilities import class_probabilities
from seqnet.models.scoring import ready
from seqnet.nn.devices import choose_device, computing, device_text
from seqnet.training import NetworkJob, train

__all__ = ["main"]

_RESIDUES = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", dtype=np.uint8)
_READERS = {
    "reading in the same process": ("never", 1),
    "a reader process": ("always", 1),
    "four shards, each with a reader process": ("always", 4),
}
"""How → reader process, and number of shards."""
_CLOSE = {"float32": 1e-4, "bfloat16": 0.05}
"""Largest allowed difference of a probability from that of the CPU in float32."""


@dataclass(frozen=True)
class _Kind:
    preset: str
    batch: int
    rival: Callable[[], nn.Module] | None
    copies: int
    """How often the file of half the records is predicted."""
    proteins: bool = False


_KINDS = (
    _Kind("dna-cnn", 2_048, textbook, 20),
    _Kind("dna-hybrid", 2_048, Hybrid, 8),
    _Kind("protein-hybrid", 256, None, 8, proteins=True),
)


def main(name: str, smoke: bool) -> int:
    """Prints the tables, writes them unless this is a smoke test, and returns the exit code."""
    try:
        if name == "cpu" and not smoke:
            raise SettingError("device", name, problem="can't be cpu without --smoke")
        device = choose_device(name)
    except SettingError as error:
        print(f"gpu: error: no GPU is at hand: {error}", file=sys.stderr)
        return 1
    threads = usable_processors()
    set_up_process(threads)
    lines = ["# Speed on a GPU", "", *describe_machine(threads), "", f"{device_text(device, threads)}.", ""]
    lines += ["| preset | what | precision | how | records per second |", "|---|---|---|---|---|"]
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in _KINDS[:1] if smoke else _KINDS:
            with computing(threads, device):
                for row in _measured(kind, Path(folder), device, threads, faults, smoke=smoke):
                    lines.append(f"| {kind.preset} | {row} |")
                    print(lines[-1], file=sys.stderr, flush=True)
    limits = ", ".join(f"{limit:g} in {precision}" for precision, limit in _CLOSE.items())
    lines += ["", f"Probabilities differ from those of the CPU in float32 by at most {limits}: "
              f"{'; '.join(faults) or 'all do'}. Predictions include the start of reader processes."]  # fmt: skip
    text = "\n".join(lines) + "\n"
    print(text)
    if not smoke:
        (RESULTS / "gpu.md").write_text(text, encoding="utf-8")
    return 1 if faults else 0


def _measured(
    kind: _Kind, folder: Path, device: torch.device, threads: int, faults: list[str], *, smoke: bool
) -> Iterator[str]:
    """Yields the rows of a table: what, precision, how, and records per second."""
    count = (400 if kind.proteins else 1_000) if smoke else (8_000 if kind.proteins else 200_000)
    data, path = _dataset(kind, folder, count)
    bundle: Bundle | None = None
    for precision in ("float32", "bfloat16"):
        for compiled in (False,) if smoke else (False, True):
            settings = ["training.epochs=3", f"training.batch_size={min(kind.batch, count // 4)}",
                        f'training.precision="{precision}"', f"training.compile={str(compiled).lower()}"]  # fmt: skip
            clock = Clock()
            result = train(NetworkJob(data, compose(kind.preset, None, None, None, settings), device), clock)
            bundle = bundle or result.bundle
            how = f"compiled, in {clock.first() - clock.seconds():.0f} s" if compiled else "not compiled"
            yield f"training | {precision} | {how} | {count / clock.seconds():,.0f}"
        if kind.rival:
            speed = _trained(kind.rival(), count, min(kind.batch, count // 4), device, precision)
            yield f"training | {precision} | plain PyTorch, data on the GPU | {speed:,.0f}"
    assert bundle is not None
    faults += _differences(kind, bundle, data, device)
    bundle.to(device)
    copies = 1 if smoke else kind.copies
    path.write_bytes(path.read_bytes() * copies)
    for precision in _CLOSE:
        model = Model(bundle, threads=threads, precision=precision)
        for how, (reader, shards) in _READERS.items():
            started = time.perf_counter()
            records = sum(_predicted(model, path, reader, shards))
            yield f"prediction | {precision} | {how} | {records / (time.perf_counter() - started):,.0f}"
        if kind.rival:
            speed = _applied(kind.rival(), count // 2 * copies, device, precision)
            yield f"prediction | {precision} | plain PyTorch, data on the GPU | {speed:,.0f}"


def _predicted(model: Model, path: Path, reader: str, shards: int) -> list[int]:
    """Returns the number of records that were predicted in each shard, all at the same time."""

    def count(part: int) -> int:
        shard = (part, shards) if shards > 1 else None
        return sum(len(rows) for rows in model.predict_file(path, reader_process=reader, shard=shard))

    with ThreadPoolExecutor(shards) as pool:
        return list(pool.map(count, range(1, shards + 1)))


def _dataset(kind: _Kind, folder: Path, count: int) -> tuple[Dataset, Path]:
    """Returns a dataset of random sequences, all to train on, and a file of as many."""
    paths = [folder / f"{kind.preset}-{label}.fa" for label in "ab"]
    for seed, path in enumerate(paths):
        if kind.proteins:
            rows = _RESIDUES[np.random.default_rng(seed).integers(0, 20, (count // 2, 200))]
            path.write_bytes(b"".join(b">p%d\n%s\n" % (index, row.tobytes()) for index, row in enumerate(rows)))
        else:
            write_reads(path, count // 2, seed=seed)
    target = folder / f"{kind.preset}.safetensors"
    alphabet = "protein" if kind.proteins else "dna"
    words = ["encode", "--class", f"a={paths[0]}", "--class", f"b={paths[1]}", "--alphabet", alphabet,
             "--split", "100/0/0", "-o", str(target)]  # fmt: skip
    with redirect_stderr(StringIO()) as messages:
        if run(words):
            raise RuntimeError(messages.getvalue())
    return open_dataset(target), paths[0]


def _features(count: int, device: torch.device) -> Tensor:
    """Returns random reads (N, 4, 36) float32, one-hot."""
    return functional.one_hot(torch.randint(0, 4, (count, 36), device=device), 4).float().transpose(1, 2)


def _applied(network: nn.Module, count: int, device: torch.device, precision: str) -> float:
    """Returns how many reads a second plain PyTorch predicts, with all data on the device before."""
    network.to(device).eval()
    features = _features(count, device)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            found = [network(part).float().softmax(dim=1) for part in torch.split(features, 1 << 14)]
        torch.cat(found).cpu()
        seconds.append(time.perf_counter() - started)
    return count / min(seconds)


def _trained(network: nn.Module, count: int, batch: int, device: torch.device, precision: str) -> float:
    """Returns how many reads a second plain PyTorch trains on, with all data on the device before."""
    network.to(device)
    features = _features(count, device)
    labels = torch.randint(0, 2, (count,)).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    clock = Clock()
    for _ in range(3):
        for rows in torch.split(torch.randperm(count, device=device), batch):
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = functional.cross_entropy(network(features[rows]).float(), labels[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        float(loss.detach())  # waits for the device
        clock.mark()
    return count / clock.seconds()


def _differences(kind: _Kind, bundle: Bundle, data: Dataset, device: torch.device) -> Iterator[str]:
    """Yields what differs from the CPU by too much."""
    members = data.members("train")[:500]
    cpu = class_probabilities(bundle.classifier, data.tokens, members)
    bundle.to(device)
    for precision, limit in _CLOSE.items():
        (scorer,) = ready(replace(bundle), precision)
        most = float(np.abs(class_probabilities(scorer, data.tokens, members) - cpu).max())
        if not most <= limit:
            yield f"{kind.preset} in {precision} by {most:.2g}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--smoke", action="store_true", help="once, with little, to see that it runs")
    found = parser.parse_args()
    sys.exit(main(found.device, found.smoke))
