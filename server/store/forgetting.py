"""What is forgotten of the things that are kept for a time: one rule for all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Delete, Table, delete, func, literal, select


def of_the_old(
    table: Table, bytes_: Any, before: float, size: int, living: Collection[str]
) -> Delete:
    """Deletes the rows, but for the living, that were last changed before a moment (seconds since
    1970), and of the others the oldest, so that all take at most `size` bytes.

    table: with `id` and `updated`. bytes_: SQL for what a row takes.
    """
    ids, updated = table.c.id, table.c.updated
    newer = func.sum(bytes_).over(order_by=(updated.desc(), ids))
    sized = select(ids, updated, newer.label("newer")).subquery()
    beyond = sized.c.newer > literal(size, BigInteger)
    old = select(sized.c.id).where((sized.c.updated < before) | beyond)
    return delete(table).where(ids.in_(old), ids.not_in(living))
