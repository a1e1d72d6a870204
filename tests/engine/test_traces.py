"""What is traced once is not traced again by a server that begins anew, and is the same."""

from __future__ import annotations

from pathlib import Path

import jax
import pytest

from server.api.live import pack
from server.engine import commands as c
from server.engine import program as program_module
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.traces import Traces, example, plain
from server.engine.views import View
from server.engine.views.network import Confusion, Gradients, Histograms
from server.engine.views.planar import Surface, Units
from server.experiment import Experiment

SHOWN: dict[str, View] = {
    view.key: view
    for view in (Surface(size=20), Units(size=10), Histograms(), Gradients(), Confusion())
}
EXPERIMENTS = [
    Experiment.model_validate(document)
    for document in (
        {"network": {"layers": [{"kind": "dense", "units": 3}]}},
        {"training": {"optimizer": {"kind": "adam"}, "rules": "standard"}},
        {
            "data": {"dataset": {"kind": "reg_plane"}},
            "network": {
                "layers": [{"kind": "dense", "units": 40, "dropout": 0.2}] * 2,
            },
        },
    )
]


def trained(experiment: Experiment, traces: Traces | None) -> tuple[str, bytes]:
    """The weights' digest after some steps, and all pictures."""
    session = Session(experiment, Programs(traces=traces))
    session.watch(Watcher(wake=lambda: None, views=SHOWN))
    session.act(c.Advance(steps=70))
    while not session.done.is_set():
        session.turn()
    session.turn()
    return session.digest(), pack([session.snapshot.views, session.metrics()])


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_what_was_kept_does_the_same(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = trained(experiment, None)
    assert trained(experiment, Traces(tmp_path)) == fresh

    def untraceable(*_: object) -> None:
        raise AssertionError("it was traced again")

    monkeypatch.setattr(program_module, "export", untraceable)
    assert trained(experiment, Traces(tmp_path)) == fresh


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_one_is_traced_anew(damage: bytes | None, tmp_path: Path) -> None:
    experiment = EXPERIMENTS[0]
    fresh = trained(experiment, Traces(tmp_path))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-9] if damage is None else damage)
    assert trained(experiment, Traces(tmp_path)) == fresh


def test_those_of_other_code_go(tmp_path: Path) -> None:
    other = tmp_path / "0123"
    other.mkdir()
    (other / "old").write_bytes(b"x")
    trained(EXPERIMENTS[0], Traces(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert folder != other and any(folder.iterdir())


def test_a_folder_that_takes_nothing_costs_only_time(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    fresh = trained(EXPERIMENTS[0], traces)
    (folder,) = tmp_path.iterdir()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert trained(EXPERIMENTS[0], traces) == fresh


def test_a_tree_and_its_description() -> None:
    tree = {"a": [jax.numpy.zeros((2, 3)), jax.numpy.ones(4, bool)], "b": {"c": None}}
    again = example(plain(tree))
    assert jax.tree.structure(again) == jax.tree.structure(tree)
    assert plain(again) == plain(tree)
    with pytest.raises(ValueError, match="parts that are none"):
        example({"else": 1})
