"""Pictures, texts and recordings that people bring."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, Spec, setting

from .base import Points
from .measured import SpeechDataset
from .own import file_setting
from .pictures import PictureDataset, Pictures, convolutional, first_of_each
from .sources import own
from .written import TESTS, StretchDataset

#: side of pictures that need not be made smaller
SIDE = 32


class OwnClasses(Spec):
    """Files of a zip, each in the folder of its class."""

    becomes: ClassVar[str]

    file: str | None = file_setting()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The folders, in the order of their names."""
        return own.classes(self.file, self.becomes)

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.class_names)


@DATASETS.register
class OwnPictures(OwnClasses, PictureDataset):
    """Pictures of a zip file, each in the folder of its class; cut to squares."""

    kind: Literal["own_pictures"] = "own_pictures"
    becomes: ClassVar[str] = "pictures"
    title = "Own pictures"
    help = "A folder of pictures for each class; until you bring some, circles and the like."
    hints: ClassVar[dict[str, Any]] = {
        "own": True,
        "accept": ".zip,.png,.jpg,.jpeg,.webp,.gif,.bmp",
    }

    samples: int = setting(
        5000, title="Samples", ge=20, le=10_000, scale="log", choices=[100, 500, 1000, 5000],
        help="How many of the pictures are taken, before the split; all, where there are fewer.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return own.pictures(self.file)[0].shape[1:]

    def read(self) -> Pictures:  # pyright: ignore[reportIncompatibleMethodOverride]
        return own.pictures(self.file)

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        return first_of_each(cls().read())

    def preparation(self) -> tuple[dict[str, Any], ...]:
        if self.input_shape[0] <= SIDE:
            return ()
        return ({"kind": "resize", "height": SIDE, "width": SIDE},)

    def suggestion(self) -> dict[str, Any]:
        side = min(self.input_shape[0], SIDE)
        return convolutional((8, 16) if side >= 8 else (8,), 32)


@DATASETS.register
class OwnText(StretchDataset):
    """Stretches of a text that somebody brought; the test part is of its last tenth."""

    kind: Literal["own_text"] = "own_text"
    becomes: ClassVar[str] = "text"
    title = "Own text"
    help = "Your text, letter by letter: which letter comes next; until then, numbers in words."
    hints: ClassVar[dict[str, Any]] = {"own": True, "accept": ".txt,.md"}

    file: str | None = file_setting()

    def letters(self) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
        return own.letters(self.file)

    @property
    def last(self) -> int:
        return len(self.letters()[1]) // 10

    @property
    def test(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return min(TESTS, self.last - self.length)


@DATASETS.register
class OwnRecordings(OwnClasses, SpeechDataset):
    """Recordings of a zip file, each in the folder of its class."""

    kind: Literal["own_recordings"] = "own_recordings"
    becomes: ClassVar[str] = "recordings"
    title = "Own recordings"
    help = "A folder of WAV files for each class, as 13 coefficients; until then, three tones."
    hints: ClassVar[dict[str, Any]] = {"own": True, "accept": ".zip,.wav"}

    length: int = setting(
        30, title="Length", ge=5, le=100, choices=[10, 20, 30, 40, 60, 100],
        help="How many steps of 25 ms, at a recording's end, are heard.",
    )  # fmt: skip
    samples: int = setting(
        3000, title="Samples", ge=20, le=10_000, scale="log", choices=[200, 500, 1000, 3000],
        help="How many of the recordings are taken, before the split.",
    )  # fmt: skip

    def heard(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
        return own.recordings(self.file)
