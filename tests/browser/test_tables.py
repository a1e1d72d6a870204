"""Tables on the page: chosen, prepared step by step, divided, asked about row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .lab import Lab, http
from .test_pictures import portable

SMALL = [{"kind": "dense", "units": 3, "activation": "tanh"}]
STANDARDISE = {"kind": "standardise"}


def experiment(dataset: str | dict[str, Any], **data: Any) -> str:
    training = {"optimizer": "adam", "batch_size": 32}
    return portable(
        {"data": {"dataset": dataset} | data, "network": {"layers": SMALL}, "training": training}
    )


def cells(lab: Lab) -> list[str]:
    """The columns of the input, by name."""
    found = lab.network.get_by_role("button", name=re.compile("^Column "))
    names = [name or "" for name in (cell.get_attribute("aria-label") for cell in found.all())]
    return [re.sub("^Column (.*): .*$", r"\1", name) for name in names]


def kinds(lab: Lab) -> list[str]:
    return [step["kind"] for step in lab.experiment["data"]["preparation"]]


def bench(page: Page) -> Locator:
    page.get_by_role("button", name="Prepare the data").click()
    dialog = page.get_by_role("dialog", name="Prepare the data")
    expect(dialog.get_by_role("status")).to_contain_text("applied at once")
    return dialog


def step(dialog: Locator, title: str) -> Locator:
    return dialog.get_by_role("listitem").filter(has=dialog.page.locator(f"strong:text('{title}')"))


def head(dialog: Locator, title: str) -> Locator:
    """The button that a step is chosen, moved and removed by."""
    return step(dialog, title).locator("[aria-expanded]").first


def add(dialog: Locator, title: str) -> None:
    dialog.get_by_label("Step to add").select_option(label=title)
    dialog.get_by_role("button", name="Add step").click()


def test_a_table_is_chosen_trained_and_looked_at_row_by_row(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, paused=True)
    page.get_by_role("radio", name="Penguins").click()
    expect(page.get_by_text("palmerpenguins, 2020")).to_be_visible()
    column = lab.network.get_by_role("button", name=re.compile("^Column island = Biscoe: "))
    expect(column).to_be_visible()
    session = lab.session()
    assert cells(lab) == session["columns"][: len(cells(lab))]
    lab.command(kind="patch", experiment={"training": {"optimizer": "adam"}})
    lab.command(kind="advance", epochs=60)
    expect(page.locator(".metrics .score").last).to_have_text(re.compile(r"\d"))
    assert lab.score("test_score") > 0.5

    prediction = page.get_by_role("list", name="Prediction")
    expect(prediction.get_by_role("listitem")).to_have_count(3)
    expect(prediction).to_contain_text("Gentoo")
    page.get_by_role("button", name="Next example").click()
    expect(page.get_by_text(re.compile("^2 of "))).to_be_visible()
    confusion = page.get_by_role("table", name=re.compile("^Confusion matrix"))
    expect(confusion).to_contain_text("Chinstrap")
    lab.tab("Plane").click()
    expect(page.get_by_role("application", name=re.compile("^Plane of a layer"))).to_be_visible()
    assert not axe(page)

    # a regression of another table, in the unit of its answer
    page.get_by_label("Problem", exact=True).select_option(label="Regression")
    expect(page.get_by_role("radio", name="Diabetes")).to_be_checked()
    lab.tab("Fit").click()
    chart = page.get_by_role("application", name=re.compile("^Predicted progression"))
    expect(chart).to_be_visible()
    expect(page.locator(".example .answers dl")).to_contain_text("Target")
    assert lab.session()["scale"][0] > 100
    assert not axe(page)


def test_rows_that_are_mistaken_are_a_table_to_pick_from(page: Page) -> None:
    lab = Lab(page, experiment("iris", preparation=[STANDARDISE]), paused=True)
    lab.tab("Mistakes").click()
    rows = page.get_by_role("region", name="Rows").get_by_role("row")
    picked = rows.nth(2).get_by_role("button")
    place = picked.inner_text()
    picked.click()
    expect(picked).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(f"{place} of 75")).to_be_visible()


def test_steps_are_added_set_moved_and_removed(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, experiment("iris", preparation=[STANDARDISE]), paused=True)
    dialog = bench(page)
    # what it does, and where a person would leak
    expect(dialog.get_by_text("Fitted on the 75 training rows alone.")).to_be_visible()
    for side in ("Before", "After"):
        columns = dialog.get_by_role("region", name=side, exact=True)
        expect(columns.get_by_role("listitem")).to_have_count(4)
        expect(columns.get_by_role("row")).to_have_count(9)
    add(dialog, "Principal components")
    expect(dialog.get_by_role("status")).to_contain_text("Applied: the weights are reset")
    assert lab.session()["columns"] == ["component 1", "component 2"]
    after = dialog.get_by_role("region", name="After", exact=True)
    expect(after.get_by_role("listitem")).to_have_count(2)
    assert not axe(page)

    # only some columns, which stand where the first of them was
    chosen = step(dialog, "Principal components")
    chosen.get_by_label(re.compile("All that fit")).uncheck()
    lab.until(lambda: lab.experiment["data"]["preparation"][1]["columns"])
    chosen.get_by_label("petal width").uncheck()
    lab.until(lambda: lab.session()["columns"] == ["component 1", "component 2", "petal width"])

    # by the keyboard: up, and away
    head(dialog, "Principal components").focus()
    page.keyboard.press("Alt+ArrowUp")
    lab.until(lambda: kinds(lab) == ["pca", "standardise"])
    expect(head(dialog, "Principal components")).to_be_focused()
    dialog.get_by_role("button", name="Move Principal components down").click()
    lab.until(lambda: kinds(lab) == ["standardise", "pca"])
    head(dialog, "Principal components").focus()
    page.keyboard.press("Delete")
    lab.until(lambda: kinds(lab) == ["standardise"])
    expect(head(dialog, "Standardise")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    lab.button(re.compile("^Undo")).click()
    lab.until(lambda: kinds(lab) == ["standardise", "pca"])
    lab.until(lambda: cells(lab) == ["component 1", "component 2", "petal width"])


def test_a_bad_step_is_said_where_it_is_and_nothing_is_lost(
    page: Page, page_errors: list[str]
) -> None:
    lab = Lab(page, experiment("titanic"), paused=True)
    before = lab.experiment
    dialog = bench(page)
    dialog.get_by_role("button", name="Remove One-hot").click()
    whole = dialog.get_by_role("alert")
    expect(whole).to_contain_text("'class' is a category")
    expect(dialog.get_by_role("status")).to_contain_text("Not applied")
    # what a step does can be seen where only the last columns are no numbers yet
    head(dialog, "Standardise").click()
    add(dialog, "Bins")
    expect(whole).to_contain_text("'class' is a category")
    after = dialog.get_by_role("region", name="After", exact=True)
    expect(after.get_by_role("listitem").first).to_contain_text("age")
    head(dialog, "Bins").focus()
    page.keyboard.press("Delete")
    whole.get_by_role("button", name="Add “One-hot”").click()
    expect(whole).to_have_count(0)

    head(dialog, "Drop columns").click()
    add(dialog, "Principal components")
    said = step(dialog, "Principal components").get_by_role("alert")
    expect(said).to_contain_text("values of 'age' are missing")
    assert lab.experiment == before
    # what was begun is there when one comes back
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Prepare the data").click()
    expect(said).to_be_visible()
    expect(dialog.get_by_text("Not known while a step is refused.")).to_be_visible()
    dialog.get_by_role("button", name="Back to those").click()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    expect(dialog.locator("[data-step]")).to_have_count(4)
    # rows that go are counted, part by part
    expect(dialog.get_by_text("all stay").first).to_be_visible()
    assert lab.experiment == before
    assert page_errors and all("422" in error for error in page_errors)
    page_errors.clear()


def test_the_split_and_the_answer_are_chosen(page: Page) -> None:
    lab = Lab(page, experiment("iris"), paused=True)
    divided = page.get_by_label("Divided", exact=True)
    divided.select_option(label="Stratified")
    lab.until(lambda: lab.experiment["data"]["split"]["method"] == "stratified")
    page.get_by_role("switch", name="Folds").check()
    lab.until(lambda: lab.experiment["data"]["split"]["folds"])
    expect(page.get_by_role("slider", name="Training part")).to_be_hidden()
    fold = page.get_by_label("Fold, exact value")
    fold.fill("2")
    fold.press("Enter")
    lab.until(lambda: lab.experiment["data"]["split"]["fold"] == 2)

    answer = page.get_by_label("Answer", exact=True)
    answer.select_option(label="petal width (a number)")
    lab.until(lambda: lab.session()["problem"] == "regression")
    expect(answer).to_have_value("petal width")
    expect(page.get_by_label("Problem", exact=True)).to_have_value("regression")
    # shares are of classes
    expect(divided).to_have_value("random")
    expect(divided.locator("option", has_text="Stratified")).to_have_count(0)
    assert "species = setosa" in lab.session()["columns"]
    divided.select_option(label="In order")
    page.get_by_label("Column", exact=True).select_option(label="sepal length")
    lab.until(lambda: lab.experiment["data"]["split"]["column"] == "sepal length")
    assert lab.experiment["data"]["split"]["folds"] is None
    page.get_by_label("Problem", exact=True).select_option(label="Classification")
    lab.until(lambda: lab.session()["problem"] == "classification")
    expect(answer).to_have_value("species")


def test_points_are_divided_in_more_ways_too(page: Page) -> None:
    lab = Lab(page, paused=True)
    page.get_by_text("More ways to divide").click()
    divided = page.get_by_label("Divided", exact=True)
    # groups are of the rows of a table
    expect(divided.locator("option")).to_have_count(3)
    divided.select_option(label="Stratified")
    lab.until(lambda: lab.experiment["data"]["split"]["method"] == "stratified")
    page.get_by_role("switch", name="Folds").check()
    lab.until(lambda: lab.experiment["data"]["split"]["folds"])
    assert lab.session()["counts"] == {"train": 400, "validation": 0, "test": 100}


def test_a_row_of_ones_own_is_answered(page: Page, page_errors: list[str]) -> None:
    lab = Lab(page, experiment("iris"), paused=True)
    lab.tab("Try a row").click()
    form = page.get_by_role("form", name="Values of the row")
    prediction = page.get_by_role("list", name="Prediction").get_by_role("listitem")
    expect(prediction).to_have_count(3)
    expect(page.get_by_text(re.compile("^Test row 1: it is "))).to_be_visible()

    values = {"sepal length": "7", "sepal width": "3", "petal length": "6.5", "petal width": "2.2"}
    for name, value in values.items():
        form.get_by_label(name).fill(value)
    row = {name: float(value) for name, value in values.items()}
    origin, known = page.evaluate("location.origin"), lab.remembered["id"]
    answered = http.post(f"{origin}/api/v1/sessions/{known}/predict", json={"rows": [row]}).json()
    for share, line in zip(answered["outputs"][0], prediction.all(), strict=True):
        expect(line).to_contain_text(f"{100 * share:.1f} %")
    expect(page.get_by_text("A row of your own.")).to_be_visible()

    width = form.get_by_label("petal width")
    width.fill("wide")
    expect(page.get_by_text("“wide” is not a number.")).to_be_visible()
    expect(width).to_have_attribute("aria-invalid", "true")
    width.fill("")
    expect(page.get_by_text("'petal width' is missing, and never was in training")).to_be_visible()
    page.get_by_role("button", name="Back to test row 1").click()
    expect(page.get_by_text(re.compile("^Test row 1: it is "))).to_be_visible()
    assert all("422" in error for error in page_errors)
    page_errors.clear()


def test_on_a_phone_all_of_it_can_be_reached(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    Lab(page, experiment("titanic"), paused=True)
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(fits)
    assert not axe(page)
    dialog = bench(page)
    head(dialog, "Impute missing values").click()
    expect(dialog.get_by_role("region", name="After", exact=True)).to_be_attached()
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    assert page.evaluate(fits)
    assert not axe(page)
