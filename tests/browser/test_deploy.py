"""From the page to a deployed model and its own page; the way there across the top."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .lab import Lab
from .test_pictures import portable
from .test_tables import experiment


def stage(page: Page, name: str) -> Locator:
    way = page.get_by_role("navigation", name="From data to deployment")
    return way.get_by_role("button", name=re.compile(f"^{name}"))


def test_what_was_learned_is_deployed_and_asked_on_a_page_of_its_own(
    open_page: OpenPage, axe: Callable[[Page], list[str]], page_errors: list[str]
) -> None:
    page = open_page()
    Lab(page, experiment("titanic"), paused=True)
    expect(stage(page, "Data")).to_contain_text("Titanic, 1,309 rows")
    expect(stage(page, "Evaluation")).to_contain_text("not asked yet")
    stage(page, "Evaluation").click()
    page.get_by_role("button", name="Evaluate on the test part").click()
    rows = page.get_by_role("dialog", name="Evaluation").get_by_role("row")
    expect(rows).to_have_count(2)  # a head, and one answer
    page.get_by_role("button", name="Evaluate on the test part").click()
    expect(page.get_by_text("It has been asked 2 times")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(stage(page, "Evaluation")).to_contain_text("asked 2×")

    stage(page, "Deployment").click()
    page.get_by_label("Title").fill("Who came home")
    page.get_by_role("button", name="Deploy", exact=True).click()
    key = page.get_by_role("textbox", name="Its key, shown this once")
    expect(key).to_have_value(re.compile(r"\S{30}"))
    expect(stage(page, "Deployment")).to_contain_text("deployed 1×")
    assert axe(page) == []
    address = page.get_by_role("textbox", name="Its page").input_value()

    # who has but the address sees what it is; the key stands behind # for no server to see
    other = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    other.goto(address)
    expect(other.get_by_role("heading", name="Who came home", level=1)).to_be_visible()
    expect(other.get_by_role("button", name="Predict")).to_be_disabled()
    other.goto("about:blank")
    other.goto(f"{address}#key={key.input_value()}")
    other.get_by_label("sex").select_option("female")
    other.get_by_label("age").fill("")
    other.get_by_role("button", name="Predict").click()
    bars = other.get_by_role("list", name="How probable each class is").get_by_role("listitem")
    expect(bars).to_have_count(2)
    assert "key" not in other.url
    for width in (390, 1024):
        other.set_viewport_size({"width": width, "height": 768})
        assert axe(other) == []
        assert other.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    other.get_by_label("fare").fill("much")
    expect(other.get_by_role("alert")).to_have_text("“much” is not a number.")

    # deleted, it is no more
    page.get_by_role("button", name="Delete Who came home").click()
    expect(stage(page, "Deployment")).to_contain_text("not deployed")
    other.get_by_label("fare").fill("7")
    other.get_by_role("button", name="Predict").click()
    expect(other.get_by_role("alert")).to_contain_text("deleted")
    assert page_errors and all("404" in error for error in page_errors)
    page_errors.clear()


def test_a_picture_is_drawn_and_answered(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page()
    Lab(page, portable({"data": {"dataset": "digits"}}), paused=True)
    stage(page, "Deployment").click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    link = page.get_by_role("link", name="Open its page with the key")
    with page.expect_popup() as opened:
        link.click()
    other = opened.value
    canvas = other.get_by_label("Draw here with the mouse or a finger").bounding_box()
    assert canvas is not None
    x, y = canvas["x"] + 110, canvas["y"]
    other.mouse.move(x, y + 40)
    other.mouse.down()
    other.mouse.move(x + 4, y + 180, steps=6)
    other.mouse.up()
    other.get_by_role("button", name="Predict").click()
    expect(other.get_by_role("region", name="What it answers").locator(".answer")).to_have_text(
        re.compile(r"^\d$")
    )
    assert axe(other) == []


@pytest.mark.parametrize("size", [(1024, 768), (390, 844)])
def test_the_way_leads_to_every_room_and_may_be_hidden(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(viewport={"width": size[0], "height": size[1]})
    lab = Lab(page, experiment("iris"), paused=True)
    for name, dialog in (("Preparation", "Prepare the data"), ("Tuning", "Sweep")):
        stage(page, name).click()
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        page.keyboard.press("Escape")
    for name, tab in (("Training", "Training"), ("Data", "Data")):
        stage(page, name).click()
        expect(page.get_by_role("tab", name=tab)).to_be_focused()
        expect(page.get_by_role("tab", name=tab)).to_be_in_viewport()
    lab.button("Hide the way from data to deployment").click()
    page.reload()
    lab.stands()
    expect(stage(page, "Data")).to_have_count(0)
    lab.button("From data to deployment").click()
    expect(stage(page, "Data")).to_be_visible()


def test_a_sealed_test_part_is_nowhere_on_the_page(open_page: OpenPage) -> None:
    page = open_page()
    split = {"validation": 20, "sealed": True}
    lab = Lab(page, experiment("iris", split=split), paused=True)
    expect(page.get_by_text("Validation loss")).to_be_visible()
    expect(page.get_by_text("Test loss")).to_have_count(0)
    stage(page, "Evaluation").click()
    seal = page.get_by_role("switch", name="Seal the test part")
    expect(seal).to_be_checked()
    page.get_by_role("button", name="Evaluate on the test part").click()
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(2)
    seal.uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Test loss")).to_be_visible()
    assert lab.experiment["data"]["split"]["sealed"] is False
