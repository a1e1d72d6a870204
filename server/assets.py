"""Where the built page and the templates lie: in the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def static_dir() -> Path:
    """The built page: `app.js`, `app.css` and what they load. FileNotFoundError if not built."""
    return _find("static", holding="app.js")


def templates_dir() -> Path:
    """The Jinja2 templates."""
    return _find("templates", holding="")


def _find(name: str, *, holding: str) -> Path:
    for folder in (PACKAGE / f"_{name}", PACKAGE.parent / name):
        if (folder / holding).exists():
            return folder
    raise FileNotFoundError(f"{name}/ is missing: build the page with `python hatch_build.py`")
