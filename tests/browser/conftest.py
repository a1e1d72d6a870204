"""A real Chromium on the real server, and what the page must never do: throw."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from .lab import PATIENCE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
WINDOW = {"width": 1440, "height": 900}
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

#: opens a page in a fresh context: options are those of Playwright's Browser.new_context
OpenPage = Callable[..., Page]

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Many waits make a test: each has its own limit, and the whole a wide one."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(5 * PATIENCE // 1000))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file: Playwright's loop is over with it, and whatever
    the process tests next may have its own."""
    path = os.environ.get("LAYERLAB_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.fail("no Chromium: run `make test`, or set LAYERLAB_CHROMIUM to the path of one")
    with sync_playwright() as playwright:  # which adds --no-sandbox by itself
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page_errors() -> list[str]:
    """Uncaught errors and console errors of every page of the test, checked at its end.

    A test that provokes one on purpose clears the list after asserting on it.
    """
    return []


@pytest.fixture
def open_page(
    chromium: Browser, server_url: str, page_errors: list[str], request: pytest.FixtureRequest
) -> Iterator[OpenPage]:
    """Open pages in contexts of their own, e.g. `open_page(color_scheme="dark")`.

    A failed test leaves a picture of each in test-results/.
    """
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> Page:
        options = {"viewport": WINDOW, "base_url": server_url} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: page_errors.append(f"uncaught: {error.stack}"))
        page.on("console", lambda message: _collect(message, page_errors))
        return page

    yield open_one
    if request.node.stash.get(FAILED, False):
        _picture(contexts, request.node.name)
    for context in contexts:
        context.close()
    assert not page_errors, "the page reported errors:\n" + "\n".join(page_errors)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page of 1440 x 900, not yet at any address: `page.goto("/")`."""
    return open_page()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


def _collect(message: ConsoleMessage, errors: list[str]) -> None:
    url = message.location.get("url", "")
    # rows that were on their way while the data became others: they are asked about anew
    overtaken = "422" in message.text and url.endswith("/predict")
    if message.type == "error" and not overtaken:
        errors.append(f"console: {message.text} ({url})")


def _picture(contexts: list[BrowserContext], name: str) -> None:
    results = ROOT / "test-results"
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=results / f"{name}-{number}.png")


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """`axe(page)`: what axe-core finds wrong with a page, one line per element; none is right.

    Something half faded in has another contrast than when it stands: it is waited for.
    """

    def run(page: Page) -> list[str]:
        page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
        page.evaluate(AXE.read_text())  # by the debugger: the page's own policy forbids scripts
        result = page.evaluate("axe.run()")
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    return run
