"""Training steps of convolutional, recurrent and transformer networks beside PyTorch's.

The engine's compiled program and PyTorch's eager mode, in this process and in turns. With
`--processor` the time of the processor counts, not the clock's: for a machine that others use.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks._common import (
    Goal,
    cores,
    goals,
    heading,
    interleaved,
    median,
    options,
    ratio,
    table,
)
from server.datasets.split import load
from server.engine import platform
from server.engine.data import Arrays
from server.engine.program import Program
from server.experiment import Experiment

BATCH, TOKENS = 64, 28
TRAINING = {"optimizer": "adam", "learning_rate": 0.001, "batch_size": BATCH}
BLOCK = {
    "kind": "transformer_block", "heads": 4, "hidden_units": 256, "causal": True,
    "activation": "relu",
}  # fmt: skip


def experiment(dataset: dict[str, Any], *layers: Any, **training: Any) -> Experiment:
    return Experiment.model_validate(
        {
            "data": {"dataset": dataset},
            "network": {"layers": layers},
            "training": TRAINING | training,
        }
    )


def classified() -> Experiment:
    """MNIST: two convolutions, pooling after each, a dense output."""
    first, second = ({"kind": "conv2d", "filters": filters} for filters in (8, 16))
    layers = (first, "max_pooling2d", second, "max_pooling2d", "flatten")
    return experiment({"kind": "mnist"}, *layers, loss="categorical_crossentropy")


def remembered() -> Experiment:
    """The adding problem: an LSTM over 50 steps."""
    return experiment({"kind": "adding"}, {"kind": "lstm", "units": 32})


def written() -> Experiment:
    """Names: a causal transformer of letters."""
    embedding = {"kind": "embedding", "units": 64, "tokens": TOKENS}
    layers = (embedding, "position_embedding", BLOCK, BLOCK)
    return experiment({"kind": "names"}, *layers, loss="categorical_crossentropy")


class Picturing(nn.Sequential):
    def __init__(self, _: tuple[int, ...]) -> None:
        super().__init__(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 10),
        )  # fmt: skip


class Remembering(nn.Module):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.lstm, self.out = nn.LSTM(shape[-1], 32, batch_first=True), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.lstm(x)[0][:, -1])


class Writing(nn.Module):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, 64)
        self.position = nn.Parameter(0.05 * torch.randn(shape[0], 64))
        self.mask = nn.Transformer.generate_square_subsequent_mask(shape[0])
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(64, 4, 256, 0.0, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.out = nn.Linear(64, TOKENS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.embedding(x) + self.position
        for block in self.blocks:
            h = block(h, self.mask, is_causal=True)
        return self.out(h).flatten(0, 1)


NETWORKS: dict[str, tuple[Callable[[], Experiment], type[nn.Module]]] = {
    "MNIST, two convolutions": (classified, Picturing),
    "LSTM, 50 steps": (remembered, Remembering),
    "transformer of letters": (written, Writing),
}
#: the goal is for these
ASKED = ("MNIST, two convolutions", "transformer of letters")


def ours(what: Experiment, steps: int, clock: Callable[[], float]) -> Callable[[], float]:
    """Takes steps with the engine's program, and says how many a second."""
    arrays = Arrays.of(what, load(what.data))
    program = Program(what, arrays)
    data, live = program.pack(arrays), program.shape.live(what)
    state = [program.init(what)]

    def run(count: int = steps) -> float:
        began = clock()
        args = (live, np.uint32(0), data, np.int32(count))
        state[0] = np.asarray(program.advance(state[0], *args))
        return count / (clock() - began)

    run(2)
    return run


def theirs(
    module: nn.Module, shape: tuple[int, ...], steps: int, clock: Callable[[], float]
) -> Callable[[], float]:
    """The same with PyTorch, on random numbers of the same shape."""
    optimizer = torch.optim.Adam(module.parameters(), 0.001)
    pictures, tokens = len(shape) == 3, len(shape) == 1
    size = (BATCH, shape[-1], *shape[:-1]) if pictures else (BATCH, *shape)
    x = torch.randint(0, TOKENS, size) if tokens else torch.randn(size)
    labels = torch.randint(0, 10, (BATCH * shape[0] if tokens else BATCH,))
    values = torch.randn(BATCH, 1)

    def step() -> None:
        optimizer.zero_grad()
        out = module(x)
        if out.shape[-1] == 1:
            loss = nn.functional.mse_loss(out, values)
        else:
            loss = nn.functional.cross_entropy(out, labels)
        loss.backward()
        optimizer.step()

    def run(count: int = steps) -> float:
        began = clock()
        for _ in range(count):
            step()
        return count / (clock() - began)

    run(2)
    return run


def main() -> None:
    parser = options(__doc__, rounds=7, seconds=2)
    parser.add_argument("--processor", action="store_true", help="processor time, not the clock's")
    args = parser.parse_args()
    clock = time.process_time if args.processor else time.perf_counter
    platform.configure()
    torch.set_num_threads(cores())
    heading("Families", "torch")
    rows: list[tuple[str | float, ...]] = []
    asked: list[Goal] = []
    for name, (build, module) in NETWORKS.items():
        what = build()
        steps = max(int(100 * args.seconds), 20)
        contenders = {
            "here": ours(what, steps, clock),
            "PyTorch": theirs(module(what.input_shape), what.input_shape, steps, clock),
        }
        found = interleaved(contenders, args.rounds)
        factor = ratio(found["here"], found["PyTorch"])
        rows.append((name, median(found["here"]), median(found["PyTorch"]), factor))
        if name in ASKED:
            asked.append(Goal(f"{name}: times PyTorch", factor, 1.2))
    table(("network, batch 64", "steps/s here", "PyTorch", "ratio"), rows)
    goals(asked)


if __name__ == "__main__":
    main()
