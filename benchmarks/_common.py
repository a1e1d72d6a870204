"""What the benchmarks share: experiments, a real server, its machine, medians and tables."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
#: programs compiled before are kept here, as by the tests: a warm machine
CACHE = ROOT / ".cache"

SURFACE = {"kind": "surface", "size": 50}
#: what the page asks for when it opens
PAGE_VIEWS = [SURFACE, {"kind": "units", "size": 20}, {"kind": "weights", "limit": 20000}]


def network(*widths: int, dataset: str = "spiral", **training: Any) -> dict[str, Any]:
    """The JSON of an experiment: dense layers of these widths, the rest as by default."""
    layers = [{"kind": "dense", "units": units} for units in widths]
    data = {"dataset": {"kind": dataset}}
    return {"data": data, "network": {"layers": layers}, "training": training}


#: the two networks of the comparisons: 250 training points, batch 10, SGD 0.03, tanh
NETWORKS = {
    "2-8×6-1": network(8, 8, 8, 8, 8, 8),
    "2-4-2-1": network(4, 2, dataset="circle"),
}


# -- the server --------------------------------------------------------------------------


@dataclass
class Server:
    """A running `layerlab serve`. `started` is the moment of its launch, by perf_counter."""

    url: str
    process: psutil.Process
    started: float

    def create(self, experiment: dict[str, Any]) -> dict[str, Any]:
        """A new session, with its secret."""
        body = {"experiment": experiment}
        answer = httpx.post(f"{self.url}/api/v1/sessions", json=body, timeout=60)
        return answer.raise_for_status().json()

    def order(self, session: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        """POST to one of the session's paths with its secret."""
        answer = httpx.post(
            f"{self.url}/api/v1/sessions/{session['id']}/{what}",
            json=body,
            headers={"Authorization": f"Bearer {session['secret']}"},
            timeout=600,
        )
        return answer.raise_for_status().json()

    def delete(self, session: dict[str, Any]) -> None:
        secret = {"Authorization": f"Bearer {session['secret']}"}
        httpx.delete(f"{self.url}/api/v1/sessions/{session['id']}", headers=secret, timeout=60)

    def megabytes(self) -> float:
        """Resident memory."""
        return self.process.memory_info().rss / 2**20


@contextmanager
def serving(data_dir: Path = CACHE, **variables: object) -> Iterator[Server]:
    """Run a real server on a free port, as a person would, with these LAYERLAB_* variables."""
    settings = {"data_dir": data_dir, "max_steps_per_call": 10**8} | variables
    env = os.environ | {f"LAYERLAB_{k.upper()}": str(v) for k, v in settings.items()}
    command = [sys.executable, "-m", "server.cli", "serve", "--port", "0"]
    with tempfile.TemporaryFile("w+") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise SystemExit(f"The server did not start:\n{log.read()}")
            yield Server(line.split()[3], psutil.Process(process.pid), started)
        finally:
            process.terminate()
            process.wait(30)


# -- figures -----------------------------------------------------------------------------


def interleaved(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every contender once a round, so that a slow moment of the machine meets all of them."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            samples[name].append(measure())
    return samples


def ratio(a: Sequence[float], b: Sequence[float]) -> float:
    """Median over the rounds of a over b."""
    return median(x / y for x, y in zip(a, b, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def short(value: float) -> str:
    """A figure as people read it."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


# -- what is printed ---------------------------------------------------------------------


def heading(title: str, *packages: str) -> None:
    """A title, the machine and the versions of what takes part."""
    versions = [f"{name} {version(name)}" for name in ("jax", *packages)]
    print(
        f"\n## {title}\n\n{machine()}; Python {platform.python_version()}, {', '.join(versions)}."
    )


def machine() -> str:
    """The processor, its cores, and how busy they are already."""
    load = psutil.getloadavg()[0]
    return f"{_processor()}, {cores()} cores, {platform.system()}, load {load:.1f}"


def cores() -> int:
    """How many cores this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def table(columns: Sequence[str], rows: Sequence[Sequence[str | float]]) -> None:
    """A Markdown table; numbers are shortened and stand to the right."""
    cells = [[c if isinstance(c, str) else short(c) for c in row] for row in rows]
    widths = [max(len(line[i]) for line in [columns, *cells]) for i in range(len(columns))]
    right = [not isinstance(rows[0][i], str) for i in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        aligned = zip(row, widths, right, strict=True)
        return "| " + " | ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in aligned) + " |"

    rule = ["-" * (w - 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True)]
    print("\n" + "\n".join([line(columns), line(rule), *map(line, cells)]), flush=True)


@dataclass(frozen=True)
class Goal:
    """A figure, and what was asked of it."""

    what: str
    value: float
    bound: float
    unit: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def goals(rows: Sequence[Goal]) -> None:
    """The table of what was asked and what was found."""
    columns = ("goal", "found", "asked", "")
    lines = [
        (
            g.what,
            f"{short(g.value)}{g.unit}",
            f"{'≤' if g.at_most else '≥'} {short(g.bound)}{g.unit}",
            "met" if g.met else "not met",
        )
        for g in rows
    ]
    table(columns, lines)


def options(description: str | None, *, rounds: int, seconds: float) -> argparse.ArgumentParser:
    """The command line that every benchmark understands."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="repetitions [%(default)s]")
    parser.add_argument(
        "--seconds", type=float, default=seconds, help="length of one measurement [%(default)s]"
    )
    return parser
