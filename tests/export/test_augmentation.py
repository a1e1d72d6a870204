"""What is exported of augmented and of prepared pictures: what it does not do, it says."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from server.experiment import Experiment
from server.experiment.registry import AUGMENTATIONS
from server.export.augmentation_code import FUNCTIONS
from server.training.augmentation import geometric

from .run import modules
from .test_words import CODE, exported

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WRITTEN = list(FUNCTIONS)


def pictures(**data: Any) -> dict[str, Any]:
    layers = ["flatten", {"kind": "dense", "units": 4}]
    dataset = {"kind": "digits", "samples": 40}
    output = {"initializer": "glorot_uniform"}
    return {
        "data": {"dataset": dataset} | data,
        "network": {"layers": layers, "output": output},
        "training": {"batch_size": 16},
    }


def written(**data: Any) -> Any:
    """The exported program that changes pictures."""
    module: Any = ModuleType("augmentation")
    exec(exported("keras", pictures(**data))["augmentation.py"].decode(), vars(module))
    return module


@pytest.mark.parametrize("target", CODE)
def test_a_program_trains_on_augmented_pictures(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in exported(target, pictures(augmentation=WRITTEN)).items():
        (tmp_path / name).write_bytes(content)
    with modules(tmp_path) as (_, train):
        train.main(2)
        images, labels = (np.zeros((3, 8, 8, 1), np.uint8), np.arange(3))
        found = train.augmented(images, labels)
    assert np.isfinite([float(line.split("loss ")[1].split(",")[0])
                        for line in capsys.readouterr().out.splitlines()]).all()  # fmt: skip
    assert found[0].dtype == np.uint8 and found[0].shape == images.shape
    np.testing.assert_array_equal(found[1], labels)
    assert "`augmentation.py` changes" in (tmp_path / "README.md").read_text()


def test_what_is_written_moves_pictures_as_ours() -> None:
    images = np.random.default_rng(0).uniform(0, 1, (4, 9, 12, 2)).astype(np.float32)
    program = written(augmentation=["random_rotation"])
    angle = np.array([0.1, -0.7, 2, 3])
    cos, sin = np.cos(angle), np.sin(angle)
    matrices = program.matrices_of(cos, sin, 0, -sin, cos, 0)
    np.testing.assert_allclose(matrices, geometric.rotation(jnp.asarray(angle)), atol=1e-6)
    for fill in ("constant", "nearest", "reflect"):
        ours = geometric.warped(jnp.asarray(images), jnp.asarray(matrices), fill)
        np.testing.assert_allclose(program.warped(images, matrices, fill), ours, atol=1e-4)


@pytest.mark.parametrize(("kind", "one"), [
    ("random_flip", {}), ("random_translation", {"height_factor": 0.5, "width_factor": 0.5}),
    ("random_zoom", {"factor": 0.5}), ("gaussian_noise", {}), ("cutout", {"length": 3}),
])  # fmt: skip
def test_what_is_to_be_rebuilt_moves_along_and_is_clean(kind: str, one: dict[str, Any]) -> None:
    step = {"kind": kind, "probability": 1} | one
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    target = pictures(augmentation=[step])["data"] | {"target": "input"}
    files = exported("keras", {"data": target, "training": {"batch_size": 16}})
    module: Any = ModuleType("augmentation")
    exec(files["augmentation.py"].decode(), vars(module))
    found, answers = module.augmented(images, images)
    assert not np.array_equal(found, images)
    np.testing.assert_array_equal(answers, found if AUGMENTATIONS[kind].moves else images)


def test_how_often_and_how_much_is_as_it_was_said() -> None:
    images = np.full((2000, 8, 8, 1), 128, np.uint8)
    half = written(augmentation=[{"kind": "cutout", "length": 4, "probability": 0.5}])
    cut = (half.augmented(images, None)[0] == 0).any((1, 2, 3)).mean()
    assert cut == pytest.approx(0.5, abs=0.05)
    noisy = written(augmentation=[{"kind": "gaussian_noise", "stddev": 0.1}])
    assert noisy.augmented(images, None)[0].std() / 255 == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize("target", CODE)
def test_what_is_not_written_is_said(target: str) -> None:
    found = exported(target, pictures(augmentation=["mixup", "random_flip"]))
    for name in ("README.md", "train.py"):
        said = " ".join(found[name].decode().split())
        assert "NOT WRITTEN: mixup, which changed the batches" in said
    plain = exported(target, pictures())
    assert b"augment" not in plain["README.md"] + plain["train.py"]
    for files in (plain, exported(target, pictures(augmentation=["mixup"]))):
        assert "augmentation.py" not in files and b"import augmented" not in files["train.py"]


def test_every_augmentation_is_written_or_said_not_to_be() -> None:
    for kind in AUGMENTATIONS:
        experiment = pictures(augmentation=[kind])
        Experiment.model_validate(experiment)
        files = exported("jax", experiment)
        assert ("augmentation.py" in files) != (b"NOT WRITTEN" in files["README.md"])


@pytest.mark.parametrize("target", [*CODE, "container"])
def test_how_pictures_are_prepared_is_said(target: str) -> None:
    found = exported(target, pictures(preparation=[{"kind": "pad", "padding": 2}]))
    said = " ".join(found["README.md"].decode().split())
    assert "8×8×1 as they were collected, are prepared already: pad (padding 2, value 0)" in said
    if target == "container":
        (example,) = json.loads(found["request.json"])["inputs"]
        assert len(example) == 12
