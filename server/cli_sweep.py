"""`layerlab sweep`: a sweep from a file, in a process of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli_common import (
    check_folder,
    read_file,
    read_settings,
    refuse,
    refuse_fields,
    use_shelf,
)

if TYPE_CHECKING:
    from server.sweeps import Study, Sweep, Sweeps

#: exit code
INTERRUPTED = 1
#: seconds between two words on how far it has come
TELL = 0.5
#: settings that are shown to people
SHOWN = 10


def sweep(
    spec: Annotated[
        str, typer.Argument(help="A file that holds a sweep as JSON; - reads from stdin.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all results as one line of JSON.")
    ] = False,
) -> None:
    """Train an experiment with some settings varied, and say which are best and which matter.

    The file is what POST /api/v1/sweeps takes: `{"axes": [{"path": "/training/learning_rate",
    "values": [0.01, 0.1]}], "seeds": 3, "epochs": 100}`. Progress goes to stderr, the result
    to stdout. Equal sweeps give equal digests on the same platform.

    Exit codes: 0 trained; 1 interrupted, what was finished is printed; 2 the sweep does not
    fit, said with the path and the mend.
    """
    from server.engine import platform
    from server.engine.commands import Refused
    from server.engine.scheduler import Engine
    from server.sweeps import Sweeps

    settings = read_settings()
    check_folder(settings.data_dir)
    use_shelf(settings)
    asked = _read(spec)
    try:
        platform.configure(settings.platform, settings.data_dir / "programs")
    except platform.NoDevice as missing:
        raise refuse(str(missing)) from None
    engine = Engine(train_workers=settings.train_workers)
    sweeps = Sweeps(engine)
    try:
        study, _ = sweeps.begin(asked)
        _wait(sweeps, study)
    except Refused as refused:
        raise refuse(f"{refused.path}: {refused}") from None
    finally:
        sweeps.stop()
        engine.stop()
    summary = study.summary()
    typer.echo(json.dumps(summary) if as_json else _words(summary))
    if summary["state"] != "done":
        raise typer.Exit(INTERRUPTED)


def _read(spec: str) -> Sweep:
    from pydantic import ValidationError

    from server.sweeps import Sweep

    try:
        return Sweep.model_validate_json(read_file(spec))
    except ValidationError as error:
        raise refuse_fields(spec, error) from None


def _wait(sweeps: Sweeps, study: Study) -> None:
    """Until it is done; interrupted, it is cancelled."""
    try:
        while not sweeps.wait(study, TELL):
            _tell(study)
    except KeyboardInterrupt:
        sweeps.cancel(study)
    _tell(study)
    typer.echo("", err=True)


def _tell(study: Study) -> None:
    progress = study.summary()["progress"]
    share = f"{progress['finished']} of {progress['runs']} runs"
    typer.echo(f"\r{progress['fraction']:4.0%}, {share}", err=True, nl=False)


def _words(summary: dict[str, Any]) -> str:
    """The best settings and what matters, for people."""
    titles = [axis["title"] for axis in summary["axes"]]
    ranked = sorted(
        (s for s in summary["settings"] if s["loss"] is not None), key=lambda s: s["loss"]
    )
    lines = [f"{summary['part']} loss, mean over the seeds of a setting; the best first"]
    for setting in ranked[:SHOWN]:
        named = zip(titles, setting["values"], strict=True)
        shown = ", ".join(f"{title} {_value(value)}" for title, value in named)
        spread = f" ± {setting['deviation']:.2g}" if len(setting["runs"]) > 1 else ""
        lines.append(f"{setting['loss']:.6g}{spread}  {shown}".rstrip())
    found = summary["importance"]
    if found and titles:
        shares = [*zip(titles, found["axes"], strict=True), ("seed", found["seed"])]
        shown = ", ".join(f"{title} {share:.0%}" for title, share in shares)
        lines.append(f"share of the loss's variance: {shown}, rest {found['rest']:.0%}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    return str(value.get("kind", value) if isinstance(value, dict) else value)
