"""Links: what one makes, another opens, in the page and in a frame of another page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .lab import Lab, http

FIXTURES = Path(__file__).parent.parent / "store" / "fixtures"
NOTES = "# Try this\n\nRaise the *learning rate*.\n\n<img src=x onerror=alert(1)>"


class ShareDialog:
    """The dialog in which links are made."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.button("Share this experiment").click()
        self.box = lab.page.get_by_role("dialog", name="Share this experiment")

    def write(self, title: str, notes: str = "") -> None:
        self.box.get_by_label("Title", exact=True).fill(title)
        self.box.get_by_label("Notes, in Markdown").fill(notes)

    def pin(self) -> None:
        self.box.get_by_role("switch", name=re.compile("^Pin this moment")).click()

    def make(self) -> str:
        """The short link."""
        self.box.get_by_role("button", name="Make a short link").click()
        return self.text("Short link")

    def text(self, name: str) -> str:
        field = self.box.get_by_role("textbox", name=name, exact=True)
        expect(field).to_have_value(re.compile("."))
        return field.input_value()


def share(server_url: str, **document: Any) -> str:
    """The path of a link that a script has made."""
    answer = http.post(f"{server_url}/api/v1/shares", json={"experiment": {}} | document)
    return answer.raise_for_status().json()["path"]


def words(page: Page):
    return page.get_by_role("region", name="About this experiment")


def test_what_one_shares_another_opens_ready_to_run(open_page) -> None:
    teacher = Lab(open_page(), paused=True)
    teacher.page.get_by_role("radio", name="Spiral", exact=True).click()
    teacher.until(lambda: teacher.experiment["data"]["dataset"]["kind"] == "spiral")
    teacher.page.get_by_label("Discretize").check()
    dialog = ShareDialog(teacher)
    dialog.write("Two spirals", NOTES)
    link = dialog.make()
    assert dialog.make() == link

    student = Lab(open_page(), link)
    assert student.experiment == teacher.experiment
    assert student.session()["step"] == 0 and not student.session()["playing"]
    assert student.remembered["id"] != teacher.remembered["id"]
    expect(student.page.get_by_label("Discretize")).to_be_checked()
    expect(student.page).to_have_title("Two spirals · Layerlab")
    about = words(student.page)
    expect(about.get_by_role("heading", name="Two spirals")).to_be_visible()
    expect(about.get_by_role("heading", name="Try this")).to_be_visible()
    expect(about.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert student.page.url == link

    # forking it changes the address alone; the link stays what it was
    student.button("More units in layer 1").click()
    student.until(lambda: student.units == [5, 2])
    student.until(lambda: "#x=" in student.page.url)
    forked = student.page.url
    student.page.reload()
    student.stands()
    assert student.units == [5, 2] and student.page.url == forked
    expect(about.get_by_role("heading", name="Two spirals")).to_be_visible()
    assert Lab(open_page(), link).experiment == teacher.experiment


def test_a_pinned_moment_is_shown_and_reproduced(open_page) -> None:
    teacher = Lab(open_page(), paused=True)
    teacher.command(kind="advance", steps=40)
    teacher.command(kind="patch", experiment={"training": {"learning_rate": 0.3}})
    teacher.command(kind="edit", layer=0, param="w", index=[0, 0], value=1.0)
    teacher.command(kind="advance", steps=20)
    teacher.until(lambda: teacher.step == 60)
    dialog = ShareDialog(teacher)
    dialog.pin()
    link = dialog.make()

    student = Lab(open_page(), link)
    about = words(student.page)
    picture = about.get_by_role("img")
    student.until(lambda: picture.evaluate("image => image.complete && image.naturalWidth") == 1200)
    expect(about.get_by_role("status")).to_have_text(re.compile("^Reproduced exactly"))
    assert student.session()["step"] == 60 and student.experiment == teacher.experiment
    assert student.session("/weights")["digest"] == teacher.session("/weights")["digest"]
    assert student.session("/log") == teacher.session("/log")
    student.button("Epoch").click()  # which is another branch
    expect(about.get_by_role("status")).to_be_empty()
    about.get_by_role("button", name="Train up to it again").click()
    expect(about.get_by_role("status")).to_have_text(re.compile("^Reproduced exactly"))
    assert student.session()["step"] == 60
    assert student.page.url == link
    about.get_by_role("button", name="Fold the notes").click()
    expect(picture).to_be_hidden()
    about.get_by_role("button", name="Show the notes").click()
    expect(picture).to_be_visible()


def test_a_run_that_was_steered_differs_and_says_so(open_page, server_url: str) -> None:
    teacher = Lab(open_page(), paused=True)
    teacher.command(kind="edit", layer=0, param="w", index=[0, 0], value=1.0)
    teacher.command(kind="advance", steps=5)
    now = teacher.session("/moment")
    path = share(server_url, experiment=now["experiment"], moment=now["moment"])
    student = Lab(open_page(), path)
    said = words(student.page).get_by_role("status")
    expect(said).to_have_text(re.compile("^Differs: the pinned run was changed on its way"))


def test_a_portable_link_opens_elsewhere_with_its_words(open_page) -> None:
    teacher = Lab(open_page(), paused=True)
    teacher.button("More units in layer 2").click()
    teacher.until(lambda: teacher.units == [4, 3])
    dialog = ShareDialog(teacher)
    dialog.write("Portable", "**bold**")
    link = dialog.text("Portable link")
    student = Lab(open_page(), link[link.index("/#") :], paused=True)
    assert student.experiment == teacher.experiment
    expect(words(student.page).get_by_role("heading", name="Portable")).to_be_visible()
    expect(words(student.page).locator("strong")).to_have_text("bold")


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("portable-v*.txt")), ids=lambda f: f.stem)
def test_portable_links_of_every_version_open(open_page, file: Path) -> None:
    lab = Lab(open_page(), "/" + file.read_text().strip(), paused=True)
    assert lab.units == [8, 8] and lab.experiment["seed"] == 7
    assert lab.experiment["training"]["optimizer"]["kind"] == "adam"
    expect(words(lab.page).get_by_role("heading", name="Two spirals")).to_be_visible()
    expect(lab.page.get_by_label("Noise", exact=True)).to_have_count(0)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("v*.json")), ids=lambda f: f.stem)
