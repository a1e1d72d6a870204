"""The command `layerlab`. Heavy imports wait until a command needs them."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from server import __version__, cli_deploy, cli_export, cli_sweep, cli_train, cli_upload
from server.cli_common import check_folder, read_settings, refuse

app = typer.Typer(
    help="A neural-network playground in the browser that trains on a server.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"layerlab {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """A neural-network playground in the browser that trains on a server."""


app.command()(cli_train.train)
app.command()(cli_train.new)
app.command()(cli_export.export)
app.command()(cli_sweep.sweep)
app.command()(cli_upload.upload)
app.command()(cli_deploy.deploy)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one [8000].")
    ] = None,
) -> None:
    """Serve the playground until interrupted. LAYERLAB_* variables set the rest."""
    given = {"host": host, "port": port}
    settings = read_settings({name: value for name, value in given.items() if value is not None})
    check_folder(settings.data_dir)
    _in_store(settings, _look)  # before anything listens: the database is there and up to date

    import structlog

    # Workers are often in XLA, without the interpreter's lock: who needs it shouldn't wait 5 ms.
    sys.setswitchinterval(0.0005)

    import uvicorn

    from server.app import create_app
    from server.engine.platform import NoDevice

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        application = create_app(settings)
    except NoDevice as missing:
        raise refuse(str(missing)) from None
    # What is there now stays: a collection that goes through it stops every session for 0.2 s.
    gc.freeze()
    listener = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        application,
        # its "info" is a line per view that comes and goes, with the session's id
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=settings.log_level == "debug",
        ws_max_size=4 * 2**20,
        ws_per_message_deflate=False,  # frames are quantised already; deflating costs training time
        timeout_graceful_shutdown=3,  # live views never end by themselves
    )
    where = f"[{settings.host}]" if ":" in settings.host else settings.host
    # the socket listens already: whoever follows the link is answered
    typer.echo(f"Layerlab is on http://{where}:{listener.getsockname()[1]} (Ctrl+C ends it)")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
) -> None:
    """Write every link, run and sweep to a file. The server may run meanwhile."""
    settings = read_settings()
    default = settings.data_dir / "layerlab.db"
    if not settings.database_url and not default.exists():
        raise refuse(f"There is no {default}; set LAYERLAB_DATA_DIR to the folder of the server.")

    from server.store import archive

    counts = _in_store(settings, lambda store: archive.backup(store, file))
    typer.echo(f"Wrote {counts} to {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `layerlab backup` wrote.")],
) -> None:
    """Add what a backup holds; what is in both is taken from the backup."""
    settings = read_settings()
    check_folder(settings.data_dir)

    from server.store import archive

    counts = _in_store(settings, lambda store: archive.restore(store, file))
    typer.echo(f"Restored {counts} from {file}.")


def _in_store(settings: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What `work` gives for the open store."""
    import asyncio

    from server.store import Store, StoreError

    async def run() -> Any:
        store = await Store.open(settings.database)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except StoreError as error:
        raise refuse(str(error)) from None


async def _look(store: Any) -> None:
    """Nothing: that the store opens is all that is asked."""


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or error
        raise refuse(f"Cannot listen on {host}:{port} ({reason}); try another --port.") from None


if __name__ == "__main__":
    app()
