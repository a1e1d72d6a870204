"""The Python client against a real server: what it says is what REST says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from layerlab import (
    Adam,
    AsyncPlayground,
    BadInput,
    Data,
    Dense,
    Experiment,
    LayerlabError,
    Network,
    NotAllowed,
    NotFound,
    NotOffered,
    Playground,
    Spiral,
    Training,
    TrainResult,
    Unreachable,
)
from tests.conftest import serving

SPIRAL = {
    "data": {"dataset": {"kind": "spiral", "noise": 5}},
    "network": {"layers": [{"kind": "dense", "units": 6}]},
    "training": {"optimizer": "adam", "learning_rate": 0.01},
}
QUIET: dict[str, Any] = {"progress": False}


@pytest.fixture
def lab(server_url: str) -> Iterator[Playground]:
    """A playground with the default experiment."""
    with Playground(server_url) as lab:
        yield lab


def by_rest(url: str, experiment: dict[str, Any], epochs: int) -> dict[str, Any]:
    """The answer to POST …/train, without the client."""
    made = httpx.post(f"{url}/api/v1/sessions", json={"experiment": experiment}).json()
    address = f"{url}/api/v1/sessions/{made['id']}"
    auth = {"Authorization": f"Bearer {made['secret']}"}
    with httpx.Client(headers=auth, timeout=120) as client:
        answer = client.post(f"{address}/train", json={"epochs": epochs}).raise_for_status()
        client.delete(address)
    return answer.json()


def test_training_gives_what_rest_gives(server_url: str) -> None:
    expected = by_rest(server_url, SPIRAL, epochs=20)
    seen: list[TrainResult] = []
    with Playground(server_url, SPIRAL) as lab:
        result = lab.train(epochs=20, progress=seen.append)
        assert lab.digest == result.digest
        assert lab.metrics == result.metrics
    assert result.digest == expected["digest"]
    assert result.metrics == expected["metrics"]
    assert (result.step, result.epoch, result.status) == (500, 20, "paused")
    assert seen[-1] == result
    assert [one.step for one in seen] == sorted(one.step for one in seen)


def test_async_and_sync_are_the_same(server_url: str) -> None:
    async def both() -> list[TrainResult]:
        async with (
            AsyncPlayground(server_url, SPIRAL) as one,
            AsyncPlayground(server_url, SPIRAL) as other,
        ):
            return await asyncio.gather(
                one.train(epochs=20, **QUIET), other.train(epochs=20, **QUIET)
            )

    with Playground(server_url, SPIRAL) as lab:
        digests = {result.digest for result in asyncio.run(both())}
        assert digests == {lab.train(steps=500, **QUIET).digest}


def test_they_offer_the_same() -> None:
    def public(cls: type) -> set[str]:
        return {name for name in dir(cls) if not name.startswith("_")}

    # what attributes set cannot be awaited, and a constructor neither; `messages` is the widget's
    assert public(Playground) - public(AsyncPlayground) == {
        *("data", "network", "training"),
        *("id", "secret", "server"),  # of every instance there
    }
    assert public(AsyncPlayground) - public(Playground) == {"open", "messages"}


def test_typed_experiments_mean_the_same_as_json(server_url: str) -> None:
    typed = Experiment(
        data=Data(dataset=Spiral(noise=5)),
        network=Network(layers=(Dense(units=6),)),
        training=Training(optimizer=Adam(), learning_rate=0.01),
    )
    mixed = {
        "data": {"dataset": Spiral(noise=5)},
        "network": {"layers": [Dense(units=np.int64(6))]},
        "training": {"optimizer": Adam(), "learning_rate": np.float64(0.01)},
    }
    for experiment in (SPIRAL, typed, mixed):
        with Playground(server_url, experiment) as lab:
            assert lab.experiment == typed
            assert lab.session["digest"] == typed.digest()


def test_a_link_opens_the_very_session(server_url: str, lab: Playground) -> None:
    lab.train(epochs=1, **QUIET)
    with Playground(lab.control_link) as other:
        assert other.id == lab.id
        other.train(epochs=1, **QUIET)
    assert lab.session["step"] == 50  # the other has left it standing
    with Playground(server_url, session=lab.id, secret=lab.secret) as other:
        assert other.digest == lab.digest


def test_who_has_the_id_may_look_and_not_touch(lab: Playground) -> None:
    with Playground(lab.link) as other:
        assert other.session["step"] == 0
        assert other.predict([[0, 0]]).outputs.shape == (1, 1)
        for act in (other.play, other.reset, lambda: other.train(epochs=1)):
            with pytest.raises(NotAllowed) as told:
                act()
            assert told.value.status == 401
        with pytest.raises(LayerlabError, match="secret"):
            _ = other.control_link
    assert lab.session["step"] == 0


def test_who_has_neither_is_told_at_once(server_url: str, lab: Playground) -> None:
    with pytest.raises(NotAllowed):
        Playground(server_url, session=lab.id, secret="guessed")
    with pytest.raises(NotFound):
        Playground(f"{server_url}/#s=nobody")
    with pytest.raises(ValueError, match="http://host:port"):
        Playground("ftp://somewhere")
    with pytest.raises(ValueError, match="patch"):
        Playground(lab.link, SPIRAL)
    with pytest.raises(ValueError, match="address"):
        Playground(session=lab.id)


def test_a_session_ends_with_its_playground_unless_it_is_kept(server_url: str) -> None:
    lab = Playground(server_url)
    link = lab.link
    lab.close()
    lab.close()
    with pytest.raises(NotFound):
        Playground(link)
    with pytest.raises(LayerlabError):
        _ = lab.session
    with Playground(server_url, keep=True) as lab:
        link = lab.control_link
    with Playground(link) as kept:
        kept.train(epochs=1, **QUIET)


def test_portable_links_and_those_of_tensorflow_playground_open(server_url: str) -> None:
    with Playground(server_url, SPIRAL) as lab, Playground(lab.portable_link) as other:
        assert other.id != lab.id
        assert other.session["digest"] == lab.session["digest"]
    with Playground(f"{server_url}/#activation=relu&dataset=xor&networkShape=3") as lab:
        assert lab.data.dataset.kind == "xor"
        assert lab.network.layers[0].units == 3
        assert lab.network.layers[0].activation == "relu"
    saved = httpx.post(f"{server_url}/api/v1/shares", json={"experiment": SPIRAL}).json()
    with Playground(saved["address"]) as lab:
        assert lab.data.dataset.kind == "spiral" and lab.server == server_url
    with pytest.raises(ValueError, match="last letter"):
        Playground(f"{server_url}/#x=eyJ2ZXJza")


def test_settings_are_attributes(lab: Playground) -> None:
    lab.train(epochs=2, **QUIET)
    lab.training.learning_rate = 0.1
    assert lab.session["step"] == 50  # it moved while the weights stayed
    assert lab.training.learning_rate == 0.1
    lab.network.layers[1].units = 3
    assert [layer.units for layer in lab.network.layers] == [4, 3]
    lab.network.layers = [Dense(units=5)]
    assert len(lab.network.layers) == 1 and lab.network.layers[0].units == 5
    lab.training.optimizer = "adam"
    assert lab.training.optimizer == Adam()
    assert "beta_1" in dir(lab.training.optimizer)
    with pytest.raises(AttributeError, match="learning_rate"):
        lab.training.learning_rat = 0.1
    assert lab.session["experiment"]["training"]["learning_rate"] == 0.1


def test_a_refusal_says_where_and_what_would_be_right(server_url: str, lab: Playground) -> None:
    with pytest.raises(BadInput) as told:
        lab.training.learning_rate = -1
    (problem,) = told.value.problems
    assert problem.path == "/experiment/training/learning_rate"
    assert "greater than or equal to 0" in problem.message
    wrong = {"data": {"dataset": "circl"}, "training": {"batch_size": 0}}
    with pytest.raises(BadInput) as told:
        Playground(server_url, wrong)
    assert told.value.status == 422
    paths = [problem.path for problem in told.value.problems]
    assert paths == ["/experiment/data/dataset", "/experiment/training/batch_size"]
    with pytest.raises(BadInput, match="has 2"):
        lab.predict([1.0, 2.0])
    with pytest.raises(BadInput, match="either steps or epochs"):
        lab.train()
    with pytest.raises(BadInput):
        next(lab.watch("surfaces"))


def test_time_goes_on_stops_and_begins_again(lab: Playground) -> None:
    first = lab.digest
    lab.set_speed(5)
    assert lab.play()["playing"]
    assert lab.session["speed"] == 5
    frame = next(frame for frame in lab.watch() if frame.step)
    assert frame.playing
    assert not lab.pause()["playing"]
    assert lab.digest != first
    assert lab.reset()["step"] == 0
    assert lab.digest == first
    lab.reset(seed=7)
    assert lab.experiment.seed == 7
    assert lab.digest != first


def test_a_weight_is_set_by_hand(lab: Playground) -> None:
    lab.edit(1, "w", (3, 0), -0.25)
    lab.edit(2, "b", [0], 1.5)
    assert lab.weights[1].params["w"][3, 0] == -0.25
    assert lab.weights[2].params["b"].tolist() == [1.5]


def test_predictions_are_those_of_the_weights(lab: Playground) -> None:
    """NumPy works the network out again from its weights."""
    lab.train(epochs=30, **QUIET)
    points = np.random.default_rng(0).uniform(-6, 6, (10_500, 2))  # more than one request takes
    hidden = points
    for layer in lab.weights:
        hidden = np.tanh(hidden @ layer.params["w"] + layer.params["b"])
    outputs, classes = lab.predict(points)
    np.testing.assert_allclose(outputs, hidden, atol=1e-5)
    assert classes is not None
    sure = np.abs(hidden[:, 0]) > 1e-4
    np.testing.assert_array_equal(classes[sure], (hidden[:, 0] > 0)[sure])


def test_a_regression_in_one_dimension(server_url: str) -> None:
    with Playground(server_url, {"data": {"dataset": "function"}}) as lab:
        result = lab.train(epochs=5, **QUIET)
        assert result.metrics["test"] is not None and "r2" in result.metrics["test"]
        assert lab.metrics == result.metrics
        outputs, classes = lab.predict(np.linspace(-6, 6, 7))
        assert outputs.shape == (7, 1) and classes is None
        assert len(lab.plot().axes[1].lines) == 1


def test_history_is_a_table_of_the_curves(lab: Playground) -> None:
    result = lab.train(epochs=40, **QUIET)
    history = lab.history
    assert list(history.columns[:3]) == ["step", "epoch", "train_loss"]
    last = history.iloc[-1]
    assert last["step"] == result.step == 1000
    assert last["test_loss"] == pytest.approx(result.metrics["test"]["loss"])
    assert history["validation_loss"].isna().all()
    assert history["step"].is_monotonic_increasing


def test_plot_shows_curves_and_points(server_url: str) -> None:
    with Playground(server_url, {"data": {"dataset": "blobs"}}) as lab:
        lab.train(epochs=3, **QUIET)
        left, right = lab.plot().axes
        assert [line.get_label() for line in left.lines] == ["train", "test"]
        (points,) = right.collections
        assert len(points.get_offsets()) == len(lab.points.inputs)
        (image,) = right.images
        assert image.get_array().shape[-1] == 3


def test_looking_and_watching(lab: Playground) -> None:
    lab.train(epochs=2, **QUIET)
    frame = lab.look("surface", {"kind": "units", "size": 10})
    assert frame.step == 50 and not frame.playing
    assert frame.views["surface"]["values"].shape == (1, 50, 50)
    assert [layer.shape for layer in frame.views["units"]["layers"]] == [(4, 10, 10), (2, 10, 10)]
    points = lab.points
    assert points.inputs.shape == (500, 2)
    assert np.bincount(points.split).tolist() == [250, 0, 250]
    lab.play()
    steps = [frame.step for frame, _ in zip(lab.watch(fps=60), range(5), strict=False)]
    assert len(steps) == 5 and steps == sorted(steps)


def test_watching_ends_with_the_session(server_url: str) -> None:
    lab = Playground(server_url)
    with Playground(lab.link) as other:
        frames = other.watch()
        assert next(frames).step == 0
        lab.close()
        assert all(frame.step == 0 for frame in frames)
        with pytest.raises(NotFound):
            next(other.watch())


def test_interrupted_training_pauses_and_can_go_on(lab: Playground) -> None:
    def interrupt(so_far: TrainResult) -> None:
        if so_far.step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.train(epochs=1_000_000, progress=interrupt)
    frame = next(frame for frame in lab.watch() if not frame.playing)
    assert frame.step > 0
    result = lab.train(steps=1, **QUIET)
    assert result.step == lab.session["step"] >= frame.step + 1


def test_cancelled_training_pauses(server_url: str) -> None:
    async def work() -> None:
        async with AsyncPlayground(server_url) as lab:
            moving = asyncio.Event()
            training = asyncio.create_task(
                lab.train(epochs=1_000_000, progress=lambda now: now.step and moving.set())
            )
            await moving.wait()
            training.cancel()
            with pytest.raises(asyncio.CancelledError):
                await training
            assert not (await lab.session())["playing"]

    asyncio.run(work())


def test_a_bar_tells_how_far_it_is(lab: Playground, capsys: pytest.CaptureFixture[str]) -> None:
    lab.train(epochs=3)
    told = capsys.readouterr()
    assert "3/3 epochs" in told.err and "accuracy" in told.err
    assert told.out == ""


def test_a_server_that_wants_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "a-key-of-some-length-0123456789"
    with serving(tmp_path / "log", LAYERLAB_API_KEYS=key) as url:
        with pytest.raises(NotAllowed, match="X-API-Key"):
            Playground(url)
        with Playground(url, api_key=key) as lab:
            assert lab.look().step == 0  # by the live socket
        monkeypatch.setenv("LAYERLAB_API_KEY", key)
        with Playground(url) as lab:
            assert lab.train(steps=1, **QUIET).step == 1


def test_nobody_answers(server_url: str) -> None:
    with pytest.raises(Unreachable, match="is the server running"):
        Playground("http://127.0.0.1:9")


class Elsewhere(BaseHTTPRequestHandler):
    """A web server, but not ours."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")


