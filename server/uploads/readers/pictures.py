"""Pictures in a zip file, in a folder for each class."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from server.uploads.notes import Progress, Unreadable

from .archive import Member, about, content, labelled, members, unzipped
from .said import Said

PICTURES, LABELS = "pictures.npy", "labels.npy"
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
#: the side of the kept pictures at most, and points of one that is sent
SIDE, MOST_POINTS = 64, 25_000_000


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Keep the pictures as squares, cut about their middle, of `side`: that of the largest, at
    most 64. uint8 (N, side, side, 1 or 3): one channel where all are grey. Raises Unreadable."""
    with unzipped(path) as archive:
        found, notes = members(archive, ENDINGS, "pictures")
        side, squares = 1, []
        for i, member in enumerate(found):
            square = _square(content(archive, member), member)
            side = max(side, square.size[0])
            squares.append(square)
            if i % 20 == 0:
                progress(0.9 * i / len(found), f"picture {i + 1:,} of {len(found):,}")
    pool = np.stack([_points(square, side) for square in squares])
    grey = bool((pool[..., :1] == pool).all())
    classes, labels = labelled(found)
    np.save(folder / PICTURES, pool[..., :1] if grey else pool, allow_pickle=False)
    np.save(folder / LABELS, labels, allow_pickle=False)
    return {
        "about": about(found, "pictures"),
        "count": len(found),
        "classes": classes,
        "side": side,
        "channels": 1 if grey else 3,
        "notes": [note.told() for note in notes],
    }


def _square(data: bytes, member: Member) -> Image.Image:
    """The picture as it is to be seen, cut to a square of at most SIDE."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            if picture.width * picture.height > MOST_POINTS:
                raise Unreadable(
                    f"{member.name} has {picture.width:,}×{picture.height:,} points; make it "
                    "smaller"
                )
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a large JPEG is read coarsely
            turned = ImageOps.exif_transpose(picture)
            whole = _opaque(turned)
            side = min(SIDE, min(whole.size))
            return ImageOps.fit(whole, (side, side), Image.Resampling.LANCZOS)
    except Unreadable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unreadable(f"{member.name} has far too many points; make it smaller") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Unreadable(
            f"{member.name} is no picture that can be read; remove it, or save it again as PNG"
        ) from None


def _opaque(picture: Image.Image) -> Image.Image:
    """On white where it is transparent."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    whole = picture.convert("RGBA")
    ground = Image.new("RGBA", whole.size, "white")
    return Image.alpha_composite(ground, whole).convert("RGB")


def _points(square: Image.Image, side: int) -> NDArray[np.uint8]:
    if square.size[0] != side:
        square = square.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(square, np.uint8)
