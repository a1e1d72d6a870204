"""All benchmarks, or those named, one after another; what they print goes to results.md, too.

`--record` puts it into docs/performance.md, in place of what stands between its marks.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime

from benchmarks._common import ROOT

NAMES = ("alone", "together", "hall", "touch", "fair", "small", "families", "learning", "bringing")
QUICK = {
    "hall": ["--seconds", "10"],
    "touch": ["--rounds", "10", "--shapes", "5"],
    "fair": ["--seconds", "5"],
}
RESULTS = ROOT / "benchmarks" / "results.md"
PAGE = ROOT / "docs" / "performance.md"
MARKS = "<!-- measured -->\n", "<!-- /measured -->\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that they work")
    parser.add_argument("--record", action="store_true", help="write docs/performance.md anew")
    args = parser.parse_args()
    if unknown := set(args.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    parts = [_run(name, args.quick) for name in args.names or NAMES]
    how = " in short runs: a glance, not a result" if args.quick else ""
    text = f"Measured on {datetime.now(UTC):%d %B %Y}{how}.\n{''.join(parts)}"
    RESULTS.write_text(text)
    if args.record:
        _record(text)


def _run(name: str, quick: bool) -> str:
    """What a benchmark prints, which is shown meanwhile."""
    few = QUICK.get(name, ["--rounds", "1", "--seconds", "1"]) if quick else []
    command = [sys.executable, "-u", "-m", f"benchmarks.{name}", *few]
    lines: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"The benchmark {name} failed as told above.")
    return "".join(lines)


def _record(text: str) -> None:
    before, after = MARKS
    page = PAGE.read_text()
    place = re.compile(f"(?<={re.escape(before)}).*(?={re.escape(after)})", re.DOTALL)
    PAGE.write_text(place.sub(lambda _: f"\n{text}\n", page))


if __name__ == "__main__":
    main()
