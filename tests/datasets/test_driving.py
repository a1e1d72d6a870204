"""A car, its rays and the expert, beside closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets.driving import STEERING, Driving, angles, driven
from server.datasets.roads import (
    HALF_WIDTH,
    PLACES,
    RANGE,
    STEP,
    WHEELBASE,
    Lane,
    around,
    lane,
    moved,
    placed,
    seen,
)


def cars(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float64)


def ring(radius: float) -> Lane:
    at = np.arange(PLACES) / PLACES * 2 * np.pi
    return around(radius * np.stack([np.cos(at), np.sin(at)], 1))


@settings(max_examples=50, deadline=None)
@given(
    steering=st.floats(-0.6, 0.6).filter(lambda s: abs(s) > 1e-3),
    heading=st.floats(-3, 3),
    speed=st.floats(1, 15),
    steps=st.integers(1, 80),
)
def test_a_car_that_steers_alike_drives_a_circle(
    steering: float, heading: float, speed: float, steps: int
) -> None:
    """Its radius is the wheelbase by the tangent of the steering; it lies at the car's left."""
    car = cars([3.0, -2.0, heading, speed])
    radius = WHEELBASE / np.tan(steering)
    centre = car[0, :2] + radius * np.array([-np.sin(heading), np.cos(heading)])
    for _ in range(steps):
        car = moved(np, car, np.array([steering]))
    turned = speed * STEP * steps / radius
    assert car[0, 2] == pytest.approx(heading + turned)
    expected = centre + radius * np.array([np.sin(car[0, 2]), -np.cos(car[0, 2])])
    np.testing.assert_allclose(car[0, :2], expected, atol=1e-9 * max(1, abs(radius)))


def test_a_car_that_does_not_steer_drives_straight_on() -> None:
    car = moved(np, cars([1, 2, 0.3, 9]), np.zeros(1))
    np.testing.assert_allclose(car, cars([1 + 0.9 * np.cos(0.3), 2 + 0.9 * np.sin(0.3), 0.3, 9]))


@settings(max_examples=50, deadline=None)
@given(y=st.floats(-2.4, 2.4), heading=st.floats(-1, 1))
def test_between_two_straight_lines_rays_are_as_trigonometry_says(y: float, heading: float) -> None:
    borders = np.array([[[[-99, 2.5], [99, 2.5]], [[-99, -2.5], [99, -2.5]]]], np.float64)
    looks = angles(9)
    found = seen(np, cars([0, y, heading, 5]), borders, looks)[0]
    slope = np.sin(heading + looks)
    with np.errstate(divide="ignore", over="ignore"):
        far = np.where(slope > 0, (2.5 - y) / slope, (-2.5 - y) / slope)
    np.testing.assert_allclose(found, np.minimum(np.abs(far), RANGE), rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(across=st.floats(-0.8, 0.8), heading=st.floats(-np.pi, np.pi))
def test_in_a_circle_rays_are_as_trigonometry_says(across: float, heading: float) -> None:
    """From a place at distance d of the centre, along the angle a from the outward direction,
    the circle of radius r is -d cos a + sqrt(r² - d² sin² a) away."""
    at = np.arange(2000) / 2000 * 2 * np.pi
    line = 10 * np.stack([np.cos(at), np.sin(at)], 1)
    borders = np.stack([line, np.roll(line, -1, 0)], 1)[None]
    looks, d = angles(7), 10 * across
    found = seen(np, cars([d, 0, heading, 5]), borders, looks)[0]
    a = heading + looks
    expected = -d * np.cos(a) + np.sqrt(100 - (d * np.sin(a)) ** 2)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 0.999), off=st.floats(-2, 2))
def test_where_a_car_is_on_a_ring(share: float, off: float) -> None:
    road, at = ring(30), share * 2 * np.pi
    place = (30 - off) * np.array([np.cos(at), np.sin(at)])
    along, found = placed(np, cars([*place, 0, 5]), road.pieces[None])
    assert (along[0] - share + 0.5) % 1 - 0.5 == pytest.approx(0, abs=4e-4)
    assert found[0] == pytest.approx(abs(off), abs=0.01)
    assert road.length == pytest.approx(2 * np.pi * 30, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), disturbance=st.floats(0, 6))
def test_the_expert_stays_in_any_lane_that_is_not_too_sharp(seed: int, disturbance: float) -> None:
    road = lane(seed)
    way = np.diff(road.pieces, axis=1)[:, 0]
    heading = np.unwrap(np.arctan2(way[:, 1], way[:, 0]))
    assume(np.abs(np.diff(heading)).max() * 5 < road.length / PLACES)  # of a radius of 5 m
    drive = driven(road, 3, disturbance, 1, seed)
    _, off = placed(np, drive.cars, road.pieces[None])
    assert off.max() < HALF_WIDTH
    along, _ = placed(np, drive.cars, road.pieces[None])
    forward = (np.diff(along) + 0.5) % 1 - 0.5
    assert forward.sum() > 0.95 and forward.min() >= 0


def test_rows_are_what_the_expert_saw_and_did() -> None:
    dataset = Driving(rays=5, laps=1)
    frame, answers = dataset.rows()
    assert [v.name for v in frame.variables] == [*(f"ray {i}" for i in range(1, 6)), "speed"]
    drive = driven(lane(1), 5, dataset.disturbance, 1)
    np.testing.assert_array_equal(frame.matrix([f"ray {i}" for i in range(1, 6)]), drive.rays)
    np.testing.assert_array_equal(answers, drive.steering)
    assert dataset.steers and dataset.asked.name == STEERING
    assert not Driving(answer="speed").steers
    assert Driving(rays=5, laps=1) == dataset and len(Driving(laps=2).rows()[1]) > len(answers)
