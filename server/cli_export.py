"""`layerlab export`: an experiment and its weights as code, ONNX and what else there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli_common import read_file, read_settings, refuse, refuse_fields, use_shelf

if TYPE_CHECKING:
    from server.experiment import Experiment


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
        Path, typer.Option(help="Its weights: what `train --weights` wrote, or a session's export.")
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

    use_shelf(read_settings())
    spec = _experiment(experiment)
    try:
        params, stats = unpack(spec, read_file(weights))
        written = files(target, spec, params, stats)
    except Unsupported as error:
        raise refuse(f"{error.path}: {error}") from None
    except ValueError as error:
        raise refuse(str(error)) from None
    _write(output, written)


def _experiment(path: Path) -> Experiment:
    from pydantic import ValidationError

    from server.experiment import Experiment

    try:
        return Experiment.model_validate_json(read_file(path))
    except ValidationError as error:
        raise refuse_fields(path, error) from None


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
            typer.echo(folder / name)
    except OSError as error:
        reason = error.strerror or error
        raise refuse(f"Cannot write in {folder} ({reason}); try another --output.") from None
