"""TensorFlow Playground's data rules, in plain Python, against our datasets."""

import math
import random

import numpy as np
import pytest

from server.experiment.registry import DATASETS
from server.experiment.spec import Data

N = 4000


def circle(draw, noise):
    for i in range(N):
        positive = i < N / 2
        r = draw.uniform(0, 2.5) if positive else draw.uniform(3.5, 5)
        angle = draw.uniform(0, math.tau)
        x, y = r * math.sin(angle), r * math.cos(angle)
        moved = math.hypot(x + draw.uniform(-5, 5) * noise, y + draw.uniform(-5, 5) * noise)
        yield x, y, 1 if moved < 2.5 else 0


def xor(draw, noise):
    for _ in range(N):
        x, y = (v + math.copysign(0.3, v) for v in (draw.uniform(-5, 5), draw.uniform(-5, 5)))
        product = (x + draw.uniform(-5, 5) * noise) * (y + draw.uniform(-5, 5) * noise)
        yield x, y, 1 if product >= 0 else 0


def gauss(draw, noise):
    deviation = math.sqrt(0.5 + (4 - 0.5) * noise / 0.5)
    for i in range(N):
        centre = 2 if i < N / 2 else -2
        yield draw.gauss(centre, deviation), draw.gauss(centre, deviation), int(i < N / 2)


def spiral(draw, noise):
    half = N // 2
    for i in range(N):
        k, turn = i % half, 0 if i < half else math.pi
        r, t = 5 * k / half, 1.75 * math.tau * k / half + turn
        x = r * math.sin(t) + draw.uniform(-1, 1) * noise
        y = r * math.cos(t) + draw.uniform(-1, 1) * noise
        yield x, y, int(i < half)


def plane_value(x, y):
    return (x + y) / 10


def hills_value(x, y):
    best = 0
    for cx, cy, sign in [
        (-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1),
    ]:  # fmt: skip
        height = sign * max(0, 1 - math.dist((x, y), (cx, cy)) / 2)
        best = height if abs(height) > abs(best) else best
    return best


def surface(value):
    def points(draw, noise):
        for _ in range(N):
            x, y = draw.uniform(-6, 6), draw.uniform(-6, 6)
            at = x + draw.uniform(-6, 6) * noise, y + draw.uniform(-6, 6) * noise
            yield x, y, value(*at)

    return points


RULES = {
    "circle": circle,
    "xor": xor,
    "gauss": gauss,
    "spiral": spiral,
    "reg_plane": surface(plane_value),
    "reg_gauss": surface(hills_value),
}


def ours(kind, noise=0.0, samples=N, seed=0):
    """Generated points as (x, y, label) rows, before the shuffle."""
    dataset = DATASETS.validate({"kind": kind, "samples": samples, "noise": noise})
    points = dataset.generate(np.random.default_rng(seed))
    return np.column_stack([points.inputs, points.labels]).astype(float)


def gap(a, b):
    """The two-sample Kolmogorov-Smirnov statistic, over its value at p = 0.001."""
    both = np.sort(np.concatenate([a, b]))
    shares = [np.searchsorted(np.sort(s), both, side="right") / len(s) for s in (a, b)]
    return np.abs(shares[0] - shares[1]).max() / (1.95 * math.sqrt(1 / len(a) + 1 / len(b)))


def projections(rows):
    x, y, label = rows.T
    return {
        "x": x, "y": y, "x + y": x + y, "x - y": x - y, "x * y": x * y,
        "radius": np.hypot(x, y), "label": label, "label * x * y": (label - 0.5) * x * y,
        "label * radius": (label - 0.5) * np.hypot(x, y), "label + x + y": label * 3 + x + y,
    }  # fmt: skip


def test_every_playground_dataset_is_checked():
    assert {name for name, kind in DATASETS.items() if kind.tf} == set(RULES)
    assert {kind.tf for kind in DATASETS.values() if kind.tf} == {
        "circle", "xor", "gauss", "spiral", "reg-plane", "reg-gauss",
    }  # fmt: skip


