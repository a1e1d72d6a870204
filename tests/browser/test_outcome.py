"""The outcome at the right of the page: the plane, drawing on it, curves and details."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import PATIENCE, Lab

DOMAIN = 6


def plane(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile(": a plane"))


def place(lab: Lab, x: float, y: float) -> tuple[float, float]:
    """Pixels of a place in the domain."""
    box = lab.box(plane(lab.page))
    share_x, share_y = (x + DOMAIN) / (2 * DOMAIN), (DOMAIN - y) / (2 * DOMAIN)
    return box["x"] + share_x * box["width"], box["y"] + share_y * box["height"]


def drawn(lab: Lab) -> list[tuple[float, float, int]]:
    return [tuple(point) for point in lab.experiment["data"]["dataset"].get("points", [])]


def start_drawing(lab: Lab) -> None:
    lab.button(re.compile("^Draw your own points")).click()
    lab.until(lambda: lab.experiment["data"]["dataset"]["kind"] == "drawn")
    expect(lab.button("Clear")).to_be_enabled()
    lab.button("Clear").click()
    expect(lab.button("Clear")).to_be_disabled()
    lab.until(lambda: drawn(lab) == [])


def test_points_are_drawn_with_the_mouse_and_a_stroke_is_undone_whole(page: Page) -> None:
    lab = Lab(page, paused=True)
    start_drawing(lab)
    lab.button("Draw blue points").click()
    page.mouse.move(*place(lab, -3, 2))
    page.mouse.down()
    page.mouse.move(*place(lab, 3, 2), steps=40)
    page.mouse.up()
    lab.until(lambda: len(drawn(lab)) > 8 and max(x for x, _, _ in drawn(lab)) > 2.5)
    assert {label for _, _, label in drawn(lab)} == {1}
    assert all(abs(y - 2) < 0.1 and -3.1 < x < 3.1 for x, y, _ in drawn(lab))
    lab.button("Draw orange points").click()
    page.mouse.click(*place(lab, 0, -4))
    lab.until(lambda: 0 in {label for _, _, label in drawn(lab)})
    lab.button("Erase").click()
    page.mouse.click(*place(lab, 0, -4))
    lab.until(lambda: {label for _, _, label in drawn(lab)} == {1})
    page.keyboard.press("Control+z")
    lab.until(lambda: {label for _, _, label in drawn(lab)} == {0, 1})
    page.keyboard.press("Control+z")
    lab.until(lambda: {label for _, _, label in drawn(lab)} == {1})
    page.keyboard.press("Control+z")
    lab.until(lambda: drawn(lab) == [])


def test_drawn_points_are_learned(page: Page) -> None:
    lab = Lab(page, paused=True)
    start_drawing(lab)
    for name, y in (("orange", -3), ("blue", 3)):
        lab.button(f"Draw {name} points").click()
        page.mouse.move(*place(lab, -5, y))
        page.mouse.down()
        page.mouse.move(*place(lab, 5, y), steps=60)
        page.mouse.up()
    lab.until(lambda: len(drawn(lab)) > 40)
    lab.button("Done").click()
    lab.play()
    lab.until(lambda: lab.score("train_score") > 0.99, timeout=3 * PATIENCE)


def test_points_are_drawn_by_keyboard(page: Page) -> None:
    lab = Lab(page, paused=True)
    start_drawing(lab)
    lab.button("Draw blue points").click()
    plane(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    lab.until(lambda: drawn(lab) == [(0, 0, 1), (1, 1.2, 1)])
    page.keyboard.press("Escape")
    expect(lab.button(re.compile("^Draw your own points"))).to_be_visible()


def test_points_are_drawn_with_a_finger(open_page) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    lab = Lab(page, paused=True)
    start_drawing(lab)
    lab.button("Draw orange points").tap()
    page.touchscreen.tap(*place(lab, 2, 2))
    lab.until(lambda: len(drawn(lab)) == 1)
    x, y, label = drawn(lab)[0]
    assert abs(x - 2) < 0.1 and abs(y - 2) < 0.1 and label == 0


VALUE = re.compile(r"value\s+(−?\d\.\d\d)")


def test_a_place_tells_the_networks_value_there(page: Page) -> None:
    lab = Lab(page, paused=True)
    answer = page.request.post(
        f"/api/v1/sessions/{lab.remembered['id']}/predict", data={"inputs": [[1, -2]]}
    )
    expected = answer.json()["outputs"][0][0]
    page.mouse.move(*place(lab, 1, -2))
    readout = page.locator(".readout")
    expect(readout).to_have_text(VALUE)
    said = VALUE.search(readout.inner_text())
    assert said
    assert abs(float(said[1].replace("−", "-")) - expected) < 0.05


def test_what_is_said_of_a_place_is_seen_whole(page: Page) -> None:
    lab = Lab(page, paused=True)
    dataset = {"kind": "drawn", "points": [[-4.44, -5.5 - y / 100, 0] for y in range(10)]}
    split = {"train": 10, "validation": 89}
    lab.command(kind="patch", experiment={"data": {"dataset": dataset, "split": split}})
    page.get_by_label("Show validation data", exact=True).check()
    readout = page.locator(".readout")
    cut = "node => node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight"
    for width in (390, 1024, 1440):
        page.mouse.move(0, 0)
        lab.resize(width, 768)
        page.mouse.move(*place(lab, -4.44, -5.54))
        expect(readout).to_contain_text(": orange")
        assert not readout.evaluate(cut) and not readout.locator(".point").evaluate(cut)


@pytest.mark.parametrize("width", [390, 768, 1024])
def test_no_tab_is_cut_off(open_page, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844}, has_touch=width < 768)
    Lab(page, paused=True)
    for label in ("Curves", "Details"):
        tabs = page.get_by_role("tablist", name=label)
        assert tabs.evaluate("list => list.scrollWidth <= list.clientWidth")
        for tab in tabs.get_by_role("tab").all():
            tab.scroll_into_view_if_needed()
            expect(tab).to_be_in_viewport(ratio=1)
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")


def test_the_details_are_tabs_that_arrows_walk(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.button("Epoch").click()
    lab.until(lambda: lab.session()["step"] == 25)
    lab.tab("Confusion").focus()
    matrix = page.get_by_role("table", name=re.compile("^Confusion matrix of the test points"))
    cells, tested = matrix.locator("td.cell"), lab.session()["counts"]["test"]
    expect(cells).to_have_text([re.compile(r"^\s*\d+\s*$")] * 4)
    lab.until(lambda: sum(int(cell) for cell in cells.all_inner_texts()) == tested)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img", name=re.compile("^ROC of blue: AUC "))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(lab.tab("Plane")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(lab.tab("Histograms")).to_be_focused()
    expect(page.get_by_role("img", name=re.compile("^Layer 1, weights: 8 values"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("row", name=re.compile("^Layer 2 .* 0 of 2"))).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator(".katex").first).to_be_visible()


def test_the_curves_are_read_and_zoomed_by_keyboard(page: Page) -> None:
    lab = Lab(page, paused=True)
    for epoch in range(1, 5):
        lab.button("Epoch").click()
        lab.until(lambda epoch=epoch: lab.session()["step"] == 25 * epoch)
    chart = page.get_by_role("application", name=re.compile("^Loss by epoch: Train"))
    table = page.get_by_role("table", name=re.compile("^Loss, epoch"))
    expect(table).to_contain_text("epoch 4")
    chart.focus()
    page.keyboard.press("Home")
    expect(table).to_contain_text("epoch 0")
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)
    lab.tab("Accuracy").click()
    expect(page.get_by_role("application", name=re.compile("^Accuracy by epoch"))).to_be_visible()


def test_a_dead_layer_is_said_and_mended(page: Page) -> None:
    lab = Lab(page, paused=True)
    dead = {"kind": "dense", "units": 3, "activation": "relu", "bias": -10}
    lab.command(kind="patch", experiment={"network": {"layers": [dead]}})
    warning = page.get_by_text("In hidden layer 1, 3 units are dead of 3")
    expect(warning).to_be_visible()
    finding = page.locator(".finding", has=warning)  # another may offer the same
    finding.get_by_role("button", name="Use leaky ReLU", exact=True).click()
    lab.until(lambda: lab.experiment["network"]["layers"][0]["activation"] == "leaky_relu")
    expect(warning).to_have_count(0)


def test_overfitting_is_said_and_mended_by_training_again(page: Page) -> None:
    lab = Lab(page, paused=True)
    noisy = {"dataset": {"kind": "circle", "samples": 100, "noise": 50}, "split": {"train": 20}}
    network = {"layers": [{"kind": "dense", "units": 32, "activation": "relu"}] * 2}
    training = {"optimizer": "adam", "learning_rate": 0.01}
    experiment = {"data": noisy, "network": network, "training": training}
    lab.command(kind="patch", experiment=experiment)
    lab.command(kind="speed", epochs_per_second=None)
    for _ in range(40):  # a row of the curve each
        lab.command(kind="advance", epochs=10)
    lab.button("Train again, and stop early").click()
    lab.until(lambda: lab.session()["status"] == "stopped")
    assert 0 < lab.session()["step"] < 40 * 10 * lab.session()["steps_per_epoch"]


@pytest.mark.parametrize("kind", ["blobs", "function", "reg_plane"])
def test_other_problems_are_drawn(page: Page, kind: str) -> None:
    lab = Lab(page, paused=True)
    dataset = {"kind": kind} | ({"classes": 4} if kind == "blobs" else {})
    lab.command(kind="patch", experiment={"data": {"dataset": dataset, "features": None}})
    name = "curve" if kind == "function" else "plane"
    expect(page.get_by_role("application", name=re.compile(f"^Output: a {name}"))).to_be_visible()
    if kind == "blobs":
        lab.button("Output of class teal").click()
        expect(lab.button("Output of class teal")).to_have_attribute("aria-pressed", "true")
    else:
        expect(lab.tab("R²")).to_be_visible()
    lab.until(lambda: painted(page))


def painted(page: Page) -> bool:
    """Whether a canvas of the plot has more than one colour."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.plot canvas')].some(canvas => {
          if (!canvas.width || !canvas.height) return false;
          const { data } = canvas.getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 20;
        })"""
    )
