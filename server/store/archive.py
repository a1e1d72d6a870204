"""Backups: one file that any store can be filled from, on SQLite as on PostgreSQL.

A ZIP of manifest.json and a file of JSON lines per table. The manifest names the format and
has every file's number of lines and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from sqlalchemy import Table, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from .database import StoreError, transaction
from .store import Store, canonical, identify
from .tables import checkpoints, deployments, runs, shares, sweep_runs, sweeps

#: rises when who wrote the last one could not read, or would lose, what is written
FORMAT = 3
#: what a damaged file makes its readers say
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # encrypted
    IntegrityError,
)


def _canonical(text: str) -> str:
    return canonical(json.loads(text))


Seconds = Annotated[float, Field(ge=0)]
Step = Annotated[int, Field(ge=0, lt=2**63)]
#: JSON in its canonical form
Text = Annotated[str, AfterValidator(_canonical)]


class Counts(NamedTuple):
    """How much of each there was."""

    shares: int
    runs: int
    checkpoints: int
    sweeps: int
    sweep_runs: int
    deployments: int

    def __str__(self) -> str:
        runs = f"{self.runs} runs, {self.checkpoints} checkpoints"
        models = f"{self.deployments} deployed models"
        return f"{self.shares} links, {runs}, {self.sweeps} sweeps and {models}"


class _Record(BaseModel):
    """A row as it is written: JSON within it as the text that the table has."""

    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class _Share(_Record):
    id: str = Field(min_length=1, max_length=52)
    document: Text
    created: Seconds

    @model_validator(mode="after")
    def _named_by_content(self) -> Self:
        if not identify(self.document)[1].startswith(self.id):
            raise ValueError(f"the link {self.id} does not name its content")
        return self


class _Run(_Record):
    id: str = Field(min_length=1, max_length=64)
    secret_hash: str = Field(max_length=64)
    experiment: Text
    log: Text
    step: Step
    playing: bool
    created: Seconds
    updated: Seconds


class _Checkpoint(_Record):
    run_id: str
    step: Step
    weights: bytes
    created: Seconds


class _Sweep(_Record):
    id: str = Field(min_length=1, max_length=64)
    secret_hash: str = Field(max_length=64)
    sweep: Text
    state: str = Field(max_length=16)
    crashes: int
    created: Seconds
    updated: Seconds


class _SweepRun(_Record):
    sweep_id: str
    run: int
    status: str = Field(max_length=16)
    step: Step
    result: Text
    data: bytes


class _Deployment(_Record):
    id: str = Field(min_length=1, max_length=64)
    session: str = Field(max_length=64)
    secret_hash: str = Field(max_length=64)
    key_hash: str = Field(max_length=64)
    title: str
    experiment: Text
    log: Text
    facts: Text
    step: Step
    digest: str = Field(max_length=64)
    weights: bytes
    calls: Step
    called: Seconds
    created: Seconds


class _File(BaseModel):
    lines: int
    sha256: str


class _Header(BaseModel):
    """What the manifest of every format says."""

    kind: Literal["layerlab backup"]
    format: int


class _Manifest(_Header):
    created: Seconds
    files: dict[str, _File]


#: every table, how a row of it is written, and in which order; who is referred to comes first
TABLES: dict[Table, tuple[type[_Record], tuple[Any, ...]]] = {
    shares: (_Share, (shares.c.id,)),
    runs: (_Run, (runs.c.id,)),
    checkpoints: (_Checkpoint, (checkpoints.c.number,)),
    sweeps: (_Sweep, (sweeps.c.id,)),
    sweep_runs: (_SweepRun, (sweep_runs.c.sweep_id, sweep_runs.c.run)),
    deployments: (_Deployment, (deployments.c.id,)),
}
#: those that a backup of each older format has not
LATER = {1: {sweeps, sweep_runs, deployments}, 2: {deployments}}
#: what is of a row, and goes when another takes its place
PARTS = {runs: checkpoints.c.run_id, sweeps: sweep_runs.c.sweep_id}


async def backup(store: Store, path: Path) -> Counts:
    """Write all that the store holds at this moment to a new file. Raises StoreError."""
    if path.exists():
        raise StoreError(f"{path} is there already; name another file.")
    part = path.with_name(f"{path.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            counts = await _write(store, archive)
        part.rename(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return counts


async def _write(store: Store, archive: zipfile.ZipFile) -> Counts:
    # one moment for all tables; a transaction of SQLite sees one anyway
    postgresql = store.engine.dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ"} if postgresql else {}
    files: dict[str, _File] = {}
    async with transaction(store.engine, **options) as connection:
        for table, (record, key) in TABLES.items():
            columns = [table.c[name] for name in record.model_fields]
            rows = await connection.stream(select(*columns).order_by(*key))
            name, lines, digest = f"{table.name}.jsonl", 0, hashlib.sha256()
            with archive.open(name, "w", force_zip64=True) as out:
                async for row in rows.mappings():
                    line = record.model_construct(**row).model_dump_json().encode() + b"\n"
                    digest.update(line)
                    out.write(line)
                    lines += 1
            files[name] = _File(lines=lines, sha256=digest.hexdigest())
    manifest = _Manifest(kind="layerlab backup", format=FORMAT, created=time.time(), files=files)
    archive.writestr("manifest.json", manifest.model_dump_json(indent=1))
    return _counts(manifest)


async def restore(store: Store, path: Path) -> Counts:
    """Add what a backup holds; what is in both is taken from the backup.

    All of it or nothing. Raises StoreError: no backup, damaged, or of a newer format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _read_manifest(archive)
            async with transaction(store.engine) as connection:
                for table in _tables(manifest):
                    for record in _records(archive, manifest, table):
                        await _add(store, connection, table, dict(record))
            return _counts(manifest)
    except DAMAGE as error:
        raise StoreError(
            f"{path} is no whole backup of Layerlab ({_first_line(error)}); nothing was restored."
        ) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_manifest(archive: zipfile.ZipFile) -> _Manifest:
    text = archive.read("manifest.json")
    found = _Header.model_validate_json(text).format
    if found > FORMAT:
        raise StoreError(
            f"This backup was made by a newer Layerlab (format {found}, this one reads up to "
            f"{FORMAT}); nothing was restored."
        )
    return _Manifest.model_validate_json(text)


