"""Files that are brought: from their bytes to a network that learns from them."""

from __future__ import annotations

import io
import itertools
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from server.uploads.desk import LARGEST, WAITING
from server.uploads.samples import SAMPLES

BYTES = {"content-type": "application/octet-stream"}


def brought(client, content: Any, **said: str) -> dict[str, Any]:
    """The upload, once it is read."""
    answer = client.post("/api/v1/uploads", params=said, content=content, headers=BYTES)
    assert answer.status_code == 202, answer.text
    return read(client, answer.headers["location"])


def read(client, address: str) -> dict[str, Any]:
    for _ in itertools.count():
        upload = client.get(address).json()
        assert 0 <= upload["progress"] <= 1
        if upload["status"] != "reading":
            return upload
    raise AssertionError


def rows(count: int) -> list[tuple[float, str, str]]:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(count):
        size, colour = rng.normal(), rng.choice(["red", "blue"])
        found.append((round(float(size), 6), str(colour), "big" if size > 0 else "small"))
    return found


def table(found: list[tuple[float, str, str]]) -> str:
    lines = ["size,colour,answer", *(",".join(map(str, row)) for row in found)]
    return "\n".join(lines) + "\n"


def test_a_table_goes_all_the_way(client):
    """Brought, prepared as scikit-learn does it, trained, and asked about raw rows."""
    found = rows(200)
    upload = brought(client, table(found), name="things.csv")
    assert upload["error"] is None
    dataset = upload["datasets"][0]
    assert dataset["kind"] == "own_table" and dataset["answer"] == "answer"
    data = {"dataset": dataset, "split": {"train": 80}}
    session = client.post("/api/v1/sessions", json={"experiment": {"data": data}}).json()
    assert session["class_names"] == ["big", "small"]
    assert session["columns"] == ["size", "colour = blue", "colour = red"]
    prepared = client.post("/api/v1/preparation", json={"data": data}).json()
    raw = prepared["stages"][0]["columns"][0]["numbers"]
    assert raw["mean"] == pytest.approx(0, abs=0.3)
    headers = {"Authorization": f"Bearer {session['secret']}"}
    address = f"/api/v1/sessions/{session['id']}"
    client.post(f"{address}/train", json={"epochs": 40}, headers=headers)
    asked = [{"size": size, "colour": colour} for size, colour, _ in found]
    classes = client.post(f"{address}/predict", json={"rows": asked}).json()["classes"]
    right = [session["class_names"][c] == row[2] for c, row in zip(classes, found, strict=True)]
    assert np.mean(right) > 0.9


def test_preparation_is_scikit_learns(application, client):
    found = rows(120)
    upload = brought(client, table(found), name="things.csv")
    from server.datasets.split import load
    from server.experiment.spec import Data

    loaded = load(Data.model_validate({"dataset": upload["datasets"][0]}))
    frame = loaded.prepared.frames[0]
    training = loaded.part == 0
    scaled = StandardScaler().fit(frame["size"][training, None]).transform(frame["size"][:, None])
    hot = OneHotEncoder(sparse_output=False).fit_transform(frame["colour"][:, None])
    expected = np.hstack([scaled, hot]).astype(np.float32)
    np.testing.assert_array_equal(loaded.inputs, expected)


def test_the_same_file_is_stored_once(client):
    content = table(rows(50))
    first, again = (brought(client, content, name=name) for name in ("a.csv", "b.csv"))
    assert first["id"] != again["id"]
    assert first["datasets"] == again["datasets"]
    other = brought(client, content, name="a.csv", header="no")
    assert other["datasets"][0]["file"] != first["datasets"][0]["file"]


@pytest.mark.parametrize("becomes", SAMPLES)
def test_every_sort_becomes_a_dataset_that_trains(client, becomes):
    name, make = SAMPLES[becomes]
    sample = make()
    upload = brought(client, sample, name=name)
    assert upload["error"] is None
    for dataset in upload["datasets"]:
        answer = client.post(
            "/api/v1/sessions", json={"experiment": {"data": {"dataset": dataset}}}
        )
        assert answer.status_code == 201, answer.text
    kind = upload["datasets"][0]["kind"]
    assert client.get(f"/api/v1/uploads/samples/{kind}").content == sample


def test_large_pictures_in_colour_are_made_smaller(client):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(12):
            picture = io.BytesIO()
            Image.new("RGB", (90, 70), ("red", "blue")[i % 2]).save(picture, "JPEG")
            archive.writestr(f"{'ab'[i % 2]}/{i}.jpg", picture.getvalue())
    upload = brought(client, file.getvalue(), name="a.zip")
    assert upload["about"] == "12 pictures of 2 classes: a (6), b (6)"
    data = {"dataset": upload["datasets"][0]}
    session = client.post("/api/v1/sessions", json={"experiment": {"data": data}}).json()
    assert session["input_shape"] == [32, 32, 3] and session["class_names"] == ["a", "b"]