@pytest.mark.parametrize("noise", [0, 25, 50, 80])
@pytest.mark.parametrize("kind", RULES)
def test_distribution(kind, noise):
    theirs = np.array(list(RULES[kind](random.Random(1), noise / 100)))
    mine = ours(kind, noise)
    wanted = projections(theirs)
    for name, values in projections(mine).items():
        assert gap(values, wanted[name]) < 1, name


@pytest.mark.parametrize("kind", RULES)
def test_the_comparison_tells_noise_levels_apart(kind):
    wanted = projections(np.array(list(RULES[kind](random.Random(1), 0.5))))
    gaps = {name: gap(values, wanted[name]) for name, values in projections(ours(kind)).items()}
    # the spiral's shake is too small for any marginal: it is checked exactly below
    assert max(gaps.values()) > 1 or kind == "spiral"


@pytest.mark.parametrize("kind", ["circle", "gauss", "spiral"])
def test_the_positive_half_comes_first(kind):
    labels = ours(kind)[:, 2]
    assert labels[: N // 2].all()
    assert not labels[N // 2 :].any()


def test_circle_radii():
    x, y, label = ours("circle").T
    radius = np.hypot(x, y)
    assert radius[label == 1].max() < 2.5
    assert 3.5 - 1e-6 <= radius[label == 0].min() <= radius.max() <= 5 + 1e-6


def test_xor_signs_and_clear_axes():
    x, y, label = ours("xor").T
    np.testing.assert_array_equal(label == 1, x * y >= 0)
    assert np.abs([x, y]).min() >= 0.3 - 1e-6
    assert np.abs([x, y]).max() <= 5.3 + 1e-6


@pytest.mark.parametrize(("noise", "variance"), [(0, 0.5), (25, 2.25), (50, 4)])
def test_gauss_variance(noise, variance):
    x, y, label = ours("gauss", noise).T
    spread = np.concatenate([x, y]) - np.tile(np.where(label == 1, 2, -2), 2)
    assert abs(spread.mean()) < 4 * math.sqrt(variance / len(spread))
    assert spread.var() == pytest.approx(variance, rel=0.07)


def test_spiral_equation():
    wanted = np.array(list(spiral(random.Random(1), 0)))
    np.testing.assert_allclose(ours("spiral"), wanted, atol=1e-5)


def test_spiral_noise_shakes_by_at_most_its_share():
    shake = (ours("spiral", 30) - ours("spiral"))[:, :2]
    assert 0.29 < np.abs(shake).max() <= 0.3 + 1e-6
    assert gap(shake.ravel(), np.linspace(-0.3, 0.3, shake.size)) < 1


@pytest.mark.parametrize(
    ("kind", "value"), [("reg_plane", plane_value), ("reg_gauss", hills_value)]
)
def test_surface_values(kind, value):
    rows = ours(kind)
    wanted = [value(x, y) for x, y, _ in rows]
    np.testing.assert_allclose(rows[:, 2], wanted, atol=1e-6)
    assert np.abs(rows[:, :2]).max() <= 6


@pytest.mark.parametrize("kind", ["circle", "xor", "reg_plane", "reg_gauss"])
def test_noise_moves_the_reading_place_not_the_point(kind):
    calm, noisy = ours(kind), ours(kind, 50)
    np.testing.assert_array_equal(calm[:, :2], noisy[:, :2])
    assert (calm[:, 2] != noisy[:, 2]).mean() > 0.05


def test_surface_noise_reaches_as_far_as_its_share_of_the_domain():
    """The plane tells how far its label was read from the point: two uniform moves, summed."""
    move = 10 * (ours("reg_plane", 50) - ours("reg_plane"))[:, 2]
    assert 5.5 < np.abs(move).max() <= 2 * 3 + 1e-5
    assert move.std() == pytest.approx(3 * math.sqrt(2 / 3), rel=0.04)


def test_default_sizes():
    for name in RULES:
        assert DATASETS[name]().samples == (1200 if name.startswith("reg_") else 500)
    assert Data.model_validate({}).dataset == DATASETS["circle"]()
