"""The process that reads one file, with limits on its memory and time: `python -m
server.uploads.worker <file> <folder>`, what was said of it as JSON on its input.

It prints a JSON object a line: how far it is, at the end the facts or what is wrong.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

from .notes import Unreadable
from .readers import Said, read

MEMORY, SECONDS, WRITTEN = 3 * 2**30, 120, 600_000_000
TOO_MUCH = "reading it takes more memory than a file may; send fewer rows, or smaller ones"


def main() -> None:
    path, folder = Path(sys.argv[1]), Path(sys.argv[2])
    said = Said(**json.loads(sys.stdin.read()))
    _limit()
    try:
        facts = read(path, said, folder, _tell_progress)
    except Unreadable as error:
        _tell({"error": error.note.told()})
        return
    except MemoryError:
        _tell({"error": Unreadable(TOO_MUCH).note.told()})
        return
    _tell({"facts": facts})


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _tell_progress(share: float, doing: str) -> None:
    _tell({"progress": round(min(max(share, 0.0), 1.0), 4), "doing": doing})


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what, ensure_ascii=True), flush=True)


if __name__ == "__main__":
    main()
