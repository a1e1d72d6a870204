"""What readers make of files, good and bad."""

from __future__ import annotations

import csv
import io
import json
import struct
import wave
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.uploads.cells import MISSING, Cells, cleaned
from server.uploads.notes import Unreadable
from server.uploads.readers import Said, archive, read
from server.uploads.readers.pictures import LABELS, PICTURES
from server.uploads.readers.recordings import bands, coefficients
from server.uploads.readers.sheet import MOST_COLUMNS, TABLE
from server.uploads.readers.text import TEXT
from server.uploads.samples import SAMPLES

ENDINGS = [".csv", ".json", ".jsonl", ".parquet", ".zip", ".txt", ""]


class Reading:
    """Reads bytes in a folder of the test's own."""

    def __init__(self, place: Path) -> None:
        self.place, self.count = place, 0

    def __call__(self, content: bytes | str, name: str = "a.csv", **said: Any) -> dict[str, Any]:
        self.count += 1
        folder = self.place / str(self.count)
        folder.mkdir()
        path = folder / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.folder = folder
        self.progress: list[float] = []
        return read(path, Said(name, **said), folder, lambda share, _: self.progress.append(share))

    def table(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / TABLE)

    def refusal(self, content: bytes | str, name: str = "a.csv", **said: Any) -> Unreadable:
        with pytest.raises(Unreadable) as caught:
            self(content, name, **said)
        assert len(str(caught.value)) < 250
        return caught.value


@pytest.fixture
def reading(tmp_path):
    return Reading(tmp_path)


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return file.getvalue()


def png(color: Any = 0, size: tuple[int, int] = (8, 8), mode: str = "L") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, color).save(file, "PNG")
    return file.getvalue()


def kinds(facts: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["guessed"] for column in facts["columns"]}


# -- tables ------------------------------------------------------------------------------------

names = st.lists(
    st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8),
    min_size=2, max_size=5, unique=True,
)  # fmt: skip
cells = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_csv_writes_is_read(tmp_path_factory, data):
    header = data.draw(names)
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)),
                              min_size=1, max_size=6))  # fmt: skip
    separator = data.draw(st.sampled_from(",;\t|"))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator)
    writer.writerow(header)
    writer.writerows(rows)
    reading = Reading(tmp_path_factory.mktemp("csv"))
    full = [row for row in rows if any(cell.strip() for cell in row)]
    if not full:
        reading.refusal(file.getvalue())
        return
    facts = reading(file.getvalue(), header="yes")
    assert facts["rows"] == len(full) and list(kinds(facts)) == header
    known = [[None if c.strip().lower() in MISSING else c.strip() for c in row] for row in full]
    assert [list(row) for row in reading.table().rows()] == known


def test_kinds_are_guessed(reading):
    facts = reading(
        "n,d,c,t,m\n" + "".join(
            f"{i}.5,2025-01-{i:02},{'ab'[i % 2]},some words {i},\n" for i in range(1, 29)
        )
    )  # fmt: skip
    assert kinds(facts) == {"n": "number", "d": "time", "c": "category", "t": "text", "m": "text"}
    assert facts["answer"] == "c"
    assert any(note["column"] == "m" for note in facts["notes"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1.5", 1.5), ("-2e3", -2000), (" 7 ", 7), ("NA", None), ("", None), ("inf", None),
        ("1e300", None), ("x", None),
    ],
)  # fmt: skip
def test_numbers(written, meant):
    found = Cells("n", cleaned([written])).numbers().to_list()
    assert found == [meant]


def test_a_comma_may_be_the_point(reading):
    facts = reading("a;b\n1,5;x\n-2,25;y\n")
    assert facts["comma"] and kinds(facts)["a"] == "number"
    values, _ = Cells("a", reading.table()["0"], comma=True).values("number")
    np.testing.assert_array_equal(values, [1.5, -2.25])


def test_json_lines_lists_and_parquet_are_the_same_table(reading):
    rows = [{"a": 1.5, "b": "x", "c": True}, {"a": None, "b": "y", "c": False}]
    frame = pl.DataFrame(rows)
    file = io.BytesIO()
    frame.write_parquet(file)
    for content, name in (
        ("\n".join(map(json.dumps, rows)), "a.jsonl"),
        (json.dumps(rows), "a.json"),
        (file.getvalue(), "a.parquet"),
        (frame.write_csv(), "a.csv"),
    ):
        facts = reading(content, name)
        assert kinds(facts) == {"a": "number", "b": "category", "c": "category"}
        assert reading.table().rows() == [("1.5", "x", "true"), (None, "y", "false")]


