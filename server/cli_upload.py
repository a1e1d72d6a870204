"""`layerlab upload`: a file, read and kept for servers of this data folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer

from server.cli_common import check_folder, read_settings, refuse, use_shelf


def upload(
    file: Annotated[
        Path,
        typer.Argument(help="CSV, TSV, JSON lines, Parquet, text, a zip of pictures or of WAVs."),
    ],
    encoding: Annotated[str, typer.Option(help="guess, utf-8, utf-16 or windows-1252.")] = "guess",
    header: Annotated[str, typer.Option(help="guess, yes or no.")] = "guess",
) -> None:
    """Read a file, keep it, and print what it can be learned from as: a line of JSON each, to be
    the `data.dataset` of an experiment.

    Notes go to stderr. Exit codes: 0 read; 2 it cannot be, said with row, column and mend.
    """
    import asyncio

    settings = read_settings()
    check_folder(settings.data_dir)
    use_shelf(settings)
    if not file.is_file():
        raise refuse(f"{file}: there is no such file")
    found = asyncio.run(_read(file, settings, encoding=encoding, header=header))
    if found.error is not None:
        raise refuse(f"{file}: {_words(found.error.told())}")
    for note in found.facts["notes"]:
        typer.echo(_words(note), err=True)

    import server.training  # noqa: F401 - registers what a dataset may suggest
    from server.datasets.proposals import proposals

    for dataset in proposals(found.digest, found.facts):
        typer.echo(json.dumps(dataset))


async def _read(file: Path, settings: Any, **said: Any) -> Any:
    from server.uploads.desk import LARGEST, Desk, TooLarge
    from server.uploads.readers import Said

    desk = Desk(settings.keep_upload_days, settings.keep_upload_megabytes * 1_000_000)
    try:
        upload = await desk.take(_chunks(file), Said(name=file.name, **said))
    except TooLarge:
        raise refuse(f"{file}: it has more than {LARGEST:,} bytes; send fewer rows") from None
    assert upload.task is not None
    await upload.task
    return upload


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(2**20):
            yield chunk


def _words(note: dict[str, Any]) -> str:
    where = [f"row {note['row']}"] if note["row"] else []
    where += [f"column {note['column']}"] if note["column"] else []
    return f"{', '.join(where)}: {note['message']}" if where else note["message"]