def test_another_sort_of_server_is_told() -> None:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(Unreachable, match="answers, but is no Layerlab server"):
            Playground(f"http://127.0.0.1:{server.server_port}")


def test_an_export_is_what_rest_gives(lab: Playground) -> None:
    there = f"{lab.server}/api/v1/sessions/{lab.id}/exports"
    for target in ("safetensors", "pytorch"):
        assert lab.export(target) == httpx.get(f"{there}/{target}").raise_for_status().content
    with pytest.raises(NotFound, match="it is one of"):
        lab.export("fortran")


def test_a_server_that_lacks_exports_is_told_by_name(
    lab: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerlab.asynchronous.EXPORTS", "/api/v1/never")
    with pytest.raises(NotOffered, match="has no exports"):
        lab.export("onnx")


@pytest.mark.parametrize(
    ("module", "ask"),
    [
        ("pandas", lambda lab: lab.history),
        ("matplotlib", lambda lab: lab.plot()),
        ("anywidget", lambda lab: lab.widget()),
    ],
)
def test_what_an_extra_lacks_is_told_with_the_command(
    lab: Playground, monkeypatch: pytest.MonkeyPatch, module: str, ask: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "layerlab.widget", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'layerlab\[notebook\]'"):
        ask(lab)


def test_importing_it_loads_neither_jax_nor_the_server() -> None:
    heavy = "{'jax', 'fastapi', 'pandas', 'matplotlib', 'server.app'}"
    code = f"import sys, layerlab; sys.exit(bool({heavy} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- a server of one's own ---------------------------------------------------------------------


def server_of(lab: Playground) -> psutil.Process:
    port = int(lab.server.rpartition(":")[2])
    for child in psutil.Process().children():
        if any(c.laddr.port == port for c in child.net_connections() if c.status == "LISTEN"):
            return child
    raise AssertionError("nobody listens there")


def test_a_local_server_starts_and_ends_with_it() -> None:
    with Playground() as lab:
        child = server_of(lab)
        link = lab.link
        assert lab.train(epochs=1, **QUIET).step == 25
        # what it serves is the whole of Layerlab, the page too
        assert httpx.get(lab.server).status_code == 200
    assert not child.is_running()
    with pytest.raises(Unreachable):
        Playground(link)


def test_a_server_that_goes_away_in_the_middle_is_told() -> None:
    with Playground() as lab:
        child = server_of(lab)

        def kill(so_far: TrainResult) -> None:
            if so_far.step:
                child.kill()

        with pytest.raises(Unreachable):
            lab.train(epochs=1_000_000, progress=kill)
        with pytest.raises(Unreachable):
            lab.predict([[0, 0]])
        with pytest.raises(Unreachable):
            next(lab.watch())


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
def test_a_local_server_ends_however_its_parent_ends() -> None:
    code = (
        "import json, time; from layerlab import Playground; lab = Playground();"
        "print(json.dumps({'url': lab.server}), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = json.loads(parent.stdout.readline())["url"]
        (child,) = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_script_that_forgets_to_close_ends_all_the_same(server_url: str) -> None:
    code = (
        "import sys; from layerlab import Playground; lab = Playground(sys.argv[1]);"
        "widget = lab.widget(); lab.play(); print(lab.link)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, server_url], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(NotFound):
        Playground(done.stdout.strip())


def test_a_file_is_brought_and_learned_from(lab: Playground, tmp_path: Path) -> None:
    file = tmp_path / "things.csv"
    rows = [f"{i},{'odd' if i % 2 else 'even'}" for i in range(40)]
    file.write_text("\n".join(["number,kind", *rows]))
    dataset, *_ = lab.upload(file)
    session = lab.patch({"data": {"dataset": dataset}})
    assert session["class_names"] == ["even", "odd"] and session["counts"]["train"] == 20
    file.write_text("number,kind\n1\n")
    with pytest.raises(BadInput, match=r"row 2: .*2 columns"):
        lab.upload(file)
