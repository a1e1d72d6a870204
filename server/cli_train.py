"""`layerlab train` and `layerlab new`: experiments as files, by way of the Python client."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_common import read_file, refuse, write_file

if TYPE_CHECKING:
    from layerlab import TrainResult

#: exit code
TROUBLE = 1


def train(
    spec: Annotated[
        str, typer.Argument(help="A file that holds an experiment as JSON; - reads from stdin.")
    ],
    epochs: Annotated[int | None, typer.Option(min=1, help="How many epochs to train.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Or how many optimizer steps.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as one line of JSON.")
    ] = False,
    server: Annotated[
        str | None, typer.Option(help="Train on this server instead of a local one.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Write the weights to this file, safetensors, as `export` takes them."),
    ] = None,
) -> None:
    """Train an experiment and print its scores and the digest of its weights.

    What the file leaves out has its default: `{}` is the default playground, and
    `layerlab new` prints it in full. Progress goes to stderr, the result to stdout. Equal
    experiments give equal digests on the same platform.

    Exit codes: 0 trained; 1 no server, or trouble with it; 2 the experiment does not fit, said
    with the path and the mend of every error.
    """
    if (epochs is None) == (steps is None):
        raise refuse("Give either --epochs or --steps.")
    result, trained = _trained(read_spec(spec), epochs, steps, server, weights is not None)
    if weights is not None:
        write_file(weights, trained)
    typer.echo(json.dumps(dataclasses.asdict(result)) if as_json else _words(result))


def new() -> None:
    """Print the default experiment with every field written out: `layerlab new > spec.json`."""
    from layerlab.kinds import Experiment

    typer.echo(json.dumps(Experiment().model_dump(mode="json"), indent=2))


def read_spec(spec: str) -> dict[str, Any]:
    """The experiment in the file; refused where there is none."""
    try:
        experiment = json.loads(read_file(spec))
    except (ValueError, RecursionError) as error:
        raise refuse(f"{spec} is no JSON: {error}") from None
    if not isinstance(experiment, dict):
        raise refuse(f"{spec} must hold a JSON object, as `layerlab new` prints one")
    return experiment


def _trained(
    experiment: dict[str, Any],
    epochs: int | None,
    steps: int | None,
    server: str | None,
    with_weights: bool,
) -> tuple[TrainResult, bytes]:
    from layerlab import BadInput, LayerlabError, Playground

    try:
        with Playground(server, experiment) as lab:
            result = lab.train(epochs=epochs, steps=steps)
            return result, lab.export("safetensors") if with_weights else b""
    except BadInput as error:
        lines = [str(problem).removeprefix("/experiment") for problem in error.problems]
        raise refuse("\n".join(lines or [str(error)])) from None
    except (LayerlabError, ValueError) as error:
        raise refuse(str(error), TROUBLE) from None


def _words(result: TrainResult) -> str:
    lines = [f"step {result.step}, epoch {result.epoch:g}, {result.status}"]
    lines += [
        f"{part}: " + ", ".join(f"{name} {value:.6g}" for name, value in scores.items())
        for part, scores in result.metrics.items()
        if scores
    ]
    return "\n".join([*lines, f"digest {result.digest}", f"{result.seconds:.2f} s"])