def _records(archive: zipfile.ZipFile, manifest: _Manifest, table: Table) -> Iterator[_Record]:
    """What is written of a table. ValueError where, at the end, it is not what was written."""
    name = f"{table.name}.jsonl"
    expected, lines, digest = manifest.files[name], 0, hashlib.sha256()
    with archive.open(name) as file:
        for line in file:
            lines += 1
            digest.update(line)
            yield TABLES[table][0].model_validate_json(line)
    if (lines, digest.hexdigest()) != (expected.lines, expected.sha256):
        raise ValueError(f"{name} is not what was written")


async def _add(
    store: Store, connection: AsyncConnection, table: Table, row: dict[str, Any]
) -> None:
    """Add a row, or put it in place of what is there."""
    new = store.insert(table).values(row)
    if table is shares:
        await _add_share(store, connection, row)
    elif table is deployments:
        await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=row))
    elif table in PARTS:
        await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=row))
        await connection.execute(delete(PARTS[table].table).where(PARTS[table] == row["id"]))
    else:
        await connection.execute(new)


async def _add_share(store: Store, connection: AsyncConnection, row: dict[str, Any]) -> None:
    row["digest"], _ = identify(row["document"])
    await connection.execute(store.insert(shares).values(row).on_conflict_do_nothing())
    same = select(shares.c.id).where(shares.c.id == row["id"], shares.c.digest == row["digest"])
    if (await connection.execute(same)).scalar() is None:
        raise StoreError(f"The link {row['id']} names something else here; nothing was restored.")


def _tables(manifest: _Manifest) -> list[Table]:
    """Those that a backup has."""
    return [table for table in TABLES if table not in LATER.get(manifest.format, ())]


def _counts(manifest: _Manifest) -> Counts:
    of = {table.name: manifest.files[f"{table.name}.jsonl"].lines for table in _tables(manifest)}
    return Counts(*(of.get(table.name, 0) for table in TABLES))


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing".replace("There is no item named ", "")
    if isinstance(error, IntegrityError):
        return "a checkpoint is of no run, or a run of no sweep"
    return str(error).partition("\n")[0].rstrip(".")
