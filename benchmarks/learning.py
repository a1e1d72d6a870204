"""Whether the networks that are offered learn what they are offered for, and how soon.

The experiment that each dataset suggests, unless said otherwise, with several seeds, trained as a
session that somebody watches; the score is of all test examples.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from benchmarks._common import Goal, goals, heading, median, options, table
from server.engine import commands, platform
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import VIEWS
from server.experiment import Experiment

DRIVEN = VIEWS.validate("driven")
#: what a screen shows of such networks
VIEWS_SHOWN = ("activations", "gradients", "surface", "generated", "manifold", "driven")


@dataclass(frozen=True)
class Lesson:
    """What is to be learned: a score of the test part (of a generator, how many clouds it covers,
    of a car, how much of the new lane it drives) that is at least, or a loss that is at most,
    `aim`, within so many seconds; asked for every `often`."""

    name: str
    experiment: dict[str, Any]
    score: str
    aim: float
    seconds: float
    often: float = 5.0

    def reached(self, found: float) -> bool:
        return found <= self.aim if self.score == "loss" else found >= self.aim


LESSONS = (
    Lesson("MNIST, two convolutions", {"data": {"dataset": "mnist"}}, "accuracy", 0.985, 120),
    Lesson(
        "MNIST from 500 digits, augmented",
        {
            "data": {
                "dataset": {"kind": "mnist", "samples": 500},
                "augmentation": [
                    "random_translation",
                    {"kind": "random_rotation", "degrees": 15},
                    "random_zoom",
                ],
            }
        },
        "accuracy",
        0.95,
        120,
    ),
    Lesson(
        # the loss is half the squared error
        "LSTM, the adding problem over 50 steps",
        {"data": {"dataset": "adding"}},
        "loss",
        0.005,
        120,
    ),
    Lesson(
        "transformer, modular addition",
        {"data": {"dataset": "modular_addition"}},
        "accuracy",
        0.99,
        240,
    ),
    Lesson(
        "two networks against each other, a ring of eight clouds",
        {"data": {"dataset": "ring_of_gaussians"}, "generator": {}},
        "modes",
        8,
        60,
    ),
    Lesson(
        "driving, a lane that nobody has driven on",
        {"data": {"dataset": "driving", "split": {"method": "ordered", "train": 75}}},
        "lap",
        1,
        10,
        often=0.25,
    ),
)


def score(session: Session, lesson: Lesson) -> float:
    if lesson.score == "modes":
        return session.metrics()["generator"]["modes"]
    if lesson.score == "lap":
        return session.snapshot.views[DRIVEN.key]["lanes"][-1]["share"]
    return session.evaluate("test")[lesson.score]


def learn(lesson: Lesson, seed: int, programs: Programs, most: float) -> tuple[float, float, int]:
    """Trains until the score is reached, or time is over: score, seconds and steps."""
    session = Session(Experiment.model_validate(lesson.experiment | {"seed": seed}), programs)
    views = {view.key: view for view in map(VIEWS.validate, VIEWS_SHOWN)}
    session.watch(Watcher(lambda: None, views))
    for job in session.to_compile():
        job.work()
    session.act(commands.Play(steps=None))
    begun, asked = time.perf_counter(), lesson.often
    while True:
        session.turn()
        seconds = time.perf_counter() - begun
        if seconds < min(asked, most):
            continue
        found = score(session, lesson)
        if lesson.reached(found) or seconds >= most:
            return found, seconds, session.step
        asked = seconds + lesson.often


def main() -> None:
    args = options(__doc__, rounds=3, seconds=240).parse_args()
    platform.configure()
    heading("Learning")
    rows: list[tuple[str | float, ...]] = []
    asked: list[Goal] = []
    for lesson in LESSONS:
        programs = Programs()
        most = min(lesson.seconds, args.seconds)
        runs = [learn(lesson, seed, programs, most) for seed in range(args.rounds)]
        scores, seconds, steps = zip(*runs, strict=True)
        told = (median(scores), min(scores), max(scores), median(seconds), median(steps))
        rows.append((f"{lesson.name}: {lesson.score}", *told))
        worst = max(seconds) if all(map(lesson.reached, scores)) else float("inf")
        of = "" if lesson.score in ("modes", "lap") else " on test"
        aim = f"{lesson.score} {lesson.aim:g}{of}, the slowest seed"
        asked.append(Goal(f"{lesson.name}: {aim}", worst, lesson.seconds, " s", at_most=True))
    table(("lesson", "median", "least", "most", "seconds", "steps"), rows)
    goals(asked)


if __name__ == "__main__":
    main()
