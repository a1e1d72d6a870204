"""`layerlab export`: an experiment and its weights as code, ONNX and what else there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.experiment import Experiment

#: exit code: what was given does not fit
REFUSED = 2


def _list(wanted: bool) -> None:
    if wanted:
        from server.export import targets

        for target in targets():
            typer.echo(f"{target['target']:<12} {target['title']}: {target['help']}")
        raise typer.Exit


def export(
    experiment: Annotated[Path, typer.Argument(help="A file that holds an experiment as JSON.")],
    target: Annotated[str, typer.Option(help="What to write; --list tells what there is.")],
    weights: Annotated[
        Path, typer.Option(help="Its weights, a safetensors file that was exported before.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write to.")
    ] = Path(),
    listed: Annotated[
        bool, typer.Option("--list", callback=_list, is_eager=True, help="List the targets.")
    ] = False,
) -> None:
    """Write an experiment and its weights as a program, an ONNX file or a predict container.

    Exit codes: 0 written; 2 what was given does not fit, said with the path and the mend.
    """
    # what registers layers, losses and the rest
    import server.datasets
    import server.layers
    import server.training  # noqa: F401
    from server.export import Unsupported, files
    from server.export.weights_file import unpack

    spec = _experiment(experiment)
    try:
        params, stats = unpack(spec, _content(weights))
        written = files(target, spec, params, stats)
    except Unsupported as error:
        raise _fail(f"{error.path}: {error}") from None
    except ValueError as error:
        raise _fail(str(error)) from None
    output.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (output / name).write_bytes(content)
        typer.echo(output / name)


def _experiment(path: Path) -> Experiment:
    from pydantic import ValidationError

    from server.api.errors import of_exception
    from server.experiment import Experiment

    try:
        return Experiment.model_validate_json(_content(path))
    except ValidationError as error:
        lines = [f"{e['path'] or path}: {e['message']}" for e in of_exception(error)]
        raise _fail("\n".join(lines)) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _fail(f"{path}: {error.strerror or error}") from None


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(REFUSED)
