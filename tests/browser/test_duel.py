"""A generator and a discriminator on the page: built, stepped, watched, on every screen."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .lab import SVG, Lab, saved_picture, words

DENSE = {"kind": "dense", "units": 6, "activation": "leaky_relu"}
SMALL = {
    "network": {"layers": [DENSE]},
    "training": {"batch_size": 32, "loss": "non_saturating"},
    "generator": {"latent": 2, "layers": [DENSE, DENSE]},
}
RING = SMALL | {"data": {"dataset": {"kind": "ring_of_gaussians", "samples": 200}}}
DIGITS = {
    "data": {"dataset": {"kind": "digits", "samples": 200}},
    "network": {"layers": ["flatten", DENSE]},
    "training": {"batch_size": 32},
    "generator": {
        "latent": 3,
        "layers": [DENSE | {"units": 64}, {"kind": "reshape", "target_shape": [8, 8, 1]}],
    },
}


def portable(experiment: dict[str, Any]) -> str:
    text = base64.urlsafe_b64encode(json.dumps(experiment).encode()).decode()
    return f"/#x={text.rstrip('=')}"


def network(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{name}: "))


def generator(lab: Lab) -> dict[str, Any]:
    return lab.experiment["generator"]


def weights(lab: Lab) -> tuple[Any, Any]:
    """The discriminator's and the generator's."""
    layers = lab.session("/weights")["layers"]
    first = len(lab.experiment["network"]["layers"]) + 1
    return layers[:first], layers[first:]


def painted(canvas: Locator) -> int:
    """How many pixels of a canvas are not clear."""
    return canvas.evaluate(
        """canvas => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((byte, i) => i % 4 === 3 && byte > 0).length;
        }"""
    )


def axis_free(page: Page) -> bool:
    """Whether nothing stands beyond the right edge."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_duel_is_begun_built_by_hand_and_ended(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, paused=True)
    before = lab.experiment
    problem = page.get_by_label("Problem", exact=True)
    problem.select_option(label="Generation")
    maker, judge = network(page, "Generator"), network(page, "Discriminator")
    expect(maker).to_be_visible()
    expect(judge).to_be_visible()
    losses = page.get_by_label("Loss", exact=True).locator("option")
    assert set(losses.all_inner_texts()) == {
        "Non-saturating",
        "Minimax",
        "Least squares",
        "Wasserstein",
    }
    lab.until(lambda: lab.session()["problem"] == "generation")

    count = len(generator(lab)["layers"])
    lab.button("Add a layer at the end of the generator").click()
    lab.until(lambda: len(generator(lab)["layers"]) == count + 1)
    expect(maker.get_by_label(f"Units in generator layer {count + 1}", exact=True)).to_be_visible()
    lab.button("Add a layer at the end of the discriminator").click()
    lab.until(lambda: len(lab.experiment["network"]["layers"]) == 3)
    lab.button("Remove the last layer of the generator").click()
    lab.until(lambda: len(generator(lab)["layers"]) == count)
    units = maker.get_by_label("Units in generator layer 1", exact=True)
    units.fill("5")
    units.press("Enter")
    lab.until(lambda: generator(lab)["layers"][0]["units"] == 5)
    maker.get_by_role("button", name=re.compile("^Settings of generator layer 1: Dense")).click()
    page.get_by_role("dialog").get_by_label("Activation", exact=True).select_option("tanh")
    lab.until(lambda: generator(lab)["layers"][0]["activation"] == "tanh")
    page.keyboard.press("Escape")

    lab.tab("Generator").click()
    panel = page.get_by_role("tabpanel", name="Generator")
    panel.get_by_label("Noise", exact=True).select_option("uniform")
    lab.until(lambda: generator(lab)["noise"] == "uniform")
    assert axe(page) == []

    unit = maker.get_by_role("button", name="Generator layer 1, unit 2", exact=True)
    unit.focus()
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Generator layer 1, unit 2")
    dialog.get_by_label("Weight z₂ → unit 2", exact=True).fill("0.75")
    lab.until(lambda: weights(lab)[1][0]["params"]["w"][1][1] == 0.75)
    page.keyboard.press("Escape")

    problem.select_option(label="Classification")
    expect(maker).to_have_count(0)
    expect(lab.tab("Generator")).to_have_count(0)
    lab.until(lambda: lab.experiment == before)
    lab.button("Undo").click()
    expect(maker).to_be_visible()


