"""The page on the real server: what a person does with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import PATIENCE, Lab, http


def test_it_trains_by_itself(page: Page) -> None:
    lab = Lab(page)
    expect(lab.button("Pause")).to_be_visible()
    lab.until(lambda: lab.step > 50)
    lab.pause()
    stopped = lab.session()["step"]
    assert lab.session()["step"] == stopped and not lab.session()["playing"]


def test_it_does_not_start_where_motion_is_unwelcome(open_page) -> None:
    lab = Lab(open_page(reduced_motion="reduce"))
    expect(lab.button("Play")).to_be_visible()
    assert lab.session()["step"] == 0


def test_building_by_mouse_and_learning_the_spiral(page: Page) -> None:
    lab = Lab(page)
    lab.pause()
    page.get_by_role("radio", name="Spiral", exact=True).click()
    lab.until(lambda: lab.experiment["data"]["dataset"]["kind"] == "spiral")
    for _ in range(4):
        lab.button("More units in layer 1").click()
    for _ in range(6):
        lab.button("More units in layer 2").click()
    lab.until(lambda: lab.units == [8, 8])
    for feature in ("sin(X₁)", "sin(X₂)"):
        lab.feature(feature).click()
    lab.strip.get_by_role("combobox", name="Optimizer", exact=True).select_option(label="Adam")
    page.get_by_label("Speed, epochs per second").select_option(label="Maximum")
    lab.until(lambda: lab.experiment["training"]["optimizer"]["kind"] == "adam")
    assert "sin_y" in lab.experiment["data"]["features"]
    lab.play()
    lab.until(lambda: lab.score("test_loss") < 0.05, timeout=3 * PATIENCE)


def test_building_by_keyboard_alone(page: Page) -> None:
    lab = Lab(page, paused=True)
    focus(page, lab.button("Add a layer at the end"))
    page.keyboard.press("Enter")
    lab.until(lambda: lab.units == [4, 2, 2])
    units = page.get_by_role("spinbutton", name="Units in layer 3", exact=True)
    focus(page, units)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    lab.until(lambda: lab.units == [4, 2, 3])
    handle = page.get_by_role("button", name=re.compile("^Move layer 3"))
    focus(page, handle)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    lab.until(lambda: lab.units == [4, 3, 2])
    page.keyboard.press("Control+z")
    lab.until(lambda: lab.units == [4, 2, 3])
    page.keyboard.press("Control+Shift+z")
    lab.until(lambda: lab.units == [4, 3, 2])
    page.keyboard.press("Escape")
    page.locator("body").press("e")
    lab.until(lambda: lab.session()["step"] == 25)
    page.locator("body").press("s")
    lab.until(lambda: lab.session()["step"] == 26)
    page.locator("body").press("r")
    lab.until(lambda: lab.session()["step"] == 0)
    focus(page, page.get_by_role("button", name=re.compile("^Move layer 2")))
    page.keyboard.press("Delete")
    lab.until(lambda: lab.units == [4, 2])


def focus(page: Page, target: Locator) -> None:
    """Reach a control by the tab key alone."""
    for _ in range(200):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("it cannot be reached by Tab")


def test_layers_move_by_mouse(page: Page) -> None:
    lab = Lab(page, paused=True)
    start = lab.box(lab.button(re.compile("^Move layer 1")))
    end = lab.box(lab.button(re.compile("^Move layer 2")))
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    for share in (0.2, 0.5, 0.8, 1.0, 1.15):
        page.mouse.move(start["x"] + (end["x"] - start["x"]) * share + 12, start["y"] + 8)
    page.mouse.up()
    lab.until(lambda: lab.units == [2, 4])


def test_the_learning_rate_moves_without_a_restart(page: Page) -> None:
    lab = Lab(page)
    lab.until(lambda: lab.step > 30)
    lab.strip.get_by_role("slider", name="Learning rate", exact=True).focus()
    page.keyboard.press("ArrowRight")
    lab.until(lambda: lab.experiment["training"]["learning_rate"] > 0.03)
    assert lab.session()["step"] > 30 and lab.session()["playing"]


def test_a_weight_is_edited_by_hand_and_undone(page: Page) -> None:
    lab = Lab(page, paused=True)

    def bias() -> float:
        return lab.session("/weights")["layers"][1]["params"]["b"][0]

    first = bias()
    lab.unit(2, 1).focus()
    lab.button("Edit the weights of Layer 2, unit 1").click()
    field = page.get_by_role("spinbutton", name="Bias of unit 1", exact=True)
    field.fill("1.5")
    field.press("Enter")
    lab.until(lambda: bias() == 1.5)
    page.get_by_role("slider", name="Bias of unit 1, slider", exact=True).press("Control+z")
    lab.until(lambda: bias() == first)
    expect(field).to_have_value(f"{first:.4f}")
    lab.button("Redo").click()
    lab.until(lambda: bias() == 1.5)


def test_lines_without_colour_are_explained(page: Page) -> None:
    lab = Lab(page, paused=True)
    sentence = "The lines into Layer 2 are grey: up to 20,000 weights of a layer are shown live."
    wide = {"kind": "dense", "units": 200}
    lab.command(kind="patch", experiment={"network": {"layers": [wide, wide]}})
    expect(page.get_by_text(sentence)).to_be_visible()
    lab.unit(2, 1).focus()
    lab.button("Edit the weights of Layer 2, unit 1").click()
    panel = page.get_by_role("dialog", name="Layer 2, unit 1", exact=True)
    expect(panel.get_by_text(sentence)).to_be_visible()
    lab.command(kind="patch", experiment={"network": {"layers": [wide]}})
    expect(page.get_by_text("are grey")).to_have_count(0)


def test_one_epoch_and_reset_to_the_same_weights(page: Page) -> None:
    lab = Lab(page, paused=True)
    first = lab.session("/weights")["digest"]
    lab.button("Epoch").click()
    lab.until(lambda: lab.session()["step"] == 25)
    assert lab.session("/weights")["digest"] != first
    lab.button("Reset to the same initial weights").click()
    lab.until(lambda: lab.session()["step"] == 0)
    assert lab.session("/weights")["digest"] == first
    lab.button("Reset to new initial weights").click()
    lab.until(lambda: lab.session("/weights")["digest"] != first)


ADDRESS = (
    "/#activation=relu&regularization=L2&regularizationRate=0.01&batchSize=5&dataset=xor"
    "&learningRate=0.1&noise=10&networkShape=3,3,2&percTrainData=70&sinX=true&discretize=true"
    "&learningRate_hide=true"
)


def test_an_old_playground_address_opens(page: Page) -> None:
    lab = Lab(page, ADDRESS)
    experiment = lab.experiment
    assert [layer["activation"] for layer in experiment["network"]["layers"]] == ["relu"] * 3
    assert lab.units == [3, 3, 2]
    training, data = experiment["training"], experiment["data"]
    assert (training["l2"], training["batch_size"], training["learning_rate"]) == (0.01, 5, 0.1)
    assert training["rules"] == "tf_playground" and training["loss"]["half"]
    assert data["dataset"]["kind"] == "xor" and data["dataset"]["noise"] == 10
    assert data["split"]["train"] == 70 and data["features"] == ["x", "y", "sin_x"]
    expect(page.get_by_role("slider", name="Learning rate", exact=True)).to_have_count(0)
    expect(page.get_by_label(re.compile("^Discreti[sz]e"))).to_be_checked()


def test_the_address_carries_the_experiment(page: Page, open_page) -> None:
    lab = Lab(page, paused=True)
    before = page.url
    lab.button("More units in layer 1").click()
    lab.until(lambda: lab.units == [5, 2])
    lab.until(lambda: page.url != before)
    digest = lab.session()["digest"]
    assert Lab(open_page(), page.url).session()["digest"] == digest


def test_a_reload_finds_the_session_again(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.button("Epoch").click()
    lab.until(lambda: lab.session()["step"] == 25)
    before = lab.session()
    page.reload()
    lab.stands()
    expect(lab.button("Play")).to_be_enabled()
    after = lab.session()
    assert (after["id"], after["step"]) == (before["id"], 25)
    lab.until(lambda: lab.step == 25)


def test_a_reload_right_after_a_change_loses_nothing(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.button("Epoch").click()
    lab.until(lambda: lab.step == 25)
    known = lab.remembered["id"]
    page.get_by_label("Discretize output").check()
    lab.strip.get_by_role("slider", name="Learning rate", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.reload()
    lab.stands()
    assert lab.remembered["id"] == known
    lab.until(lambda: lab.step == 25)
    expect(lab.strip.get_by_label("Learning rate, exact value")).to_have_value("1")
    assert lab.experiment["training"]["learning_rate"] == 1
    expect(page.get_by_label("Discretize output")).to_be_checked()


def test_a_lost_session_is_begun_again(page: Page, server_url: str, page_errors) -> None:
    lab = Lab(page, paused=True)
    lab.button("More units in layer 1").click()
    lab.until(lambda: lab.units == [5, 2])
    known = lab.remembered
    auth = {"Authorization": f"Bearer {known['secret']}"}
    http.delete(f"{server_url}/api/v1/sessions/{known['id']}", headers=auth).raise_for_status()
    lab.until(lambda: lab.remembered["id"] != known["id"])
    assert lab.units == [5, 2]
    page_errors.clear()  # the browser logs the 404 of the session that is gone


def test_a_dropped_socket_reconnects_and_catches_up(page: Page, server_url: str) -> None:
    sockets = []
    page.route_web_socket("**/live", lambda route: sockets.append(_through(route)))
    lab = Lab(page)
    lab.until(lambda: lab.step > 20)
    sockets[0].close(code=1011)
    lab.until(lambda: len(sockets) > 1)
    before = lab.session()["step"]
    lab.until(lambda: lab.step > before)


def _through(route):
    """Pass a socket's messages both ways, and keep it to be dropped."""
    server = route.connect_to_server()
    route.on_message(server.send)
    server.on_message(route.send)
    return route


