"""What can be set from outside: LAYERLAB_* environment variables."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "layerlab"


class Settings(BaseSettings):
    """The server's settings. `LAYERLAB_PORT=9000` sets `port`, and so on."""

    model_config = SettingsConfigDict(env_prefix="LAYERLAB_", frozen=True)

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""

    port: int = Field(default=8000, ge=0, le=65535)
    """TCP port to listen on; 0 takes a free one."""

    data_dir: Path = Field(default_factory=_data_dir)
    """Folder for whatever the server keeps."""

    database_url: str = Field(default="", repr=False)
    """Database for links and runs, postgresql://user:password@host/name or sqlite:////path; empty
    means SQLite in a file of data_dir."""

    max_sessions: int = Field(default=256, ge=1)
    """Live sessions at once; a further one is refused."""

    idle_seconds: float = Field(default=900, gt=0)
    """Seconds after which a session that nobody watches or calls leaves memory; who comes back
    finds it again, as it was kept."""

    keep_days: float = Field(default=30, gt=0)
    """Days after which a session that nobody came back to, or a sweep, is forgotten."""

    keep_megabytes: int = Field(default=2000, ge=1)
    """Space that kept sessions may take, kept sweeps as much, and deployed models as much; beyond
    it the oldest are forgotten, of the models those alone that nobody has called for keep_days:
    where these take too little, no more are taken."""

    keep_upload_days: float = Field(default=365, gt=0)
    """Days after which a file that somebody brought and nobody used is forgotten."""

    keep_upload_megabytes: int = Field(default=5000, ge=100)
    """Space that such files may take; beyond it the longest unused are forgotten."""

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Other origins whose pages may call, separated by commas; empty means none but its own."""

    api_keys: Annotated[tuple[str, ...], NoDecode] = Field(default=(), repr=False)
    """Keys of which every caller must have one, separated by commas: each plain (16 characters or
    more) or sha256:<its hexadecimal digest>; empty means that everybody may call."""

    rate_limit: int = Field(default=12_000, ge=0)
    """Calls that a client, which is an API key or else an address, may make in a minute; 0 means
    no limit. A live socket is not counted."""

    wait_seconds: float = Field(default=3600, ge=0)
    """Seconds that a call waits for training, at most; then it is answered with a job."""

    stream_seconds: float = Field(default=3600, gt=0)
    """Seconds after which a stream of events or of progress ends; it can be taken up again."""

    fps_limit: int = Field(default=60, ge=1, le=240)
    """Frames per second at most, for one live view."""

    compile_workers: int = Field(default=2, ge=1, le=64)
    """Threads that compile programs."""

    train_workers: int = Field(default=2, ge=1, le=64)
    """Threads that train."""

    platform: Literal["cpu", "gpu", "auto"] = "cpu"
    """Where JAX computes; auto takes an accelerator where JAX finds one."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe message that is logged."""

    @property
    def database(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'layerlab.db'}"

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(key.strip() for key in value.split(",") if key.strip())

    @field_validator("api_keys")
    @classmethod
    def _are_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for place, key in enumerate(keys, start=1):
            if key.startswith("sha256:"):
                if not re.fullmatch("sha256:[0-9a-fA-F]{64}", key):
                    raise ValueError(f"key {place}: after sha256: come 64 hexadecimal digits")
            elif len(key) < 16 or not key.isascii() or not key.isprintable():
                raise ValueError(f"key {place}: it has 16 printable ASCII characters or more")
        return keys

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