def test_a_bad_file_names_row_and_mend(client):
    upload = brought(client, "a,b\n1,2\n3\n", name="a.csv")
    assert upload["status"] == "failed" and upload["datasets"] == []
    assert upload["error"]["row"] == 3 and "2 columns" in upload["error"]["message"]


def test_too_many_bytes_are_refused_on_their_way(client):
    def chunks():
        for _ in range(LARGEST // 1_000_000 + 2):
            yield b"x" * 1_000_000

    answer = client.post("/api/v1/uploads?name=a.csv", content=chunks(), headers=BYTES)
    assert answer.status_code == 413
    assert "send a smaller file" in answer.json()["errors"][0]["message"]


def test_a_page_of_another_origin_cannot_send_a_file_unasked(client):
    """A form or a plain fetch may have no such content type without being asked about first."""
    answer = client.post("/api/v1/uploads", content=b"a,b\n1,2\n")
    assert answer.status_code == 422


def test_a_cancelled_upload_is_gone(client):
    lines = "".join(f"{i},{i % 7},{i % 3}\n" for i in range(300_000))
    answer = client.post("/api/v1/uploads?name=a.csv", content="a,b,c\n" + lines, headers=BYTES)
    address = answer.headers["location"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == client.delete(address).status_code == 404


def test_kinds_are_corrected(client):
    content = "code,note,answer\n" + "".join(f"{i % 4},{i},{'xy'[i % 2]}\n" for i in range(60))
    dataset = brought(client, content, name="a.csv")["datasets"][0]
    told = client.post("/api/v1/profile", json={"dataset": dataset}).json()
    assert [c["kind"] for c in told["columns"]] == ["number", "number", "category"]
    assert told["rows"] == 60 and told["answer"] == "answer"
    mended = dataset | {"types": [{"column": "code", "kind": "category"}]}
    told = client.post("/api/v1/profile", json={"dataset": mended}).json()
    code = told["columns"][0]
    assert (code["kind"], code["guessed"], code["counts"]["different"]) == ("category", "number", 4)
    session = client.post("/api/v1/sessions", json={"experiment": {"data": {"dataset": mended}}})
    assert "code = 3" in session.json()["columns"]
    wrong = dataset | {"types": [{"column": "answer", "kind": "number"}]}
    errors = client.post("/api/v1/profile", json={"dataset": wrong}).json()["errors"]
    assert errors[0]["path"] == "/dataset/types" and "no numbers" in errors[0]["message"]


@pytest.mark.parametrize(
    ("dataset", "path", "words"),
    [
        ({"kind": "own_table", "file": "0" * 64}, "file", "bring it again"),
        ({"kind": "own_table", "file": "../../etc/passwd"}, "file", "pattern"),
        ({"kind": "own_table", "answer": "remark"}, "answer", "text"),
        ({"kind": "own_table", "types": [{"column": "busy", "kind": "text"}]}, "answer", "text"),
        ({"kind": "own_table", "answer": "no"}, "answer", "there is no column"),
        ({"kind": "own_sentences", "text": "weather"}, "text", "category"),
        ({"kind": "own_series", "column": "remark"}, "column", "text"),
        ({"kind": "own_series", "order": "weather"}, "order", "category"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_at_its_path(client, dataset, path, words):
    answer = client.post("/api/v1/sessions", json={"experiment": {"data": {"dataset": dataset}}})
    error = answer.json()["errors"][0]
    assert error["path"] == f"/experiment/data/dataset/{path}"
    assert words in error["message"]


def test_a_lone_class_is_refused(client):
    content = "a,b\n" + "".join(f"{i},same\n" for i in range(30))
    dataset = brought(client, content, name="a.csv")["datasets"][0] | {"answer": "b"}
    answer = client.post("/api/v1/sessions", json={"experiment": {"data": {"dataset": dataset}}})
    assert "the same in every row" in answer.json()["errors"][0]["message"]


def test_a_link_carries_the_file_and_says_where_it_is_missing(client):
    dataset = brought(client, table(rows(60)), name="a.csv")["datasets"][0]
    share = client.post("/api/v1/shares", json={"experiment": {"data": {"dataset": dataset}}})
    assert share.status_code == 201
    kept = client.get(f"/api/v1/shares/{share.json()['id']}").json()
    assert kept["experiment"]["data"]["dataset"]["file"] == dataset["file"]


def test_a_desk_takes_so_many_files_at_once(client, application):
    """Those that wait for their turn are files on the disk."""
    lines = "a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(200_000))
    desk = application.state.desk
    made, refused = [], None
    while refused is None and len(made) <= WAITING:
        answer = client.post("/api/v1/uploads?name=a.csv", content=lines, headers=BYTES)
        lines += "1,1\n"  # another file
        if answer.status_code == 503:
            refused = answer
        else:
            made.append(answer.headers["location"])
    for address in made:
        client.delete(address)
    assert refused is not None and "minute" in refused.json()["errors"][0]["message"]
    assert all(desk.find(address.rpartition("/")[2]) is None for address in made)
    assert brought(client, table(rows(30)), name="a.csv")["error"] is None
