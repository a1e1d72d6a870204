"""What a person sees and does on the page, in words; and the session behind it, by REST."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import httpx
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

#: ms that one wait may last: the page may wait for a compiler on a slow machine
PATIENCE = 60_000
SVG = "{http://www.w3.org/2000/svg}"


#: asks the server, as patiently; a connection kept open might close just when it is used again
http = httpx.Client(timeout=PATIENCE / 1000, limits=httpx.Limits(max_keepalive_connections=0))


class SessionGone(Exception):
    """The session that the page knew last has ended."""


def until(page: Page, condition: Callable[[], Any], timeout: float = PATIENCE) -> Any:
    """Wait, as long as it takes, for something to be true of the page or the session."""
    value, end = None, time.monotonic() + timeout / 1000
    while not value:
        assert time.monotonic() < end, f"it never came true, it was {value!r} at last"
        # The page may just be leaving one session for another.
        with suppress(SessionGone):
            value = condition()
        if not value:
            page.wait_for_timeout(50)
    return value


def downloaded(page: Page, button: Locator) -> tuple[str, bytes]:
    """File name and content of what a button gives."""
    with page.expect_download() as begun:
        button.click()
    return begun.value.suggested_filename, begun.value.path().read_bytes()


def same_picture(svg: bytes, png: bytes) -> ElementTree.Element:
    """The SVG as a tree: it opens, and the PNG is as large, twice as fine, and not blank."""
    drawing = ElementTree.fromstring(svg)
    assert drawing.tag == f"{SVG}svg"
    width, height = (float(drawing.attrib[name]) for name in ("width", "height"))
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (round(2 * width), round(2 * height))
    colours = picture.convert("RGB").getcolors(2**24)
    assert colours and len(colours) > 50
    most = max(count for count, _ in colours)
    assert most < 0.97 * picture.width * picture.height
    return drawing


def saved_picture(page: Page, title: str, name: str) -> ElementTree.Element:
    """A picture saved as SVG and PNG by the button beside it."""
    contents = {}
    button = page.get_by_role("button", name=f"Save picture: {title}", exact=True)
    for form in ("svg", "png"):
        button.click()
        choice = button.locator("..").get_by_role("button", name=form.upper())
        found, contents[form] = downloaded(page, choice)
        assert found == f"layerlab-{name}.{form}"
        expect(choice).to_be_hidden()
    return same_picture(contents["svg"], contents["png"])


def words(drawing: ElementTree.Element) -> list[str]:
    """What is written in a picture."""
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


class Lab:
    """One open playground."""

    def __init__(self, page: Page, path: str = "/", *, paused: bool = False) -> None:
        self.page = page
        #: the row of settings under the top bar
        self.strip = page.get_by_role("group", name="Settings", exact=True)
        #: the picture of the network; a name in it may also stand above the plot, while pointed at
        self.network = page.get_by_role("region", name=re.compile("hidden layer"))
        #: the banner of what went wrong; empty where nothing did
        self.alert = page.locator(".notices [role=alert]")
        if paused:
            page.add_init_script("localStorage.setItem('layerlab.playing', 'false')")
        page.goto(path)
        self.stands()

    def stands(self) -> None:
        """Wait until all of the page is there: connected, its forms drawn, the network scored."""
        expect(self.button(re.compile("^(Play|Pause)$"))).to_be_enabled()
        expect(self.strip).to_be_visible()
        expect(self.page.get_by_role("tab", name="Data", exact=True)).to_be_visible()
        expect(self.page.locator(".metrics .loss").first).to_have_text(re.compile(r"\d"))

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name, exact=True)

    def feature(self, title: str) -> Locator:
        """The tile of a feature."""
        return self.network.get_by_role("button", name=f"Feature {title}", exact=True)

    def unit(self, layer: int, unit: int) -> Locator:
        """The tile of a hidden unit; both count from 1."""
        return self.network.get_by_role("button", name=f"Layer {layer}, unit {unit}", exact=True)

    def box(self, target: Locator) -> FloatRect:
        """Where something is once it has come to rest."""
        target.scroll_into_view_if_needed()  # which waits until it stands still
        box = target.bounding_box()
        assert box
        return box

    def resize(self, width: int, height: int) -> None:
        """Another size of the window, once the page has been laid out and drawn in it."""
        self.page.set_viewport_size({"width": width, "height": height})
        frame = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(frame)

    def counter(self, name: str) -> str:
        """The text of a counter: Epoch, Step."""
        return self.page.locator(f".counters dt:text-is('{name}') + dd").inner_text()

    @property
    def step(self) -> int:
        return int(re.sub(r"\D", "", self.counter("Step")) or 0)

    def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        return until(self.page, condition, timeout)

    def pause(self) -> None:
        self.button("Pause").click()
        expect(self.button("Play")).to_be_visible()

    def play(self) -> None:
        self.button("Play").click()
        expect(self.button("Pause")).to_be_visible()

    # -- the session behind it -----------------------------------------------------------

    @property
    def remembered(self) -> dict[str, str]:
        return json.loads(self.page.evaluate("sessionStorage.getItem('layerlab.session')"))

    def session(self, rest: str = "") -> Any:
        origin = self.page.evaluate("location.origin")
        address = f"{origin}/api/v1/sessions/{self.remembered['id']}{rest}"
        answer = http.get(address)
        if answer.status_code == 404:
            raise SessionGone
        return answer.raise_for_status().json()

    def command(self, **command: Any) -> Any:
        """Give the session an order as a script would; the page hears of it a moment later."""
        origin = self.page.evaluate("location.origin")
        known = self.remembered
        answer = http.post(
            f"{origin}/api/v1/sessions/{known['id']}/commands",
            json=command,
            headers={"Authorization": f"Bearer {known['secret']}"},
        )
        return answer.raise_for_status().json()

    def score(self, column: str) -> float:
        """The newest value of a column of the curves; NaN where there is none."""
        metrics = self.session("/metrics")
        value = metrics["rows"][-1][metrics["columns"].index(column)]
        return float("nan") if value is None else value

    @property
    def experiment(self) -> Any:
        return self.session()["experiment"]

    @property
    def units(self) -> list[int]:
        return [layer["units"] for layer in self.experiment["network"]["layers"]]
