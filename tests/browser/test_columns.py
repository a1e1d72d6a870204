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