def test_in_slow_motion_learns_who_is_said_to(page: Page) -> None:
    lab = Lab(page, portable(RING), paused=True)
    panel = page.get_by_role("region", name="In slow motion")
    stages = panel.get_by_role("listitem")
    update = stages.filter(has_text="Update")
    for name, still in (("discriminator", 1), ("generator", 0)):
        step, before = lab.step, weights(lab)
        button = panel.get_by_role("button", name=f"Step {name}")
        button.focus()
        page.keyboard.press("Enter")
        lab.until(lambda step=step: lab.step == step + 1)
        after = weights(lab)
        assert before[still] == after[still] and before[1 - still] != after[1 - still]
        expect(panel.get_by_role("radio", name=name.title())).to_be_checked()
        expect(update).to_contain_text("stood still")
        expect(update).to_contain_text(re.compile(r"by \d"))
    panel.get_by_role("button", name="Step both").click()
    lab.until(lambda: lab.step == 3)
    assert generator(lab)["turn"] == "both"
    expect(update).not_to_contain_text("stood still")
    told = lab.session("/metrics")
    now = dict(zip(told["columns"], told["rows"][-1], strict=True))
    losses = stages.filter(has_text="Losses")
    expect(losses).to_contain_text(f"{now['generator_loss']:.3g}")
    expect(losses).to_contain_text(f"{now['train_loss']:.3g}")
    expect(stages.filter(has_text="Gradients")).not_to_contain_text("–")


def test_what_is_made_lies_over_the_plot(page: Page, axe: Callable[[Page], list[str]]) -> None:
    lab = Lab(page, portable(RING), paused=True)
    plot = page.get_by_role("region", name="Output").get_by_role("application")
    under, over = plot.locator("canvas").nth(2), plot.locator("canvas").last
    layers = page.get_by_role("group", name="Over the plot")
    lab.until(lambda: painted(over))
    for name in ("Made points", "Pushes", "Clouds"):
        layers.get_by_label(name).uncheck()
    lab.until(lambda: not painted(over))
    seen = []
    for name in ("Made points", "Pushes", "Clouds"):
        layers.get_by_label(name).check()
        lab.until(lambda: painted(over) > (seen[-1] if seen else 0))
        seen.append(painted(over))
    assert not painted(under)
    layers.get_by_label("Warped noise").check()
    lab.until(lambda: painted(under))
    expect(layers).to_contain_text("of 8 modes")
    lab.play()
    lab.until(lambda: lab.step > 20)
    lab.pause()
    metrics = page.locator(".metrics")
    modes = re.compile(rf"{lab.score('modes'):.0f}\s*of 8")
    expect(metrics.filter(has_text="Generator loss")).to_have_text(modes)
    table = page.get_by_role("region", name="Curves").get_by_role("table")
    for title in ("D", "D test", "G"):
        expect(table.get_by_text(title, exact=True)).to_be_visible()
    lab.tab("KL, JS").click()
    expect(table).to_contain_text("ln 2")
    expect(page.get_by_role("table", name="Confusion matrix")).to_contain_text("made")
    assert axe(page) == []
    surface = saved_picture(page, "Output", "surface")
    strokes = [path.get("d", "") for path in surface.iter(f"{SVG}path")]
    assert max(d.count("Z") for d in strokes) >= 256  # cells of the grid; and of made points
    assert any(d.count("Z") == 200 for d in strokes)
    assert "Noise" in words(saved_picture(page, "Generator", "generator"))


def test_pictures_that_are_made_stand_beside_real_ones(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, portable(DIGITS), paused=True)
    made = page.get_by_role("region", name="Made pictures").get_by_role("button")
    real = page.get_by_role("region", name="Real pictures").get_by_role("button")
    expect(made).to_have_count(24)
    expect(real).to_have_count(24)
    expect(made.first).to_have_accessible_name(re.compile(r"^Made picture 1: \d+% real$"))
    made.nth(2).click()
    expect(made.nth(2)).to_have_attribute("aria-pressed", "true")
    judge = network(page, "Discriminator")
    expect(judge.get_by_role("img", name="Made by the generator")).to_be_visible()
    assert axe(page) == []
    said = (made.nth(2).get_attribute("aria-label") or "").split(": ")[1]
    lab.tab("Example").click()
    percent = page.get_by_role("region", name="Output").get_by_text("likely to be real")
    expect(percent).to_be_visible()
    assert round(float(percent.inner_text().split()[0])) == int(said.split("%")[0])
    lab.tab("Plane of noise").click()
    plane = page.get_by_role("img", name="What is made of the noise")
    lab.until(lambda: plane.evaluate("canvas => canvas.width") == 9 * 8)


def test_a_duel_fits_a_phone_and_says_what_is_missing(
    open_page: OpenPage, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")
    lab = Lab(page, portable(RING), paused=True)
    page.get_by_role("radio", name="Drawn by hand").click()
    panel = page.get_by_role("region", name="In slow motion")
    expect(panel).to_contain_text("draw some on the plot")
    expect(panel.get_by_role("button", name="Step both")).to_be_disabled()
    page.get_by_role("radio", name="Ring of Gaussians").click()
    button = panel.get_by_role("button", name="Step generator")
    expect(button).to_be_enabled()
    button.tap()
    lab.until(lambda: lab.session()["step"] == 1)
    expect(network(page, "Generator")).to_be_visible()
    assert axis_free(page) and axe(page) == []
