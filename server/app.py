"""The only place where the rooms meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from server import __version__, assets
from server.api import (
    deployments,
    errors,
    events,
    exports,
    gallery,
    jobs,
    live,
    openapi,
    pages,
    rest,
    shares,
    uploads,
)
from server.api.door import Door
from server.api.keys import Keys
from server.api.limits import Buckets
from server.api.once import Once
from server.api.sweeps import router as sweep_router
from server.deployments import Deployments
from server.engine import platform
from server.engine.scheduler import Engine
from server.engine.traces import Traces
from server.engine.views import VIEWS
from server.experiment import Experiment
from server.keeper import Keeper
from server.settings import Settings
from server.store import Store
from server.sweeps import Keeping, Sweeps
from server.uploads import shelf
from server.uploads.desk import Desk

#: what a page of ours may load: itself, and pictures it made
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'"
)


#: headers that other origins' pages may send, and read
CALL_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
)
ANSWER_HEADERS = (
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
)

#: what the page shows first
FIRST_VIEWS = ("surface", "units", "weights", "gradients", "confusion")


def _warm(engine: Engine) -> None:
    views = [VIEWS.validate(kind) for kind in FIRST_VIEWS]
    engine.warm(Experiment.model_validate({}), {view.key: view for view in views})


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application with these settings (LAYERLAB_* from the environment by default)."""
    settings = settings or Settings()
    platform.configure(settings.platform, settings.data_dir / "programs")
    shelf.configure(settings.data_dir / shelf.FOLDER)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = app.state.store = await Store.open(settings.database)
        engine = app.state.engine = Engine(
            max_sessions=settings.max_sessions,
            idle_seconds=settings.idle_seconds,
            train_workers=settings.train_workers,
            compile_workers=settings.compile_workers,
            traces=Traces(settings.data_dir / "traces"),
        )
        _warm(engine)
        # people have the last quarter of the house to themselves
        room = settings.max_sessions * 3 // 4
        sweeps = app.state.sweeps = Sweeps(engine, room, kept=True)
        size = settings.keep_megabytes * 1_000_000
        keeper = Keeper(engine, store, settings.keep_days, size, passing=sweeps.holds)
        app.state.keeper = keeper
        keeping = app.state.keeping = Keeping(sweeps, store, settings.keep_days, size)
        app.state.deployments = Deployments(engine.programs, store, size, settings.keep_days)
        kept = [asyncio.create_task(keep.run()) for keep in (keeper, keeping)]
        kept_size = settings.keep_upload_megabytes * 1_000_000
        desk = app.state.desk = Desk(settings.keep_upload_days, kept_size)
        yield
        await desk.close()
        await asyncio.to_thread(sweeps.stop)
        await keeper.stop()
        await keeping.stop()
        await asyncio.gather(*kept)
        engine.stop()
        await store.close()

    app = FastAPI(
        title="Layerlab",
        version=__version__,
        description="Build a neural network, watch it learn. See docs/protocol.md.",
        lifespan=lifespan,
        docs_url=None,  # api/pages.py has one that loads nothing from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.templates = Jinja2Templates(assets.templates_dir())
    app.state.once, app.state.jobs = Once(), jobs.Jobs()
    app.add_middleware(Door, keys=Keys(settings.api_keys), buckets=Buckets(settings.rate_limit))
    app.add_middleware(GZipMiddleware, minimum_size=2000)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=CALL_HEADERS,
            expose_headers=ANSWER_HEADERS,
        )

    @app.middleware("http")
    async def secure(request, call_next):  # type: ignore[no-untyped-def]
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"  # names stay, contents change
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    errors.install(app)
    rooms = (rest, gallery, jobs, events, exports, live, shares, deployments, uploads, pages)
    for room in rooms:
        app.include_router(room.router)
    app.include_router(uploads.files)
    app.include_router(sweep_router)
    openapi.install(app, keys=bool(settings.api_keys), limited=bool(settings.rate_limit))
    app.mount("/static", StaticFiles(directory=assets.static_dir()), name="static")
    return app
