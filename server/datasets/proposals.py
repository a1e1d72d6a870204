"""What a file that somebody brought can be learned from as, and what is in its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from server.experiment.registry import DATASETS
from server.uploads.cells import Kind

from .own import OwnColumns
from .preparation import Frame
from .profile import of_frame
from .sources import Table, own
from .tables import TableDataset, values, variable

#: rows of which a profile tells
ROWS = 50_000


def proposals(file: str, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The datasets that the file can be, the likeliest first; of a table always `own_table`, with
    or without an answer."""
    return _PROPOSED[facts["becomes"]](file, facts)


def _of_table(file: str, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = {"kind": "own_table", "file": file, "answer": facts["answer"]}
    kinds = {column["name"]: column["guessed"] for column in facts["columns"]}
    when = next((name for name, kind in kinds.items() if kind == "time"), None)
    others = [
        {"kind": "own_sentences", "file": file},
        {"kind": "own_series", "file": file, "order": when, "length": min(20, facts["rows"] // 3)},
    ]
    found = [table, *(one for one in others if _is_valid(one))]
    # a table of text and of one other column is one of sentences
    texts = sum(kind == "text" for kind in kinds.values())
    if len(kinds) == 2 and texts == 1:
        found.sort(key=lambda one: one["kind"] != "own_sentences")
    return found


def _is_valid(dataset: dict[str, Any]) -> bool:
    try:
        DATASETS.validate(dataset)
    except ValueError:
        return False
    return True


def _of(kind: str) -> Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]:
    return lambda file, facts: [{"kind": kind, "file": file}]


_PROPOSED = {
    "table": _of_table,
    "text": _of("own_text"),
    "pictures": _of("own_pictures"),
    "recordings": _of("own_recordings"),
}


def profiled(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is in all columns of a dataset's table, the answer's among them. given: the dataset, of
    which an own table need not be able to be learned from. Raises ValueError, with path and mend,
    for what is no table."""
    kind = DATASETS.get(str(given.get("kind")))
    if kind is not None and issubclass(kind, OwnColumns):
        return _of_own(given)
    dataset = DATASETS.validate(dict(given))
    if not isinstance(dataset, TableDataset):
        raise ValueError("this is no table; choose one")
    return _told(dataset.table(), dataset.asked.name) | {"notes": []}


def _of_own(given: Mapping[str, Any]) -> dict[str, Any]:
    read = OwnColumns.model_validate({k: given[k] for k in ("file", "types") if k in given})
    facts = own.facts(read.file, "table")
    guessed = {column["name"]: column["guessed"] for column in facts["columns"]}
    table = read.of_file(ROWS)
    told = _told(table, given.get("answer") or table.target or None)
    columns = [
        c | {"guessed": guessed[c["name"]], "kinds": get_args(Kind)} for c in told["columns"]
    ]
    return told | {"rows": facts["rows"], "columns": columns, "notes": facts["notes"]}


def _told(table: Table, answer: str | None) -> dict[str, Any]:
    columns = table.columns
    frame = Frame(tuple(map(variable, columns)), tuple(map(values, columns)))
    told = of_frame(frame)
    kinds = [{"kind": c.kind, "guessed": None, "kinds": []} for c in columns]
    told["columns"] = [
        found | kind for found, kind in zip(told["columns"], kinds, strict=False)
    ]  # fmt: skip
    return {"rows": table.rows, "answer": answer} | told
