"""The notebook's widget, its JavaScript: in a page that stands for the notebook, with what the
Python side handed over."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import layerlab
from layerlab import Playground
from layerlab.widget import LiveWidget

from .lab import until

SCRIPT = Path(layerlab.__file__).with_name("widget.js").read_text()
TRAITS = ("link", "control", "moment", "scene", "curve", "surface", "places", "paints")

#: what a notebook gives a widget: `get`, `on`, `off`, `send`
MODEL = """
async ([script, traits]) => {
  const bytes = (text) => {
    const padded = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new DataView(padded.buffer);
  };
  const revived = (value) => value?.bytes === undefined ? value : bytes(value.bytes);
  const listeners = {};
  globalThis.sent = [];
  const model = {
    get: (name) => revived(traits[name]),
    on: (event, act) => (listeners[event] ??= new Set()).add(act),
    off: (event, act) => listeners[event].delete(act),
    send: (content) => sent.push(content),
  };
  globalThis.change = (changed) => {
    Object.assign(traits, changed);
    for (const name of Object.keys(changed)) listeners[`change:${name}`].forEach((act) => act());
  };
  globalThis.heard = () => Object.values(listeners).reduce((n, set) => n + set.size, 0);
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const widget = (await import(url)).default;
  globalThis.end = widget.render({ model, el: document.body });
}
"""
#: the share of a canvas whose colour is near this one
PAINTED = """
([selector, [r, g, b]]) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let near = 0;
  for (let i = 0; i < data.length; i += 4)
    near += data[i + 3] > 100
      && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60;
  return near / (data.length / 4);
}
"""
ORANGE, BLUE, GREY = [245, 147, 34], [8, 119, 189], [138, 147, 155]


def traits(widget: LiveWidget) -> dict[str, Any]:
    """The widget's state, as JSON can carry it."""
    values = {name: getattr(widget, name) for name in TRAITS}
    return {
        name: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def seen(lab: Playground, page: Page) -> dict[str, Any]:
    """What the widget holds once it has seen the session as it is."""
    widget = lab.widget()
    step = lab.session["step"]
    until(page, lambda: widget.surface and widget.places and widget.paints and widget.curve)
    until(page, lambda: widget.moment.get("step") == step)
    widget.close()
    return json.loads(json.dumps(traits(widget)))


def painted(page: Page, canvas: str, color: list[int]) -> float:
    return page.evaluate(PAINTED, [f"[data-{canvas}]", color])


def until_painted(page: Page, canvas: str, color: list[int], share: float) -> None:
    until(page, lambda: painted(page, canvas, color) > share)


def test_it_draws_what_the_session_is_and_sends_what_is_pressed(
    page: Page, server_url: str
) -> None:
    with Playground(server_url) as lab:
        for _ in range(4):
            lab.train(epochs=25, progress=False)
        state = seen(lab, page)
        link = lab.link
    page.goto("about:blank")
    page.evaluate(MODEL, [SCRIPT, state])
    until_painted(page, "surface", ORANGE, 0.1)  # a circle is learned: both classes are there
    until_painted(page, "surface", BLUE, 0.03)
    until_painted(page, "curves", BLUE, 0.002)
    assert painted(page, "curves", GREY) > 0.001
    loss = state["moment"]["metrics"]["test"]["loss"]
    status = page.get_by_role("status")
    expect(status).to_contain_text("epoch 100 · step 2500 · loss ")
    shown = float(status.inner_text().split("loss ")[1].split(" ")[0])
    assert shown == pytest.approx(loss, rel=0.01)
    expect(page.get_by_role("link", name="Open in Layerlab")).to_have_attribute("href", link)
    page.get_by_role("button", name="Play").click()
    page.evaluate("change({moment: {playing: true, epoch: 101.5, step: 2540}})")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate("sent") == [{"act": "play"}, {"act": "pause"}, {"act": "reset"}]
    expect(page.get_by_role("status")).to_have_text("epoch 101 · step 2540")
    page.evaluate("end()")
    assert page.evaluate("heard()") == 0


def test_it_draws_a_function_and_offers_a_watcher_no_button(page: Page, server_url: str) -> None:
    with Playground(server_url, {"data": {"dataset": "function"}}) as lab:
        lab.train(epochs=1, progress=False)
        with Playground(lab.link) as onlooker:
            state = seen(onlooker, page)
    page.goto("about:blank")
    page.evaluate(MODEL, [SCRIPT, state])
    until_painted(page, "surface", BLUE, 0.002)
    for name in ("Play", "Reset"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()


def test_it_waits_for_what_is_not_there_yet(page: Page) -> None:
    empty = {"link": "http://lab/", "control": True, "moment": {}, "scene": {}}
    nothing = {name: {"bytes": ""} for name in ("curve", "surface", "places", "paints")}
    page.goto("about:blank")
    page.evaluate(MODEL, [SCRIPT, empty | nothing])
    expect(page.get_by_role("status")).to_have_text("epoch 0 · step 0")
    assert painted(page, "surface", BLUE) == 0
