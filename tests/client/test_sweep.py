"""Sweeps by the Python client, against real servers."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import httpx
import pandas
import pytest

from layerlab import (
    Adam,
    AsyncPlayground,
    BadInput,
    Busy,
    Playground,
    Range,
    SweepResult,
    api,
    sweeps,
)
from tests.conftest import serving
from tests.running import Running

AXES = {
    "training.learning_rate": Range(0.01, 0.1, count=2, scale="log"),
    "/network/layers/0/units": [2, 5],
}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "LOOK", 0.05)


def test_a_sweep_gives_tables_and_the_best_experiment(server_url: str) -> None:
    seen: list[SweepResult] = []
    with Playground(server_url, {"data": {"dataset": "xor"}}) as lab:
        before = lab.session
        result = lab.sweep(AXES, seeds=2, epochs=4, progress=seen.append)
        assert lab.session == before, "the session stays as it is"
        runs = result.runs
        assert isinstance(runs, pandas.DataFrame) and len(runs) == 8
        assert list(runs.columns[:3]) == [*AXES, "seed"]
        assert list(runs["training.learning_rate"]) == [0.01] * 4 + [0.1] * 4
        assert set(runs["status"]) == {"done"} and set(runs["step"]) == {100}
        assert result.best == runs.loc[runs["loss"].idxmin()].to_dict()
        means = runs.groupby(list(AXES), sort=False)["loss"].mean()
        assert list(result.settings["loss"]) == pytest.approx(list(means))
        assert result.importance and set(result.importance) == {*AXES, "seed", "rest"}
        with Playground(lab.server, result.experiment) as again:
            assert again.train(epochs=4, progress=False).digest == result.best["digest"]
    assert seen and seen[-1].summary["progress"]["finished"] <= 8


def test_typed_values_draws_and_ensembles(server_url: str) -> None:
    async def ask() -> tuple[SweepResult, SweepResult]:
        async with AsyncPlayground(server_url) as lab:
            axes = {"training.optimizer": ["sgd", Adam()]}
            drawn = lab.sweep(axes, steps=20, draws=3, draw_seed=1, progress=False)
            return await asyncio.gather(drawn, lab.sweep({}, steps=20, seeds=3, progress=False))

    drawn, ensemble = asyncio.run(ask())
    assert len(drawn.runs) == 3
    assert list(ensemble.runs["seed"]) == [0, 1, 2] and len(ensemble.settings) == 1


def test_what_does_not_fit_names_the_axis(server_url: str) -> None:
    with Playground(server_url) as lab, pytest.raises(BadInput) as told:
        lab.sweep({"training.speed": [1]}, epochs=1)
    assert told.value.problems[0].path == "/axes/0/path"
    assert "learning_rate" in told.value.problems[0].message


def test_cancelled_it_is_cancelled_on_the_server(server_url: str) -> None:
    paths: list[str] = []

    async def ask() -> None:
        async with AsyncPlayground(server_url) as lab:
            begun = asyncio.Event()

            def told(result: SweepResult) -> None:
                paths.append(f"{server_url}/api/v1/sweeps/{result.summary['id']}")
                begun.set()

            work = asyncio.create_task(lab.sweep({}, steps=50_000_000, progress=told))
            await begun.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    asyncio.run(ask())
    assert httpx.get(paths[0]).json()["state"] == "cancelled"


def test_a_sweep_is_waited_for_through_a_restart(tmp_path: Path) -> None:
    running = Running(f"sqlite:///{tmp_path}/x.db", tmp_path / "log")
    restarted = threading.Event()

    def restart(_: SweepResult) -> None:
        if not restarted.is_set():
            restarted.set()
            running.terminate()
            running.start()

    try:
        with Playground(running.url) as lab:
            result = lab.sweep({}, steps=300_000, seeds=4, progress=restart)
        assert restarted.is_set() and set(result.runs["status"]) == {"done"}
    finally:
        running.close()


def test_who_calls_too_often_waits_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call a second, after the first 60: what is beyond them is answered all the same."""
    told: list[float | None] = []

    def listening(answer: httpx.Response) -> float | None:
        told.append(retry_after(answer))
        return told[-1]

    retry_after = api.retry_after
    monkeypatch.setattr(api, "retry_after", listening)
    with serving(tmp_path / "log", LAYERLAB_RATE_LIMIT=60) as url, Playground(url) as lab:
        for _ in range(1000):
            assert lab.session["id"] == lab.id
            if told:
                break
        assert told == [1]
        monkeypatch.setattr(api, "PATIENCE", 0)
        with pytest.raises(Busy, match="60 calls a minute are the limit"):
            for _ in range(1000):
                lab.session  # noqa: B018 - it calls
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("said", "expected"),
    [("7", 7.0), ("0", 0.1), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.1), ("soon", 1.0)],
)
def test_every_form_of_retry_after_is_understood(said: str, expected: float) -> None:
    assert api.retry_after(httpx.Response(429, headers={"Retry-After": said})) == expected
    assert api.retry_after(httpx.Response(503, headers={"Retry-After": said})) is None