def test_a_refused_formula_is_told_at_its_field_alone(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.command(kind="patch", experiment={"data": {"dataset": "function"}})
    field = page.get_by_label("Formula", exact=True)
    field.fill("sin(x")
    field.press("Enter")
    told = page.get_by_text(re.compile(r"^character 6: .*'\)'"))
    expect(told).to_be_visible()
    expect(lab.alert).to_be_empty()
    expect(field).to_have_value("sin(x")  # to be mended
    assert lab.experiment["data"]["dataset"]["expression"] == "sin(x)"
    field.fill("cos(x)")
    field.press("Enter")
    expect(told).to_have_count(0)
    lab.until(lambda: lab.experiment["data"]["dataset"]["expression"] == "cos(x)")


def test_what_no_field_in_sight_can_tell_the_banner_tells(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.tab("Training").click()
    rules = page.get_by_label("Numeric rules", exact=True)
    rules.select_option("tf_playground")
    lab.until(lambda: lab.experiment["training"]["rules"] == "tf_playground")
    optimizer = lab.strip.get_by_role("combobox", name="Optimizer", exact=True)
    sentence = "tf_playground knows plain SGD only"
    optimizer.select_option("adam")
    expect(page.get_by_text(sentence)).to_have_count(1)
    expect(lab.alert).to_be_empty()
    page.get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.get_by_text(sentence)).to_have_count(0)
    lab.tab("Data").click()
    optimizer.select_option("adam")
    expect(lab.alert).to_contain_text(sentence)
    expect(page.get_by_text(sentence)).to_have_count(1)


def test_dataset_pictures_changed_out_of_sight_are_drawn(page: Page) -> None:
    lab = Lab(page, paused=True)
    lab.tab("Training").click()
    lab.command(kind="patch", experiment={"data": {"dataset": "reg_plane"}})
    picture = page.get_by_role("radio", name="Plane", exact=True, include_hidden=True)
    expect(picture).to_have_count(1)
    lab.tab("Data").click()
    painted = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 2"
    lab.until(lambda: picture.locator("canvas").evaluate(painted))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_of_accessibility(open_page, axe, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    lab = Lab(page)
    lab.until(lambda: lab.step > 20)
    for size in ((1440, 900), (1024, 768), (390, 844)):
        lab.resize(*size)
        assert axe(page) == []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"the page is {overflow} px wider than the screen"


OVERLAPS = """() => {
  const all = [...document.querySelectorAll('header.bar :is(button, input, select, dd)')];
  const boxes = all.map(node => [node, node.getBoundingClientRect()]).filter(([, b]) => b.width);
  const meet = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const name = node => node.ariaLabel ?? node.textContent;
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) => meet(p, q))
    .map(([b]) => `${name(a)} / ${name(b)}`));
}"""


def test_nothing_in_the_top_bar_lies_over_another(open_page) -> None:
    page = open_page(viewport={"width": 320, "height": 800})
    lab = Lab(page)
    lab.until(lambda: lab.step > 20)
    more = lab.button("Speed and more")
    speed = page.get_by_label("Speed, epochs per second", exact=True)
    for width in (320, 390, 761, 768, 820, 1021, 1181, 1321):
        lab.resize(width, 800)
        assert page.evaluate(OVERLAPS) == [], width
        opens = more.is_visible()
        if opens:
            expect(speed).to_be_hidden()
            more.click()
        expect(speed).to_be_in_viewport()
        assert page.evaluate(OVERLAPS) == [], width
        if opens:
            more.click()
            expect(speed).to_be_hidden()


def test_dark_mode_can_be_chosen_and_stays(page: Page) -> None:
    lab = Lab(page, paused=True)
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    lab.button("Use dark colours").click()
    lab.until(lambda: page.evaluate(background) != light)
    dark = page.evaluate(background)
    page.reload()
    lab.stands()
    assert page.evaluate(background) == dark


def test_nothing_moves_while_it_trains(page: Page) -> None:
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(e => "
        "{ if (!e.hadRecentInput) window.shift += e.value }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    lab = Lab(page)
    lab.until(lambda: lab.step > 200)
    assert page.evaluate("window.shift") < 0.05
