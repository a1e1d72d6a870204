"""Sessions of one program side by side on the device, to be trained and looked at together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .arrays import device_put
from .divergence import Turn
from .program import LANES, Vector
from .steps import Report
from .views import Scene


class SideBySide:
    """Up to LANES turns of one program in one dispatch. steps: of each turn."""

    def __init__(self, turns: Sequence[Turn], steps: Sequence[int]) -> None:
        self.program = turns[0].program
        spare = LANES - len(turns)
        desks = [
            self.program.desk(turn.state, turn.live, turn.seed, np.int32(count))
            for turn, count in zip(turns, steps, strict=True)
        ]
        # A spare lane takes no step.
        idle = self.program.desk(turns[0].state, turns[0].live, turns[0].seed, np.int32(0))
        self._count = len(turns)
        self._desks = np.stack([*desks, *[idle] * spare])
        data = [np.asarray(turn.data) for turn in turns]
        self._data = device_put(np.stack([*data, *[data[0]] * spare]))

    def run(self) -> list[tuple[Vector, Report]]:
        """`Turn.run` of every turn, to the same bits."""
        self._desks = self.program.advance_lanes(self._desks, self._data)
        states = self.program.states(self._desks)[: self._count]
        # Copies: a row of the whole would keep all of it.
        return [(state, self.program.report(state)) for state in map(np.copy, states)]

    def look(self, scenes: dict[int, Scene]) -> None:
        """Find for scenes what they will be asked for, where the program's sessions may share
        that. scenes: by their places, as the turns have left them."""
        alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, scene in scenes.items():
            for name, probe in scene.probes.items():
                if self.program.looks.get(name) and not scene.knows(name):
                    alike[name, *(str(id(array)) for array in probe.common)].append(place)
        for (name, *_), places in alike.items():
            self._find(name, [(place, scenes[place]) for place in places])

    def _find(self, name: str, scenes: Sequence[tuple[int, Scene]]) -> None:
        places = [place for place, _ in scenes]
        asked = [scene.probes[name] for _, scene in scenes]
        own = [probe.own for probe in asked]
        found = self.program.look_lanes(asked[0], self._desks, self._data, places, own)
        for (_, scene), tree in zip(scenes, found, strict=True):
            scene.know(name, tree)
