"""A car that the network steers, beside one that is driven step by step through `predict`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets.driving import LANES, driven
from server.datasets.roads import HALF_WIDTH, RANGE, STEP, WHEELBASE, Lane, lane
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
STANDARD = [{"kind": "standardise"}]


def session(preparation: Any = STANDARD, **dataset: Any) -> Session:
    data = {"dataset": {"kind": "driving", "laps": 1} | dataset, "preparation": preparation}
    return Session(Experiment.model_validate({"data": data}), PROGRAMS)


def driven_by_hand(live: Session, road: Lane, steps: int) -> list[list[float]]:
    """[x, y, heading, speed] of every step: the bicycle, the rays and the rule of the speed in
    plain arithmetic, the network and its preparation through `predict_rows`."""
    x, y, heading, speed = road.start.tolist()
    found: list[list[float]] = []
    for _ in range(steps):
        found.append([x, y, heading, speed])
        looks = np.linspace(-90, 90, 9)
        rays = [nearest(road, x, y, heading + np.radians(a)) for a in looks]
        row = {f"ray {i + 1}": ray for i, ray in enumerate(rays)} | {"speed": speed}
        steering = float(np.clip(live.predict_rows([row])[0, 0], -0.6, 0.6))
        turn = speed * STEP * np.tan(steering) / WHEELBASE
        radius = speed * STEP / turn if turn else np.inf
        if np.isfinite(radius):
            x += radius * (np.sin(heading + turn) - np.sin(heading))
            y -= radius * (np.cos(heading + turn) - np.cos(heading))
        heading += turn
        wanted = min(max(4 + 0.3 * rays[4], 4), 12)
        speed += (wanted - speed) * 0.1
    return found


def nearest(road: Lane, x: float, y: float, angle: float) -> float:
    """How far the nearest border is: where a line meets each piece, by Cramer's rule."""
    least = RANGE
    c, s = np.cos(angle), np.sin(angle)
    for line in (road.left, road.right):
        ends = np.roll(line, -1, 0)
        for (ax, ay), (bx, by) in zip(line, ends, strict=True):
            if (ax - x) ** 2 + (ay - y) ** 2 > (RANGE + 3) ** 2:
                continue
            dx, dy = bx - ax, by - ay
            determinant = c * -dy + dx * s
            if not determinant:
                continue
            far = ((ax - x) * -dy + dx * (ay - y)) / determinant
            share = (c * (ay - y) - s * (ax - x)) / determinant
            if far >= 0 and 0 <= share <= 1:
                least = min(least, far)
    return least


@pytest.mark.parametrize(
    "preparation",
    [STANDARD, [{"kind": "min_max"}, {"kind": "pca", "components": 6}]],
    ids=["standardise", "pca"],
)
def test_the_car_goes_where_one_driven_by_hand_does(preparation: Any) -> None:
    live = run(session(preparation), 60)
    found = looked_at(live, {"kind": "driven", "steps": 40})["driven"]["lanes"]
    assert [told["name"] for told in found] == list(LANES)
    for told in found:
        expected = driven_by_hand(live, lane(LANES[told["name"]]), len(told["car"]))
        np.testing.assert_allclose(told["car"], expected, rtol=1e-3, atol=2e-2)
        assert told["rays"].shape == (len(expected), 9)


def test_a_network_learns_to_drive_on_a_lane_it_has_not_seen() -> None:
    """At first it leaves the lane, and says where; after some steps it goes round on both."""
    live = session(laps=2)
    before = looked_at(live, {"kind": "driven"})["driven"]["lanes"]
    for told in before:
        road = lane(LANES[told["name"]])
        off = np.linalg.norm(road.middle - told["car"][-1, :2], axis=1).min()
        assert told["leaves"] and told["share"] < 0.5 and off > HALF_WIDTH - 0.05
        assert told["metres"] == pytest.approx(told["share"] * road.length)
    run(live, 1000)
    for told in looked_at(live, {"kind": "driven"})["driven"]["lanes"]:
        assert not told["leaves"] and told["share"] == 1 and told["off"] < 0.6
        expert = driven(lane(LANES[told["name"]]), 3, 0, 1).cars
        assert len(told["car"]) == pytest.approx(len(expert), rel=0.1)
        np.testing.assert_allclose(told["expert"], expert[:, :2], rtol=1e-5)


def test_a_preparation_that_bends_is_not_followed() -> None:
    live = session([{"kind": "log"}, *STANDARD])
    told = looked_at(live, {"kind": "driven", "steps": 40})["driven"]
    assert "straight" in told["problem"]


def test_there_is_no_drive_where_the_answer_is_not_the_steering() -> None:
    assert looked_at(session(answer="speed"), {"kind": "driven"}) == {}
