"""The playground by script, for `async` code; `playground.py` is the same without."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import anyio
import anyio.to_thread
import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kinds, links, live, sweeps
from .api import Api
from .bar import of_sweep, of_training
from .deployed import DeployedModel
from .errors import BadInput, LayerlabError, Problem, Unreachable
from .extras import need
from .local import LocalServer
from .results import Frame, LayerWeights, Metrics, Points, Prediction, SweepResult, TrainResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from .kinds import Experiment
    from .widget import LiveWidget

Json = dict[str, Any]
View = str | Json
#: True: a bar; False: nothing; a function: called about four times a second
Shown = bool | Callable[[TrainResult], object]
ShownSweep = bool | Callable[[SweepResult], object]

KEY = "LAYERLAB_API_KEY"
#: points in one request, as the server takes them
MAX_POINTS = 10_000
#: seconds until a session has surely been looked at
LOOK_SECONDS = 60
#: while `train` is under way
LOOKS_PER_SECOND = 20
UPLOADS = "/api/v1/uploads"
#: seconds between looks at a file that is being read
GLANCE = 0.2
DEPLOYMENTS = "/api/v1/deployments"
EXPORTS = "/api/v1/sessions/{session_id}/exports/{target}"


class AsyncPlayground:
    """One session on a server, or on a local one that ends with it.

    Use it with `async with`, or `await` its `open()` and `close()`.
    """

    def __init__(
        self,
        server: str | None = None,
        experiment: Experiment | Mapping[str, Any] | None = None,
        *,
        session: str | None = None,
        secret: str | None = None,
        keep: bool = False,
        api_key: str | None = None,
    ) -> None:
        """
        server: `http://host:port`, or any address of its page: one of a session that is there
            already, a portable link, a TensorFlow Playground address. None starts a local server.
        experiment: typed (`Experiment`) or JSON; what is left out has its default.
        session, secret: of a session that is there already. Without its secret it can be looked
            at, not touched.
        keep: leave the session to others when this ends; else it ends, if this made it.
        api_key: for a server that wants one; by default LAYERLAB_API_KEY of the environment.
        """
        address = links.read(server) if server is not None else None
        self._address = address
        self._experiment = experiment
        self.id: str = session or (address.session if address else None) or ""
        self.secret: str | None = secret or (address.secret if address else None)
        self._key = api_key or os.environ.get(KEY)
        self._keep = keep or bool(self.id)  # what others made is theirs to end
        self._local: LocalServer | None = None
        self._api: Api | None = None
        self._widgets: list[LiveWidget] = []
        if self.id and address is None:
            raise ValueError("a session is on a server: give its address too")
        if self.id and experiment is not None:
            raise ValueError("a session has its experiment already: change it with patch()")

    # -- beginning and end ---------------------------------------------------------------------

    async def open(self) -> Self:
        """Start what is needed, and find or make the session.

        Raises Unreachable, BadInput for the experiment, NotFound or NotAllowed for a session.
        """
        if self._address is None:
            self._local = await anyio.to_thread.run_sync(LocalServer)
        self.server: str = self._address.server if self._address else self._local.url  # type: ignore[union-attr]
        self._api = Api(self.server, key=self._key, local=self._local is not None)
        try:
            await (self._attach() if self.id else self._create())
        except BaseException:
            self._keep = True  # there is nothing to end
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """End the session if this made it (unless `keep`), and the local server."""
        for widget in self._widgets:
            widget.stop()
        with anyio.CancelScope(shield=True):
            if self._api and not self._keep:
                with suppress(LayerlabError):
                    await self._call("DELETE")
            if self._api:
                await self._api.close()
            if self._local:
                await anyio.to_thread.run_sync(self._local.close)
        self._api = self._local = None

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = self.link if self._api else "closed"
        return f"<{type(self).__name__} {state}>"

    async def _create(self) -> None:
        body = {"experiment": await self._wanted()}
        session = await self._rest.call("POST", "/api/v1/sessions", body)
        self.id, self.secret = session["id"], session["secret"]
        self._rest.authorize(session["secret"])

    async def _wanted(self) -> Any:
        address = self._address
        if self._experiment is not None or address is None:
            return self._experiment or {}
        if address.share:
            shared = await self._rest.call("GET", f"/api/v1/shares/{quote(address.share)}")
            return shared["experiment"]
        if address.tf is None:
            return address.experiment or {}
        said = await self._rest.call("GET", f"/api/v1/tf-playground?{address.tf}")
        return said["experiment"]

    async def _attach(self) -> None:
        if self.secret is None:
            await self._call("GET")
            return
        self._rest.authorize(self.secret)
        await self._call("PATCH", body={})  # nothing changes; a wrong secret is told at once

    @property
    def _rest(self) -> Api:
        if self._api is None:
            raise Unreachable("this playground is not open: use it in `with`, before its end")
        return self._api

    async def _call(self, method: str, rest: str = "", body: Any = None, **params: Any) -> Any:
        return await self._rest.call(method, self._path(rest), body, **params)

    def _path(self, rest: str = "") -> str:
        return f"/api/v1/sessions/{quote(self.id, safe='')}{rest}"

    # -- what it is ----------------------------------------------------------------------------

    @property
    def link(self) -> str:
        """The page on this session, for whoever may look on."""
        return links.watch(self.server, self.id)

    @property
    def control_link(self) -> str:
        """The page on this session, for whoever may act too: it holds the secret."""
        if self.secret is None:
            raise LayerlabError("only whoever has the session's secret can pass it on")
        return links.control(self.server, self.id, self.secret)

    async def portable_link(self) -> str:
        """The page on the experiment as it is now; it opens on any Layerlab server."""
        return links.portable(self.server, (await self.session())["experiment"])

    async def session(self) -> Json:
        """The session as it is now, as JSON (docs/protocol.md)."""
        return await self._call("GET")

    async def experiment(self) -> Experiment:
        """The experiment as it is now, typed."""
        return kinds.Experiment.model_validate((await self.session())["experiment"])

    # -- time ----------------------------------------------------------------------------------

    async def train(
        self, *, epochs: int | None = None, steps: int | None = None, progress: Shown = True
    ) -> TrainResult:
        """Train for so many epochs or steps, and answer when it is done.

        Cancelled, it pauses where it is. Raises BadInput, NotAllowed, Unreachable.
        """
        begun = await self.session()
        order = _order(epochs=epochs, steps=steps) | {"stream": True}
        watching = asyncio.create_task(self._look_on())
        try:
            with shown(progress, begun, epochs, steps) as show:
                return await self._follow(order, show)
        except LayerlabError:
            raise
        except BaseException:
            with anyio.CancelScope(shield=True), suppress(LayerlabError):
                await self.pause()
            raise
        finally:
            watching.cancel()

    async def _follow(self, order: Json, show: Callable[[TrainResult], object] | None) -> Any:
        start = time.monotonic()
        async with aclosing(self._rest.lines(self._path("/train"), order)) as lines:
            async for said in lines:
                done = said.pop("done")
                result = TrainResult(**said, seconds=time.monotonic() - start)
                if show:
                    show(result)
                if done:
                    return result
        raise Unreachable("the connection ended before training did")

    async def _look_on(self) -> None:
        """A curve has a row for every look at the session: look, so that history has rows."""
        with suppress(LayerlabError):
            async for _ in self.messages(fps=LOOKS_PER_SECOND):
                continue

    async def sweep(
        self,
        axes: sweeps.Axes,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        seeds: int = 1,
        draws: int | None = None,
        draw_seed: int = 0,
        progress: ShownSweep = True,
    ) -> SweepResult:
        """Train the experiment as it is now with up to three settings varied, and answer when all
        runs are over; the session stays as it is.

        axes: what varies, {"training.learning_rate": [0.01, 0.1], "network.layers[0].units":
            Range(2, 8)}; empty for an ensemble of seeds.
        epochs, steps: how long every run trains; either of them.
        seeds: of every setting, counted up from the experiment's own.
        draws: so many settings at random; None is the grid. draw_seed: of the draws.

        The server trains it, and goes on when it was ended and started again. Cancelled here, it
        is cancelled there. Raises BadInput, Busy, Unreachable, NotOffered.
        """
        await self._rest.need(sweeps.SWEEPS, "sweeps")
        experiment = (await self.session())["experiment"]
        lengths: Json = {"epochs": epochs, "steps": steps, "seeds": seeds}
        order = sweeps.document(experiment, axes, draws=draws, draw_seed=draw_seed, **lengths)
        begun = await self._rest.call("POST", sweeps.SWEEPS, order)
        try:
            with shown_sweep(progress) as show:
                return await sweeps.follow(self._rest, tuple(axes), begun, show)
        except BaseException:
            with anyio.CancelScope(shield=True), suppress(LayerlabError):
                await sweeps.cancel(self._rest, begun)
            raise

    async def play(self, steps: int | None = None) -> Json:
        """Train until paused, or for so many steps; answers at once with the session."""
        return await self._command("play", **_order(steps=steps))

    async def pause(self) -> Json:
        """Stop training where it is; the session."""
        return await self._command("pause")

    async def reset(self, seed: int | None = None) -> Json:
        """Back to the initial weights, or to those of another seed; the session."""
        return await self._command("reset", **_order(seed=seed))

    async def seek(self, step: int) -> Json:
        """Go to any step that the run has been at; training on from there branches. The session."""
        return await self._command("seek", step=step)

    async def set_speed(self, epochs_per_second: float | None) -> Json:
        """Limit the pace of `play`; None is as fast as it goes. The session."""
        return await self._command("speed", epochs_per_second=epochs_per_second)

    # -- changes -------------------------------------------------------------------------------

    async def patch(self, changes: Mapping[str, Any]) -> Json:
        """Change the experiment by a JSON merge patch, typed objects allowed; the session.

        Lists are replaced whole; None brings a field back to its default. Raises BadInput.
        """
        return await self._command("patch", experiment=changes)

    async def edit(self, layer: int, param: str, index: Sequence[int], value: float) -> Json:
        """Set one weight by hand: layers count the hidden ones, then the output. The session."""
        return await self._command("edit", layer=layer, param=param, index=index, value=value)

    async def _command(self, kind: str, **fields: Any) -> Json:
        return await self._call("POST", "/commands", {"kind": kind, **fields})

    # -- what was learned ----------------------------------------------------------------------

    async def metrics(self) -> Metrics:
        """The scores now: `metrics["test"]["loss"]`; a part without points is None."""
        score = "accuracy" if (await self.session())["problem"] == "classification" else "r2"
        last = {name: float(column[-1]) for name, column in (await self.curve()).items()}
        return {part: _part(last, part, score) for part in ("train", "validation", "test")}

    async def curve(self) -> dict[str, NDArray[np.float64]]:
        """The curves so far, a column each: step, epoch, train_loss, test_loss …; NaN: none."""
        said = await self._call("GET", "/metrics")
        rows = np.array(said["rows"], np.float64).reshape(-1, len(said["columns"]))
        return dict(zip(said["columns"], rows.T, strict=True))

    async def history(self) -> DataFrame:
        """The curves so far as a pandas DataFrame. ImportError without pandas."""
        pandas = need("pandas", "history")
        return pandas.DataFrame(await self.curve())

    async def predict(self, points: ArrayLike) -> Prediction:
        """Outputs, and for classification the class, at points of shape (N, inputs).

        A problem of one input takes (N,) as well. Raises BadInput.
        """
        inputs = np.asarray(points, np.float64)
        inputs = inputs[:, None] if inputs.ndim == 1 else inputs
        parts = [
            await self._call("POST", "/predict", {"inputs": inputs[i : i + MAX_POINTS]})
            for i in range(0, max(len(inputs), 1), MAX_POINTS)
        ]
        outputs = np.concatenate([np.array(part["outputs"]) for part in parts])
        if parts[0]["classes"] is None:
            return Prediction(outputs, None)
        return Prediction(outputs, np.concatenate([np.array(part["classes"]) for part in parts]))

    async def weights(self) -> list[LayerWeights]:
        """Every weight and bias, hidden layers first, then the output."""
        said = await self._call("GET", "/weights")
        return [
            LayerWeights(
                layer["title"],
                {name: np.array(values, np.float32) for name, values in layer["params"].items()},
            )
            for layer in said["layers"]
        ]

    async def digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal."""
        return (await self._call("GET", "/weights"))["digest"]

    async def equation(self) -> list[str]:
        """The network's formula, a line of LaTeX per layer."""
        return (await self._call("GET", "/equation"))["latex"]

    async def export(self, target: str, **options: Any) -> bytes:
        """Code or weights for elsewhere ("onnx", "pytorch", …), as the file's content.

        Raises NotOffered where the server has no exports, NotFound for an unknown target, BadInput
        where the target cannot hold this network.
        """
        await self._rest.need(EXPORTS, "exports")
        path = self._path(f"/exports/{quote(target, safe='')}")
        return (await self._rest.send("GET", path, **options)).content

    async def evaluate(self, part: str = "test") -> Json:
        """Loss and score over all examples of a part; that the test part was asked is written
        down in `session["evaluations"]`."""
        return await self._call("POST", "/evaluate", {"part": part})

    async def deploy(self, title: str = "") -> DeployedModel:
        """Freeze what the session has learned, its preparation within: a model that answers whoever
        has its key, for good and without the session. Its `key` is not told again.

        Raises NotOffered where the server deploys none, NotAllowed without the session's secret.
        """
        await self._rest.need(DEPLOYMENTS, "deployed models")
        body = {"session": self.id, "title": title}
        made = await self._rest.call("POST", DEPLOYMENTS, body)
        keys = self._rest.keys.get("X-API-Key")
        return DeployedModel(f"{self.server}{made['path']}", made["key"], api_key=keys)

    async def upload(self, file: str | Path, **said: str) -> list[Json]:
        """Bring a file (CSV, JSON lines, Parquet, text, a zip of pictures or of WAV files in a
        folder for each class) to the server: what it can be learned from as, the likeliest first,
        each to be `patch({"data": {"dataset": …}})`. said: `encoding`, `header`, `format`.

        Raises BadInput with the row, the column and the mend where it cannot be read, OSError.
        """
        await self._rest.need(UPLOADS, "uploads")
        path = Path(file)
        content = await anyio.Path(path).read_bytes()
        upload = await self._rest.bring(UPLOADS, content, name=path.name, **said)
        while upload["status"] == "reading":
            await anyio.sleep(GLANCE)
            upload = await self._rest.call("GET", f"{UPLOADS}/{upload['id']}")
        if upload["error"] is not None:
            raise BadInput(422, f"{path.name} cannot be read", [_problem(upload["error"])])
        return upload["datasets"]

    # -- looking -------------------------------------------------------------------------------

    async def watch(self, *views: View, fps: float = 30) -> AsyncGenerator[Frame]:
        """Frames as they come, at most `fps` a second, until the session ends.

        views: names or `{"kind": "surface", "size": 50}` (docs/protocol.md, "Views"). Who is
        slow to take a frame gets fewer, never old ones.
        """
        async with aclosing(self.messages(*views, fps=fps)) as messages:
            async for message in messages:
                if message["kind"] == "frame":
                    yield _frame(message)

    async def look(self, *views: View) -> Frame:
        """The session's present moment with these views."""
        return (await self._glance(*views))["frame"]

    async def points(self) -> Points:
        """The points that it learns from and is tested on."""
        return (await self._glance())["data"]

    async def plot(self) -> Figure:
        """Curves beside what the network answers everywhere. ImportError without Matplotlib."""
        need("matplotlib", "plot")
        from . import plots

        seen = await self._glance("surface")
        return plots.figure(seen["session"], seen["data"], await self.curve(), seen["frame"])

    def widget(self, spawn: Callable[..., Any] | None = None) -> LiveWidget:
        """The curves and the surface, live in a notebook. ImportError without anywidget.

        spawn: starts a coroutine function in the background; by default in this very loop.
        """
        from .widget import LiveWidget

        widget = LiveWidget(self, spawn or (lambda act: asyncio.ensure_future(act())))
        self._widgets.append(widget)
        return widget

    def messages(self, *views: View, fps: float) -> AsyncGenerator[Json]:
        """Everything that the live socket says (docs/protocol.md), arrays as NumPy's."""
        return live.messages(self._rest, self.id, views=views, fps=fps)

    async def _glance(self, *views: View) -> Json:
        """The newest of each kind of message, once a frame has all that was asked for."""
        names = {view if isinstance(view, str) else view["kind"] for view in views}
        seen: Json = {}
        try:
            async with (
                asyncio.timeout(LOOK_SECONDS),
                aclosing(self.messages(*views, fps=30)) as said,
            ):
                async for message in said:
                    seen[message["kind"]] = _TAKE.get(message["kind"], lambda m: m)(message)
                    frame = seen.get("frame")
                    if frame and frame.metrics is not None and names <= frame.views.keys():
                        return seen
        except TimeoutError:
            asked = ", ".join(sorted(names)) or "anything"
            raise LayerlabError(
                f"the session did not show {asked} in {LOOK_SECONDS} s; does its problem have that?"
            ) from None
        raise Unreachable("the session ended before it could be seen")


