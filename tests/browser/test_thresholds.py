"""What is found of a class wherever the line is drawn, on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .lab import Lab, saved_picture, words
from .test_tables import STANDARDISE, experiment

SAID = re.compile(
    r"^At 0\.50: finds [\d.]+ % of (\w+), [\d.]+ % of the others are taken for it, "
    r"[\d.]+ % of those said to be \1 are\.$"
)


def test_a_line_is_drawn_elsewhere_and_told_in_words(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    lab = Lab(page, experiment("breast_cancer", preparation=[STANDARDISE]), paused=True)
    lab.command(kind="advance", epochs=30)
    lab.tab("Thresholds").click()
    for name in (r"^ROC of \w+: AUC [01]\.\d", "^Precision against recall of ", "^Calibration of "):
        expect(page.get_by_role("img", name=re.compile(name))).to_be_visible()
    expect(page.get_by_text(SAID)).to_be_visible()
    slider = page.get_by_role("slider", name="Threshold", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"^At 0\.51: finds "))).to_be_visible()
    page.keyboard.press("Home")
    all_of_it = "finds 100.0 % of benign, 100.0 % of the others are taken for it"
    expect(page.get_by_text(all_of_it)).to_be_visible()
    page.get_by_role("combobox", name="Class", exact=True).select_option("malignant")
    expect(page.get_by_text(all_of_it.replace("benign", "malignant"))).to_be_visible()
    picture = words(saved_picture(page, "Thresholds", "thresholds"))
    assert any(text.startswith("AUC ") for text in picture)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not axe(page)


def test_a_part_without_a_class_says_so(page: Page) -> None:
    # in order, the first rows of iris are all setosa, and none of the test part's
    lab = Lab(page, experiment("iris", split={"method": "ordered"}), paused=True)
    lab.tab("Thresholds").click()
    page.get_by_role("combobox", name="Class", exact=True).select_option("setosa")
    expect(page.get_by_text("none is setosa: it takes both kinds")).to_be_visible()
