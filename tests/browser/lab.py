"""What a person sees and does on the page, in words; and the session behind it, by REST."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

#: the page may wait for a compiler on a slow machine
PATIENCE = 60_000


class SessionGone(Exception):
    """The session that the page knew last has ended."""


class Lab:
    """One open playground."""

    def __init__(self, page: Page, path: str = "/", *, paused: bool = False) -> None:
        self.page = page
        if paused:
            page.add_init_script("localStorage.setItem('layerlab.playing', 'false')")
        page.goto(path)
        expect(self.button(re.compile("^(Play|Pause)$"))).to_be_enabled(timeout=PATIENCE)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        exact = isinstance(name, str)
        return self.page.get_by_role("button", name=name, exact=exact).first

    def counter(self, name: str) -> str:
        """The text of a counter: Epoch, Step."""
        return self.page.locator(f".counters dt:text-is('{name}') + dd").inner_text()

    @property
    def step(self) -> int:
        return int(re.sub(r"\D", "", self.counter("Step")) or 0)

    def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        """Wait, as long as it takes, for something to be true of the page or the session."""
        for _ in range(int(timeout / 50)):
            # The page may just be leaving one session for another.
            with suppress(SessionGone):
                value = condition()
                if value:
                    return value
            self.page.wait_for_timeout(50)
        raise AssertionError("it never came true")

    def pause(self) -> None:
        self.button("Pause").click()
        expect(self.button("Play")).to_be_visible(timeout=PATIENCE)

    def play(self) -> None:
        self.button("Play").click()
        expect(self.button("Pause")).to_be_visible(timeout=PATIENCE)

    # -- the session behind it -----------------------------------------------------------

    @property
    def remembered(self) -> dict[str, str]:
        return json.loads(self.page.evaluate("sessionStorage.getItem('layerlab.session')"))

    def session(self, rest: str = "") -> Any:
        origin = self.page.evaluate("location.origin")
        address = f"{origin}/api/v1/sessions/{self.remembered['id']}{rest}"
        answer = httpx.get(address, timeout=30)
        if answer.status_code == 404:
            raise SessionGone
        return answer.raise_for_status().json()

    def command(self, **command: Any) -> Any:
        """Give the session an order as a script would."""
        origin = self.page.evaluate("location.origin")
        known = self.remembered
        answer = httpx.post(
            f"{origin}/api/v1/sessions/{known['id']}/commands",
            json=command,
            headers={"Authorization": f"Bearer {known['secret']}"},
            timeout=300,
        )
        return answer.raise_for_status().json()

    @property
    def experiment(self) -> Any:
        return self.session()["experiment"]

    @property
    def units(self) -> list[int]:
        return [layer["units"] for layer in self.experiment["network"]["layers"]]
