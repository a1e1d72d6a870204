"""Plain JAX: `lax.scan` over `x @ W`, 20 epochs per dispatch, donated, XLA's own settings."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.peers.peer import CHECK_EPOCHS, answer, problem

jax.config.update("jax_platforms", "cpu")


def main() -> None:
    p = problem()
    x, t = jnp.array(p["inputs"]), jnp.array(p["targets"])
    batches = (x.reshape(-1, p["batch"], x.shape[1]), t.reshape(-1, p["batch"], t.shape[1]))
    rate = p["learning_rate"]

    def loss(params: Any, x: jax.Array, t: jax.Array) -> jax.Array:
        for layer in params:
            x = jnp.tanh(x @ layer["w"] + layer["b"])
        return jnp.mean(0.5 * (x - t) ** 2)

    def step(params: Any, batch: Any) -> tuple[Any, None]:
        grads = jax.grad(loss)(params, *batch)
        return jax.tree.map(lambda w, g: w - rate * g, params, grads), None

    def epoch(params: Any, _: None) -> tuple[Any, None]:
        return jax.lax.scan(step, params, batches)

    @partial(jax.jit, donate_argnums=0)
    def epochs(params: Any) -> Any:
        return jax.lax.scan(epoch, params, None, length=CHECK_EPOCHS)[0]

    first = [{k: jnp.array(v, jnp.float32) for k, v in layer.items()} for layer in p["weights"]]
    state = [epochs(first)]

    def train() -> int:
        state[0] = jax.block_until_ready(epochs(state[0]))
        return CHECK_EPOCHS * len(batches[0])

    answer("plain JAX, lax.scan", jax.__version__, float(loss(state[0], x, t)), train)


if __name__ == "__main__":
    main()
