"""docs/rest.md says what is so: its examples run, in order, in one shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "rest.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples are for curl")
def test_the_examples_run(server_url, tmp_path) -> None:
    assert len(BLOCKS) >= 10
    script = "\n".join(["set -eu -o pipefail", *BLOCKS])
    shell = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"LAYERLAB": server_url},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert shell.returncode == 0, shell.stdout[-2000:] + shell.stderr
    for words in ("digest", "event: session", '"status":"done"', "The input does not fit"):
        assert words in shell.stdout, words
