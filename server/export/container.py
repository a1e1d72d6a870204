"""A container that answers for the network: an ONNX file and a small FastAPI application."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from server.datasets.split import load

from .base import TARGETS, Run
from .experiment_file import experiment_json
from .onnx import models
from .preparation_code import told_of
from .python_code import WIDTH, render, requirements

_APP = '''
{% if generates %}
"""Answers for two networks from Layerlab, which lie beside this file.

{{ described }}
They are started with
{% else %}
"""Answers for a network from Layerlab, which lies beside this file in model.onnx.

{{ summary }}.
It is started with
{% endif %}

    uvicorn app:app
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel, Field{{ ", FiniteFloat" if dtype == "float32" or generates }}

HERE, CPU = Path(__file__).parent, ["CPUExecutionProvider"]
MAX_{{ many | upper }} = {{ most }}

{% for line in types %}
{{ line }}
{% endfor %}

app = FastAPI(title="A network from Layerlab")
{% if generates %}
session = onnxruntime.InferenceSession(HERE / "discriminator.onnx", providers=CPU)
generator = onnxruntime.InferenceSession(HERE / "generator.onnx", providers=CPU)
{% else %}
session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=CPU)
{% endif %}


class {{ many | title }}(BaseModel):
    """{{ raw }}"""

    inputs: Annotated[list[{{ one }}], Field(min_length=1, max_length=MAX_{{ many | upper }})]


class Answer(BaseModel):
    """Outputs for every one{{ ", and the classes" if classes }}."""

    outputs: {{ outputs }}
    classes: {{ answers }} | None


@app.post("/predict")
def predict({{ many }}: {{ many | title }}) -> Answer:
    """What the {{ "discriminator" if generates else "network" }} answers for every one."""
    inputs = np.array({{ many }}.inputs, np.{{ dtype }})
{% if classes %}
    outputs, classes = session.run(["outputs", "classes"], {"{{ many }}": inputs})
    return Answer(outputs=outputs.tolist(), classes=classes.tolist())
{% else %}
    (outputs,) = session.run(["outputs"], {"{{ many }}": inputs})
    return Answer(outputs=outputs.tolist(), classes=None)
{% endif %}


{% if generates %}
class Wanted(BaseModel):
    """How many {{ many }} to make, and the seed of their noise; or the noise itself."""

    count: Annotated[int, Field(ge=1, le=MAX_{{ many | upper }})] = 16
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    noise: Noise | None = None


class Made(BaseModel):
    """The noise, and what is made of it{{ ", with colours from 0 to 1" if many == "images" }}."""

    noise: list[list[float]]
    {{ many }}: {{ made }}


@app.post("/generate")
def generate(wanted: Wanted) -> Made:
    """What the generator makes of noise."""
    noise = np.array(wanted.noise or draw(wanted.count, wanted.seed), np.float32)
    (made,) = generator.run(["made"], {"noise": noise})
    return Made(noise=noise.tolist(), {{ many }}=made.tolist())


def draw(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
{% if uniform %}
    return rng.uniform(-1, 1, (count, {{ latent }}))
{% else %}
    return rng.standard_normal((count, {{ latent }}))
{% endif %}


{% endif %}
@app.get("/healthz")
def health() -> dict[str, str]:
    """Whether the server lives."""
    return {"status": "ok"}
'''

_DOCKERFILE = """
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt && useradd --uid 1000 predict
COPY app.py *.onnx ./
USER predict
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD \\
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]
"""

_README = """
# A network from Layerlab, ready to answer

{{ described }}

    docker build -t predict .
    docker run --rm -p 8000:8000 predict

or, without a container, `pip install -r requirements.txt` and `uvicorn app:app`. Then

    curl localhost:8000/predict -H 'Content-Type: application/json' \\
        -d {{ example }}

answers `{"outputs": [[…]], "classes": {{ "[…]" if classes else "null" }}}`. Its OpenAPI pages
are at `/docs`; `experiment.json` says how {{ "they were" if generates else "it was" }} trained.
{% if generates %}
Class 1 stands for a real one, 0 for a made one. And

    curl localhost:8000/generate -H 'Content-Type: application/json' -d '{"count": 4, "seed": 0}'

