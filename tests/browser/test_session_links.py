"""One session, by script and in the browser; and what the page gives a script to run."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from layerlab import Playground
from tests.conftest import serving

from .lab import Lab

LANGUAGES = ("Python", "curl")
CODE = "Copy as Python or curl"


def open_visit(page: Page, address: str) -> Lab:
    """The page on somebody's session."""
    return Lab(page, address, paused=True)


def test_a_script_s_session_is_watched_and_not_touched(page: Page, server_url: str) -> None:
    with Playground(server_url, {"network": {"layers": [{"kind": "dense", "units": 3}]}}) as script:
        lab = open_visit(page, script.link)
        expect(page.get_by_text("You are watching this session live.")).to_be_visible()
        expect(page.get_by_role("spinbutton", name="Units in layer 1", exact=True)).to_have_value(
            "3"
        )
        script.train(epochs=3, progress=False)
        lab.until(lambda: lab.step == 75)
        thumb = page.get_by_role("slider", name="Moment of the run").locator(".thumb")
        assert thumb.evaluate("thumb => thumb.style.left") == "100%"
        expect(page.get_by_text("drag back")).to_have_count(0)
        script.network.layers[0].units = 5
        lab.until(lambda: lab.step == 0)
        expect(page.get_by_role("spinbutton", name="Units in layer 1", exact=True)).to_have_value(
            "5"
        )
        lab.button("Play").click()
        page.get_by_role("radio", name="Spiral", exact=True).click()
        expect(page.get_by_text("You are watching somebody else’s session")).to_be_visible()
        assert not script.session["playing"]
        assert script.data.dataset.kind == "circle"
        assert page.url == script.link


def test_a_watcher_takes_a_copy_and_goes_on_alone(page: Page, server_url: str) -> None:
    with Playground(server_url, {"data": {"dataset": "xor"}}) as script:
        lab = open_visit(page, script.link)
        lab.button("Take a copy").click()
        expect(page.get_by_text("You are watching")).to_be_hidden()
        lab.until(lambda: lab.remembered["id"] != script.id)
        assert lab.experiment == script.session["experiment"]
        lab.play()
        lab.until(lambda: lab.step > 0)
        assert script.session["step"] == 0
        assert "#x=" in page.url