def _frame(message: Json) -> Frame:
    return Frame(**{name: message[name] for name in Frame.__dataclass_fields__ if name in message})


_TAKE: dict[str, Callable[[Json], Any]] = {
    "frame": _frame,
    "session": lambda m: m["session"],
    "data": lambda m: Points(m["inputs"], m["labels"], m["split"]),
}


def _part(last: dict[str, float], part: str, score: str) -> dict[str, float] | None:
    loss = last[f"{part}_loss"]
    return None if np.isnan(loss) else {"loss": loss, score: last[f"{part}_score"]}


def _order(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def shown(progress: Shown, session: Json, epochs: int | None, steps: int | None) -> Any:
    """A context whose value is to be called with how far training is, or None."""
    if not progress or not (epochs or steps):
        return nullcontext()
    if callable(progress):
        return nullcontext(progress)
    if epochs:
        return of_training(epochs, "epochs", session)
    return of_training(steps or 0, "steps", session)


def shown_sweep(progress: ShownSweep) -> Any:
    """A context whose value is to be called with how far a sweep is, or None."""
    if callable(progress):
        return nullcontext(progress)
    return of_sweep() if progress else nullcontext()


def _problem(note: Json) -> Problem:
    """What is wrong with a file, and where in it."""
    places = {"row": note["row"], "column": note["column"]}
    where = ", ".join(f"{name} {value}" for name, value in places.items() if value is not None)
    return Problem("", f"{where}: {note['message']}" if where else note["message"])
