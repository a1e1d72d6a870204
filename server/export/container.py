"""A container that answers for the network: an ONNX file and a small FastAPI application."""

from __future__ import annotations

import json

from server.datasets.split import load

from .base import TARGETS, Run
from .experiment_file import experiment_json
from .onnx import model_bytes
from .python_code import render, requirements

_APP = '''
"""Answers for a network from Layerlab, which lies beside this file in model.onnx.

{{ summary }}.
It is started with

    uvicorn app:app
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel, Field{{ ", FiniteFloat" if dtype == "float32" }}

MODEL = Path(__file__).with_name("model.onnx")
MAX_{{ many | upper }} = {{ most }}

{% for line in types %}
{{ line }}
{% endfor %}

app = FastAPI(title="A network from Layerlab")
session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])


class {{ many | title }}(BaseModel):
    """{{ raw }}"""

    inputs: Annotated[list[{{ one }}], Field(min_length=1, max_length=MAX_{{ many | upper }})]


class Answer(BaseModel):
    """Outputs for every one{{ ", and the classes" if classes }}."""

    outputs: {{ outputs }}
    classes: {{ answers }} | None


@app.post("/predict")
def predict({{ many }}: {{ many | title }}) -> Answer:
    """What the network answers for every one."""
    inputs = np.array({{ many }}.inputs, np.{{ dtype }})
{% if classes %}
    outputs, classes = session.run(["outputs", "classes"], {"{{ many }}": inputs})
    return Answer(outputs=outputs.tolist(), classes=classes.tolist())
{% else %}
    (outputs,) = session.run(["outputs"], {"{{ many }}": inputs})
    return Answer(outputs=outputs.tolist(), classes=None)
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
COPY app.py model.onnx ./
USER predict
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD \\
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]
"""

_README = """
# A network from Layerlab, ready to answer

{{ summary }}, to {{ purpose }}.

    docker build -t predict .
    docker run --rm -p 8000:8000 predict

or, without a container, `pip install -r requirements.txt` and `uvicorn app:app`. Then

    curl localhost:8000/predict -H 'Content-Type: application/json' \\
        -d {{ example }}

answers `{"outputs": [[…]], "classes": {{ "[…]" if classes else "null" }}}`. Its OpenAPI pages
are at `/docs`; `experiment.json` says how the network was trained.
{% if many != "points" %}
`request.json` holds an example of the data.
{% endif %}
"""

_INLINE = """'{"inputs": [[%s]]}'"""
#: what axes of an example hold, the last one first, and what an example is called
_AXES = {
    "image": ("Pixel", "Row", "Image"),
    "sequence": ("Step", "Sequence"),
    "tokens": ("Text",),
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
        "example": _INLINE % coordinates if points else "@request.json",
    }
    return {
        "README.md": render(_README, **values).encode(),
        "Dockerfile": render(_DOCKERFILE).encode(),
        "app.py": render(_APP, **values).encode(),
        "model.onnx": model_bytes(run),
        "requirements.txt": requirements("fastapi", "numpy", "onnxruntime", "uvicorn"),
        "experiment.json": experiment_json(run.experiment),
        **({} if points else {"request.json": _request(run)}),
    }


def _types(run: Run) -> list[str]:
    """Lines that say what an example is."""
    if run.form == "points":
        return [f"Point = tuple[{', '.join(['FiniteFloat'] * run.dimensions)}]"]
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