def test_short_links_of_every_version_open(open_page, server_url: str, file: Path) -> None:
    lab = Lab(open_page(), share(server_url, **json.loads(file.read_text())))
    assert lab.units == [8, 8] and lab.experiment["seed"] == 7
    about = words(lab.page)
    expect(about.get_by_role("heading", name="Two spirals")).to_be_visible()
    expect(about.get_by_role("link", name="read on")).to_have_attribute("target", "_blank")
    expect(about.get_by_text("Pinned at step 300")).to_be_visible()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Another site, whose pages lie in tmp_path."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


def test_a_link_in_a_frame_of_another_page(
    page: Page, server_url: str, elsewhere: str, tmp_path: Path
) -> None:
    link = server_url + share(server_url, title="Framed", notes="of use to the page itself")
    frame = f'<iframe src="{link}?embed=1&stepButton_hide=true" width="900" height="600"></iframe>'
    page_of_ours = f'<!doctype html><title>A lesson</title><link rel="icon" href="data:,">{frame}'
    (tmp_path / "lesson.html").write_text(page_of_ours)
    page.goto(f"{elsewhere}/lesson.html")
    inside = page.frame_locator("iframe")
    play = inside.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_enabled()
    play.click()
    expect(inside.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(inside.get_by_role("button", name="Share this experiment")).to_have_count(0)
    expect(inside.get_by_role("button", name="Step", exact=True)).to_have_count(0)
    expect(inside.get_by_role("region", name="About this experiment")).to_have_count(0)
    whole = inside.get_by_role("link", name="Open in Layerlab")
    assert whole.evaluate("link => link.href") == link


def test_the_snippet_is_a_frame_of_the_link(page: Page) -> None:
    dialog = ShareDialog(Lab(page, paused=True))
    dialog.write('A "title" & <b>')
    link, snippet = dialog.make(), dialog.text("Frame for another page")
    page.set_content(snippet)
    frame = page.locator("iframe")
    expect(frame).to_have_attribute("src", f"{link}?embed=1")
    expect(frame).to_have_attribute("title", 'A "title" & <b>')


def test_what_the_frame_hides_is_picked(page: Page, elsewhere: str, tmp_path: Path) -> None:
    dialog = ShareDialog(Lab(page, paused=True))
    dialog.make()
    dialog.box.get_by_text("Hide controls in the frame").click()
    for group, name in (("Training", "Play"), ("Settings", "Learning rate"), ("Plot", "Text")):
        dialog.box.get_by_role("group", name=group).get_by_label(name, exact=True).check()
    data = dialog.box.get_by_role("group", name="Data").get_by_label("Noise")
    data.check()
    dialog.box.get_by_role("group", name="Features").get_by_label("sin(X₁)").check()
    expect(dialog.box.get_by_text("5 hidden")).to_be_visible()
    data.uncheck()
    snippet = dialog.text("Frame for another page")
    head = '<!doctype html><title>A lesson</title><link rel="icon" href="data:,">'
    (tmp_path / "lesson.html").write_text(head + snippet)
    page.goto(f"{elsewhere}/lesson.html")
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("button", name="Step", exact=True)).to_be_enabled()
    expect(inside.get_by_role("slider", name="Noise", exact=True)).to_be_visible()
    expect(inside.get_by_role("button", name="Feature sin(X₂)")).to_be_visible()
    for gone in (
        inside.get_by_role("button", name=re.compile("^(Play|Pause)$")),
        inside.get_by_role("slider", name="Learning rate"),
        inside.get_by_role("button", name="Feature sin(X₁)"),
    ):
        expect(gone).to_have_count(0)
    expect(inside.locator(".readout")).not_to_contain_text("the class predicted")


