"""The way out of the page: what the server exports, and the pictures, downloaded and opened."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect
from safetensors.numpy import load

from .lab import SVG, Lab, downloaded, http, same_picture, saved_picture, words


def opened(page: Page) -> Lab:
    lab = Lab(page)
    lab.until(lambda: lab.step > 100)
    lab.pause()
    lab.button("Export").click()
    expect(page.get_by_role("dialog", name="Export")).to_be_visible()
    return lab


def download(page: Page, name: str) -> tuple[str, bytes]:
    return downloaded(page, page.get_by_role("button", name=name, exact=True))


def test_every_target_is_offered_and_comes_as_the_server_gives_it(
    page: Page, server_url: str
) -> None:
    lab = opened(page)
    targets = http.get(f"{server_url}/api/v1/exports").json()
    for target in targets:
        expect(page.get_by_text(target["help"])).to_be_visible()
        name, content = download(page, f"Download {target['title']}")
        assert name == target["filename"]
        if target["target"] == "safetensors":
            said = lab.session("/weights")["layers"]
            np.testing.assert_array_equal(
                load(content)["output.w"], np.array(said[-1]["params"]["w"], np.float32)
            )
        if target["target"] == "pytorch":
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
            assert "layerlab-pytorch/model.py" in names
        if target["target"] == "experiment":
            assert json.loads(content) == lab.experiment


def test_pictures_leave_as_vectors_and_as_pixels(page: Page) -> None:
    opened(page)
    for title, file in (("Output", "surface"), ("Curves", "curves"), ("Network", "network")):
        name, svg = download(page, f"{title} as SVG")
        assert name == f"layerlab-{file}.svg"
        name, png = download(page, f"{title} as PNG")
        assert name == f"layerlab-{file}.png"
        same_picture(svg, png)


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", (1440, 900)), ("dark", (1024, 768)), ("dark", (390, 844))]
)
def test_every_picture_has_a_button_that_saves_it(
    open_page, scheme: str, size: tuple[int, int]
) -> None:
    window = {"width": size[0], "height": size[1]}
    page = open_page(color_scheme=scheme, viewport=window)
    lab = Lab(page, paused=True)
    lab.command(kind="advance", steps=200)
    lab.until(lambda: lab.step == 200)

    assert "Output" in words(saved_picture(page, "Output", "surface"))
    assert "4 units" in words(saved_picture(page, "Network", "network"))
    for tab, title, name in (
        ("Loss", "Loss", "loss"),
        ("Accuracy", "Accuracy", "score"),
        ("Gradient", "Gradient norm", "gradient"),
        ("Rate", "Learning rate", "rate"),
    ):
        lab.tab(tab).click()
        assert {title, "Epoch"} <= set(words(saved_picture(page, title, name)))

    cells = page.get_by_role("table", name=re.compile("^Confusion matrix")).locator("td.cell")
    expect(cells).to_have_count(4)
    counts = cells.all_inner_texts()
    title = "Confusion matrix of the test points"
    said = words(saved_picture(page, title, "confusion"))
    assert [word for word in said if word.isdigit()] == [count.strip() for count in counts]
    assert title in said and "Train" not in said
    lab.tab("Histograms").click()
    expect(page.get_by_role("img", name=re.compile("^Layer 1, weights:"))).to_be_visible()
    drawing = saved_picture(page, "Weights, activations and gradients", "histograms")
    assert len(list(drawing.iter(f"{SVG}svg"))) == 10  # itself, three layers of three
    lab.tab("Gradients").click()
    expect(page.get_by_role("row", name=re.compile("^Layer 2 .* 0 of 2"))).to_be_visible()
    assert "0 of 2" in words(saved_picture(page, "Gradients", "gradients"))
    lab.tab("Equation").click()  # which is copied as LaTeX
    expect(page.get_by_role("button", name="Save picture: Gradients")).to_have_count(0)

    lab.unit(1, 2).click()  # now the plot is of that unit
    title = "Layer 1, unit 2"
    assert title in words(saved_picture(page, title, "surface"))

    page.get_by_role("button", name="Pin this run").click()
    page.get_by_role("button", name=re.compile("^Compare 1 ")).click()
    drawing = saved_picture(page, "Runs compared", "comparison")
    assert {"This run", "Run 1", "Test loss"} <= set(words(drawing))
    assert "Open" not in words(drawing)
    assert len(list(drawing.iter(f"{SVG}image"))) == 2
    page.keyboard.press("Escape")
    lab.tab("Loss").click()
    assert "Run 1" in words(saved_picture(page, "Loss", "loss"))


def test_what_is_not_there_yet_is_not_saved(page: Page) -> None:
    lab = Lab(page, paused=True)
    page.get_by_role("button", name="Save picture: Loss").click()
    page.get_by_role("button", name="SVG", exact=True).click()
    expect(page.get_by_text("nothing to draw yet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="SVG", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Save picture: Loss")).to_be_focused()
    lab.button("Export").click()
    page.get_by_role("button", name="Curves as PNG").click()
    expect(page.get_by_role("alert").filter(has_text="nothing to draw yet")).to_be_visible()


def test_a_refusal_is_told_in_the_dialog(
    page: Page, page_errors: list[str], axe: Callable[[Page], list[str]]
) -> None:
    def refuse(route: Route) -> None:
        errors = [{"path": "/experiment/network/layers/0", "message": "no words for it"}]
        body = json.dumps({"status": 422, "errors": errors})
        route.fulfill(status=422, content_type="application/problem+json", body=body)

    opened(page)
    page.route("**/exports/onnx", refuse)
    page.get_by_role("button", name="Download ONNX").click()
    expect(page.get_by_role("alert").filter(has_text="no words for it")).to_be_visible()
    page_errors.clear()  # the browser logs the 422
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Export")).to_be_hidden()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_focused()
