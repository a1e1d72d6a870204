"""Time on the page: back and forth, another branch, runs pinned, compared and done again."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import PATIENCE, Lab

EXACT = "✓ Reproduced exactly"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Time:
    """The track at the bottom, and what stands around it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.region = lab.page.get_by_role("region", name="Time", exact=True)
        self.slider = self.region.get_by_role("slider", name="Moment of the run")
        self.newest = self.region.get_by_role("button", name="Back to the newest moment")
        self.compare = self.region.get_by_role("button", name=re.compile("^Compare"))
        self.verdict = self.region.locator(".verdict")
        self.past = self.region.get_by_text(re.compile("from here begins another branch")).first

    def at(self, step: int) -> None:
        """Wait until the page shows this step."""
        self.lab.until(lambda: self.lab.step == step)
        expect(self.slider).to_have_attribute("aria-valuenow", str(step))

    def place(self, share: float) -> tuple[float, float]:
        """Where on the screen a share of the run lies."""
        box = self.lab.box(self.region.locator(".rail"))
        return box["x"] + share * box["width"], box["y"] + box["height"] / 2

    def pin(self, runs: int) -> None:
        """Pin the run on the screen; then so many are."""
        self.region.get_by_role("button", name="Pin this run").click()
        expect(self.compare).to_have_attribute("aria-label", re.compile(f"^Compare {runs} "))

    def runs(self) -> Locator:
        """The table of the runs side by side."""
        self.compare.click()
        return self.lab.page.get_by_role("dialog", name="Compare runs")


def trained(lab: Lab) -> Time:
    """A run of 400 steps, with a change at 100 and a weight set at 300."""
    lab.command(kind="advance", steps=100)
    lab.command(kind="patch", experiment={"training": {"learning_rate": 0.1}})
    lab.command(kind="advance", steps=200)
    lab.command(kind="edit", layer=0, param="w", index=[0, 2], value=-0.3)
    lab.command(kind="advance", steps=100)
    time = Time(lab)
    time.at(400)
    return time


def addressed(page: Page) -> Any:
    """The experiment that the address says."""
    found = re.search("#x=([^&]+)", page.url)
    assert found
    return json.loads(base64.urlsafe_b64decode(found[1] + "=="))


def done_again(lab: Lab, log: Any, step: int) -> dict[str, Any]:
    """What another session comes to that does the run again as far as a step."""
    entries = [entry for entry in log["entries"] if entry["step"] <= step]
    origin = lab.page.evaluate("location.origin")
    run = log | {"entries": entries, "step": step, "digest": None}
    with httpx.Client(base_url=f"{origin}/api/v1", timeout=PATIENCE / 1000) as client:
        session = client.post("/sessions", json={"log": run}).raise_for_status().json()
        path = f"/sessions/{session['id']}"
        lab.until(lambda: client.get(path).json()["status"] == "paused")
        curve = client.get(f"{path}/metrics").json()
        digest = client.get(f"{path}/weights").json()["digest"]
        auth = {"Authorization": f"Bearer {session['secret']}"}
        client.delete(path, headers=auth).raise_for_status()
    return dict(zip(curve["columns"], curve["rows"][-1], strict=True)) | {"digest": digest}


