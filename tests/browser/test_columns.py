"""What the columns of a table do to the answers, on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .lab import Lab
from .test_tables import STANDARDISE, experiment


def test_columns_are_listed_and_one_is_asked_about(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    lab = Lab(page, experiment("iris", preparation=[STANDARDISE]), paused=True)
    lab.command(kind="advance", epochs=30)
    lab.tab("Columns").click()
    columns = page.get_by_role("list", name="Importance of the columns").get_by_role("button")
    expect(columns).to_have_count(4)
    said = re.compile(r"^(sepal|petal) (length|width) (the loss rises by [\d.]+|nothing)$")
    for column in columns.all():
        expect(column).to_have_accessible_name(said)
    # the most important one stands first and is shown; another by the keyboard
    expect(columns.first).to_have_attribute("aria-pressed", "true")
    name = "petal length" if columns.first.inner_text().startswith("petal w") else "petal width"
    pressed = columns.filter(has_text=name)
    pressed.focus()
    page.keyboard.press("Enter")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    chart = page.get_by_role("application", name=re.compile(f"^Partial dependence on {name}: "))
    expect(chart.locator("canvas")).to_be_visible()
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(
        page.get_by_text(re.compile(f"^{name} .*: setosa .* %, versicolor .* %"))
    ).to_be_visible()
    page.get_by_role("radio", name="Train", exact=True).first.check()
    expect(page.get_by_text("dealt out anew to the train rows")).to_be_visible()
    expect(chart.locator("canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not axe(page)


def test_two_columns_at_once_are_chosen_and_read(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 1024, "height": 768})
    lab = Lab(page, experiment("penguins"), paused=True)
    lab.command(kind="advance", epochs=20)
    lab.tab("Columns").click()
    both = page.get_by_role("region", name="Two columns at once")
    plot = both.get_by_role("application")
    expect(plot).to_have_accessible_name(
        "The answers over bill length and bill depth, the others as in a typical row"
    )
    both.get_by_label("Upwards").select_option("island")
    both.get_by_label("Others fixed at").select_option("row")
    expect(plot).to_have_accessible_name(
        "The answers over bill length and island, the others as in test row 1"
    )
    plot.focus()
    page.keyboard.press("Home")
    share = r"\d+\.\d %"
    said = (
        f"bill length [\\d.]+ mm, island Dream: Adelie {share}, Chinstrap {share}, Gentoo {share}"
    )
    expect(both.get_by_text(re.compile(said))).to_be_visible()
    # what is chosen for both changes places
    both.get_by_label("To the right").select_option("island")
    expect(both.get_by_label("Upwards")).to_have_value("bill length")
    expect(plot).to_have_accessible_name(re.compile("over island and bill length"))
    assert not axe(page)
