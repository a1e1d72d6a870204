"""Where files are taken in: written to disk as they come, then read by a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from . import shelf
from .notes import Note, plain
from .readers import Said
from .worker import TOO_MUCH

log = structlog.get_logger()

#: bytes of one file
LARGEST = 50_000_000
#: files that are read at a time, seconds that one may take, and uploads that are remembered
TOGETHER, PATIENCE, REMEMBERED = 2, 180, 500
#: files that may be under way: coming in, waiting and being read
WAITING = 40
SLOW = "reading it takes longer than a file may; send fewer rows, or smaller ones"
BROKEN = "reading it came to no end; see whether the file opens elsewhere, and save it again"

Status = Literal["reading", "done", "failed"]


class TooLarge(Exception):
    """More bytes than a file may have."""


class Busy(Exception):
    """As many files are under way as may be."""


@dataclass(eq=False)
class Upload:
    """One file that somebody sent. digest: of its content, and of how it was read."""

    id: str
    name: str
    size: int
    digest: str
    status: Status = "reading"
    progress: float = 0.0
    doing: str | None = None
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    error: Note | None = None
    task: asyncio.Task[None] | None = None


class Desk:
    """The uploads that are under way, and those of late.

    days, size: after how many days without use, and beyond how many bytes, what was read is
    forgotten.
    """

    def __init__(self, days: float, size: int) -> None:
        self._days, self._size = days, size
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._turn = asyncio.Semaphore(TOGETHER)
        self._coming = 0

    async def take(self, chunks: AsyncIterator[bytes], said: Said) -> Upload:
        """Write a file to disk as it comes, and begin to read it. Raises TooLarge, Busy."""
        waiting = sum(upload.status == "reading" for upload in self._uploads.values())
        if waiting + self._coming >= WAITING:
            raise Busy
        place = shelf.workplace()
        self._coming += 1
        try:
            size, digest = await _written(chunks, place / "file", said)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        finally:
            self._coming -= 1
        upload = Upload(secrets.token_urlsafe(12), plain(said.name, 200), size, digest)
        self._uploads[upload.id] = upload
        while len(self._uploads) > REMEMBERED:
            self._uploads.popitem(last=False)
        upload.task = asyncio.create_task(self._read(upload, place, said))
        return upload

    def find(self, key: str) -> Upload | None:
        """The upload of that id."""
        return self._uploads.get(key)

    async def cancel(self, key: str) -> bool:
        """Stop reading and forget the upload. Whether there was one."""
        upload = self._uploads.pop(key, None)
        if upload is None:
            return False
        await _stopped(upload)
        return True

    async def close(self) -> None:
        """Stop reading whatever is being read."""
        for upload in self._uploads.values():
            await _stopped(upload)

    async def _read(self, upload: Upload, place: Path, said: Said) -> None:
        try:
            async with self._turn:
                await self._facts(upload, place, said)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("reading an upload failed", name=upload.name)
            _fail(upload, Note(BROKEN))
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    async def _facts(self, upload: Upload, place: Path, said: Said) -> None:
        if shelf.folder(upload.digest) is None:
            folder = place / "read"
            folder.mkdir()
            facts = await _by_worker(upload, place / "file", folder, said)
            if facts is None:
                return
            whole = facts | {"name": upload.name, "size": upload.size}
            (folder / shelf.FACTS).write_text(json.dumps(whole))
            await asyncio.to_thread(shelf.keep, folder, upload.digest)
            await asyncio.to_thread(shelf.forget, self._days, self._size)
        upload.facts = await asyncio.to_thread(shelf.facts, upload.digest)
        upload.progress, upload.doing, upload.status = 1.0, None, "done"


async def _stopped(upload: Upload) -> None:
    if upload.task is not None:
        upload.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upload.task


def _fail(upload: Upload, note: Note) -> None:
    upload.status, upload.error, upload.doing = "failed", note, None


async def _written(chunks: AsyncIterator[bytes], path: Path, said: Said) -> tuple[int, str]:
    """How many bytes came, and the digest of what they are read as."""
    found, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise TooLarge
            found.update(chunk)
            await asyncio.to_thread(file.write, chunk)
    reading = said.reading() | _by_ending(said)
    if reading:
        found.update(json.dumps(reading, sort_keys=True).encode())
    return size, found.hexdigest()


def _by_ending(said: Said) -> dict[str, str]:
    """The name's ending, where it may say how the content is read."""
    return {"ending": said.ending} if said.ending in (".txt", ".md", ".json") else {}


async def _by_worker(upload: Upload, path: Path, folder: Path, said: Said) -> dict[str, Any] | None:
    """The facts that a process of its own finds; None where it finds none."""
    command = [sys.executable, "-m", "server.uploads.worker", str(path), str(folder)]
    # not by the event loop: its fork would go through JAX's threads
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_environment(), text=True,
    )  # fmt: skip
    heard = asyncio.create_task(asyncio.to_thread(_heard, upload, process, said))
    try:
        async with asyncio.timeout(PATIENCE):
            facts = await asyncio.shield(heard)
    except TimeoutError:
        _fail(upload, Note(SLOW))
        return None
    finally:
        process.kill()
        await heard
    if facts is None and upload.error is None:
        _fail(upload, Note(TOO_MUCH if process.returncode < 0 else BROKEN))
    return facts


def _heard(upload: Upload, process: subprocess.Popen[str], said: Said) -> dict[str, Any] | None:
    """What the process says, to its end."""
    facts = None
    with process, contextlib.suppress(BrokenPipeError):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(said)))
        process.stdin.close()
        for line in process.stdout:
            told = json.loads(line)
            if "error" in told:
                _fail(upload, Note(**told["error"]))
            elif "facts" in told:
                facts = told["facts"]
            else:
                upload.progress, upload.doing = told["progress"], told["doing"]
    return facts


def _environment() -> dict[str, str]:
    """Of the process: where Python finds what it imports, that it has one thread, and none of the
    server's secrets."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LAYERLAB_")}
    paths = ":".join(path for path in sys.path if path)
    single = dict.fromkeys(
        ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
    )
    return own | single | {"PYTHONPATH": paths}
