"""Sessions of one program side by side on the device, to be trained and looked at together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from .arrays import device_put
from .divergence import Turn
from .program import LANES, Probe, Vector
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
        alike: defaultdict[tuple[str, ...], list[tuple[int, Probe]]] = defaultdict(list)
        for place, scene in scenes.items():
            for question, probe in scene.probes.items():
                if self.program.looks.get(probe.name) and not scene.knows(question):
                    common = (str(id(array)) for array in probe.common)
                    # several questions of one session are not for one dispatch
                    alike[probe.name, probe.key, *common].append((place, probe))
        for asked in alike.values():
            self._find(asked, scenes)

    def _find(self, asked: Sequence[tuple[int, Probe]], scenes: dict[int, Scene]) -> None:
        places, own = [place for place, _ in asked], [probe.own for _, probe in asked]
        found = self.program.look_lanes(asked[0][1], self._desks, self._data, places, own)
        for (place, probe), tree in zip(asked, found, strict=True):
            scenes[place].know(probe.question, tree)
