"""What every registered initializer promises, and the closed forms of their moments."""

from __future__ import annotations

import numpy as np
import pytest

import server.layers  # noqa: F401 - registers
from server.experiment.registry import INITIALIZERS

#: name -> (variance of fan_in and fan_out, kurtosis: 1.8 is uniform, 3 is normal)
MOMENTS = {
    "uniform_half": (lambda i, o: 1 / 12, 1.8),
    "normal": (lambda i, o: 0.05**2, 3),
    "glorot_uniform": (lambda i, o: 2 / (i + o), 1.8),
    "glorot_normal": (lambda i, o: 2 / (i + o), 3),
    "he_uniform": (lambda i, o: 2 / i, 1.8),
    "he_normal": (lambda i, o: 2 / i, 3),
    "lecun_uniform": (lambda i, o: 1 / i, 1.8),
    "lecun_normal": (lambda i, o: 1 / i, 3),
}
SHAPES = [(1, 1), (2, 256), (256, 2), (16, 16)]


def draw(name: str, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return INITIALIZERS[name].function(np.random.default_rng(seed), shape)


def test_required_initializers_are_registered():
    assert set(INITIALIZERS) >= {*MOMENTS, "zeros", "orthogonal"}


@pytest.mark.parametrize("name", list(INITIALIZERS))
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_type_and_determinism(name, shape):
    w = draw(name, shape)
    assert w.shape == shape
    assert w.dtype == np.float32
    assert np.isfinite(w).all()
    np.testing.assert_array_equal(w, draw(name, shape))


@pytest.mark.parametrize("name", [n for n in INITIALIZERS if n != "zeros"])
def test_another_seed_gives_other_weights(name):
    assert not np.array_equal(draw(name, (4, 4), 0), draw(name, (4, 4), 1))


@pytest.mark.parametrize("name", list(MOMENTS))
@pytest.mark.parametrize("shape", [(100, 600), (600, 100)])
def test_moments(name, shape):
    """Within five standard errors of the closed forms."""
    variance_of, kurtosis = MOMENTS[name]
    variance = variance_of(*shape)
    w = draw(name, shape, 3).astype(np.float64)
    assert abs(w.mean()) < 5 * np.sqrt(variance / w.size)
    assert abs(w.var() / variance - 1) < 5 * np.sqrt((kurtosis - 1) / w.size)
    assert (w**4).mean() / w.var() ** 2 == pytest.approx(kurtosis, abs=0.15)


@pytest.mark.parametrize("name", [n for n, (_, k) in MOMENTS.items() if k == 1.8])
def test_uniform_stays_within_its_limits(name):
    w = draw(name, (100, 600))
    limit = np.sqrt(3 * MOMENTS[name][0](100, 600))
    assert abs(w).max() == pytest.approx(limit, rel=1e-3)
    assert abs(w).max() <= limit * (1 + 1e-6)


def test_zeros():
    assert not draw("zeros", (5, 7)).any()


@pytest.mark.parametrize("shape", [*SHAPES, (40, 90), (90, 40)])
def test_orthogonal(shape):
    w = draw("orthogonal", shape).astype(np.float64)
    product = w.T @ w if shape[0] >= shape[1] else w @ w.T
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-6)


def test_orthogonal_is_evenly_spread():
    """Without the sign correction the first diagonal entry would always be negative."""
    signs = [np.sign(draw("orthogonal", (3, 3), seed)[0, 0]) for seed in range(200)]
    assert abs(np.mean(signs)) < 5 / np.sqrt(200)
