"""Examples for /openapi.json; a test calls every one of them."""

from __future__ import annotations

from typing import Any

Examples = dict[str, Any]


def _of(**values: tuple[str, Any]) -> Examples:
    return {name: {"summary": words, "value": value} for name, (words, value) in values.items()}


SPIRAL = {
    "data": {"dataset": {"kind": "spiral"}},
    "network": {"layers": [{"kind": "dense", "units": 8}, {"kind": "dense", "units": 8}]},
    "training": {"optimizer": {"kind": "adam"}, "learning_rate": 0.01},
}

CREATE = _of(
    default=("The default playground", {}),
    spiral=("Two layers and Adam on a spiral", {"experiment": SPIRAL}),
    again=(
        "A run, done again: a log as GET …/log gives it",
        {
            "log": {
                "experiment": SPIRAL,
                "entries": [
                    {"kind": "changed", "step": 50, "patch": {"training": {"learning_rate": 0.003}}}
                ],
                "step": 100,
            }
        },
    ),
)

PATCH = _of(
    rate=(
        "Another learning rate; training goes on",
        {"experiment": {"training": {"learning_rate": 0.1}}},
    ),
    play=("Play at ten epochs a second", {"playing": True, "speed": 10}),
    dataset=(
        "Other data; training starts again",
        {"experiment": {"data": {"dataset": {"kind": "xor"}}}},
    ),
)

COMMANDS = _of(
    play=("Train until paused", {"kind": "play"}),
    play_steps=("Train for so long, without waiting for it", {"kind": "play", "steps": 500}),
    pause=("Pause", {"kind": "pause"}),
    advance=("Train an epoch, and answer when it is done", {"kind": "advance", "epochs": 1}),
    reset=("Back to the initial weights", {"kind": "reset"}),
    new_weights=("New initial weights", {"kind": "reset", "seed": 7}),
    speed=("Ten epochs a second", {"kind": "speed", "epochs_per_second": 10}),
    seek=("Back to the start of the run", {"kind": "seek", "step": 0}),
    edit=(
        "Set a weight",
        {"kind": "edit", "layer": 0, "param": "w", "index": [0, 2], "value": -0.3},
    ),
    patch=(
        "Another learning rate",
        {"kind": "patch", "experiment": {"training": {"learning_rate": 0.1}}},
    ),
)

TRAIN = _of(
    epochs=("Wait for twenty epochs", {"epochs": 20}),
    stream=("A line of JSON per progress", {"steps": 100, "stream": True}),
    job=("Do not wait: the answer is 202 and a job", {"epochs": 20, "wait": False}),
)

PREPARATION = _of(
    titanic=("The Titanic, as it is prepared by default", {"data": {"dataset": "titanic"}}),
    wine=(
        "Two principal components",
        {
            "data": {
                "dataset": "wine",
                "preparation": ["standardise", {"kind": "pca", "components": 2}],
            }
        },
    ),
    digits=(
        "Pictures with a border",
        {"data": {"dataset": "digits", "preparation": [{"kind": "pad", "padding": 2}]}},
    ),
)

PROFILE = _of(
    titanic=("The Titanic", {"dataset": {"kind": "titanic"}}),
    own=(
        "A sample of ours, with a column that is none of numbers",
        {"dataset": {"kind": "own_table", "types": [{"column": "visitors", "kind": "category"}]}},
    ),
)

GENERATE = _of(drawn=("Sixteen examples of drawn noise", {"count": 16, "seed": 0}))

EVALUATE = _of(test=("The test part", {"part": "test"}))

PREDICT = _of(points=("Three points", {"inputs": [[0, 0], [5, 5], [-5, 4]]}))

DEPLOY = _of(session=("What a session has learned", {"session": "its id", "title": "A circle"}))

SHARE = _of(
    spiral=(
        "An experiment with words about it",
        {"experiment": SPIRAL, "title": "A spiral", "notes": "Needs **two** layers."},
    )
)
