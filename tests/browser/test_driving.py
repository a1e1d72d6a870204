"""A car that the network steers, on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .lab import Lab
from .test_pictures import portable


def test_the_car_is_seen_to_drive_and_told_of(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(
        viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce"
    )
    lab = Lab(page, portable({"data": {"dataset": {"kind": "driving", "laps": 2}}}), paused=True)
    lab.tab("Drive").click()
    lanes = page.get_by_role("img", name=re.compile("lane from above"))
    expect(lanes).to_have_count(2)
    expect(
        page.get_by_text(re.compile(r"On the new lane the car leaves it after \d+ m"))
    ).to_be_visible()
    lab.command(kind="advance", steps=1000)
    expect(
        page.get_by_text(re.compile(r"On the new lane the car is round in [\d.]+ s"))
    ).to_be_visible()
    # nothing moves for those who do not want it: the car stands at its end, and time is a slider
    expect(page.get_by_role("button", name="Let the car drive")).to_be_visible()
    time = page.get_by_role("slider", name="Time of the drive")
    expect(time).to_have_value(re.compile(r"^3\d"))
    time.focus()
    page.keyboard.press("Home")
    expect(time).to_have_attribute("aria-valuetext", re.compile(r"^0\.0 s: 4 m/s, steering"))
    large = lanes.first
    expect(large).to_have_accessible_name(re.compile("^The new lane"))
    page.get_by_role("button", name="The expert’s lane").click()
    expect(lanes.first).to_have_accessible_name(re.compile("^The expert’s lane"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not axe(page)


def test_there_is_no_drive_where_the_answer_is_another(open_page: OpenPage) -> None:
    page = open_page()
    lab = Lab(
        page, portable({"data": {"dataset": {"kind": "driving", "laps": 1, "answer": "speed"}}})
    )
    expect(lab.tab("Try a row")).to_be_visible()
    expect(lab.tab("Drive")).to_have_count(0)
