"""The picture that a link is shown with elsewhere (Open Graph): the network and its surface."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from server.datasets.base import DOMAIN, Dataset
from server.datasets.features import transform
from server.datasets.split import TRAIN, Loaded, load
from server.experiment import Experiment
from server.experiment.shapes import layer_shapes
from server.layers.base import Context, Merge
from server.layers.dense import Dense
from server.training.targets import output_units

from .document import Moment, Share, Surface

WIDTH, HEIGHT = 1200, 630
#: drawn larger and then reduced, for smooth edges
SCALE = 2

Rgb = tuple[int, int, int]
Box = tuple[float, float, float, float]
Floats = NDArray[np.float32]


def _rgb(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


# as on the page: frontend/src/app.css and pictures/colors.ts
NEGATIVE, NEUTRAL, POSITIVE = _rgb("#f59322"), _rgb("#e8eaeb"), _rgb("#0877bd")
CLASSES = [NEGATIVE, POSITIVE, *map(_rgb, ("#2eb8a1", "#93255c", "#f9e586", "#c3a8fa"))]
PAPER, LINE, RAIL = map(_rgb, ("#ffffff", "#dde2e6", "#c9d0d6"))
INK, CAPTION = _rgb("#17212b"), _rgb("#616d79")
TRAINING, TEST = _rgb("#0b7a70"), _rgb("#bf2f6b")

NETWORK: Box = (48, 112, 676, 548)
OUTCOME: Box = (740, 112, 1152, 524)
CURVES: Box = (740, 536, 1152, 580)
#: at most so many tiles of a column, and columns, are drawn
ROWS, COLUMNS = 8, 9
#: and rows of layers
STACK = 8
TILE = 62
#: points per side of a tile's map, and of the surface's
MAP, HEAT = 24, 200
POINTS, MADE = 400, 200
LINKS = 160
#: how layers are asked what they answer
LOOKING = Context(training=False, key=None, mask=None, linear=lambda x, w: x @ w)


def draw(share: Share) -> bytes:
    """A PNG of 1200 × 630."""
    with np.errstate(all="ignore"):  # a moment may hold any numbers; what is none is neutral
        return _drawn(share)


def _drawn(share: Share) -> bytes:
    canvas = _Canvas.empty()
    experiment, moment = share.now, share.moment
    data = load(experiment.data)
    _draw_words(canvas, share, experiment)
    canvas.frame(OUTCOME)
    surface = moment.surface if moment else None
    if experiment.data.dataset.form == "points":
        _draw_outcome(canvas, data, experiment, surface)
        _draw_made(canvas, experiment, moment)
        _draw_network(canvas, experiment, moment)
    else:
        _draw_examples(canvas, data, experiment.data.dataset)
        _draw_stacks(canvas, experiment)
    if moment is not None:
        _draw_curves(canvas, moment)
    return canvas.png()


@dataclass(frozen=True)
class _Canvas:
    """A sheet measured in pixels of the finished picture."""

    image: Image.Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def empty(cls) -> _Canvas:
        image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
        return cls(image, ImageDraw.Draw(image))

    def png(self) -> bytes:
        out = io.BytesIO()
        self.image.reduce(SCALE).save(out, "PNG", optimize=True)
        return out.getvalue()

    def text(self, x: float, y: float, text: str, size: int, ink: Rgb, anchor: str = "ls") -> None:
        font = ImageFont.load_default(size * SCALE)
        self.pen.text((x * SCALE, y * SCALE), text, ink, font, anchor)

    def line(self, points: Iterable[tuple[float, float]], ink: Rgb, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, ink, max(1, round(width * SCALE)), "curve")

    def dot(self, x: float, y: float, radius: float, fill: Rgb, edge: Rgb = PAPER) -> None:
        self.pen.circle((x * SCALE, y * SCALE), radius * SCALE, fill, edge, SCALE)

    def frame(self, box: Box, fill: Rgb = PAPER, radius: float = 6) -> None:
        corners = [edge * SCALE for edge in box]
        self.pen.rounded_rectangle(corners, radius * SCALE, fill, LINE, SCALE)

    def paste(self, picture: Image.Image, box: Box, radius: float = 6) -> None:
        """Put a picture into a box, its corners rounded."""
        x0, y0, x1, y1 = (round(edge * SCALE) for edge in box)
        size = (x1 - x0, y1 - y0)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle([(0, 0), size], radius * SCALE, 255)
        self.image.paste(picture.resize(size, Image.Resampling.BICUBIC), (x0, y0), mask)


# -- words -------------------------------------------------------------------------------


def _draw_words(canvas: _Canvas, share: Share, experiment: Experiment) -> None:
    # the font that comes with Pillow has Latin letters only; the title is told beside the picture
    title = share.title if share.title.isascii() and share.title else "Layerlab"
    canvas.text(48, 74, _shortened(title, 50), 36, INK)
    if title != "Layerlab":
        canvas.text(1152, 74, "Layerlab", 24, CAPTION, "rs")
    canvas.text(48, 604, _about(experiment), 20, CAPTION)
    if share.moment is not None:
        canvas.text(1152, 604, _reached(share.moment), 20, CAPTION, "rs")


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3].rstrip()}..."


def _about(experiment: Experiment) -> str:
    training, generator = experiment.training, experiment.generator
    moved = f"{training.optimizer.title} {training.learning_rate:g}"
    parts = [
        experiment.data.dataset.title.replace("×", "x"),
        _layers(experiment),
        f"generator of {len(generator.layers) + 1} layers" if generator is not None else moved,
    ]
    return _shortened(" · ".join(parts), 64)


def _layers(experiment: Experiment) -> str:
    layers = experiment.network.layers
    if not layers:
        return "no hidden layer"
    if all(layer.kind == "dense" for layer in layers):
        return f"hidden layers {'-'.join(map(str, _units(layers)))}"
    return f"{len(layers)} hidden layer{'s' * (len(layers) > 1)}"


def _reached(moment: Moment) -> str:
    loss = _last(moment, "test_loss")
    return f"step {moment.step:,}" + (f" · test loss {loss:.3g}" if loss is not None else "")


def _last(moment: Moment, column: str) -> float | None:
    columns, rows = moment.curve.columns, moment.curve.rows
    return rows[-1][columns.index(column)] if rows and column in columns else None


# -- the outcome -------------------------------------------------------------------------


def _mixed(low: Rgb, high: Rgb, share: Any) -> Floats:
    """Colours (…, 3) on the way from one to another."""
    t = np.clip(np.asarray(share, np.float32), 0, 1)[..., None]
    mixed = np.asarray(low, np.float32) * (1 - t) + np.asarray(high, np.float32) * t
    return np.asarray(mixed, np.float32)


def _diverging(values: Any) -> Floats:
    """Colours (…, 3) of values in [-1, 1]."""
    values = np.nan_to_num(np.asarray(values, np.float32))
    low, high = _mixed(NEUTRAL, NEGATIVE, -values), _mixed(NEUTRAL, POSITIVE, values)
    return np.asarray(np.where(values[..., None] < 0, low, high), np.float32)


def _tint(rgb: Floats) -> Rgb:
    r, g, b = (round(float(channel)) for channel in rgb)
    return r, g, b


def _image(rgb: Floats) -> Image.Image:
    return Image.fromarray(np.round(rgb).astype(np.uint8))


def _heat(surface: Surface, dataset: Dataset) -> Image.Image:
    planes = surface.planes()
    side = (HEAT, HEAT)
    smooth = [Image.fromarray(p).resize(side, Image.Resampling.BICUBIC) for p in planes]
    fine = np.stack([np.asarray(image, np.float32) for image in smooth]) / 255
    if len(planes) == 1:
        return _image(_diverging(fine[0] * 2 - 1))
    winner, share = fine.argmax(0), fine.max(0)
    colours = np.array([CLASSES[k % len(CLASSES)] for k in range(len(planes))], np.float32)
    t = (0.35 + 0.65 * share)[..., None]
    return _image(np.array(NEUTRAL, np.float32) * (1 - t) + colours[winner] * t)


def _label_colours(data: Loaded, experiment: Experiment) -> list[Rgb]:
    dataset = experiment.data.dataset
    if experiment.generator is not None:  # all of them are real
        return [POSITIVE] * len(data.labels)
    if dataset.problem == "classification":
        return [CLASSES[int(label) % len(CLASSES)] for label in data.labels]
    low, high = data.label_range
    return [_tint(c) for c in _diverging((data.labels - low) / max(high - low, 1e-9) * 2 - 1)]


def _draw_outcome(
    canvas: _Canvas, data: Loaded, experiment: Experiment, surface: Surface | None
) -> None:
    """Of points: what the network answers, and what it learns from."""
    dataset = experiment.data.dataset
    if dataset.dimensions == 1:
        _draw_fit(canvas, data, surface)
        return
    if surface is not None and surface.maps:
        canvas.paste(_heat(surface, dataset), OUTCOME)
    train = np.flatnonzero(data.part == TRAIN)[:POINTS]
    colours = _label_colours(data, experiment)
    _draw_points(
        canvas, data.inputs[train], [colours[i] for i in train], PAPER if surface else RAIL
    )


def _draw_points(canvas: _Canvas, points: Any, colours: Sequence[Rgb], edge: Rgb) -> None:
    x0, y0, x1, y1 = OUTCOME
    for point, colour in zip(points, colours, strict=True):
        x, y = np.clip(point / DOMAIN, -1, 1)
        where = x0 + (x + 1) / 2 * (x1 - x0), y0 + (1 - y) / 2 * (y1 - y0)
        canvas.dot(*where, 4.5, colour, edge)


def _draw_made(canvas: _Canvas, experiment: Experiment, moment: Moment | None) -> None:
    """The points that a generator makes, where the moment tells all of its weights."""
    generator, first = experiment.generator, len(experiment.network.layers) + 1
    if generator is None or moment is None:
        return
    layers = (*generator.layers, Dense(units=2, activation=experiment.made_activation))
    rng, size = np.random.default_rng(0), (MADE, generator.latent)
    noise = rng.uniform(-1, 1, size) if generator.noise == "uniform" else rng.standard_normal(size)
    *_, made = passed = _passed(layers, (moment.weights or ())[first:], noise.astype(np.float32))
    if len(passed) == len(layers) + 1 and made.shape == (MADE, 2):
        finite = made[np.isfinite(made).all(1)]
        _draw_points(canvas, finite, [NEGATIVE] * len(finite), PAPER)


def _draw_fit(canvas: _Canvas, data: Loaded, surface: Surface | None) -> None:
    """One input: the outputs as lines over x, the points they learn from."""
    lines = np.array(surface.lines if surface and surface.lines else [], np.float32)
    train = np.flatnonzero(data.part == TRAIN)[:POINTS]
    seen = np.concatenate([lines.ravel(), data.labels[train], np.array(data.label_range)])
    low, high = float(seen.min()), float(seen.max())
    pad = (high - low or 1) / 12
    x0, y0, x1, y1 = OUTCOME

    def place(x: Any, y: Any) -> tuple[float, float]:
        share = (float(y) - low + pad) / (high - low + 2 * pad)
        return x0 + (float(x) / DOMAIN + 1) / 2 * (x1 - x0), y1 - share * (y1 - y0)

    inputs = data.inputs
    for i in train:
        canvas.dot(*place(inputs[i, 0], data.labels[i]), 4, CAPTION)
    for line in lines:
        xs = np.linspace(-DOMAIN, DOMAIN, len(line))
        canvas.line([place(x, y) for x, y in zip(xs, line, strict=True)], POSITIVE, 3)


def _draw_examples(canvas: _Canvas, data: Loaded, dataset: Dataset) -> None:
    """A few of what is learned from: pictures in rows, sequences as lines, tokens as written."""
    shown = data.pool[data.rows[:16]]
    x0, y0, x1, y1 = OUTCOME
    if dataset.form == "image":
        _draw_pictures(canvas, 255 - shown[..., 0])
        return
    rows = len(shown[:6])
    height = (y1 - y0) / rows
    for row, example in enumerate(shown[:6]):
        middle = y0 + (row + 0.5) * height
        if dataset.form == "tokens":
            gap = " " if dataset.input_shape[0] < 5 else ""
            words = gap.join(dataset.vocabulary[token] for token in example)
            canvas.text(x0 + 24, middle, _shortened(words, 24), 22, INK, "lm")
            continue
        values = example.reshape(len(example), -1)[:, 0].astype(float)  # of a table, a row
        values = (values - values.min()) / (np.ptp(values) or 1)
        xs = np.linspace(x0 + 12, x1 - 12, len(values))
        ys = middle + (0.5 - values) * 0.7 * height
        canvas.line(zip(xs, ys, strict=True), POSITIVE, 3)


def _draw_pictures(canvas: _Canvas, pictures: NDArray[np.uint8]) -> None:
    """Up to sixteen of them (N, height, width) in four rows, every pixel to be seen."""
    x0, y0, x1, _ = OUTCOME
    pitch = (x1 - x0 - 12) / 4
    for i, picture in enumerate(pictures):
        x, y = x0 + 12 + i % 4 * pitch, y0 + 12 + i // 4 * pitch
        box = (x, y, x + pitch - 12, y + pitch - 12)
        enlarged = Image.fromarray(picture).resize((280, 280), Image.Resampling.NEAREST)
        canvas.paste(enlarged, box, 4)


def _draw_curves(canvas: _Canvas, moment: Moment) -> None:
    """Training and test loss over the steps, small."""
    columns, rows = moment.curve.columns, moment.curve.rows
    if "step" not in columns or len(rows) < 2:
        return
    table = np.array([[np.nan if v is None else v for v in row] for row in rows], np.float64)
    steps = table[:, columns.index("step")]
    losses = {
        ink: table[:, columns.index(name)]
        for name, ink in (("train_loss", TRAINING), ("test_loss", TEST))
        if name in columns
    }
    top = max((np.nanmax(v) for v in losses.values() if np.isfinite(v).any()), default=0.0)
    reach = float(np.nanmax(steps) - np.nanmin(steps))
    if not (top > 0 and reach > 0):
        return
    x0, y0, x1, y1 = CURVES
    canvas.line([(x0, y1), (x1, y1)], LINE, 1)
    for ink, values in losses.items():
        points = [
            (x0 + (x - steps.min()) / reach * (x1 - x0), y1 - max(y, 0) / top * (y1 - y0))
            for x, y in zip(steps, values, strict=True)
            if np.isfinite(y)
        ]
        if len(points) > 1:
            canvas.line(points, ink, 2)


# -- the network -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    """Tiles one above the other: centres, their maps where they are known, how many more."""

    x: float
    ys: list[float]
    maps: Floats | None
    more: int


def _draw_network(canvas: _Canvas, experiment: Experiment, moment: Moment | None) -> None:
    weights = _weights(experiment, moment)
    stacks = _maps(experiment, moment)
    sizes = [len(experiment.data.features), *_units(experiment.network.layers)]
    shown = _shown(len(sizes))
    tile = _tile_size([sizes[i] for i in shown])
    columns = [_column(i, shown, sizes, stacks, tile) for i in shown]
    for place, (left, right) in enumerate(zip(columns, columns[1:], strict=False)):
        follows = shown[place + 1] == shown[place] + 1
        matrix = weights[shown[place]] if weights and follows else None
        _draw_links(canvas, (left, tile), (right.x - tile / 2, right.ys), matrix)
    x0, y0, _, y1 = OUTCOME
    outputs = _spread((y0 + y1) / 2, _outputs(weights, experiment), 26)
    matrix = weights[-1] if weights else None
    _draw_links(canvas, (columns[-1], tile), (x0, outputs), matrix)
    for column in columns:
        _draw_column(canvas, column, tile, experiment.data.dataset.dimensions)


def _draw_stacks(canvas: _Canvas, experiment: Experiment) -> None:
    """Of a network for other examples than points: its layers from input to output, with the
    shape that an example has after each; beside those of a generator, where there is one."""
    layers, generator = experiment.network.layers, experiment.generator
    titles = ["Input", *(layer.title for layer in layers), "Output"]
    outputs = (*experiment.task.label_shape, _output_units(experiment))
    shapes = [*layer_shapes(layers, experiment.input_shape), outputs]
    x0, y0, x1, y1 = NETWORK
    if generator is None:
        _draw_stack(canvas, NETWORK, titles, shapes)
        return
    middle = (x0 + x1) / 2
    titles[0], titles[-1] = "Real or made", "Verdict"
    _draw_stack(canvas, (middle + 8, y0, x1, y1), titles, shapes)
    titles = ["Noise", *(layer.title for layer in generator.layers), "Made"]
    made = experiment.data.example_shape
    shapes = [*layer_shapes(generator.layers, (generator.latent,)), made]
    _draw_stack(canvas, (x0, y0, middle - 8, y1), titles, shapes)


def _draw_stack(
    canvas: _Canvas, box: Box, titles: Sequence[str], shapes: Sequence[Sequence[int]]
) -> None:
    rows = list(zip(titles, shapes, strict=True))
    if len(rows) > STACK:
        rows = [*rows[: STACK - 2], (f"{len(rows) - STACK + 1} more", ()), rows[-1]]
    x0, y0, x1, y1 = box
    room = 40 if x1 - x0 > 400 else 15  # letters of a title
    pitch = min((y1 - y0) / len(rows), 64)
    for (title, shape), y in zip(rows, _spread((y0 + y1) / 2, len(rows), pitch), strict=True):
        canvas.frame((x0, y - pitch / 2 + 4, x1, y + pitch / 2 - 4), NEUTRAL)
        canvas.text(x0 + 16, y, _shortened(title, room), 20, INK, "lm")
        canvas.text(x1 - 16, y, " x ".join(map(str, shape)), 20, CAPTION, "rm")


def _units(layers: Sequence[Any]) -> list[int]:
    return [int(getattr(layer, "units", 1)) for layer in layers]


def _outputs(weights: list[Floats] | None, experiment: Experiment) -> int:
    if weights:
        return min(weights[-1].shape[1], ROWS)
    return min(_output_units(experiment), ROWS)


def _output_units(experiment: Experiment) -> int:
    return output_units(experiment.task, experiment.output_activation)


def _shown(columns: int) -> list[int]:
    """The first columns and the last, where there are more than fit."""
    if columns <= COLUMNS:
        return list(range(columns))
    return [*range(COLUMNS - 1), columns - 1]


def _tile_size(sizes: Sequence[int]) -> float:
    x0, y0, x1, y1 = NETWORK
    rows = min(max(sizes), ROWS)
    return min(TILE, (y1 - y0) / rows - 10, (x1 - x0) / max(len(sizes), 1) * 0.62)


def _spread(middle: float, count: int, pitch: float) -> list[float]:
    return [middle + (i - (count - 1) / 2) * pitch for i in range(count)]


def _column(
    index: int, shown: list[int], sizes: list[int], stacks: list[Floats | None], tile: float
) -> _Column:
    x0, y0, x1, y1 = NETWORK
    pitch = (x1 - x0 - tile) / max(len(shown) - 1, 1)
    count = min(sizes[index], ROWS)
    # a lone column stands in the middle of the room
    x = x0 + tile / 2 + shown.index(index) * pitch if len(shown) > 1 else (x0 + x1) / 2
    gap = min(tile + 18, (y1 - y0) / count)
    maps = stacks[index]
    more = sizes[index] - count
    return _Column(x, _spread((y0 + y1) / 2, count, gap), None if maps is None else maps, more)


def _draw_column(canvas: _Canvas, column: _Column, tile: float, dimensions: int) -> None:
    half = tile / 2
    for i, y in enumerate(column.ys):
        box = (column.x - half, y - half, column.x + half, y + half)
        canvas.frame(box, NEUTRAL)
        if column.maps is None:
            continue
        if dimensions == 2:
            canvas.paste(_image(_diverging(column.maps[i].reshape(MAP, MAP))), box)
        else:
            canvas.frame(box)
            values = np.clip(np.nan_to_num(column.maps[i]), -1, 1)
            xs = np.linspace(box[0] + 3, box[2] - 3, len(values))
            ys = y - values * (half - 3)
            canvas.line(zip(xs.tolist(), ys.tolist(), strict=True), POSITIVE, 2)
    if column.more:
        canvas.text(column.x, column.ys[-1] + half + 20, f"+{column.more}", 16, CAPTION, "ms")


def _draw_links(
    canvas: _Canvas,
    source: tuple[_Column, float],
    target: tuple[float, list[float]],
    matrix: Floats | None,
) -> None:
    """Blue for positive weights, orange for negative ones, wider for larger; grey unknown."""
    (column, tile), (x1, ys) = source, target
    x0 = column.x + tile / 2
    links = [(i, j) for i in range(len(column.ys)) for j in range(len(ys))]
    if matrix is not None:
        known = matrix.shape[0] >= len(column.ys) and matrix.shape[1] >= len(ys)
        matrix = matrix if known else None
    if matrix is not None:
        links.sort(key=lambda link: abs(float(matrix[link])))  # the strongest on top
    for link in links[-LINKS:]:
        w = 0.0 if matrix is None else float(matrix[link])
        strength = min(abs(w) / 2, 1.0)
        ink = _tint(_mixed(LINE, POSITIVE if w > 0 else NEGATIVE, 0.25 + 0.75 * strength))
        ink = RAIL if matrix is None else ink
        y0, y1 = column.ys[link[0]], ys[link[1]]
        canvas.line(_curve(x0, y0, x1, y1), ink, 1 + 4 * strength)


def _curve(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """A curve that leaves and arrives level."""
    t = np.linspace(0, 1, 24)
    x = x0 + (x1 - x0) * (1.5 * t - 1.5 * t**2 + t**3)
    y = y0 + (y1 - y0) * (3 * t**2 - 2 * t**3)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _weights(experiment: Experiment, moment: Moment | None) -> list[Floats] | None:
    """The weight matrices (inputs, units), output last; None where they are not all known."""
    if moment is None or not moment.weights:
        return None
    judges = len(experiment.network.layers) + 1  # those of a generator come after them
    makers = len(experiment.generator.layers) + 1 if experiment.generator is not None else 0
    if len(moment.weights) != judges + makers:
        return None
    matrices = [np.asarray(one.get("w", 0), np.float32) for one in moment.weights[:judges]]
    return matrices if all(m.ndim == 2 and m.size for m in matrices) else None


def _maps(experiment: Experiment, moment: Moment | None) -> list[Floats | None]:
    """What features and hidden units answer over the domain, (units, MAP²) or in one dimension
    (units, MAP) a column; None where the moment does not say it."""
    x = transform(experiment.data.features, _grid(experiment.data.dataset.dimensions))
    layers = experiment.network.layers
    known = moment.weights or () if moment is not None else ()
    columns: list[Floats | None] = [outputs.T for outputs in _passed(layers, known, x)]
    return columns + [None] * (len(layers) + 1 - len(columns))


def _passed(layers: Sequence[Any], known: Sequence[Any], x: Floats) -> list[Floats]:
    """What comes in, and the outputs of the layers one after the other, as far as their weights
    tell."""
    kept: list[Any] = [x]
    for i, (layer, numbers) in enumerate(zip(layers, known, strict=False)):
        params = {name: np.asarray(value, np.float32) for name, value in numbers.items()}
        try:
            if isinstance(layer, Merge):
                outputs = layer.merge(kept[-1], kept[i - layer.back])
            else:
                outputs, _ = layer.apply(params, params, kept[-1], LOOKING)
        except (KeyError, TypeError, ValueError):  # weights of another network, or not all of them
            break
        kept.append(np.asarray(outputs, np.float32))
    return kept


def _grid(dimensions: int) -> Floats:
    axis = np.linspace(-DOMAIN, DOMAIN, MAP, dtype=np.float32)
    if dimensions == 1:
        return axis[:, None]
    x, y = np.meshgrid(axis, axis[::-1])
    return np.stack([x.ravel(), y.ravel()], 1)
