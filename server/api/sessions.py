"""The session that a path names, and who may do what to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.engine.scheduler import Engine
from server.engine.session import Session
from server.keeper import Keeper


def engine_of(request: Request) -> Engine:
    return request.app.state.engine


def keeper_of(request: Request) -> Keeper:
    return request.app.state.keeper


async def session_of(session_id: str, keeper: Annotated[Keeper, Depends(keeper_of)]) -> Session:
    """The session that the path names, brought back if need be, or 404."""
    session = await keeper.find(session_id)
    if session is None:
        raise HTTPException(404, "there is no such session; create one with POST /api/v1/sessions")
    return session


bearer = HTTPBearer(
    scheme_name="secret",
    description="The session's secret, as POST /sessions gave it.",
    auto_error=False,
)


def controlled(
    session: Annotated[Session, Depends(session_of)],
    engine: Annotated[Engine, Depends(engine_of)],
    given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Session:
    """The session, if the caller holds its secret, or 401."""
    if given is None or not engine.allowed(session, given.credentials):
        raise HTTPException(401, "send Authorization: Bearer <secret> as POST /sessions gave it")
    return session


Engines = Annotated[Engine, Depends(engine_of)]
Keepers = Annotated[Keeper, Depends(keeper_of)]
Readable = Annotated[Session, Depends(session_of)]
Controlled = Annotated[Session, Depends(controlled)]
