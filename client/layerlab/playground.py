"""The playground by script. `asynchronous.py` does the work, in a thread with a loop."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .asynchronous import AsyncPlayground, Json, Shown, ShownSweep, View, shown, shown_sweep
from .deployed import DeployedModel
from .loop import Loop
from .results import Frame, LayerWeights, Metrics, Points, Prediction, SweepResult, TrainResult
from .same import taking
from .tree import Node

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from .kinds import Experiment
    from .widget import LiveWidget

T = TypeVar("T")


class Playground:
    """One session on a server, or on a local one that ends with it: all that AsyncPlayground
    takes and does, without `await`.

    Use it with `with`, or call `close()` in the end. Raises Unreachable, BadInput for the
    experiment, NotFound or NotAllowed for a session.

        with Playground(experiment={"data": {"dataset": "spiral"}}) as lab:
            lab.training.learning_rate = 0.1
            lab.train(epochs=100)
    """

    @taking(AsyncPlayground.__init__)
    def __init__(self, *args: Any, **settings: Any) -> None:
        self._lab = AsyncPlayground(*args, **settings)
        self._loop = Loop()
        try:
            self._run(self._lab.open)
        except BaseException:
            self._loop.close()
            raise
        # a notebook that runs its cell again, or a script that ends, leaves nothing behind
        self._end = weakref.finalize(self, _finish, self._lab, self._loop)

    def close(self) -> None:
        """End the session if this made it (unless `keep`), and the local server."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._lab).replace("AsyncPlayground", "Playground")

    def _run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        return self._loop.run(function, *args)

    # -- what it is ----------------------------------------------------------------------------

    @property
    def server(self) -> str:
        """The server's address."""
        return self._lab.server

    @property
    def id(self) -> str:
        """The session's id: whoever has it may look on."""
        return self._lab.id

    @property
    def secret(self) -> str | None:
        """The session's secret: whoever has it may act."""
        return self._lab.secret

    @property
    def link(self) -> str:
        """The page on this session, for whoever may look on."""
        return self._lab.link

    @property
    def control_link(self) -> str:
        """The page on this session, for whoever may act too: it holds the secret."""
        return self._lab.control_link

    @property
    def portable_link(self) -> str:
        """The page on the experiment as it is now; it opens on any Layerlab server."""
        return self._run(self._lab.portable_link)

    @property
    def session(self) -> Json:
        """The session as it is now, as JSON (docs/protocol.md)."""
        return self._run(self._lab.session)

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is now, typed."""
        return self._run(self._lab.experiment)

    @property
    def data(self) -> Node:
        """The experiment's data, to read and to set: `lab.data.dataset.noise = 20`."""
        return self._node("data")

    @property
    def network(self) -> Node:
        """The experiment's network: `lab.network.layers[0].units = 8`."""
        return self._node("network")

    @property
    def training(self) -> Node:
        """The experiment's training: `lab.training.learning_rate = 0.1`."""
        return self._node("training")

    def _node(self, name: str) -> Node:
        return Node(lambda: self.session["experiment"], self.patch, (name,))

    # -- time ----------------------------------------------------------------------------------

    def train(
        self, *, epochs: int | None = None, steps: int | None = None, progress: Shown = True
    ) -> TrainResult:
        """Train for so many epochs or steps, and answer when it is done.

        progress: True shows a bar; a function is called with each TrainResult on the way.
        Interrupted (Ctrl+C), it pauses where it is. Raises BadInput, NotAllowed, Unreachable.
        """
        with shown(progress, self.session, epochs, steps) as show:
            return self._telling(show, partial(self._lab.train, epochs=epochs, steps=steps))

    @taking(AsyncPlayground.sweep)
    def sweep(self, *args: Any, progress: ShownSweep = True, **settings: Any) -> SweepResult:
        with shown_sweep(progress) as show:
            return self._telling(show, partial(self._lab.sweep, *args, **settings))

    def _telling(self, show: Callable[[T], object] | None, work: Callable[..., Awaitable[T]]) -> T:
        """What `work` answers; what it tells as `progress` is shown by this thread: a notebook
        then knows in which cell. Interrupted here, it is cancelled there."""
        said: SimpleQueue[T | None] = SimpleQueue()

        async def told() -> T:
            try:
                return await work(progress=said.put)
            finally:
                said.put(None)

        future = self._loop.start(told)
        try:
            for result in iter(said.get, None):
                if show:
                    show(result)
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def play(self, steps: int | None = None) -> Json:
        """Train until paused, or for so many steps; answers at once with the session."""
        return self._run(self._lab.play, steps)

    def pause(self) -> Json:
        """Stop training where it is; the session."""
        return self._run(self._lab.pause)

    def reset(self, seed: int | None = None) -> Json:
        """Back to the initial weights, or to those of another seed; the session."""
        return self._run(self._lab.reset, seed)

    def seek(self, step: int) -> Json:
        """Go to any step that the run has been at; training on from there branches. The session."""
        return self._run(self._lab.seek, step)

    def set_speed(self, epochs_per_second: float | None) -> Json:
        """Limit the pace of `play`; None is as fast as it goes. The session."""
        return self._run(self._lab.set_speed, epochs_per_second)

    # -- changes -------------------------------------------------------------------------------

    def patch(self, changes: Mapping[str, Any]) -> Json:
        """Change the experiment by a JSON merge patch, typed objects allowed; the session.

        Lists are replaced whole; None brings a field back to its default. Raises BadInput.
        """
        return self._run(self._lab.patch, changes)

    def edit(self, layer: int, param: str, index: Sequence[int], value: float) -> Json:
        """Set one weight by hand: layers count the hidden ones, then the output. The session."""
        return self._run(self._lab.edit, layer, param, index, value)

    # -- what was learned ----------------------------------------------------------------------

    @property
    def metrics(self) -> Metrics:
        """The scores now: `metrics["test"]["loss"]`; a part without points is None."""
        return self._run(self._lab.metrics)

    @property
    def curve(self) -> dict[str, NDArray[np.float64]]:
        """The curves so far, a column each: step, epoch, train_loss, test_loss …; NaN: none."""
        return self._run(self._lab.curve)

    @property
    def history(self) -> DataFrame:
        """The curves so far as a pandas DataFrame. ImportError without pandas."""
        return self._run(self._lab.history)

    def predict(self, points: ArrayLike) -> Prediction:
        """Outputs, and for classification the class, at points of shape (N, inputs).

        A problem of one input takes (N,) as well. Raises BadInput.
        """
        return self._run(self._lab.predict, points)

    @property
    def weights(self) -> list[LayerWeights]:
        """Every weight and bias, hidden layers first, then the output."""
        return self._run(self._lab.weights)

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, in hexadecimal."""
        return self._run(self._lab.digest)

    @property
    def equation(self) -> list[str]:
        """The network's formula, a line of LaTeX per layer."""
        return self._run(self._lab.equation)

    def export(self, target: str, **options: Any) -> bytes:
        """Code or weights for elsewhere ("onnx", "pytorch", …), as the file's content.

        Raises NotOffered where the server has no exports, NotFound for an unknown target, BadInput
        where the target cannot hold this network.
        """
        return self._run(lambda: self._lab.export(target, **options))

    def evaluate(self, part: str = "test") -> Json:
        """Loss and score over all examples of a part; that the test part was asked is written
        down in `session["evaluations"]`."""
        return self._run(self._lab.evaluate, part)

    def deploy(self, title: str = "") -> DeployedModel:
        """Freeze what the session has learned, its preparation within: a model that answers whoever
        has its key, for good and without the session. Its `key` is not told again.

        Raises NotOffered where the server deploys none, NotAllowed without the session's secret.
        """
        return self._run(self._lab.deploy, title)

    def upload(self, file: str | Path, **said: str) -> list[Json]:
        """Bring a file (CSV, JSON lines, Parquet, text, a zip of pictures or of WAV files in a
        folder for each class) to the server: what it can be learned from as, the likeliest first,
        each to be `patch({"data": {"dataset": …}})`. said: `encoding`, `header`, `format`.

        Raises BadInput with the row, the column and the mend where it cannot be read, OSError.
        """
        return self._run(lambda: self._lab.upload(file, **said))

    # -- looking -------------------------------------------------------------------------------

    def watch(self, *views: View, fps: float = 30) -> Iterator[Frame]:
        """Frames as they come, at most `fps` a second, until the session ends.

        views: names or `{"kind": "surface", "size": 50}` (docs/protocol.md, "Views"). Who is
        slow to take a frame gets fewer, never old ones.
        """
        frames = self._lab.watch(*views, fps=fps)

        async def following() -> Frame | None:
            return await anext(frames, None)

        try:
            yield from iter(lambda: self._run(following), None)
        finally:
            self._run(frames.aclose)

    def look(self, *views: View) -> Frame:
        """The session's present moment with these views."""
        return self._run(self._lab.look, *views)

    @property
    def points(self) -> Points:
        """The points that it learns from and is tested on."""
        return self._run(self._lab.points)

    def plot(self) -> Figure:
        """Curves beside what the network answers everywhere. ImportError without Matplotlib."""
        return self._run(self._lab.plot)

    def widget(self) -> LiveWidget:
        """The curves and the surface, live in a notebook. ImportError without anywidget."""
        return self._lab.widget(self._loop.start)


def _finish(lab: AsyncPlayground, loop: Loop) -> None:
    loop.run(lab.close)
    loop.close()
