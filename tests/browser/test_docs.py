"""The page that documents the API."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_the_api_is_read_and_tried_without_a_word_to_others(page: Page, server_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto("/docs")
    assert answer and "default-src 'self'" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", name="Layerlab")).to_be_visible()
    call = page.locator(".opblock").filter(has_text="/healthz")
    call.get_by_role("button", name="GET /healthz Health", exact=True).click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table").get_by_text('"ok"')).to_be_visible()
    assert f"{server_url}/openapi.json" in asked
    assert all(url.startswith((server_url, "data:")) for url in asked)