def test_every_moment_is_as_it_was(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    log = lab.session("/log")
    steps = (0, 100, 299, 300, 335, 360, 400)
    was = {step: done_again(lab, log, step) for step in steps}
    losses = page.locator(".metrics .loss")

    def look(step: int) -> None:
        time.at(step)
        expect(losses.nth(0)).to_have_text(f"{was[step]['train_loss']:.4f}")
        expect(losses.nth(1)).to_have_text(f"{was[step]['test_loss']:.4f}")
        rate = "0.1" if step >= 100 else "0.03"
        expect(lab.strip.get_by_label("Learning rate, exact value")).to_have_value(rate)
        assert lab.session("/weights")["digest"] == was[step]["digest"]
        assert lab.counter("Epoch") == f"{step * 10 // 25 / 10:.1f}"

    time.slider.focus()
    for keys, step in (
        (["PageDown"], 360),
        (["Shift+ArrowLeft"], 335),
        (["Control+ArrowLeft"], 300),
        (["ArrowLeft"], 299),
        (["Control+ArrowLeft"], 100),
        (["Home"], 0),
        (["Control+ArrowRight"], 100),
        (["PageUp"] * 5, 300),
        (["ArrowLeft"], 299),
        (["End"], 400),
        (["PageDown"], 360),
        (["Home"], 0),
        (["End"], 400),
    ):
        for key in keys:
            page.keyboard.press(key)
        look(step)
    assert not lab.session()["playing"]


def test_a_drag_is_followed_and_ends_where_it_is_let_go(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    marks = time.region.locator(".mark")
    expect(marks).to_have_count(2)
    page.mouse.move(*time.place(0.255))
    expect(time.region.get_by_text("learning rate 0.03 → 0.1 at step 100")).to_be_visible()
    page.mouse.move(*time.place(0.75))
    expect(time.region.get_by_text("weight 1 to 3 of layer 1 set to −0.3000 at step 300"))
    places = {share: time.place(share) for share in (1, 0.9, 0.6, 0.2, 0.8, 0.5)}
    page.evaluate("scrollTo(0, 0)")
    page.mouse.move(*places[1])
    page.mouse.down()
    for share, place in places.items():
        page.mouse.move(*place, steps=5)
        lab.until(lambda share=share: lab.step == 400 * share)
    page.mouse.up()
    assert page.evaluate("scrollY") == 0  # the track is at the edge of the window
    time.at(200)
    expect(time.past).to_be_visible()
    expect(time.region.get_by_text("You are at step 200 of 400")).to_be_visible()
    expect(time.slider).to_have_attribute("aria-valuetext", "step 200 of 400, epoch 8.0")
    # near a mark it is where something was done
    page.mouse.click(*time.place(0.255))
    time.at(100)
    said = "step 100 of 400, epoch 4.0, learning rate 0.03 → 0.1"
    expect(time.slider).to_have_attribute("aria-valuetext", said)
    time.newest.click()
    time.at(400)
    expect(time.past).to_have_count(0)
    expect(time.newest).to_be_disabled()
    time.region.get_by_role("button", name="One step back").click()
    time.at(399)
    time.region.get_by_role("button", name="One step forward").click()
    time.at(400)


def test_a_click_on_a_curve_goes_to_its_moment(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    plot = lab.box(page.locator(".curves .u-over"))
    page.mouse.click(plot["x"] + plot["width"] / 2, plot["y"] + 20)
    lab.until(lambda: 100 <= lab.step <= 300)
    expect(time.past).to_be_visible()
    steps = [row[0] for row in lab.session("/metrics")["rows"]]
    assert lab.step in steps and steps[-1] == 400
    chart = page.get_by_role("application", name=re.compile("^Loss by epoch"))
    chart.focus()
    for key in ("Home", "Enter"):
        page.keyboard.press(key)
    time.at(int(steps[0]))


def test_playing_on_from_the_past_is_another_branch(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    time.slider.focus()
    for _ in range(5):
        page.keyboard.press("PageDown")
    time.at(200)
    page.reload()
    lab.stands()
    time.at(200)
    expect(time.past).to_be_visible()
    time.slider.press(" ")  # plays
    lab.until(lambda: lab.session()["playing"] and lab.session()["step"] > 200)
    expect(time.past).to_have_count(0)
    expect(time.region.locator(".mark")).to_have_count(1)
    time.slider.press(" ")
    lab.until(lambda: not lab.session()["playing"])
    session = lab.session()
    assert session["step"] == session["end"]
    time.at(session["step"])
    log = lab.session("/log")
    assert [entry["kind"] for entry in log["entries"]] == ["changed"]
    steps = [row[0] for row in lab.session("/metrics")["rows"]]
    assert steps == sorted(steps) and steps[-1] == session["step"]


def test_the_thumb_stays_at_the_end_at_full_speed(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = Time(lab)
    page.get_by_label("Speed, epochs per second").select_option("max")
    lab.play()
    lab.until(lambda: lab.step > 2000)
    measured = page.evaluate(
        """() => new Promise(done => {
            const seen = [];
            const slider = document.querySelector('[role=slider][aria-label="Moment of the run"]');
            const look = () => {
                const [thumb, rail] = ['.thumb', '.rail'].map(
                    one => slider.querySelector(one).getBoundingClientRect());
                seen.push([rail.right - thumb.x - thumb.width / 2, rail.y, rail.width]);
                seen.length < 60 ? requestAnimationFrame(look) : done(seen);
            };
            look();
        })"""
    )
    assert all(abs(off) < 1 for off, _, _ in measured)
    assert len({(y, width) for _, y, width in measured}) == 1
    # who takes hold of it stops the training
    page.mouse.click(*time.place(0.3))
    expect(lab.button("Play")).to_be_visible()
    expect(time.past).to_be_visible()
    assert not lab.session()["playing"]


def test_runs_are_pinned_compared_and_opened_again(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    time.pin(1)
    digest = lab.session("/weights")["digest"]
    loss = page.locator(".metrics .loss").nth(1).inner_text()
    time.slider.press("Home")
    time.at(0)
    time.pin(2)
    lab.command(kind="patch", experiment={"training": {"optimizer": "adam"}})
    lab.command(kind="patch", experiment={"network": {"layers": [{"kind": "dense", "units": 3}]}})
    lab.until(lambda: lab.units == [3])
    pinned = page.get_by_role("list", name="Pinned runs, loss on test data")
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    expect(pinned.get_by_role("listitem").first).to_contain_text(loss)

    runs = time.runs()
    table = runs.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(
        [re.compile(name) for name in ("This run", "Run 1", "Run 2")]
    )

    def row(name: str) -> list[str]:
        title = table.get_by_role("rowheader", name=name, exact=True)
        return title.locator("xpath=..").get_by_role("cell").all_inner_texts()

    assert row("Step") == ["0", "400", "0"]
    assert row("Test loss")[1] == loss
    assert row("Optimizer") == ["Adam", "SGD", "SGD"]
    assert row("Learning rate") == ["0.03", "0.1", "0.03"]
    assert row("Layer 2") == ["–", "Dense, 2", "Dense, 2"]
    expect(table.get_by_role("rowheader", name="Batch size")).to_have_count(0)
    expect(table.get_by_role("img", name="What run 1 answers everywhere")).to_be_visible()

    before = lab.remembered["id"]
    runs.get_by_role("button", name="Open Run 1").click()
    lab.until(lambda: lab.remembered["id"] != before)
    time.at(400)
    expect(time.verdict).to_have_text(EXACT)
    assert lab.session("/weights")["digest"] == digest
    expect(time.region.locator(".mark")).to_have_count(2)
    plot = lab.box(page.locator(".curves .u-over"))  # its curve is whole
    page.mouse.click(plot["x"] + plot["width"] / 2, plot["y"] + 20)
    lab.until(lambda: 0 < lab.step < 400)
    time.newest.click()
    time.at(400)
    expect(time.verdict).to_have_text(EXACT)

    lab.until(lambda: addressed(page)["training"]["learning_rate"] == 0.1)
    page.reload()
    lab.stands()
    expect(time.verdict).to_have_text(EXACT)
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    lab.button("Epoch").click()
    expect(time.verdict).to_be_empty()
    pinned.get_by_role("button", name="Remove Run 2 from the curves").click()
    expect(pinned.get_by_role("listitem")).to_have_count(1)
    runs = time.runs()
    runs.get_by_role("button", name="Remove Run 1").click()
    expect(runs.get_by_role("columnheader")).to_have_count(1)
    runs.get_by_role("button", name="Close").click()
    expect(time.compare).to_be_disabled()
    expect(pinned).to_have_count(0)


def test_each_score_stands_under_its_own_name(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    accuracy = f"{100 * lab.score('test_score'):.1f} %"
    time.pin(1)
    lab.command(kind="patch", experiment={"data": {"dataset": {"kind": "reg_plane"}}})
    expect(page.locator(".metrics .score").last).to_have_text(re.compile("R²"))
    lab.command(kind="advance", steps=50)
    time.at(50)
    r2 = f"{lab.score('test_score'):.3f}".replace("-", "−")
    runs = time.runs()
    cells = runs.get_by_role("row", name=re.compile("^Test accuracy")).get_by_role("cell")
    expect(cells).to_have_text(["–", accuracy])
    cells = runs.get_by_role("row", name=re.compile("^Test R²")).get_by_role("cell")
    expect(cells).to_have_text([r2, "–"])
    runs.get_by_role("button", name="Remove Run 1").click()
    expect(runs.get_by_role("row", name=re.compile("^Test accuracy"))).to_have_count(0)
    expect(runs.get_by_role("row", name=re.compile("^Test R²"))).to_have_count(1)


@pytest.mark.parametrize(
    ("platform", "said"),
    [(None, "≠ Differs"), ("cpu of another", "≠ Differs (other platform: cpu of another)")],
)
def test_a_run_that_comes_out_otherwise_is_told(
    page: Page, platform: str | None, said: str
) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    time.pin(1)
    pins = json.loads(page.evaluate("sessionStorage.getItem('layerlab.pins')"))
    pins[0]["log"] |= {"digest": "0" * 64} | ({"platform": platform} if platform else {})
    page.evaluate("pins => sessionStorage.setItem('layerlab.pins', pins)", json.dumps(pins))
    page.reload()
    lab.stands()
    time.runs().get_by_role("button", name="Open Run 1").click()
    expect(time.verdict).to_have_text(said)
    time.at(400)


def test_what_takes_long_is_told_and_stopped(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = trained(lab)
    time.pin(1)
    pins = json.loads(page.evaluate("sessionStorage.getItem('layerlab.pins')"))
    pins[0]["log"] |= {"step": 100_000_000, "digest": None}
    page.evaluate("pins => sessionStorage.setItem('layerlab.pins', pins)", json.dumps(pins))
    page.reload()
    lab.stands()
    time.runs().get_by_role("button", name="Open Run 1").click()
    expect(time.region.get_by_text("Going to step 100,000,000")).to_be_visible()
    stop = time.region.get_by_role("button", name="Stop here")
    stop.click()
    expect(stop).to_be_hidden()  # the server has said so
    expect(time.past).to_be_visible()
    session = lab.session()
    assert session["status"] == "paused" and 0 < session["step"] < session["end"] == 100_000_000


def test_six_runs_are_pinned_at_most(page: Page) -> None:
    lab = Lab(page, paused=True)
    time = Time(lab)
    for runs in range(1, 7):
        lab.command(kind="advance", steps=5)
        time.at(5 * runs)
        time.pin(runs)
    expect(time.region.get_by_role("button", name="Pin this run")).to_be_disabled()
    runs = time.runs()
    expect(runs.get_by_role("columnheader")).to_have_count(7)
    expect(runs.get_by_text("Their settings are the same.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_of_it_is_under_the_thumb(open_page, axe, scheme: str) -> None:
    page = open_page(color_scheme=scheme, **PHONE)
    lab = Lab(page, paused=True)
    time = trained_on_a_phone(lab)
    time.pin(1)
    page.touchscreen.tap(*time.place(0.5))
    expect(time.region.get_by_text("Step 200 of 400")).to_be_visible()
    assert axe(page) == []
    time.newest.tap()
    expect(time.slider).to_have_attribute("aria-valuenow", "400")
    runs = time.runs()
    expect(runs.get_by_role("table")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    runs.get_by_role("button", name="Open Run 1").tap()
    expect(time.verdict).to_have_text(EXACT)


def trained_on_a_phone(lab: Lab) -> Time:
    """400 steps; a phone shows no counter of steps."""
    lab.command(kind="advance", steps=400)
    time = Time(lab)
    expect(time.slider).to_have_attribute("aria-valuenow", "400")
    return time


def test_the_track_is_always_in_sight(page: Page) -> None:
    time = Time(Lab(page, paused=True))
    dialog = page.get_by_role("dialog", name="Sweep")
    for size in ((1440, 900), (1024, 768), (768, 1024), (390, 844)):
        time.lab.resize(*size)
        for place in (0, 400, 9999):
            page.evaluate("top => scrollTo(0, top)", place)
            expect(time.slider).to_be_in_viewport(ratio=1)
        sweep = page.get_by_role("button", name="Sweep settings…")  # the last of all
        assert time.lab.box(sweep)["y"] < time.lab.box(time.slider)["y"]
        sweep.click()
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_with_runs_pinned_and_in_the_past_it_is_accessible(page: Page, axe) -> None:
    lab = Lab(page, paused=True)
    lab.command(kind="advance", steps=400)
    time = Time(lab)
    expect(time.slider).to_have_attribute("aria-valuenow", "400")
    time.pin(1)
    time.slider.press("PageDown")
    expect(time.slider).to_have_attribute("aria-valuenow", "360")
    for size in ((1440, 900), (1024, 768), (768, 1024)):
        lab.resize(*size)
        assert axe(page) == []
        runs = time.runs()
        expect(runs).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(runs).to_be_hidden()
