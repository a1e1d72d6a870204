"""What a person who knows the old playground tries in the first minutes, and then the rest."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab


def setting(lab: Lab, label: str) -> Locator:
    return lab.strip.get_by_role("combobox", name=label, exact=True)


def choose(lab: Lab, label: str, value: str) -> None:
    setting(lab, label).select_option(value)


def offered(lab: Lab, label: str) -> list[str]:
    options = "select => [...select.options].map(option => option.value)"
    return setting(lab, label).evaluate(options)


def kind_of(lab: Lab, name: str) -> str:
    if name == "activation":
        return lab.experiment["network"]["layers"][0]["activation"]
    return lab.experiment["training"][name]["kind"]


@pytest.mark.parametrize("name", ["activation", "optimizer", "schedule", "loss"])
def test_everything_that_is_offered_is_taken(page: Page, name: str) -> None:
    lab = Lab(page, paused=True)
    values = offered(lab, name.capitalize())
    assert len(values) > 4
    for value in values:
        choose(lab, name.capitalize(), value)
        lab.until(lambda value=value: kind_of(lab, name) == value or lab.alert.inner_text())
        expect(lab.alert).to_be_empty()


def test_losses_offered_go_with_the_problem(page: Page) -> None:
    lab = Lab(page, paused=True)
    assert {"binary_crossentropy", "hinge", "huber"} <= set(offered(lab, "Loss"))
    choose(lab, "Loss", "binary_crossentropy")
    for problem in ("regression", "classification", "regression"):  # and nothing throws
        choose(lab, "Problem", problem)
        lab.until(lambda problem=problem: lab.session()["problem"] == problem)
    expect(page.get_by_text("The value predicted at every place.", exact=True)).to_be_visible()
    of_values = {"squared_error", "absolute_error", "huber"}
    lab.until(lambda: set(offered(lab, "Loss")) == of_values)


def test_options_are_switched_on_while_it_trains(page: Page) -> None:
    lab = Lab(page)
    lab.tab("Training").click()
    for name, field in (("Gradient clipping", "clip_norm"), ("Early stopping", "early_stopping")):
        lab.until(lambda: lab.session()["step"] > 10)
        page.get_by_role("switch", name=name, exact=True).check()
        lab.until(lambda field=field: lab.experiment["training"][field] is not None)
        session = lab.session()
        assert session["step"] > 10 and session["playing"]
    # each number is read aloud by the name of what it belongs to
    expect(page.get_by_role("slider", name="Gradient clipping", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox", name="Gradient clipping, exact value")).to_be_visible()
    expect(page.get_by_role("slider", name="Patience", exact=True)).to_be_visible()


def test_divergence_is_mended_by_what_is_offered(page: Page) -> None:
    address = "/#problem=regression&regDataset=reg-plane&activation=relu&learningRate=10"
    lab = Lab(page, address)
    slower = lab.button("Learning rate ÷ 3, then start again")
    expect(slower).to_be_visible()
    # the rules of the address know no clipping, so it is not offered
    expect(lab.button("Clip the gradients at 1")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"^R² −\d(\.\d)?e\+\d+"))).to_have_count(2)
    lab.command(kind="patch", experiment={"training": {"rules": "standard"}})
    expect(slower).to_have_count(0)
    lab.button("Play").click()  # it diverges again, perhaps before Pause is seen
    lab.button("Clip the gradients at 1").click()
    lab.until(lambda: lab.session()["step"] > 100)
    assert lab.session()["playing"] and lab.experiment["training"]["clip_norm"] == 1


def test_drawing_from_the_list_of_datasets_shows_every_point(page: Page) -> None:
    lab = Lab(page, paused=True)
    page.get_by_role("radio", name="Drawn by hand").click()
    lab.until(lambda: lab.experiment["data"]["dataset"]["kind"] == "drawn")
    # half of what is drawn becomes test points: they must not vanish
    expect(page.get_by_label("Show test data")).to_be_checked()


def test_six_pens_fit_beside_the_network(open_page) -> None:
    page = open_page(viewport={"width": 1024, "height": 768})
    lab = Lab(page, paused=True)
    lab.command(kind="patch", experiment={"data": {"dataset": {"kind": "rings", "classes": 6}}})
    expect(lab.button(re.compile("^Output of class"))).to_have_count(6)
    lab.button(re.compile("^Draw")).click()
    expect(page.get_by_role("button", name=re.compile("^Draw .* points$"))).to_have_count(6)
    done = lab.box(lab.button("Done"))
    assert done["x"] + done["width"] <= 1024
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_finger_draws_and_does_not_scroll(open_page) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    lab = Lab(page, paused=True)
    lab.button(re.compile("^Draw your own points")).tap()
    lab.until(lambda: lab.experiment["data"]["dataset"]["kind"] == "drawn")
    before = len(lab.experiment["data"]["dataset"]["points"])
    lab.button("Draw blue points").tap()
    box = lab.box(page.get_by_role("application", name=re.compile(": a plane")))
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        event = {"type": kind, "touchPoints": list(points)}
        finger.send("Input.dispatchTouchEvent", event)

    x = box["x"] + box["width"] / 12
    touch("touchStart", {"x": x, "y": box["y"] + 300})
    for y in range(290, 100, -10):
        touch("touchMove", {"x": x, "y": box["y"] + y})
    touch("touchEnd")
    lab.until(lambda: len(lab.experiment["data"]["dataset"]["points"]) > before + 8)
    strokes = lab.experiment["data"]["dataset"]["points"][before:]
    assert {label for _, _, label in strokes} == {1}
    assert page.evaluate("scrollY") == 0


CAPTION = "Orange or blue: the class predicted at every place."
FLAGS = {
    "showTestData": ("checkbox", "Show test data"),
    "discretize": ("checkbox", "Discretize output"),
    "playButton": ("button", re.compile("^(Play|Pause|Run epochs)$")),
    "stepButton": ("button", re.compile("^(Step|Epoch)$")),
    "resetButton": ("button", re.compile("^Reset to")),
    "learningRate": ("slider", "Learning rate"),
    "activation": ("combobox", "Activation"),
    "regularization": ("combobox", "Regularization"),
    "regularizationRate": ("slider", "Reg. rate"),
    "problem": ("combobox", "Problem"),
    "dataset": ("radiogroup", "Dataset"),
    "percTrainData": ("slider", "Training part"),
    "noise": ("slider", "Noise"),
    "batchSize": ("slider", "Batch size"),
    "numHiddenLayers": ("button", re.compile("^Add a layer|^More units|^Move layer")),
    "sinX": ("button", re.compile(r"^Feature sin\(X₁\)")),
}


def test_a_lesson_hides_what_the_old_playground_hid(page: Page) -> None:
    Lab(page, paused=True)
    expect(page.get_by_text(CAPTION, exact=True)).to_be_visible()
    for role, name in FLAGS.values():
        expect(page.get_by_role(role, name=name, exact=True).first).to_be_visible()
    flags = "&".join(f"{flag}_hide=true" for flag in FLAGS)
    page.evaluate(f"location.hash = '#{flags}&hideText=true&tutorial=lesson&seed=0.5'")
    expect(page.get_by_role("radiogroup", name="Dataset")).to_have_count(0)
    for role, name in FLAGS.values():
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(0)
    page.get_by_role("tab", name="Training", exact=True).click()
    expect(page.get_by_role("switch", name="Early stopping")).to_be_visible()
    expect(page.get_by_role("slider", name="Batch size")).to_have_count(0)
    expect(page.get_by_text(CAPTION, exact=True)).to_have_count(0)


def test_a_refusal_leaves_with_what_was_refused(page: Page, page_errors: list[str]) -> None:
    lab = Lab(page, paused=True)
    bad = "'#x=' + btoa(JSON.stringify({training: {batch_size: -4}}))"
    page.evaluate(f"location.hash = {bad}")
    expect(lab.alert).to_contain_text("greater than or equal to 1")
    page.evaluate("location.hash = '#networkShape=3,3'")
    lab.until(lambda: lab.units == [3, 3])
    expect(lab.alert).to_be_empty()
    page_errors.clear()  # the browser logs the 422


def test_a_seed_is_shown_to_its_last_digit(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.command(kind="reset", seed=4294967295)
    lab.tab("Training").click()
    field = page.get_by_label("Seed, exact value", exact=True)
    expect(field).to_have_value("4294967295")
    assert field.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_feature_of_one_input_is_seen_to_its_ends(page: Page) -> None:
    lab = Lab(page, paused=True)
    choose(lab, "Problem", "regression")
    page.get_by_role("radio", name="Function curve").click()
    plot = page.get_by_role("application", name=re.compile(": a curve over x")).locator("..")
    expect(plot).to_be_visible()
    lab.feature("X₁²").hover()  # there only while the features are those of a curve
    expect(plot.get_by_text("30", exact=True)).to_be_visible()
    assert lab.session()["dimensions"] == 1


def test_choices_bear_their_names(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.tab("Training").click()
    rules = page.get_by_role("combobox", name="Numeric rules", exact=True)
    expect(rules.get_by_role("option")).to_have_text(["Standard", "TensorFlow Playground"])


def test_so_many_epochs_are_run(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.button("Step").click()
    lab.until(lambda: lab.session()["step"] == 1)
    page.get_by_label("Epochs to run").fill("3")
    lab.button("Run epochs").click()
    lab.until(lambda: lab.session()["step"] == 1 + 3 * 25 and not lab.session()["playing"])
    page.get_by_label("Epochs to run").fill("some")
    expect(lab.button("Run epochs")).to_be_disabled()
