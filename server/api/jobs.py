"""Jobs: training that is longer than a call may last."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from server.engine import commands as c
from server.engine.session import Session

from . import answers
from .route import Route, tagged
from .sessions import Controlled, Readable
from .waits import until_over

router = APIRouter(route_class=Route)

#: jobs that are remembered; of those that are over the oldest are given up first
MOST = 1000


def begin(session: Session, order: c.Advance) -> tuple[int, int]:
    """Give the order; the step where it begins and the one where it ends. Raises Refused."""
    with session.lock:
        session.act(order)
        return session.step, session.step + (session.left or 0)


class Job:
    """A limited run of a session that has begun, until its result."""

    def __init__(self, session: Session, first: int, last: int) -> None:
        self.id = secrets.token_urlsafe(9)
        self.session_id = session.id
        self.first, self.last = first, last
        self._session: Session | None = session  # let go of at the end
        self.task = asyncio.create_task(self._run(session))

    async def _run(self, session: Session) -> dict[str, Any]:
        await until_over(session)
        found = await asyncio.to_thread(result, session)
        self._session = None
        return found

    async def wait(self, seconds: float) -> dict[str, Any] | None:
        """The result, or None where it takes longer."""
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        return self.task.result() if done else None

    def document(self) -> dict[str, Any]:
        """The job in the words of docs/protocol.md."""
        found = self.task.result() if self.task.done() else None
        step = found["step"] if found else self._session.step if self._session else self.first
        status = "running" if found is None else "done" if step >= self.last else "interrupted"
        span = max(1, self.last - self.first)
        return {
            "id": self.id,
            "session": self.session_id,
            "status": status,
            "first_step": self.first,
            "last_step": self.last,
            "step": step,
            "progress": min(1.0, max(0.0, (step - self.first) / span)),
            "result": found,
        }


class Jobs:
    """The jobs there are, by id."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def add(self, job: Job) -> None:
        over = [key for key, known in self._jobs.items() if known.task.done()]
        for key in over[: max(0, len(self._jobs) - MOST + 1)]:
            del self._jobs[key]
        self._jobs[job.id] = job

    def of(self, session: Session) -> list[Job]:
        return [job for job in self._jobs.values() if job.session_id == session.id]

    def find(self, session: Session, job_id: str) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job and job.session_id == session.id else None

    def forget(self, job: Job) -> None:
        self._jobs.pop(job.id, None)


def result(session: Session) -> dict[str, Any]:
    """Where training has come to."""
    with session.lock:
        return {
            "step": session.step,
            "epoch": session.epoch,
            "status": session.status,
            "metrics": session.metrics(),
            "digest": session.digest(),
        }


def jobs_of(request: Request) -> Jobs:
    return request.app.state.jobs


Known = Annotated[Jobs, Depends(jobs_of)]


async def job_of(session: Readable, job_id: str, jobs: Known) -> Job:
    """The job that the path names, or 404."""
    job = jobs.find(session, job_id)
    if job is None:
        raise HTTPException(404, "there is no such job; it was cancelled, or the server restarted")
    return job


def accepted(job: Job, jobs: Jobs) -> Response:
    """202, with where the job is."""
    jobs.add(job)
    response = tagged(job.document(), 202)
    response.headers["Location"] = f"/api/v1/sessions/{job.session_id}/jobs/{job.id}"
    response.headers["Retry-After"] = "1"
    return response


def patience(prefer: str | None) -> float | None:
    """Seconds that the caller would wait by its Prefer header (RFC 7240), if it says so."""
    wishes = [wish.strip().lower() for wish in (prefer or "").split(",")]
    waits = [match for wish in wishes if (match := re.fullmatch(r"wait=(\d{1,6})", wish))]
    if waits:
        return float(waits[0][1])
    return 0.0 if "respond-async" in wishes else None


@router.get(
    "/api/v1/sessions/{session_id}/jobs",
    summary="Jobs of a session",
    tags=["jobs"],
    response_model=None,
    responses={200: {"model": list[answers.Job]}},
)
async def jobs(session: Readable, jobs: Known) -> Response:
    """The jobs of a session, the oldest first."""
    return tagged([job.document() for job in jobs.of(session)])


@router.get(
    "/api/v1/sessions/{session_id}/jobs/{job_id}",
    summary="A job",
    tags=["jobs"],
    response_model=None,
    responses={200: {"model": answers.Job}},
)
async def job(job: Annotated[Job, Depends(job_of)]) -> Response:
    """How far a job has come, and what came of it."""
    return tagged(job.document())


@router.delete(
    "/api/v1/sessions/{session_id}/jobs/{job_id}",
    summary="Cancel a job",
    status_code=204,
    tags=["jobs"],
)
async def cancel(session: Controlled, job: Annotated[Job, Depends(job_of)], jobs: Known) -> None:
    """Stop training where it is, if it is still under way, and forget the job."""
    if not job.task.done():
        await asyncio.to_thread(session.act, c.Pause())
    jobs.forget(job)
