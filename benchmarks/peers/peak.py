"""One core's peak: float32 matrix products by NumPy's BLAS. A "step" is an operation."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.peer import answer

SIZE = 1024


def main() -> None:
    a = np.random.default_rng(0).random((SIZE, SIZE), np.float32)
    out = np.empty_like(a)

    def train() -> int:
        np.matmul(a, a, out=out)
        return 2 * SIZE**3

    train()
    answer("peak of one core", np.__version__, None, train)


if __name__ == "__main__":
    main()