def test_what_the_link_hides_stays_hidden_in_its_frame(page: Page, server_url: str) -> None:
    dialog = ShareDialog(Lab(page, share(server_url, hide=["noise"]), paused=True))
    dialog.make()
    dialog.box.get_by_text("Hide controls in the frame").click()
    box = dialog.box.get_by_label("Noise", exact=True)
    expect(box).to_be_checked()
    expect(box).to_be_disabled()


def test_links_are_copied(open_page) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    dialog = ShareDialog(Lab(page, paused=True))
    dialog.write("Copied")
    link = dialog.make()
    dialog.box.get_by_role("button", name="Copy: Short link").click()
    expect(dialog.box.get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_no_such_link_is_told(page: Page, page_errors: list[str]) -> None:
    lab = Lab(page, "/e/aaaaaaaaaaaa")
    expect(page.get_by_text("There is no such link; perhaps its last letters")).to_be_visible()
    assert lab.units == [4, 2]
    lab.until(lambda: "/e/" not in page.url)
    assert all("404" in error for error in page_errors)
    page_errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=str)
def test_no_violation_of_accessibility(
    open_page, axe, server_url: str, scheme: str, size: tuple[int, int]
) -> None:
    document = json.loads((FIXTURES / "v1.json").read_text())
    viewport = {"width": size[0], "height": size[1]}
    page = open_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    lab = Lab(page, share(server_url, **document))
    expect(words(page).get_by_role("link", name="read on")).to_be_visible()
    assert axe(page) == []
    dialog = ShareDialog(lab)
    dialog.make()
    dialog.box.get_by_text("Hide controls in the frame").click()
    assert axe(page) == []
