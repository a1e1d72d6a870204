"""What the commands have in common: settings, files, and how they refuse."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import typer

#: exit code: what was given does not fit
REFUSED = 2


def refuse(message: str, code: int = REFUSED) -> typer.Exit:
    """To be raised: the message goes to stderr."""
    typer.echo(message, err=True)
    return typer.Exit(code)


def read_settings(given: dict[str, Any] | None = None) -> Any:
    """The settings, those that are given before the environment's; refused by their names."""
    from pydantic import ValidationError

    from server.settings import Settings

    try:
        return Settings(**(given or {}))
    except ValidationError as error:
        lines = [f"LAYERLAB_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise refuse("\n".join(lines)) from None


def check_folder(folder: Path) -> None:
    """Refuse to start where nothing can be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise refuse(
            f"Cannot write in {folder} ({error.strerror or error}); "
            "let this user write there, or set LAYERLAB_DATA_DIR to another folder."
        ) from None


def use_shelf(settings: Any) -> None:
    """So that experiments may name files that were brought."""
    from server.uploads import shelf

    try:
        shelf.configure(settings.data_dir / shelf.FOLDER)
    except OSError:  # an experiment that names none needs no folder
        return


def read_file(path: str | Path) -> bytes:
    """The content of a file, or of stdin for `-`."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise refuse(f"{path}: {error.strerror or error}") from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file, its folders too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise refuse(f"Cannot write {path} ({error.strerror or error}).") from None


def refuse_fields(path: str | Path, error: Exception) -> typer.Exit:
    """To be raised: every field of a file that does not fit, with what would be right."""
    from server.api.errors import of_exception

    lines = [f"{one['path'] or path}: {one['message']}" for one in of_exception(error)]
    return refuse("\n".join(lines))