answers `{"noise": [[…]], "{{ many }}": [[…]]}`: {{ many }} that are made of the noise; give `noise`
for noise of your own.
{% endif %}
{% if many != "points" %}
`request.json` holds an example of the data.
{% endif %}
{% if prepared %}

{{ prepared }}
{% endif %}
"""

_INLINE = """'{"inputs": [[%s]]}'"""
#: what axes of an example hold, the last one first, and what an example is called
_AXES = {
    "image": ("Pixel", "Row", "Image"),
    "sequence": ("Step", "Sequence"),
    "tokens": ("Text",),
    "table": ("Row",),
}


@TARGETS.register(
    "container", title="Predict container", filename="layerlab-predict.zip",
    media_type="application/zip",
    group="Model",
    help="A Dockerfile and a small server that answers POST /predict for raw data.",
)  # fmt: skip
def container(run: Run) -> dict[str, bytes]:
    points = run.form == "points"
    coordinates = "1.5, -2" if run.dimensions == 2 else "1.5"
    values = {
        "summary": run.wrapped_summary(),
        "described": run.described(),
        "generates": run.generator is not None,
        "made": _nested("float", len(run.shape) + 1),
        **_noise(run),
        "many": run.many,
        "most": "10_000" if points else "1000",
        "types": _types(run),
        "one": "Point" if points else _AXES[run.form][-1],
        "raw": f"Raw {run.many}; what the network is given of them is computed in it.",
        "outputs": _nested("float", len(run.output.output_shape) + 1),
        "answers": _nested("int", len(run.label_shape) + 1),
        "dtype": run.dtype,
        "classes": run.classes,
        "purpose": run.purpose,
        "prepared": textwrap.fill(told_of(run), WIDTH) if run.form == "image" else "",
        "example": _INLINE % coordinates if points else "@request.json",
    }
    return {
        "README.md": render(_README, **values).encode(),
        "Dockerfile": render(_DOCKERFILE).encode(),
        "app.py": render(_APP, **values).encode(),
        **models(run),
        "requirements.txt": requirements("fastapi", "numpy", "onnxruntime", "uvicorn"),
        "experiment.json": experiment_json(run.experiment),
        **({} if points else {"request.json": _request(run)}),
    }


def _noise(run: Run) -> dict[str, Any]:
    """What the noise of a generator is."""
    generator = run.experiment.generator
    if generator is None:
        return {"latent": 0, "uniform": False}
    return {"latent": generator.latent, "uniform": generator.noise == "uniform"}


def _types(run: Run) -> list[str]:
    """Lines that say what an example is, and noise."""
    generator, noise = run.experiment.generator, list[str]()
    if generator is not None:
        ends = f"min_length={generator.latent}, max_length={generator.latent}"
        many = f"min_length=1, max_length=MAX_{run.many.upper()}"
        noise = [
            f"Numbers = Annotated[list[FiniteFloat], Field({ends})]",
            f"Noise = Annotated[list[Numbers], Field({many})]",
        ]
    if run.form == "points":
        return [f"Point = tuple[{', '.join(['FiniteFloat'] * run.dimensions)}]", *noise]
    return [*_array_types(run), *noise]


def _array_types(run: Run) -> list[str]:
    inner, lines = "FiniteFloat", list[str]()
    if run.form != "sequence":
        last = 255 if run.form == "image" else len(run.experiment.data.dataset.vocabulary) - 1
        inner = "Byte" if run.form == "image" else "Token"
        lines.append(f"{inner} = Annotated[int, Field(ge=0, le={last})]")
    for name, size in zip(_AXES[run.form], reversed(run.shape), strict=True):
        ends = f"min_length={size}, max_length={size}"
        lines.append(f"{name} = Annotated[list[{inner}], Field({ends})]")
        inner = name
    return lines


def _nested(kind: str, depth: int) -> str:
    return "list[" * depth + kind + "]" * depth


def _request(run: Run) -> bytes:
    """A request with the last example, of the test part."""
    loaded = load(run.experiment.data)
    inputs = loaded.pool[loaded.rows[-1:]]
    return (json.dumps({"inputs": inputs.tolist()}) + "\n").encode()
