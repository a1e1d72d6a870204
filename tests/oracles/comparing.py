"""A layer beside the same in PyTorch, in float64: outputs, gradients of weights and inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

import server.layers  # noqa: F401 - registers
from server.experiment.registry import LAYERS
from server.layers.base import Context

# two threads that wait for each other are slower than one where others work, too
torch.set_num_threads(1)

Tensors = dict[str, torch.Tensor]


def build(kind: str, input_shape: tuple[int, ...], **fields: Any) -> tuple[Any, Any, Any]:
    """A layer whose every parameter and average is away from its first value."""
    rng = np.random.default_rng(3)
    layer = LAYERS[kind].model_validate(fields)
    layer.output_shape(input_shape)
    params, stats = layer.init(rng, input_shape)
    params = {n: p + rng.normal(0, 0.3, p.shape).astype(np.float32) for n, p in params.items()}
    stats = {n: s + rng.uniform(0, 1, s.shape).astype(np.float32) for n, s in stats.items()}
    return layer, params, stats


def inputs(shape: tuple[int, ...], batch: int = 5) -> np.ndarray:
    return np.random.default_rng(11).normal(size=(batch, *shape)).astype(np.float32)


def doubles(arrays: dict[str, Any]) -> Tensors:
    return {
        n: torch.tensor(np.asarray(a, np.float64), requires_grad=True) for n, a in arrays.items()
    }


def close(actual: Any, expected: torch.Tensor, name: str = "") -> None:
    """To 1e-5 of the largest number beside it: sums over a batch cancel."""
    numbers = expected.detach().numpy()
    scale = max(1.0, np.abs(numbers).max(initial=0))
    np.testing.assert_allclose(actual, numbers, rtol=1e-5, atol=1e-5 * scale, err_msg=name)


def agree(
    layer: Any,
    params: Any,
    stats: Any,
    x: np.ndarray,
    oracle: Callable[[Tensors, torch.Tensor], torch.Tensor],
    training: bool = True,
) -> Any:
    """Both alike; the layer's stats afterwards. oracle: (params, x) -> outputs, differentiable."""
    context = Context(training, None, None, jnp.matmul)
    tensors = doubles(params)
    whole = np.issubdtype(x.dtype, np.integer)
    given = torch.tensor(x) if whole else torch.tensor(x.astype(np.float64), requires_grad=True)
    expected = oracle(tensors, given)

    def total(params: Any, x: Any, cotangent: Any) -> Any:
        out, fresh = layer.apply(params, stats, x, context)
        return (out * cotangent).sum(), (out, fresh)

    cotangent = np.random.default_rng(5).normal(size=expected.shape).astype(np.float32)
    expected.backward(torch.tensor(cotangent.astype(np.float64)))
    gradient = jax.jit(jax.grad(total, (0,) if whole else (0, 1), has_aux=True))
    (of_params, *of_x), (out, fresh) = gradient(params, x, cotangent)
    assert out.shape == (len(x), *layer.output_shape(x.shape[1:]))
    close(out, expected, "outputs")
    for name, tensor in tensors.items():
        gradient = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
        close(of_params[name], gradient, f"gradient of {name}")
    if of_x and given.grad is not None:
        close(of_x[0], given.grad, "gradient of the inputs")
    return fresh
