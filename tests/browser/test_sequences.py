"""Networks that write, foresee, attend and rebuild: what the page shows of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab
from .test_pictures import portable

TRAINING = {"loss": "categorical_crossentropy", "optimizer": "adam", "batch_size": 32}
WRITER: dict[str, Any] = {
    "data": {"dataset": {"kind": "names", "samples": 200, "length": 6}},
    "network": {
        "layers": [
            {"kind": "embedding", "tokens": 28, "units": 8},
            {"kind": "gru", "units": 8, "return_sequences": True},
        ]
    },
    "training": TRAINING | {"learning_rate": 0.01},
}
COPIER: dict[str, Any] = {
    "data": {"dataset": {"kind": "copy_task", "samples": 100, "symbols": 3, "length": 2}},
    "network": {
        "layers": [
            {"kind": "embedding", "tokens": 5, "units": 8},
            {"kind": "multi_head_attention", "heads": 2, "causal": True},
        ]
    },
    "training": TRAINING,
}
FORESEER: dict[str, Any] = {
    "data": {"dataset": {"kind": "sunspots", "length": 11}},
    "network": {"layers": [{"kind": "simple_rnn", "units": 4}]},
}
REBUILDER: dict[str, Any] = {
    "data": {"dataset": {"kind": "digits", "samples": 120}, "target": "input"},
    "network": {
        "layers": [
            "flatten",
            {"kind": "dense", "units": 2, "activation": "linear"},
            {"kind": "dense", "units": 64},
            {"kind": "reshape", "target_shape": [8, 8, 1]},
        ]
    },
    "training": {"loss": "binary_crossentropy", "optimizer": "adam"},
}


def texts(page: Page) -> list[str]:
    rows = page.get_by_role("list", name="Texts that the network writes").get_by_role("listitem")
    return [row.inner_text().strip() for row in rows.all()]


def chart(page: Page, name: str) -> Locator:
    return page.get_by_role("application", name=re.compile(f"^{name}"))


def opened(lab: Lab, tab: str) -> Locator:
    """A tab's panel, brought into sight."""
    lab.tab(tab).click()
    panel = lab.page.get_by_role("tabpanel", name=tab, exact=True)
    panel.scroll_into_view_if_needed()
    return panel


