"""`layerlab deploy`: an experiment trained on a server, and what it has learned deployed there."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from server.cli_common import refuse
from server.cli_train import TROUBLE, read_spec


def deploy(
    spec: Annotated[
        str, typer.Argument(help="A file that holds an experiment as JSON; - reads from stdin.")
    ],
    server: Annotated[str, typer.Option(help="The server to deploy it on.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="How many epochs to train.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Or how many optimizer steps.")] = None,
    title: Annotated[str, typer.Option(help="What it is called; else as its data are.")] = "",
    test: Annotated[
        bool, typer.Option("--test", help="Ask the test part first; its answer goes along.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print id, link and key as one line of JSON.")
    ] = False,
) -> None:
    """Train an experiment on a server and deploy it there: a page to try it, and a key to ask it.

    Exit codes: 0 deployed; 1 no server, or trouble with it; 2 the experiment does not fit, said
    with the path and the mend of every error.
    """
    from layerlab import BadInput, LayerlabError, Playground

    if (epochs is None) == (steps is None):
        raise refuse("Give either --epochs or --steps.")
    try:
        with Playground(server, read_spec(spec)) as lab:
            lab.train(epochs=epochs, steps=steps)
            if test:
                lab.evaluate("test")
            model = lab.deploy(title)
    except BadInput as error:
        lines = [str(problem).removeprefix("/experiment") for problem in error.problems]
        raise refuse("\n".join(lines or [str(error)])) from None
    except (LayerlabError, ValueError) as error:
        raise refuse(str(error), TROUBLE) from None
    told = {"id": model.id, "link": model.link, "key": model.key}
    typer.echo(json.dumps(told) if as_json else f"{model.link}\nkey {model.key}, shown this once")
