"""Pictures that are prepared and augmented, and what comes of them on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .lab import Lab, until
from .test_pictures import DIGITS, portable


def section(lab: Lab, title: str) -> Locator:
    """A folded part of the data panel, opened."""
    lab.tab("Data").click()
    found = lab.page.locator("details").filter(has=lab.page.get_by_text(re.compile(f"^{title}:")))
    found.locator("summary").click()
    return found


def pixels(picture: Locator) -> list[int]:
    return picture.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )


def augmentation(lab: Lab) -> list[dict[str, Any]]:
    return lab.session()["experiment"]["data"]["augmentation"]


def test_augmentation_is_put_together_and_seen_live(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(DIGITS), paused=True)
    part = section(lab, "Augmentation")
    part.get_by_role("combobox", name="Augmentation to add").select_option(label="Shift")
    part.get_by_role("button", name="Add").click()
    drawn = part.get_by_role("img", name=re.compile("^Draw 1 of it")).first
    raw = part.get_by_role("img", name=re.compile("^Raw picture 1: [0-9]$"))
    expect(drawn).to_be_visible()
    assert pixels(drawn) != pixels(raw)
    assert axe(page) == []

    before = pixels(drawn)
    part.get_by_role("button", name="Draw again").click()
    until(page, lambda: pixels(drawn) != before)

    # a slider that moves is seen at once, and nothing restarts
    part.get_by_role("slider", name="Probability").fill("0")
    until(page, lambda: pixels(drawn) == pixels(raw))
    until(page, lambda: [one["probability"] for one in augmentation(lab)] == [0])

    # by keyboard: another one, put first, then away with it
    part.get_by_role("combobox", name="Augmentation to add").select_option(label="Mixup")
    part.get_by_role("button", name="Add").press("Enter")
    until(page, lambda: [one["kind"] for one in augmentation(lab)][1:] == ["mixup"])
    mixup = part.get_by_role("button", name=re.compile("^2 Mixup"))
    mixup.press("Alt+ArrowUp")
    until(page, lambda: augmentation(lab)[0]["kind"] == "mixup")
    expect(part.get_by_role("button", name=re.compile("^1 Mixup"))).to_be_focused()
    page.keyboard.press("Delete")
    until(page, lambda: len(augmentation(lab)) == 1)
    lab.button(re.compile("^Undo")).click()
    until(page, lambda: len(augmentation(lab)) == 2)


def test_pictures_are_prepared_on_a_small_dark_screen(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    lab = Lab(page, portable(DIGITS), paused=True)
    part = section(lab, "Preparation")
    part.get_by_role("combobox", name="Step to add").select_option(label="Pad")
    part.get_by_role("button", name="Add").click()
    expect(part.get_by_text("12×12, grey")).to_be_visible()
    expect(part.get_by_text("8×8, grey")).to_be_visible()
    after = part.get_by_role("img", name="Picture 1, pad")
    assert len(pixels(after)) == 12 * 12 * 4
    until(page, lambda: lab.session()["input_shape"] == [12, 12, 1])
    assert lab.session()["raw_shape"] == [8, 8, 1]
    assert part.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert axe(page) == []
