"""PyTorch, eager: the loop of its tutorials. One thread: more only slow so small a network."""

from __future__ import annotations

import torch

from benchmarks.peers.peer import CHECK_EPOCHS, answer, problem

torch.set_num_threads(1)


def main() -> None:
    p = problem()
    x, t = torch.tensor(p["inputs"]), torch.tensor(p["targets"])
    batches = list(zip(x.split(p["batch"]), t.split(p["batch"]), strict=True))
    model = torch.nn.Sequential()
    for layer in p["weights"]:
        w = torch.tensor(layer["w"])
        linear = torch.nn.Linear(len(w), len(layer["b"]))
        linear.weight.data, linear.bias.data = w.T.contiguous(), torch.tensor(layer["b"])
        model.extend([linear, torch.nn.Tanh()])
    optimizer = torch.optim.SGD(model.parameters(), lr=p["learning_rate"])

    def loss(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return 0.5 * torch.nn.functional.mse_loss(model(x), t)

    def epoch() -> int:
        for batch in batches:
            optimizer.zero_grad()
            loss(*batch).backward()
            optimizer.step()
        return len(batches)

    for _ in range(CHECK_EPOCHS):
        epoch()
    answer("PyTorch, eager", torch.__version__, loss(x, t).item(), epoch)


if __name__ == "__main__":
    main()