def test_rows_are_counted_as_a_spreadsheet_does(reading):
    found = reading.refusal("a,b\n1,2\n\n3,4\n5\n").note
    assert found.row == 5 and "2 columns" in found.message
    assert reading.refusal('a,b\n1,2\n"3,4\n').note.row == 3
    assert reading.refusal('{"a": 1, "b": 2}\n{"a": [1], "b": 2}', "a.jsonl").note.row == 2


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b"a,b\n", "a.csv", "no rows"),
        (b"word\nanother\n", "a.csv", "comma"),
        (b"a,b\n1,caf\xe9\n", "a.csv", "windows-1252"),
        (b"a,b\n1,\x00\x01\n", "a.csv", "no text"),
        (",".join(["x"] * (MOST_COLUMNS + 1)).encode(), "a.csv", "leave some out"),
        (b'a,b\n1,"' + b"y" * 200_000 + b'"\n', "a.csv", "quotation mark"),
        (b"[" * 100_000, "a.json", "no JSON"),
        (b'{"a": 1, "b": NaN}\n7', "a.jsonl", "object"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "a.parquet", "Parquet"),
        (b"PK\x03\x04" + b"x" * 100, "a.zip", "zip"),
        (b"\x1f\x8b" + b"x" * 100, "a.csv.gz", "unpack"),
        (zipped({"xl/workbook.xml": b"<x/>"}), "a.xlsx", "CSV"),
        (b"short", "a.txt", "2,000"),
        (png(), "a.png", "folder for each class"),
    ],
    ids=lambda value: value[:14] if isinstance(value, str) else None,
)  # fmt: skip
def test_bad_files_are_told_what_to_do(reading, content, name, words):
    assert words in str(reading.refusal(content, name))


def test_the_row_that_is_no_utf8_is_named_and_can_be_read_otherwise(reading):
    content = b"a,b\n1,x\n2,caf\xe9\n"
    assert reading.refusal(content).note.row == 3
    reading(content, encoding="windows-1252")
    assert reading.table()["1"].to_list() == ["x", "café"]
    reading("a,b\n1,é\n".encode("utf-16"))
    assert reading.table()["1"].to_list() == ["é"]


def test_what_is_odd_is_noted_where_it_is(reading):
    rows = [f"{i},{'xy'[i % 2]},1" for i in range(20)]
    rows[3], rows[5], rows[7] = "oops,x,1", "5,=1+2,1", "1,y,1"
    facts = reading("n,c,k\n" + "\n".join(rows))
    told = {(note["row"], note["column"]): note["message"] for note in facts["notes"]}
    assert "no number" in told[5, "n"] and "missing" in told[5, "n"]
    assert "formula" in told[7, "c"] or "one row" in told[7, "c"]
    assert "same value" in told[None, "k"]
    assert any("deduplicate" in message for message in told.values())
    assert reading.table()["1"].to_list()[5] == "=1+2"


def test_names_are_text_and_differ(reading):
    script = "<script>alert(1)</script>"
    facts = reading(f'{script},a,a,,"x\ny\u2028z",(part)\n1,2,3,4,5,6\n')
    found = [column["name"] for column in facts["columns"]]
    assert found == [script, "a", "a (2)", "column 4", "x y z", "(part) (2)"]
    assert len(facts["notes"]) >= 4


def test_without_a_header_the_first_row_is_a_case(reading):
    facts = reading("1,x\n2,y\n")
    assert facts["rows"] == 2 and facts["first_row"] == 1
    assert reading("1,x\n2,y\n", header="yes")["rows"] == 1


def test_an_order_of_categories(reading):
    reading("a,b\n10,x\n9,y\n10,z\n")
    codes, found = Cells("a", reading.table()["0"]).values("category")
    assert found == ("9", "10") and codes.tolist() == [1, 0, 1]


# -- text --------------------------------------------------------------------------------------


def test_a_text_keeps_its_letters(reading):
    content = "Zwölf Boxkämpfer\r\njagen Viktor.\n" * 100
    reading(content, "a.txt")
    kept = (reading.folder / TEXT).read_text("utf-8")
    assert kept == content.replace("\r\n", "\n").strip("\n")


def test_rare_letters_are_told_of(reading):
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    facts = reading("ab" * 2000 + many, "a.txt")
    assert len(set((reading.folder / TEXT).read_text("utf-8"))) == 120
    assert "300" in facts["notes"][0]["message"] or "302" in facts["notes"][0]["message"]


# -- pictures ----------------------------------------------------------------------------------


def test_small_grey_pictures_are_kept_point_for_point(reading):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (12, 9, 9), np.uint8)
    files = {}
    for i, picture in enumerate(pictures):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        files[f"set/{'ba'[i % 2]}/{i:02}.png"] = file.getvalue()
    facts = reading(zipped(files), "a.zip")
    kept, labels = (np.load(reading.folder / name) for name in (PICTURES, LABELS))
    assert facts["classes"] == ["a", "b"] and kept.shape == (12, 9, 9, 1)
    np.testing.assert_array_equal(kept[..., 0], pictures)
    np.testing.assert_array_equal(labels, [1 - i % 2 for i in range(12)])


