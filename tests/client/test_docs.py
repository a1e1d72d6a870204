"""docs/python.md is true: its snippets are run, one after the other, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from layerlab import errors
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text()
README = (ROOT / "README.md").read_text()
THERE = "http://localhost:8000"


def snippets(language: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_snippet_runs(
    server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told: dict[str, object] = {}
    for snippet in snippets("python"):
        assert len(max(snippet.splitlines(), key=len)) <= 100
        exec(compile(snippet.replace(THERE, server_url), "docs/python.md", "exec"), told)
    assert (tmp_path / "spiral.png").stat().st_size > 10_000


def test_every_command_runs(server_url: str, tmp_path: Path) -> None:
    (commands,) = snippets("sh")
    layerlab = f"{sys.executable} -m server.cli"
    script = "set -e\n" + commands.replace("layerlab ", f"{layerlab} ").replace(THERE, server_url)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "client")])
    subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths}, check=True
    )
    assert '"digest": "' in (tmp_path / "result.json").read_text()


def test_every_error_is_in_the_table() -> None:
    raised = {kind.__name__ for kind in errors.KINDS.values()} | {"NotOffered", "Unreachable"}
    assert raised <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


def test_the_readme_s_snippet_runs(server_url: str) -> None:
    (snippet,) = re.findall(r"^    from layerlab .*?(?=\n\n\S)", README, re.MULTILINE | re.DOTALL)
    code = re.sub(r"^    ", "", snippet, flags=re.MULTILINE).replace(THERE, server_url)
    exec(compile(code, "README.md", "exec"), {})
