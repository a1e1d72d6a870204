"""Links over HTTP: the same thing has one link, it is for good, and it is shown safely."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from server.api.shares import store_of
from server.store import Store, database

FIXTURE = Path(__file__).parent.parent / "store" / "fixtures" / "v1.json"
EXPERIMENT = {"data": {"dataset": "spiral"}, "seed": 7}


def save(client: TestClient, **document: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/shares", json={"experiment": EXPERIMENT} | document)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


class Head(HTMLParser):
    """What the head of a page says: metadata by name, the title, scripts with their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.text: dict[str, str] = {}
        self.attributes: dict[str, str | None] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta":
            self.meta[found.get("property") or found.get("name") or ""] = found.get("content") or ""
        if tag == "html":
            self.attributes = found
        self._inside = found.get("id") or tag

    def handle_data(self, data: str) -> None:
        self.text[self._inside] = self.text.get(self._inside, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    @property
    def shared(self) -> Any:
        return json.loads(self.text["shared"])


def test_the_same_thing_has_one_link(client: TestClient) -> None:
    first = client.post("/api/v1/shares", json={"experiment": EXPERIMENT, "title": "One"})
    again = client.post(
        "/api/v1/shares",
        json={"title": " One ", "notes": "", "experiment": EXPERIMENT | {"training": {}}},
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    share_id = first.json()["id"]
    assert re.fullmatch("[a-z2-7]{12}", share_id)
    assert first.json()["path"] == f"/e/{share_id}"
    assert first.json()["address"] == f"http://testserver/e/{share_id}"
    assert first.headers["location"] == f"/api/v1/shares/{share_id}"
    assert save(client, title="Another")["id"] != share_id


def test_a_link_is_read_as_it_was_saved_and_kept_by_caches(client: TestClient) -> None:
    document = json.loads(FIXTURE.read_text())
    saved = client.post("/api/v1/shares", json=document).json()
    answer = client.get(f"/api/v1/shares/{saved['id']}")
    document["experiment"]["data"]["target"] = "label"  # a field newer than the document
    assert answer.json() == document
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    tag = answer.headers["etag"]
    for given in (tag, f'"other", W/{tag}', "*"):
        unchanged = client.get(answer.url, headers={"If-None-Match": given})
        assert unchanged.status_code == 304 and unchanged.content == b""
        assert unchanged.headers["etag"] == tag
    assert client.get(answer.url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("share_id", ["aaaaaaaaaaaa", "a", "A" * 60, "ä", "%00", "a%20b", "é" * 12])
@pytest.mark.parametrize("path", ["/api/v1/shares/{}", "/e/{}/picture.png"])
def test_there_is_no_such_link(client: TestClient, path: str, share_id: str) -> None:
    answer = client.get(path.format(share_id))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "there is no such link" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "/experiment"),
        ({"experiment": {"training": {"batch_size": 0}}}, "/experiment/training/batch_size"),
        ({"experiment": {}, "notes": "x" * 10_001}, "/notes"),
        ({"experiment": {}, "version": 2}, "/version"),
        ({"experiment": {}, "moment": {"step": -1}}, "/moment/step"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(
    client: TestClient, document: Any, path: str
) -> None:
    answer = client.post("/api/v1/shares", json=document)
    assert answer.status_code == 422
    assert path in [error["path"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("told", [True, False], ids=["with a length", "without"])
def test_what_is_too_large_is_refused(client: TestClient, told: bool) -> None:
    body = json.dumps({"experiment": {}, "notes": "x" * 2**20}).encode()
    content = body if told else iter([body[:1000], body[1000:]])
    answer = client.post(
        "/api/v1/shares", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert "leave the moment out" in answer.json()["errors"][0]["message"]


# -- the page ----------------------------------------------------------------------------

HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"&\u2028'


def test_the_page_carries_the_link_and_its_preview(client: TestClient) -> None:
    notes = "# Try this\n\nRaise the *learning rate* to `0.1`, [then](https://example.org) wait."
    saved = save(client, title="Two spirals", notes=notes)
    answer = client.get(saved["path"])
    page = Head(answer.text)
    document = client.get(f"/api/v1/shares/{saved['id']}").json()
    assert page.shared == {"id": saved["id"]} | document
    assert page.text["title"] == "Two spirals · Layerlab"
    assert page.meta["og:title"] == "Two spirals"
    words = "Try this Raise the learning rate to 0.1 , then wait."
    assert page.meta["og:description"] == page.meta["description"] == words
    assert page.meta["og:url"] == saved["address"]
    assert page.meta["og:image"] == f"{saved['address']}/picture.png"
    assert page.meta["twitter:card"] == "summary_large_image"


def test_hostile_words_stay_words(client: TestClient) -> None:
    saved = save(client, title=HOSTILE[:100], notes=HOSTILE)
    answer = client.get(saved["path"])
    page = Head(answer.text)
    assert page.shared["notes"] == HOSTILE
    assert page.meta["og:title"] == " ".join(HOSTILE[:100].split())
    assert "<script>alert" not in answer.text and "<img" not in answer.text


def test_a_link_without_words_has_a_preview_all_the_same(client: TestClient) -> None:
    page = Head(client.get(save(client)["path"]).text)
    assert page.meta["og:title"] == "An experiment in Layerlab"
    assert page.meta["og:description"].startswith("Build a neural network")


def test_the_preview_of_long_notes_ends_in_time(client: TestClient) -> None:
    page = Head(client.get(save(client, notes="word " * 500)["path"]).text)
    description = page.meta["og:description"]
    assert len(description) <= 200 and description.endswith("word…")


def test_a_page_of_no_link_says_so_and_is_the_playground(client: TestClient) -> None:
    answer = client.get("/e/aaaaaaaaaaaa")
    assert answer.status_code == 404
    page = Head(answer.text)
    assert page.shared == {"error": "There is no such link; perhaps its last letters are missing."}
    assert page.meta["og:title"] == "Layerlab"


def test_the_playground_itself_carries_no_link(client: TestClient) -> None:
    page = Head(client.get("/").text)
    assert "shared" not in page.text and "data-embed" not in page.attributes


def test_the_embedded_page_may_be_framed(client: TestClient) -> None:
    saved = save(client)
    answer = client.get(f"{saved['path']}?embed=1")
    assert "data-embed" in Head(answer.text).attributes
    assert "x-frame-options" not in answer.headers
    assert "frame-ancestors" not in answer.headers["content-security-policy"]
    assert "data-embed" not in Head(client.get(saved["path"]).text).attributes


def test_the_picture(client: TestClient) -> None:
    path = save(client)["path"]
    answer = client.get(f"{path}/picture.png")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
    again = client.get(f"{path}/picture.png", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("rest", ["", "/picture.png"])
def test_who_asks_for_the_headers_only_gets_them(client: TestClient, rest: str) -> None:
    path = save(client)["path"] + rest
    full, head = client.get(path), client.head(path)
    assert head.status_code == 200 and head.headers["etag"] == full.headers["etag"]
    assert head.headers["content-type"] == full.headers["content-type"]


# -- moments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "experiment",
    [
        {"seed": 3},
        {"data": {"dataset": "function"}, "seed": 3},
        {"data": {"dataset": {"kind": "blobs", "classes": 3}}},
    ],
)
def test_a_moment_is_what_the_session_has_come_to(
    client: TestClient, experiment: dict[str, Any]
) -> None:
    session = client.post("/api/v1/sessions", json={"experiment": experiment}).json()
    base = f"/api/v1/sessions/{session['id']}"
    secret = {"Authorization": f"Bearer {session['secret']}"}
    trained = client.post(f"{base}/train", json={"steps": 40}, headers=secret).json()
    answer = client.get(f"{base}/moment").json()
    moment = answer["moment"]
    assert answer["experiment"] == session["experiment"]
    assert (moment["step"], moment["digest"]) == (40, trained["digest"])
    assert moment["platform"].startswith("cpu ")
    curve = client.get(f"{base}/metrics").json()
    assert moment["curve"]["columns"] == curve["columns"]
    np.testing.assert_allclose(
        np.array(moment["curve"]["rows"], float), np.array(curve["rows"], float), rtol=1e-5
    )
    for layer, kept in zip(
        client.get(f"{base}/weights").json()["layers"], moment["weights"], strict=True
    ):
        assert layer["params"].keys() == kept.keys()
        for name, value in layer["params"].items():
            np.testing.assert_allclose(kept[name], value, rtol=1e-3)
    check_surface(client, base, session, moment["surface"])
    saved = save(client, experiment=answer["experiment"], moment=moment)
    assert client.get(f"{saved['path']}/picture.png").status_code == 200


def check_surface(client: TestClient, base: str, session: Any, surface: Any) -> None:
    """The corners and the middle are what the session predicts there."""
    low, high = surface["range"]
    assert [low, high] == session["range"]
    if session["dimensions"] == 1:
        places = [[-6.0], [6.0]]
        seen = [[line[0] for line in surface["lines"]], [line[-1] for line in surface["lines"]]]
        tolerance = 1e-4
    else:
        places = [[-6.0, 6.0], [6.0, 6.0], [-6.0, -6.0]]  # the top row first
        maps = [
            np.frombuffer(base64.b64decode(text), np.uint8).reshape(surface["size"], -1)
            for text in surface["maps"]
        ]
        corners = [(0, 0), (0, -1), (-1, 0)]
        seen = [[low + m[at] / 255 * (high - low) for m in maps] for at in corners]
        tolerance = (high - low) / 255
    outputs = client.post(f"{base}/predict", json={"inputs": places}).json()["outputs"]
    np.testing.assert_allclose(seen, np.clip(outputs, low, high), atol=tolerance)


def test_a_large_networks_moment_leaves_its_weights_out(client: TestClient) -> None:
    layers = [{"kind": "dense", "units": 200}] * 2
    session = client.post(
        "/api/v1/sessions", json={"experiment": {"network": {"layers": layers}}}
    ).json()
    moment = client.get(f"/api/v1/sessions/{session['id']}/moment").json()["moment"]
    assert "weights" not in moment and moment["surface"]["maps"]


# -- keeping -----------------------------------------------------------------------------


def test_a_moment_of_pictures_has_no_surface_and_can_be_saved(client: TestClient) -> None:
    experiment = {"data": {"dataset": {"kind": "digits", "samples": 100}}}
    made = client.post("/api/v1/sessions", json={"experiment": experiment}).json()
    found = client.get(f"/api/v1/sessions/{made['id']}/moment").json()
    assert not {"surface", "weights"} & found["moment"].keys()
    saved = save(client, experiment=found["experiment"], moment=found["moment"])
    read = client.get(f"/api/v1/shares/{saved['id']}").json()
    assert read["moment"]["digest"] == found["moment"]["digest"]
    assert client.get(f"{saved['path']}/picture.png").headers["content-type"] == "image/png"


def test_a_store_that_is_out_of_reach_is_told(
    client: TestClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(client)["path"]
    nowhere = Store(database.connect(database.parse("sqlite:////nowhere/at/all.db")))
    monkeypatch.setitem(application.dependency_overrides, store_of, lambda: nowhere)
    for answer in (
        client.get(f"/api/v1/shares/{path[3:]}"),
        client.post("/api/v1/shares", json={"experiment": {}}),
    ):
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "The store is out of reach"
        assert "nowhere" not in answer.text


@pytest.mark.parametrize("dataset", ["ring_of_gaussians", "digits"])
def test_a_duel_is_shared_drawn_and_done_again(client: TestClient, dataset: str) -> None:
    dense = {"kind": "dense", "units": 3, "activation": "relu"}
    judges = [{"kind": "flatten"}, dense] if dataset == "digits" else [dense]
    reshaped = {"kind": "reshape", "target_shape": [8, 8, 1]}
    makers = [dense | {"units": 64}, reshaped] if dataset == "digits" else [dense]
    experiment = {
        "data": {"dataset": {"kind": dataset, "samples": 60}},
        "network": {"layers": judges},
        "generator": {"layers": makers},
    }

    def trained(experiment: Any) -> Any:
        made = client.post("/api/v1/sessions", json={"experiment": experiment}).json()
        base = f"/api/v1/sessions/{made['id']}"
        key = {"Authorization": f"Bearer {made['secret']}"}
        assert client.post(f"{base}/train", json={"steps": 5}, headers=key).status_code == 200
        return client.get(f"{base}/moment").json()

    found = trained(experiment)
    saved = save(client, experiment=found["experiment"], moment=found["moment"])
    picture = client.get(f"/e/{saved['id']}/picture.png")
    assert picture.status_code == 200 and picture.headers["content-type"] == "image/png"
    assert client.get(f"/e/{saved['id']}").status_code == 200
    kept = client.get(f"/api/v1/shares/{saved['id']}").json()
    assert trained(kept["experiment"])["moment"]["digest"] == found["moment"]["digest"]
