"""The way out of the page: what the server exports, and the pictures, downloaded and opened."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Route, expect
from safetensors.numpy import load

from .lab import Lab, http


def opened(page: Page) -> Lab:
    lab = Lab(page)
    lab.until(lambda: lab.step > 100)
    lab.pause()
    lab.button("Export").click()
    expect(page.get_by_role("dialog", name="Export")).to_be_visible()
    return lab


def downloaded(page: Page, name: str) -> tuple[str, bytes]:
    """File name and content of what a button gives."""
    with page.expect_download() as begun:
        page.get_by_role("button", name=name, exact=True).click()
    return begun.value.suggested_filename, begun.value.path().read_bytes()


def test_every_target_is_offered_and_comes_as_the_server_gives_it(
    page: Page, server_url: str
) -> None:
    lab = opened(page)
    targets = http.get(f"{server_url}/api/v1/exports").json()
    for target in targets:
        expect(page.get_by_text(target["help"])).to_be_visible()
        name, content = downloaded(page, f"Download {target['title']}")
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
        name, content = downloaded(page, f"{title} as SVG")
        assert name == f"layerlab-{file}.svg"
        drawing = ElementTree.fromstring(content)
        assert drawing.tag.endswith("}svg")
        name, content = downloaded(page, f"{title} as PNG")
        assert name == f"layerlab-{file}.png"
        picture = Image.open(io.BytesIO(content))
        size = (float(drawing.attrib["width"]), float(drawing.attrib["height"]))
        assert picture.size == (round(2 * size[0]), round(2 * size[1]))
        colours = picture.convert("RGB").getcolors(2**24)
        assert colours and len(colours) > 50


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
