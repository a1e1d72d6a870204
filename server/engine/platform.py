"""How JAX is set up. Import this before anything that touches a device."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from platform import machine
from typing import Any

# A loop body below this many bytes becomes one native kernel instead of a string of
# thunks; XLA's own limit of 1 KiB is too low even for the default playground.
_SMALL_LOOP = "xla_cpu_small_while_loop_byte_threshold=1048576"
_FLAG = f"--xla_backend_extra_options={_SMALL_LOOP}"

if _SMALL_LOOP not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FLAG}".strip()

import jax  # noqa: E402 - the flags are read at import


class NoDevice(Exception):
    """There is no such device as is asked for."""


def configure(platform: str = "cpu", cache_dir: Path | None = None) -> None:
    """Choose the device ("cpu", "gpu" or "auto") and where compiled programs are kept.

    Raises NoDevice, with the mend, where there is no GPU and one is asked for.
    """
    config: Any = jax.config  # its `update` has no types
    # Every call is waited for: on the CPU it may as well run in the thread that calls.
    config.update("jax_cpu_enable_async_dispatch", False)
    if platform == "cpu":
        config.update("jax_platforms", platform)
    # JAX takes a GPU where it finds one, of whatever make; asked for by name it wants all makes.
    if platform == "gpu" and jax.default_backend() == "cpu":
        raise NoDevice(
            "JAX finds no GPU here; install its plugin for this GPU, or set LAYERLAB_PLATFORM=cpu"
        )
    if cache_dir is None:
        return
    cache_dir.mkdir(parents=True, exist_ok=True)
    config.update("jax_compilation_cache_dir", str(cache_dir))
    config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    config.update("jax_persistent_cache_min_entry_size_bytes", 0)


@lru_cache
def platform_name() -> str:
    """What the bits of a result depend on beside the experiment: device, machine, versions."""
    backend: Any = jax
    return f"{backend.devices()[0].device_kind} {machine()}, jax {jax.__version__}"


def has_small_loops() -> bool:
    """Whether the device makes one kernel of a small loop: only XLA's CPU backend does."""
    return jax.default_backend() == "cpu"


def quick_options() -> dict[str, bool]:
    """XLA's options for less time to compile: its older way to write loops takes a third less,
    and its loops take more, tanh most of all (docs/performance.md)."""
    return {"xla_cpu_use_fusion_emitters": False} if has_small_loops() else {}
