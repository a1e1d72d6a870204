"""The gallery: every entry is an experiment that trains, and what the server says of it."""

from __future__ import annotations

import pytest

from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from server.gallery import Entry, gallery

PROGRAMS = Programs()


@pytest.mark.parametrize("entry", gallery(), ids=lambda entry: entry.name)
def test_an_entry_says_what_it_is_and_can_be_built(entry: Entry) -> None:
    assert entry.title and entry.help.endswith(".") and len(entry.help) < 100
    session = Session(Experiment.model_validate(entry.experiment), PROGRAMS)
    assert session.experiment.data.dataset.kind in str(entry.experiment["data"]["dataset"])


def test_names_are_their_own_and_groups_stand_together() -> None:
    names = [entry.name for entry in gallery()]
    groups = [entry.group for entry in gallery()]
    assert len(set(names)) == len(names)
    changes = sum(a != b for a, b in zip(groups, groups[1:], strict=False))
    assert changes == len(set(groups)) - 1
