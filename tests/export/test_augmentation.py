"""What is exported of augmented and of prepared pictures: what it does not do, it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .test_words import CODE, exported


def pictures(**data: Any) -> dict[str, Any]:
    layers = ["flatten", {"kind": "dense", "units": 4}]
    return {"data": {"dataset": "digits"} | data, "network": {"layers": layers}}


@pytest.mark.parametrize("target", CODE)
def test_that_augmentation_is_not_written_is_said(target: str) -> None:
    found = exported(target, pictures(augmentation=["mixup", "random_flip"]))
    for name in ("README.md", "train.py"):
        said = " ".join(found[name].decode().split())
        assert "NOT WRITTEN: augmentation" in said and "at random by mixup, random_flip" in said
    compile(found["train.py"], "train.py", "exec")
    plain = exported(target, pictures())
    assert b"ugmentation" not in plain["README.md"] + plain["train.py"]


@pytest.mark.parametrize("target", [*CODE, "container"])
def test_how_pictures_are_prepared_is_said(target: str) -> None:
    found = exported(target, pictures(preparation=[{"kind": "pad", "padding": 2}]))
    said = " ".join(found["README.md"].decode().split())
    assert "8×8×1 as they were collected, are prepared already: pad (padding 2, value 0)" in said
    if target == "container":
        (example,) = json.loads(found["request.json"])["inputs"]
        assert len(example) == 12
