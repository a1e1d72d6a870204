"""Examples that are pictures: on their way through a network, drawn by hand, under a microscope."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from .lab import Lab

DIGITS = {"data": {"dataset": "digits"}}


def portable(experiment: dict[str, Any]) -> str:
    text = base64.urlsafe_b64encode(json.dumps(experiment).encode()).decode()
    return f"/#x={text.rstrip('=')}"


def bars(lab: Lab) -> dict[str, float]:
    """Class -> per cent, as the prediction shows them."""
    rows = lab.page.get_by_role("list", name="Prediction").last.get_by_role("listitem")
    text = [row.inner_text().split("\n") for row in rows.all()]
    return {row[0].strip(): float(row[1].rstrip(" %")) for row in text}


def likeliest(lab: Lab) -> str:
    shares = bars(lab)
    return max(shares, key=shares.__getitem__)


def photograph() -> bytes:
    """A one in ink on grey paper."""
    picture = Image.new("L", (300, 400), 214)
    ImageDraw.Draw(picture).line([(110, 140), (160, 90), (160, 330)], fill=40, width=46)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def value(target: Locator) -> float:
    """The exact number of what shows it shortened."""
    return float(target.get_attribute("data-value") or "nan")


def test_a_network_from_the_gallery_learns_digits_and_one_drawn_by_hand(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, paused=True)
    lab.button("Gallery of experiments").click()
    assert axe(page) == []
    page.get_by_role("link", name=re.compile("^Digits, small")).click()
    expect(page.get_by_text("8×8 pixels")).to_be_visible()
    lab.until(lambda: len(bars(lab)) == 10)
    first = bars(lab)
    assert sum(first.values()) == pytest.approx(100, abs=1)
    lab.play()
    lab.until(lambda: lab.score("test_score") > 0.93 and lab.session()["epoch"] > 15)
    lab.pause()
    lab.until(lambda: bars(lab) != first)
    # the example at hand, which it has never learned from, is known by now
    truth = page.get_by_role("listitem").filter(has_text="true class")
    lab.until(lambda: max(bars(lab).values()) > 50)
    expect(truth).to_have_count(1)
    assert axe(page) == []

    lab.button("Draw").click()
    box = lab.box(page.get_by_label("Draw here with the mouse or a finger"))
    turns = [2 * math.pi * i / 24 for i in range(25)]
    ring = [(0.5 + 0.22 * math.sin(t), 0.5 + 0.32 * math.cos(t)) for t in turns]
    places = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in ring]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    expect(page.get_by_text("Drawn", exact=True)).to_be_attached()
    lab.until(lambda: likeliest(lab) == "0")
    assert axe(page) == []
    # a photograph of one is dark on bright paper, and as large as it likes
    file = {"name": "one.png", "mimeType": "image/png", "buffer": photograph()}
    page.get_by_label("Take a picture from a file").set_input_files(file)
    lab.until(lambda: likeliest(lab) == "1")
    page.keyboard.press("Escape")

    cell = page.get_by_role("button", name=re.compile(r"^\d+ of 4 taken for 4: show them"))
    count = int(cell.inner_text())
    cell.click()
    expect(page.get_by_text(f"4 taken for 4: {count}")).to_be_visible()
    pictures = page.get_by_role("button", name=re.compile("^4, taken for it"))
    expect(pictures).to_have_count(min(48, count))
    pictures.first.click()
    expect(truth).to_contain_text("4")
    expect(pictures.first).to_have_attribute("aria-pressed", "true")
    assert axe(page) == []


def test_numbers_under_the_microscope_add_up(page: Page, axe: Callable[[Page], list[str]]) -> None:
    conv = {"kind": "conv2d", "filters": 4, "padding": "same", "bias": 0.25}
    network = {"layers": [conv, conv | {"filters": 3}, "flatten"]}
    lab = Lab(page, portable(DIGITS | {"network": network}), paused=True)
    lab.network.get_by_role("button", name="Layer 2, map 3", exact=True).click()
    lab.button("Microscope").click()
    dialog = page.get_by_role("dialog", name=re.compile("^Microscope: layer 2"))
    total = dialog.locator("[data-name=sum]")
    channels = dialog.get_by_role("radio", name=re.compile("^Channel"))
    expect(channels).to_have_count(4)

    def adds_up() -> None:
        sums = [value(channels.nth(i)) for i in range(4)]
        assert sum(sums) == pytest.approx(value(total), abs=1e-5)
        seen, kernel, products = (
            [value(cell) for cell in dialog.get_by_role("table", name=name).locator("td").all()]
            for name in ("What it sees", "Kernel", "Products")
        )
        assert [a * b for a, b in zip(seen, kernel, strict=True)] == pytest.approx(products)
        checked = dialog.locator("[role=radio][aria-checked=true]")
        assert sum(products) == pytest.approx(value(checked), abs=1e-5)
        before = value(total) + value(dialog.locator("[data-name=bias]"))
        answer = value(dialog.locator("[data-name=output]"))
        assert answer == pytest.approx(max(0.0, before), abs=1e-4)

    adds_up()
    channels.nth(2).click()
    expect(channels.nth(2)).to_have_attribute("aria-checked", "true")
    adds_up()
    assert axe(page) == []
    place = dialog.get_by_role("button", name=re.compile("^Output: row"))
    place.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
    expect(place).to_have_attribute("aria-label", re.compile("row 1 of 8, column 1 of 8"))
    padding = dialog.get_by_role("table", name="What it sees").get_by_title("padding")
    expect(padding).to_have_count(5)
    adds_up()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_network_that_cannot_be_is_refused_with_the_mend_and_nothing_is_lost(page: Page) -> None:
    lab = Lab(page, portable(DIGITS), paused=True)
    layers = lab.experiment["network"]["layers"]
    flatten = lab.network.get_by_role("button", name=re.compile("^Settings of layer 3: Flatten"))
    flatten.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    mend = lab.network.get_by_role("alert")
    expect(mend).to_contain_text("add 'flatten'")
    expect(lab.alert).to_be_empty()
    expect(flatten).to_be_visible()
    assert lab.experiment["network"]["layers"] == layers
    # every column has its pictures still, and no undo is left of what did not happen
    for layer in range(1, len(layers) + 1):
        expect(
            lab.network.get_by_role("button", name=re.compile(f"^Layer {layer}, ")).nth(3)
        ).to_be_visible()
    expect(lab.button("Undo")).to_be_disabled()
    mend.get_by_role("button", name="Dismiss").click()
    expect(mend).to_have_count(0)


def test_a_layer_is_found_by_its_name_and_those_that_fit_stand_first(page: Page) -> None:
    lab = Lab(page, portable(DIGITS), paused=True)
    lab.button("Add a layer at place 2").click()
    fits = page.get_by_role("list", name="Fits here")
    assert {"Convolution 2D", "Max pooling 2D"} <= set(fits.locator("strong").all_inner_texts())
    assert "Max pooling 1D" not in fits.locator("strong").all_inner_texts()
    page.get_by_label("Search layers").fill("global average")
    page.keyboard.press("Enter")
    expect(
        lab.network.get_by_role("alert").or_(lab.alert.get_by_role("paragraph"))
    ).to_contain_text(re.compile("flatten|pool"))


def test_from_pictures_to_points_and_back_to_the_same_network(page: Page) -> None:
    layers = [{"kind": "conv2d", "filters": 5}, "global_max_pooling2d"]
    lab = Lab(page, portable(DIGITS | {"network": {"layers": layers}}), paused=True)
    network = lab.experiment["network"]
    page.get_by_role("radio", name="Circle").click()
    expect(page.get_by_role("application", name=re.compile(": a plane"))).to_be_visible()
    expect(lab.feature("X₁")).to_be_visible()
    lab.button("Undo").click()
    expect(page.get_by_text("8×8 pixels")).to_be_visible()
    lab.until(lambda: len(bars(lab)) == 10)
    assert lab.experiment["network"] == network


def test_all_test_examples_are_looked_at_when_asked(page: Page) -> None:
    linear = {"data": {"dataset": "mnist"}, "network": {"layers": ["flatten"]}}
    lab = Lab(page, portable(linear), paused=True)
    expect(page.get_by_text(re.compile("on 960 of 60,000 train and 960 of 10,000"))).to_be_visible()
    lab.button("Test on all 10,000").click()
    told = page.get_by_role("status").filter(has_text="at step 0")
    expect(told).to_have_text(re.compile(r"^\s*\d+\.\d %\s+· loss \d\.\d+, at step\s+0\s*$"))
    # what was found is of this experiment only
    page.get_by_role("radio", name="Digits 8×8", exact=True).click()
    expect(told).to_have_count(0)
