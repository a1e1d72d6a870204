"""A person's own data on the page: dropped, pasted, chosen; refused, corrected, learned from."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from .lab import Lab
from .test_pictures import portable

ROWS = 240
#: gaps in two columns, a number that is none, a column that looks like numbers and is a category
COLORS = ("red", "green", "blue")


def flowers(rows: int = ROWS) -> str:
    """Two classes that the length tells apart."""
    chance = random.Random(0)
    lines = ["length,width,color,bed,species"]
    for row in range(rows):
        species = chance.choice(("daisy", "rose"))
        length = f"{chance.gauss(2 if species == 'rose' else -2, 1):.3f}" if row % 9 else ""
        color = chance.choice(COLORS) if row % 7 else ""
        lines.append(f"{length},{chance.gauss(0, 1):.3f},{color},{chance.choice('123')},{species}")
    return "\n".join(lines) + "\n"


def file(name: str, text: str | bytes) -> FilePayload:
    content = text.encode() if isinstance(text, str) else text
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def room(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Your own data")


def bring(page: Page, *files: FilePayload) -> Locator:
    """Choose files in the room of one's own data."""
    page.get_by_role("button", name="Your own data…").click()
    with page.expect_file_chooser() as chooser:
        room(page).get_by_role("button", name="Choose files").click()
    chooser.value.set_files(list(files))
    return room(page)


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the middle of the page, over which it is first held."""
    carried = page.evaluate_handle(
        """([name, text]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], name));
            return carried;
        }""",
        [name, text],
    )
    target = page.locator("main")
    target.dispatch_event("dragover", {"dataTransfer": carried, "bubbles": True})
    expect(page.get_by_text("Drop it: your own data")).to_be_visible()
    target.dispatch_event("drop", {"dataTransfer": carried, "bubbles": True})
    expect(page.get_by_text("Drop it: your own data")).to_be_hidden()


def use(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog).to_be_hidden()


def test_a_dropped_table_with_gaps_is_looked_at_and_trained(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    lab = Lab(page, paused=True)
    drop(page, "flowers.csv", flowers())
    dialog = room(page)
    expect(dialog.get_by_role("heading", name="flowers.csv")).to_be_focused()
    cards = dialog.get_by_role("list").filter(has=page.get_by_label("Kind of length"))
    expect(cards.get_by_role("listitem").filter(has=page.get_by_role("article"))).to_have_count(5)
    expect(dialog.get_by_text(re.compile(r"\d+ missing"))).to_have_count(2)
    expect(dialog.get_by_role("region", name="First rows")).to_contain_text("species")
    expect(dialog.get_by_label("Answer")).to_have_value("species")

    # a guess that is wrong is corrected before anything is learned
    bed = dialog.get_by_label("Kind of bed")
    bed.select_option("category" if bed.input_value() == "number" else "number")
    said = bed.input_value()
    expect(dialog.get_by_text("1 corrected")).to_be_visible()
    assert not axe(page)
    use(dialog)
    dataset = lab.until(lambda: lab.experiment["data"]["dataset"])
    assert dataset["types"] == [{"column": "bed", "kind": said}]
    expect(page.get_by_text("flowers.csv")).to_be_visible()
    assert lab.session()["counts"]["train"] == ROWS // 2
    lab.command(kind="patch", experiment={"training": {"optimizer": "adam"}})
    lab.command(kind="advance", epochs=30)
    assert lab.score("test_score") > 0.8

    # its columns again, by the keyboard; and all of it taken back
    page.get_by_role("button", name="Columns…").press("Enter")
    expect(dialog.get_by_label("Kind of bed")).to_have_value(said)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Columns…")).to_be_focused()
    lab.button(re.compile("^Undo")).click()
    lab.until(lambda: lab.experiment["data"]["dataset"]["kind"] == "circle")


def test_what_is_wrong_is_said_by_row_and_mended(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    Lab(page, paused=True)
    dialog = bring(page, file("ragged.csv", "a,b,c\n" + "1,2,3\n" * 20 + "1,2\n"))
    wrong = dialog.get_by_role("alert")
    expect(wrong).to_contain_text("ragged.csv")
    expect(wrong).to_contain_text("Row 22")
    assert not axe(page)
    # another one at once, from the same room
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([file("flowers.csv", flowers(60))])
    expect(dialog.get_by_role("heading", name="flowers.csv")).to_be_visible()
    # read otherwise than it was guessed
    dialog.get_by_text("Read it otherwise").click()
    first = dialog.get_by_role("combobox", name=re.compile("^First row"))
    first.select_option(label="Values already")
    dialog.get_by_role("button", name="Read it again").click()
    expect(dialog.get_by_text("61 rows")).to_be_visible()


def _hold(route: Route, held: list[Route]) -> None:
    if route.request.method == "GET":
        held.append(route)
    else:
        route.continue_()


def test_it_is_called_off_on_its_way(page: Page) -> None:
    Lab(page, paused=True)
    held: list[Route] = []  # it is never told to be done
    page.route(re.compile(r"/uploads/[^/?]+$"), lambda route: _hold(route, held))
    dialog = bring(page, file("flowers.csv", flowers()))
    cancel = dialog.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    expect(dialog.get_by_role("progressbar", name=re.compile("^Reading"))).to_be_visible()
    with page.expect_request(lambda request: request.method == "DELETE"):
        cancel.click()
    expect(dialog.get_by_role("button", name="Choose files")).to_be_focused()
    expect(dialog.get_by_role("progressbar")).to_be_hidden()


def test_a_table_is_pasted_and_a_name_is_never_markup(page: Page) -> None:
    lab = Lab(page, paused=True)
    name = "<script>alert(1)</script>" * 4
    table = flowers(80).replace("width", name).replace(",", "\t")
    page.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            document.body.dispatchEvent(
                new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }""",
        table,
    )
    dialog = room(page)
    expect(dialog.get_by_role("heading", name="pasted.tsv")).to_be_visible()
    expect(dialog.get_by_role("columnheader", name=name)).to_be_visible()
    use(dialog)
    lab.until(lambda: lab.experiment["data"]["dataset"]["file"])


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Pictures of two classes, a folder each, and something that is none."""
    for kind, shade in (("day", 230), ("night", 20)):
        folder = tmp_path / "album" / kind
        folder.mkdir(parents=True)
        for number in range(12):
            Image.new("L", (10, 10), shade + number).save(folder / f"{number}.png")
    (tmp_path / "album" / ".DS_Store").write_bytes(b"x")
    return tmp_path / "album"


def test_a_folder_of_pictures_is_packed_and_learned_by_its_classes(page: Page, album: Path) -> None:
    lab = Lab(page, paused=True)
    page.get_by_role("button", name="Your own data…").click()
    with page.expect_file_chooser() as chooser:
        room(page).get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(album)
    expect(room(page).get_by_role("heading", name="album.zip")).to_be_visible()
    expect(room(page).get_by_text("24 pictures of 2 classes")).to_be_visible()
    use(room(page))
    session = lab.until(lambda: (s := lab.session())["form"] == "image" and s)
    assert session["class_names"] == ["day", "night"]
    assert sum(session["counts"].values()) == 24


def test_a_link_without_its_data_asks_for_the_file(page: Page, page_errors: list[str]) -> None:
    missing = portable({"data": {"dataset": {"kind": "own_table", "file": "0" * 64}}})
    Lab(page, missing)
    notice = page.get_by_text("data are not on this server")
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Bring the file").click()
    expect(room(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go on without it").click()
    expect(notice).to_be_hidden()
    page_errors.clear()  # the server's refusal is told in the console
