"""A page whose server is killed and started again goes on by itself, in the same session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.running import Running

from .lab import Lab


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(f"sqlite:///{tmp_path}/layerlab.db", tmp_path / "log")
    yield running
    running.close()


def test_a_page_goes_on_when_its_server_was_killed(
    server: Running, open_page, page_errors: list[str]
) -> None:
    lab = Lab(open_page(base_url=server.url))
    lab.button("More units in layer 1").click()
    lab.until(lambda: lab.units == [5, 2])
    lab.play()
    lab.until(lambda: lab.step > 1000)
    known = lab.remembered
    rows = len(lab.session("/metrics")["rows"])

    server.kill()
    expect(lab.page.get_by_text("Connection lost")).to_be_visible()
    shown = lab.step
    server.start()
    expect(lab.page.get_by_text("Connection lost")).to_be_hidden()
    lab.until(lambda: lab.step > shown + 200)
    assert lab.remembered == known and lab.units == [5, 2]
    assert len(lab.session("/metrics")["rows"]) >= min(rows, 100)
    expect(lab.alert).to_be_empty()
    expect(lab.page.get_by_text("begins again")).to_have_count(0)
    lab.pause()

    lab.page.reload()
    lab.stands()
    assert lab.remembered == known and lab.step > shown + 200

    assert all("WebSocket" in error or "ERR_CONNECTION" in error for error in page_errors)
    page_errors.clear()
