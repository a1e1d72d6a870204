"""The tables as the code knows them; migrations/ brings a database to them.

JSON is kept as text, so that what was saved is what is read, byte for byte, on every
database. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: immutable documents; `digest` is the SHA-256 of the document, `id` begins the same digest
shares = Table(
    "shares",
    metadata,
    Column("id", String(52), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("created", Double, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    Column("experiment", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("playing", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False, index=True),
)

#: `number` rises with every checkpoint saved; steps may fall, where a run was reset
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column(
        "run_id",
        String(64),
        ForeignKey("runs.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("step", BigInteger, nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("created", Double, nullable=False),
)

#: `crashes`: ends of the server that were none in order, since something last came of the sweep
sweeps = Table(
    "sweeps",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    Column("sweep", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False, index=True),
)

#: of every run that is more than planned; `data` is empty where there is none
sweep_runs = Table(
    "sweep_runs",
    metadata,
    Column("sweep_id", String(64), ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True),
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("status", String(16), nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

#: `facts`: what everybody is told. `session`: whose it was, which may be gone
deployments = Table(
    "deployments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("session", String(64), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("called", Double, nullable=False),
    Column("created", Double, nullable=False),
)