def test_whoever_has_the_secret_acts_and_a_reload_keeps_it(page: Page, server_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    with Playground(server_url) as script:
        assert script.secret
        lab = open_visit(page, script.control_link)
        assert page.url == script.link  # who copies the address passes on no more than a look
        lab.play()
        lab.until(lambda: script.session["step"] > 0)
        page.reload()
        expect(lab.button("Pause")).to_be_visible()
        lab.pause()
        assert not script.session["playing"]
        assert asked and not any(script.secret in url for url in asked)
        page.goto("/#x=")  # leaving it ends nothing
        lab.until(lambda: lab.remembered["id"] != script.id)
        assert script.session["step"] > 0


def test_the_end_of_a_watched_session_is_told(
    page: Page, server_url: str, page_errors: list[str]
) -> None:
    script = Playground(server_url)
    link = script.link
    lab = open_visit(page, link)
    script.close()
    expect(page.get_by_text("This session has ended.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("The session of this link has ended.")).to_be_visible()
    expect(lab.button("Play")).to_be_enabled()
    assert [error for error in page_errors if "404" in error] == page_errors
    page_errors.clear()  # the browser's own line about the 404


def test_a_wrong_secret_may_look_on(page: Page, server_url: str, page_errors: list[str]) -> None:
    with Playground(server_url) as script:
        open_visit(page, f"{script.link}&k=guessed")
        expect(page.get_by_text("You are watching this session live.")).to_be_visible()
    assert [error for error in page_errors if "401" in error] == page_errors
    page_errors.clear()


# -- copying -----------------------------------------------------------------------------------


@pytest.fixture
def lab(open_page: Callable[..., Page]) -> Lab:
    """A playground of the page's own, and a clipboard to look into."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    return Lab(page, paused=True)


def copied(lab: Lab, what: str, language: str) -> str:
    """What the dialog puts into the clipboard."""
    page = lab.page
    page.get_by_role("button", name=CODE).click()
    dialog = page.get_by_role("dialog", name="Copy as code")
    dialog.get_by_role("radio", name=re.compile(f"^{what}")).check()
    dialog.get_by_role("radio", name=language, exact=True).check()
    dialog.get_by_role("button", name="Copy", exact=True).click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text == dialog.get_by_label("The code").input_value()
    dialog.get_by_role("button", name="Close").click()
    return text


def run(text: str, language: str) -> Any:
    """What a reader would do with it: Python's names afterwards, or what curl printed."""
    if language == "Python":
        names: dict[str, Any] = {}
        exec(compile(text, "copied.py", "exec"), names)
        return names
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_copied_experiment_gives_the_same_weights(lab: Lab) -> None:
    page = lab.page
    page.get_by_role("radio", name="Spiral", exact=True).click()
    lab.feature("sin(X₁)").click()
    lab.strip.get_by_role("combobox", name="Optimizer", exact=True).select_option(label="Adam")
    lab.button("Add a layer at the end").click()
    lab.until(lambda: lab.experiment["training"]["optimizer"]["kind"] == "adam")
    lab.until(lambda: lab.units == [4, 2, 2])
    lab.button("Epoch").click()
    lab.until(lambda: lab.step == 25)
    digest = lab.session("/weights")["digest"]
    for language in LANGUAGES:
        text = copied(lab, "This experiment", language)
        assert "adam" in text and "batch_size" not in text  # what is the default is not said
        told = run(text, language)
        assert digest in (told if isinstance(told, str) else told["result"].digest)


def test_the_copied_session_is_the_one_on_the_screen(lab: Lab) -> None:
    known = lab.remembered
    there = run(copied(lab, "This session", "Python"), "Python")["lab"]
    assert (there.id, there.secret) == (known["id"], known["secret"])
    told = run(copied(lab, "This session", "curl"), "curl")
    assert f'"id":"{known["id"]}"' in told and known["secret"] not in told


def slide(lab: Lab) -> None:
    lab.strip.get_by_role("slider", name="Learning rate", exact=True).focus()
    lab.page.keyboard.press("ArrowRight")


def edit(lab: Lab) -> None:
    page = lab.page
    lab.unit(2, 1).focus()
    lab.button("Edit the weights of Layer 2, unit 1").click()
    field = page.get_by_role("spinbutton", name="Bias of unit 1", exact=True)
    field.fill("1.5")
    field.press("Enter")
    lab.until(lambda: bias(lab) == 1.5)
    page.keyboard.press("Escape")


def bias(lab: Lab) -> float:
    return lab.session("/weights")["layers"][1]["params"]["b"][0]


def step_at_rest(lab: Lab) -> tuple[int]:
    """Where training has come to, not where it passes."""
    session = lab.until(lambda: (now := lab.session()) and not now["playing"] and now)
    return (session["step"],)


#: by the words for it: how it is done on the page, a command that takes it away, and what of the
#: session shows whether it was done
ACTIONS: dict[str, tuple[Callable[[Lab], Any], dict[str, Any], Callable[[Lab], Any]]] = {
    "Change learning rate": (
        slide,
        {"kind": "patch", "experiment": {"training": {"learning_rate": 0.5}}},
        lambda lab: lab.experiment["training"]["learning_rate"],
    ),
    "Set a weight by hand": (
        edit,
        {"kind": "edit", "layer": 1, "param": "b", "index": [0], "value": -1},
        bias,
    ),
    "Set the speed": (
        lambda lab: lab.page.get_by_label("Speed, epochs per second").select_option("10"),
        {"kind": "speed", "epochs_per_second": None},
        lambda lab: lab.session()["speed"],
    ),
    "Train one epoch": (
        lambda lab: lab.button("Epoch").click(),
        {"kind": "reset"},
        step_at_rest,
    ),
    "Reset": (
        lambda lab: lab.button("Reset to the same initial weights").click(),
        {"kind": "advance", "steps": 5},
        step_at_rest,
    ),
    "Change seed": (
        lambda lab: lab.button("Reset to new initial weights").click(),
        {"kind": "reset", "seed": 1},
        lambda lab: lab.experiment["seed"],
    ),
    "Play": (
        lambda lab: lab.button("Play").click(),
        {"kind": "pause"},
        lambda lab: lab.session()["playing"],
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_the_copied_action_does_it_again(lab: Lab, name: str) -> None:
    act, away, state = ACTIONS[name]
    lab.command(**away)
    before = state(lab)
    act(lab)
    lab.until(lambda: state(lab) != before)
    done = state(lab)
    for language in LANGUAGES:
        text = copied(lab, f"Last action: {name}", language)
        assert lab.remembered["secret"] in text
        lab.command(**away)
        lab.until(lambda: state(lab) == before)
        run(text, language)
        lab.until(lambda: state(lab) == done)


def test_on_a_phone_and_with_a_key_what_is_copied_runs(
    open_page: Callable[..., Page],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    page_errors: list[str],
) -> None:
    key = "a-key-of-some-length-0123456789"
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with serving(tmp_path / "log", LAYERLAB_API_KEYS=key) as url:
        page = open_page(base_url=url, permissions=["clipboard-read", "clipboard-write"], **phone)
        page.goto("/")
        page.get_by_label("this server gives keys").fill(key)
        page.get_by_role("button", name="Go on").click()
        lab = Lab(page, paused=True)
        assert all("401" in error for error in page_errors)
        page_errors.clear()
        lab.button("Epoch").click()
        expect(page.get_by_role("slider", name="Moment of the run")).to_have_attribute(
            "aria-valuenow", "25"
        )
        monkeypatch.setenv("LAYERLAB_API_KEY", key)
        texts = {language: copied(lab, "This experiment", language) for language in LANGUAGES}
        assert all("LAYERLAB_API_KEY" in text and key not in text for text in texts.values())
        digest = run(texts["Python"], "Python")["result"].digest
        assert digest in run(texts["curl"], "curl")
        assert lab.remembered["id"] in run(copied(lab, "This session", "curl"), "curl")
        run(copied(lab, "Last action: Train one epoch", "curl"), "curl")
        expect(page.get_by_role("slider", name="Moment of the run")).to_have_attribute(
            "aria-valuenow", "50"
        )
        page.close()  # before its server goes


def test_the_page_s_session_is_handed_to_a_script(lab: Lab) -> None:
    page = lab.page
    page.get_by_role("button", name=CODE).click()
    dialog = page.get_by_role("dialog", name="Copy as code")
    links = []
    for name, act in (("Copy a link to watch this session", "watch"), ("control it", "control")):
        dialog.get_by_role("button", name=name).click()
        expect(dialog.get_by_text(f"The link to {act} it is copied.")).to_be_visible()
        links.append(page.evaluate("navigator.clipboard.readText()"))
    watch, control = links
    with Playground(control) as script:
        script.network.layers[0].units = 7
        lab.until(lambda: lab.units == [7, 2])
        assert script.link == watch
    dialog.get_by_role("button", name="Close").click()


def test_the_dialog_and_the_bar_are_for_everybody(
    lab: Lab, axe: Callable[[Page], list[str]], server_url: str
) -> None:
    lab.page.get_by_role("button", name=CODE).click()
    expect(lab.page.get_by_label("The code")).to_be_visible()
    assert axe(lab.page) == []
    with Playground(server_url) as script:
        lab.page.goto(script.link)
        expect(lab.page.get_by_text("You are watching this session live.")).to_be_visible()
        assert axe(lab.page) == []