def test_a_network_writes_on_from_what_it_is_given(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(WRITER), paused=True)
    panel = opened(lab, "Text")
    lab.until(lambda: len(texts(page)) == 6)
    begin = panel.get_by_role("textbox", name="Begins with")
    begin.fill("Jo 1^$")
    expect(begin).to_have_value("jo")
    lab.until(lambda: all(text.startswith("jo") for text in texts(page)))
    lab.until(lambda: len(set(texts(page))) > 1)
    before = texts(page)
    panel.get_by_role("button", name="Other texts").click()
    lab.until(lambda: texts(page) != before)

    panel.get_by_role("slider", name="Temperature").press("Home")
    lab.until(lambda: len(set(texts(page))) == 1)  # always the likeliest
    bars = panel.get_by_role("toolbar", name="How likely each token comes next")
    expect(bars.get_by_role("button")).to_have_count(28)
    drawn = [one.get_attribute("aria-label") or "" for one in bars.get_by_role("button").all()]
    assert sum("drawn 100.0 %" in words for words in drawn) == 1
    assert sum(float(words.split()[2]) for words in drawn) == pytest.approx(100, abs=3)
    bars.get_by_role("button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(begin).to_have_value("job")
    lab.until(lambda: all(text.startswith("job") for text in texts(page)))
    assert axe(page) == []

    begin.fill("")
    panel.get_by_role("slider", name="Temperature").press("End")
    lab.until(lambda: len(set(texts(page))) > 1)
    before = texts(page)
    lab.play()
    lab.until(lambda: texts(page) != before)


def test_a_forecast_goes_on_by_itself_and_the_gradient_is_seen_through_time(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(FORESEER), paused=True)
    panel = opened(lab, "Forecast")
    forecast = chart(page, "Forecast")
    expect(forecast).to_be_visible()
    forecast.press("End")
    expect(panel.get_by_text(re.compile(r"^year \+40: the network "))).to_be_visible()
    expect(panel.get_by_text("↑ hundreds of sunspots")).to_be_visible()
    forecast.press("Home")
    expect(panel.get_by_text(re.compile("^year −10: what is known "))).to_be_visible()
    panel.get_by_role("button", name="Next example").click()
    expect(page.get_by_text("2 of 60")).to_have_count(2)  # there and in the input column

    details = opened(lab, "Gradients")
    through = chart(page, "Gradient through time")
    expect(through).to_be_visible()
    expect(details.get_by_text(re.compile("the first step gets|There is none"))).to_be_visible()
    through.press("End")
    expect(details.get_by_text(re.compile(r"^step 11: "))).to_be_visible()
    assert axe(page) == []


def test_attention_is_read_pair_by_pair_and_comes_about_in_numbers(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(COPIER), paused=True)
    panel = opened(lab, "Inside")
    panel.get_by_label("Layer whose inside is shown").select_option("1")
    field = chart(page, "Attention of head 1")
    expect(field).to_be_visible()
    field.press("ArrowUp")
    for _ in range(10):
        field.press("ArrowLeft")

    def told() -> tuple[int, float, int]:
        words = field.get_attribute("aria-label") or ""
        found = re.search(r"Step (\d+) “.+” takes (\S+) % from step (\d+) ", words)
        assert found, words
        return int(found[1]), float(found[2]), int(found[3])

    shares: list[float] = []
    row, _, first = told()
    assert first == 1
    for step in range(1, row + 1):
        assert told()[2] == step
        shares.append(told()[1])
        field.press("ArrowRight")
    assert sum(shares) == pytest.approx(100, abs=0.1 * len(shares))
    numbers = panel.get_by_role("region", name="How a weight comes about")
    expect(numbers.get_by_text(re.compile("^Masked: step"))).to_be_visible()  # it lies ahead
    assert told()[1] == 0
    field.press("ArrowLeft")
    expect(numbers.get_by_text(re.compile("^Softmax: "))).to_contain_text(f"{shares[-1]} %")
    panel.get_by_role("button", name="head 2").click()
    expect(chart(page, "Attention of head 2")).to_be_visible()
    assert axe(page) == []


def test_an_autoencoder_shows_its_plane_and_what_it_rebuilds(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(REBUILDER), paused=True)
    expect(page.get_by_label("Target")).to_have_value("input")
    panel = opened(lab, "Plane")
    plane = chart(page, "Plane of a layer: 120 examples")
    expect(plane).to_be_visible()
    expect(panel.get_by_label("Layer whose plane is shown")).to_have_value("1")
    for choice in ("Decoded", "Examples", "Both"):
        panel.get_by_role("radio", name=choice).check()
    panel.get_by_role("button", name="7", exact=True).click()
    expect(panel.get_by_role("button", name="7", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    place = page.get_by_role("group", name="Example", exact=True).locator("..").locator(".place")
    box = lab.box(plane)
    for share in (x / 20 for x in range(20)):  # until there is an example under the mouse
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        if panel.get_by_text(re.compile(r"^\d: (train|test) example")).count():
            break
    words = panel.get_by_text(re.compile(r"^\d: (train|test) example")).inner_text()
    page.mouse.down()
    page.mouse.up()
    number = words.split()[-1]
    expect(place).to_have_text(re.compile(f"^{number} of "))
    expect(place.locator("..").locator("p.label")).to_have_text(words[0])  # its class
    page.mouse.move(0, 0)
    expect(place).to_have_text(re.compile(f"^{number} of "))  # a press keeps it

    example = opened(lab, "Example")
    expect(example.get_by_role("img", name="Rebuilt")).to_be_visible()
    expect(example.get_by_text(re.compile("mean squared error"))).to_be_visible()
    assert axe(page) == []
