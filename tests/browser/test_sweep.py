"""Sweeps on the page: chosen, watched, cancelled, resumed, and a run of them opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab, saved_picture, words


def opened(page: Page) -> tuple[Lab, Locator]:
    lab = Lab(page, paused=True)
    lab.button("Sweep settings…").click()
    dialog = page.get_by_role("dialog", name="Sweep")
    expect(dialog).to_be_visible()
    return lab, dialog


def begun(dialog: Locator, epochs: int) -> None:
    """Four learning rates with two seeds."""
    dialog.get_by_role("button", name="Do not vary Activation").click()
    dialog.get_by_label("Seeds of each").fill("2")
    dialog.get_by_label("Epochs of each").fill(str(epochs))
    expect(dialog.get_by_text("4 settings × 2 seeds = 8 runs")).to_be_visible()
    dialog.get_by_role("button", name="Start the sweep").click()


def test_a_sweep_tells_what_is_best_and_opens_it(page: Page) -> None:
    lab, dialog = opened(page)
    mine = lab.remembered["id"]
    begun(dialog, 40)
    expect(dialog.get_by_text("8 of 8 runs finished")).to_be_visible()
    expect(dialog.get_by_role("button", name="Open run")).to_have_count(16)
    expect(dialog.get_by_text("Mean of 2 seeds")).to_be_visible()
    expect(dialog.get_by_role("term").filter(has_text="Learning rate")).to_be_visible()
    best = dialog.get_by_role("row").nth(1)
    expect(best).to_contain_text("★")
    dialog.get_by_role("button", name="Test loss").click()
    expect(dialog.get_by_role("row").last).to_contain_text("★")
    lines = dialog.get_by_role("application", name="Parallel coordinates")
    lines.press("Home")
    expect(dialog.locator("figcaption").first).to_contain_text("Learning rate")
    for title, name, said in (
        ("Runs of the sweep", "wall", "★"),
        ("Parallel coordinates", "parallel", "Test loss"),
        ("Importance", "importance", "Learning rate"),
        ("Seeds of a setting", "ensemble", "Mean of 2 seeds"),
    ):
        assert said in " ".join(words(saved_picture(page, title, f"sweep-{name}")))
    lines.press("Home")
    lines.press("Enter")
    expect(dialog).to_be_hidden()
    lab.until(lambda: lab.remembered["id"] != mine and lab.session()["step"] == 1000)
    assert lab.session()["reproduced"] is True


def test_a_sweep_is_cancelled_found_again_and_resumed(page: Page) -> None:
    lab, dialog = opened(page)
    begun(dialog, 100_000)
    expect(dialog.get_by_role("button", name="Open run").first).to_contain_text("training")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_text("Cancelled")).to_be_visible()
    page.reload()
    lab.stands()
    lab.button("Sweep settings…").click()
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible()
    dialog.get_by_role("button", name="New sweep").click()
    expect(dialog.get_by_role("button", name="Start the sweep")).to_be_enabled()


def test_seeds_alone_are_an_ensemble(page: Page) -> None:
    _, dialog = opened(page)
    for setting in ("Activation", "Learning rate"):
        dialog.get_by_role("button", name=f"Do not vary {setting}").click()
    expect(dialog.get_by_text("Search")).to_have_count(0)
    dialog.get_by_label("Seeds of each").fill("3")
    dialog.get_by_label("Epochs of each").fill("4")
    dialog.get_by_role("button", name="Start the sweep").click()
    together = dialog.get_by_role("region", name="The seeds together")
    expect(together.get_by_text("Mean of 3 seeds")).to_be_visible()
    expect(together.get_by_role("img", name="Spread of the seeds")).to_be_visible()
    expect(dialog.get_by_role("heading", name="Parallel coordinates")).to_have_count(0)


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", (1440, 900)), ("dark", (1024, 768)), ("dark", (390, 844))]
)
def test_no_violation_of_accessibility(
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    scheme: str,
    size: tuple[int, int],
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    page = open_page(color_scheme=scheme, viewport=viewport)
    _, dialog = opened(page)
    assert axe(page) == []
    begun(dialog, 4)
    expect(dialog.get_by_text("8 of 8 runs finished")).to_be_visible()
    expect(dialog.get_by_text("Mean of 2 seeds")).to_be_visible()
    assert axe(page) == []
    wide = page.evaluate("document.querySelector('dialog[open]').scrollWidth")
    assert wide <= size[0], "nothing has to be scrolled sideways but the table"