def test_large_pictures_are_cut_to_their_middle(reading):
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    file = io.BytesIO()
    wide.save(file, "PNG")
    files = {f"{c}/{i}.png": file.getvalue() for c in "ab" for i in range(5)}
    reading(zipped(files), "a.zip")
    kept = np.load(reading.folder / PICTURES)
    assert kept.shape == (10, 64, 64, 3)
    assert (kept[:, 8:-8, 8:-8] == [0, 0, 255]).all()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a/1.png": b"no picture"}, "'a/1.png' is no picture"),
        ({"a/1.png": png(size=(20_000, 20_000), mode="1")}, "points"),
        ({"one.png": png()}, "no folder"),
        ({f"a/{i}.png": png() for i in range(20)}, "1 folder;"),
        ({"a/1.png": b"\0" * 60_001}, "make it smaller"),
        ({f"a/{i}.png": b"\0" * 59_000 for i in range(4)}, "unpacked"),
        ({"a/1.txt": b"x"}, "neither pictures"),
    ],
)
def test_bad_pictures_are_named(reading, files, words, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 60_000)  # else packing them takes long
    monkeypatch.setattr(archive, "ALL", 100_000)
    many = {f"{c}/{i + 100}.png": png() for c in "xy" for i in range(6)}
    bad = files if "folder" in words or "neither" in words else files | many
    assert words in str(reading.refusal(zipped(bad), "a.zip"))


def test_an_archive_that_lies_about_a_size_is_refused(reading):
    honest = zipped({f"{c}/{i}.png": png(size=(64, 64)) for c in "ab" for i in range(6)})
    size = len(png(size=(64, 64)))
    lying = honest.replace(struct.pack("<I", size), struct.pack("<I", 10))
    assert "pack it again" in str(reading.refusal(lying, "a.zip"))


# -- recordings --------------------------------------------------------------------------------


def wav(sound: np.ndarray, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((sound * 32767).astype("<i2").tobytes())
    return file.getvalue()


def test_power_is_that_of_torch_and_bands_are_where_they_should_be():
    """torchaudio's MFCC is a spectrogram of torch.stft, mel bands, decibels, a DCT-II."""
    sound = np.random.default_rng(1).normal(0, 0.1, 4000)
    window = torch.hann_window(400, periodic=True, dtype=torch.float64)
    waves = torch.stft(torch.from_numpy(sound), 400, 200, 400, window, return_complex=True)
    loud = 10 * torch.log10(torch.clamp(waves.abs().T ** 2 @ torch.from_numpy(bands()), 1e-10))
    loud = torch.maximum(loud, loud.max() - 80).numpy()
    n = np.arange(128)
    dct = np.cos(np.pi / 128 * (n[:, None] + 0.5) * n[:13]) * np.sqrt(2 / 128)
    dct[:, 0] /= np.sqrt(2)
    np.testing.assert_allclose(coefficients(sound), loud @ dct, atol=1e-3)
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 130) / 2595) - 1)
    heard = np.argmax(bands()[:, 60:], axis=0) * 20
    assert np.abs(heard - centres[61:-1]).max() <= 20


def test_recordings_of_any_rate_are_heard_alike(reading):
    files = {}
    for rate in (8000, 16_000):
        time = np.arange(rate // 2) / rate
        for pitch in (500, 1500):
            for i in range(3):
                files[f"{pitch}/{rate}-{i}.wav"] = wav(0.5 * np.sin(2 * np.pi * pitch * time), rate)
    facts = reading(zipped(files), "a.zip")
    features = np.load(reading.folder / "features.npy")
    assert facts["classes"] == ["1500", "500"] and facts["count"] == 12
    order = sorted(files)
    middle = {name: row[8, 1:] for name, row in zip(files, features, strict=True)}
    same = np.abs(middle["500/8000-0.wav"] - middle["500/16000-0.wav"]).mean()
    other = np.abs(middle["500/8000-0.wav"] - middle["1500/8000-0.wav"]).mean()
    assert same < other / 5, order


def test_a_broken_recording_is_named(reading):
    good = {f"{c}/{i}.wav": wav(np.zeros(4000)) for c in "ab" for i in range(6)}
    assert "'a/bad.wav'" in str(reading.refusal(zipped(good | {"a/bad.wav": b"RIFF"}), "a.zip"))


# -- samples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("becomes", SAMPLES)
def test_our_samples_are_read_without_a_word(reading, becomes):
    name, make = SAMPLES[becomes]
    facts = reading(make(), name)
    assert facts["becomes"] == becomes and facts["notes"] == []
    assert make() == make()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(ENDINGS))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, ending):
    reading = Reading(tmp_path_factory.mktemp("any"))
    with suppress(Unreadable):  # and nothing else
        reading(content, f"a{ending}")
