"""A container that answers for the network: an ONNX file and a small FastAPI application."""

from __future__ import annotations

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
from pydantic import BaseModel, Field, FiniteFloat

MODEL = Path(__file__).with_name("model.onnx")
MAX_POINTS = 10_000

Point = tuple[{{ point }}]

app = FastAPI(title="A network from Layerlab")
session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])


class Points(BaseModel):
    """Raw points; the features are computed in the network."""

    inputs: Annotated[list[Point], Field(min_length=1, max_length=MAX_POINTS)]


class Answer(BaseModel):
    """A row of outputs for every point{{ ", and its class" if classes }}."""

    outputs: list[list[float]]
    classes: list[int] | None


@app.post("/predict")
def predict(points: Points) -> Answer:
    """What the network answers at every point."""
    inputs = np.array(points.inputs, np.float32)
{% if classes %}
    outputs, classes = session.run(["outputs", "classes"], {"points": inputs})
    return Answer(outputs=outputs.tolist(), classes=classes.tolist())
{% else %}
    (outputs,) = session.run(["outputs"], {"points": inputs})
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
        -d '{"inputs": [[{{ example }}]]}'

answers `{"outputs": [[…]], "classes": {{ "[…]" if classes else "null" }}}`. Its OpenAPI pages
are at `/docs`; `experiment.json` says how the network was trained.
"""


@TARGETS.register(
    "container", title="Predict container", filename="layerlab-predict.zip",
    media_type="application/zip",
    group="Model",
    help="A Dockerfile and a small server that answers POST /predict for raw points.",
)  # fmt: skip
def container(run: Run) -> dict[str, bytes]:
    values = {
        "summary": run.wrapped_summary(),
        "point": ", ".join(["FiniteFloat"] * run.dimensions),
        "classes": run.classes,
        "purpose": run.purpose,
        "example": "1.5, -2" if run.dimensions == 2 else "1.5",
    }
    return {
        "README.md": render(_README, **values).encode(),
        "Dockerfile": render(_DOCKERFILE).encode(),
        "app.py": render(_APP, **values).encode(),
        "model.onnx": model_bytes(run),
        "requirements.txt": requirements("fastapi", "numpy", "onnxruntime", "uvicorn"),
        "experiment.json": experiment_json(run.experiment),
    }
