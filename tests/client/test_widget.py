"""The notebook's widget, its Python side: what it hands over is what the session says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from layerlab import Playground
from layerlab.widget import LiveWidget


def when(widget: LiveWidget, condition: Callable[[], Any]) -> None:
    """Wait until it is so of the widget, looking whenever a trait changes."""
    changed = threading.Event()
    widget.observe(lambda _: changed.set())
    for _ in range(200):
        if condition():
            return
        changed.wait(30)
        changed.clear()
    raise AssertionError("it never came true")


def curve(widget: LiveWidget) -> np.ndarray:
    return np.frombuffer(widget.curve, np.float32).reshape(-1, 3)


def press(widget: LiveWidget, act: str) -> None:
    """What the button in the notebook sends."""
    widget._handle_custom_msg({"act": act}, [])


def test_it_follows_the_session_and_its_buttons_act(server_url: str) -> None:
    with Playground(server_url) as lab:
        lab.train(epochs=4, progress=False)
        widget = lab.widget()
        when(widget, lambda: widget.moment.get("step") == 100 and widget.surface)
        assert widget.link == lab.link and widget.control
        assert widget.scene == {"dimensions": 2, "domain": [-6, 6], "range": [-1, 1]}
        points = lab.points
        places = np.frombuffer(widget.places, np.float32).reshape(-1, 2)
        np.testing.assert_array_equal(places, points.inputs)
        paints = np.frombuffer(widget.paints, np.uint8).reshape(-1, 3)
        orange, blue = paints[points.labels == 0], paints[points.labels == 1]
        assert (orange[:, 0] > orange[:, 2]).all() and (blue[:, 0] < blue[:, 2]).all()
        assert len(widget.surface) == 50 * 50 * 3
        lab.set_speed(20)
        press(widget, "play")
        when(widget, lambda: widget.moment["playing"] and len(curve(widget)) > 2)
        press(widget, "pause")
        when(widget, lambda: not widget.moment["playing"])
        rows = curve(widget)
        assert (np.diff(rows[:, 0]) >= 0).all() and (rows[:, 1:] > 0).all()
        press(widget, "reset")
        when(widget, lambda: widget.moment["step"] == 0)
        press(widget, "explode")  # nothing happens
        assert lab.session["step"] == 0


def test_it_shows_a_function_as_a_line_and_the_end_as_a_sentence(server_url: str) -> None:
    with Playground(server_url, {"data": {"dataset": "function"}}) as lab:
        onlooker = Playground(lab.link)
        widget = onlooker.widget()
        when(widget, lambda: widget.surface and widget.places)
        assert not widget.control and widget.scene["dimensions"] == 1
        line = np.frombuffer(widget.surface, np.float32)
        outputs, _ = lab.predict(np.linspace(-6, 6, len(line)))
        np.testing.assert_allclose(line, outputs[:, 0], atol=1e-4)
        values = np.frombuffer(widget.places, np.float32).reshape(-1, 2)
        np.testing.assert_array_equal(values[:, 1], lab.points.labels)
    when(widget, lambda: widget.moment.get("status") == "ended")
    assert widget.moment["message"] == "The session has ended."
    onlooker.close()


@pytest.mark.parametrize("end", ["widget", "playground"])
def test_it_watches_no_longer_than_it_lives(server_url: str, end: str) -> None:
    with Playground(server_url) as lab:
        onlooker = Playground(lab.link)
        widget = onlooker.widget()
        when(widget, lambda: widget.surface)
        (widget if end == "widget" else onlooker).close()
        before = dict(widget.moment)
        lab.train(epochs=1, progress=False)
        assert widget.moment == before
        onlooker.close()
