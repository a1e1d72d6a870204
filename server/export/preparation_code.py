"""A table and its preparation, as a program that does it again with scikit-learn."""

from __future__ import annotations

import csv
import inspect
import io
import re
from pprint import pformat
from textwrap import indent
from typing import Any

import numpy as np

from server.datasets.preparation import RowStep, Variable, scaling
from server.datasets.preparation.computed import Computed
from server.datasets.preparation.past import Window
from server.datasets.preparation.shaping import DropColumns, DropDuplicates
from server.datasets.split import Prepared, load

from .base import Run

TABLE, SCRIPT = "table.csv", "preparation.py"
#: how text begins that a spreadsheet computes, and what is put before it
COMPUTED = ("=", "+", "-", "@", "\t", "\r", "'")
SPLIT = ("train", "validation", "test")
#: where the estimators of a step are imported from; what is none of these is written out
MODULES = {
    "BaseEstimator": "sklearn.base",
    "ColumnTransformer": "sklearn.compose",
    "CountVectorizer": "sklearn.feature_extraction.text",
    "FeatureUnion": "sklearn.pipeline",
    "FunctionTransformer": "sklearn.preprocessing",
    "KBinsDiscretizer": "sklearn.preprocessing",
    "KNNImputer": "sklearn.impute",
    "MinMaxScaler": "sklearn.preprocessing",
    "MissingIndicator": "sklearn.impute",
    "OneHotEncoder": "sklearn.preprocessing",
    "PCA": "sklearn.decomposition",
    "PolynomialFeatures": "sklearn.preprocessing",
    "RobustScaler": "sklearn.preprocessing",
    "SimpleImputer": "sklearn.impute",
    "StandardScaler": "sklearn.preprocessing",
    "TfidfVectorizer": "sklearn.feature_extraction.text",
    "TransformerMixin": "sklearn.base",
}

_TEMPLATE = '''"""The preparation of this table, as in Layerlab: from the rows of {table} to the
numbers that the network is given. Every step is fitted on the training rows alone.

    python {script}    # prepares the table again, and compares with data.safetensors
"""

import csv

import numpy as np
{imports}

# every column beside the answer: None for numbers, "text", or what a category may be
COLUMNS = {columns}

{classes}# one step after the other: what it does, the columns it is for, what stands instead, and
# by which transformer
STEPS = {steps}


def read(path="{table}"):
    """The columns by their names, missing values NaN or "", and the part of every row. Before
    text that a spreadsheet would compute stands an apostrophe."""
    with open(path, newline="", encoding="utf-8") as file:
        names, *cells = [[text.removeprefix("'") for text in row] for row in csv.reader(file)]
    rows = [dict(zip(names, row)) for row in cells]
    table = {{name: column([row[name] for row in rows], kind) for name, kind in COLUMNS.items()}}
    return table, np.array([row["(part)"] for row in rows])


def column(cells, kind):
    if kind == "text":
        return np.array(cells, object)
    if kind is not None:
        cells = [kind.index(cell) if cell else "" for cell in cells]
    return np.array([float(cell) if cell != "" else np.nan for cell in cells])


def prepare(table, part):
    """The numbers (rows, columns) that the network is given, and the part of the rows that are
    left."""
    for what, names, instead, transformer in STEPS:
        if what == "keep rows":
            kept = transformer([table[name] for name in names])
            table, part = {{name: values[kept] for name, values in table.items()}}, part[kept]
            continue
        made = {{}}
        if what == "window":
            rows, back = len(part), transformer
            for name, new in zip(names, instead):
                made |= {{new[k]: table[name][back - k : rows - k] for k in range(back + 1)}}
            table, part = {{name: values[back:] for name, values in table.items()}}, part[back:]
        elif names and transformer is not None:
            matrix = np.stack([table[name] for name in names], axis=1)
            transformer.fit(matrix[part == "train"])
            made = dict(zip(sum(instead, []), transformer.transform(matrix).T))
        places = dict(zip(names, instead))
        order = [new for name in table for new in places.get(name, [name])]
        table = {{name: made[name] if name in made else table[name] for name in order}}
    return np.stack(list(table.values()), axis=1).astype(np.float32), part


def complete(columns):
    """Which rows have no value missing."""
    return ~np.any([c == "" if c.dtype == object else np.isnan(c) for c in columns], axis=0)


def first(columns):
    """Which rows are not equal to an earlier one."""
    rows = list(zip(*([None if v != v else v for v in c.tolist()] for c in columns)))
    seen = set()
    return np.array([not (row in seen or seen.add(row)) for row in rows], bool)


if __name__ == "__main__":
    from safetensors.numpy import load_file

    rows, part = prepare(*read())
    print(len(rows), "rows of", rows.shape[1], "numbers;", (part == "train").sum(), "for training")
    expected = load_file("data.safetensors")["records"]
    difference = np.abs(rows[: len(expected)] - expected).max()
    print("largest difference from data.safetensors:", difference)
'''


def told_of(run: Run) -> str:
    """What is said of the preparation, in a paragraph; empty where there is none."""
    if run.form == "image":
        return _of_pictures(run)
    prepared = load(run.experiment.data).prepared if run.form == "table" else None
    if prepared is None:
        return ""
    said = f"`{TABLE}` holds the rows as they were collected, `{SCRIPT}` prepares them again."
    mean, deviation = prepared.scale
    if run.classes:
        return said
    return (
        f"{said} Answers are less their mean, {mean:.6g}, and by their deviation, {deviation:.6g}."
    )


def _of_pictures(run: Run) -> str:
    steps = run.experiment.data.preparation
    if not steps:
        return ""
    told = ", ".join(_said(step) for step in steps)
    shape = "×".join(map(str, run.experiment.data.dataset.input_shape))
    return (
        f"The pictures, {shape} as they were collected, are prepared already: {told}. Prepare "
        "others in the same way, by Pillow, before the network is given them."
    )


def _said(step: Any) -> str:
    """A step in a few words."""
    settings = ", ".join(f"{k} {v}" for k, v in step.model_dump(exclude={"kind"}).items())
    return f"{step.kind} ({settings})" if settings else step.kind


def files_of(run: Run) -> dict[str, bytes]:
    """The table as it was divided, and the script that prepares it; none of other examples."""
    prepared = load(run.experiment.data).prepared if run.form == "table" else None
    if prepared is None:
        return {}
    return {TABLE: _table(prepared), SCRIPT: script(prepared).encode()}


def script(prepared: Prepared) -> str:
    """The program. Raises KeyError for a transformer that it has no import for."""
    pipeline = prepared.pipeline
    pairs = zip(pipeline.steps, pipeline.variables[:-1], strict=True)
    lines = [_step(step, before) for step, before in pairs]
    steps = "[\n" + "".join(f"    {line},\n" for line in lines) + "]"
    own = _written_out(steps)
    used = sorted(set(re.findall(r"\b[A-Z]\w+", steps + own)) & set(MODULES))
    imports = "\n".join(f"from {MODULES[name]} import {name}" for name in used)
    kinds = "".join(f"    {v.name!r}: {_kind(v)!r},\n" for v in pipeline.variables[0])
    columns = f"{{\n{kinds}}}"
    return _TEMPLATE.format(
        table=TABLE,
        script=SCRIPT,
        imports=imports,
        columns=columns,
        classes=own,
        steps=steps,
    )


def _kind(v: Variable) -> Any:
    """What a column is, as the script has it."""
    if v.kind == "category":
        return list(v.categories)
    return "text" if v.kind == "text" else None


def _step(step: Any, before: tuple[Variable, ...]) -> str:
    names = [v.name for v in step.chosen(before)]
    if isinstance(step, RowStep):
        how = "first" if isinstance(step, DropDuplicates) else "complete"
        return _tuple("keep rows", names, None, f"lambda columns: {how}(columns)")
    if isinstance(step, DropColumns):
        return _tuple("drop", names, [[] for _ in names], "None")
    chosen = step.chosen(before)
    instead = [[v.name for v in new] for new in step.outputs(chosen)]
    if isinstance(step, Window):
        return _tuple("window", names, instead, str(step.lags))
    transformer = _constructor(step.estimator(chosen)) if chosen else "None"
    return _tuple(step.name(), names, instead, transformer)


def _tuple(what: str, names: list[str], instead: Any, transformer: str) -> str:
    """A step as the script has it, a field to a line or more."""
    fields = [*(pformat(field, width=90, compact=True) for field in (what, names, instead))]
    lines = "\n".join(f"{field}," for field in [*fields, transformer])
    return f"(\n{indent(lines, ' ' * 8)}\n    )"


def _constructor(estimator: Any) -> str:
    """How a transformer is made, in one line."""
    name = type(estimator).__name__
    settings = estimator.get_params(deep=False)
    defaults = inspect.signature(type(estimator)).parameters
    given = [
        f"{key}={_value(value)}"
        for key, value in settings.items()
        if key not in defaults or not _same(defaults[key].default, value)
    ]
    return f"{name}({', '.join(given)})"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and np.isnan([a, b]).all():
        return True
    return type(a) is type(b) and not isinstance(a, list | np.ndarray) and a == b


def _value(value: Any) -> str:
    if value is scaling.signed_log:
        return "signed_log"
    if isinstance(value, Computed):
        return str(value)
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, list | tuple):
        inner = ", ".join(_value(one) for one in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
    return _constructor(value) if hasattr(value, "get_params") else repr(value)


def _written_out(steps: str) -> str:
    """What of ours the steps need, as it stands in the server."""
    from server.datasets.preparation import _estimators

    found: dict[str, Any] = {
        "Adding(": _estimators.Adding,
        "Alternating(": _estimators.Alternating,
        "Fences(": _estimators.Fences,
        "Words(": _estimators.Words,
    }
    found |= {"signed_log": scaling.signed_log}
    sources = [inspect.getsource(thing) for name, thing in found.items() if name in steps]
    code = "".join(f"\n{text.strip()}\n\n" for text in sources)
    code = code.replace(": Any", "").replace(" -> Any", "").replace(" -> Fences", "")
    code = (
        code.replace("factor: float", "factor")
        .replace(") -> None", ")")
        .replace(" = None", "=None")
    )
    return f"{code}\n" if code else ""


def _table(prepared: Prepared) -> bytes:
    frame, part = prepared.frames[0], prepared.parts[0]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*(_inert(v.name) for v in frame.variables), "(part)"])
    cells = [_cells(v, column) for v, column in zip(frame.variables, frame.columns, strict=True)]
    table.writerows(zip(*cells, (SPLIT[p] for p in part), strict=True))
    return text.getvalue().encode()


def _cells(v: Any, column: Any) -> list[Any]:
    if v.kind == "text":
        return [_inert(text) for text in column]
    if v.kind == "category":
        names = [_inert(name) for name in v.categories]
        return ["" if value != value else names[int(value)] for value in column]
    return ["" if value != value else repr(value) for value in column.tolist()]


def _inert(text: str) -> str:
    """So that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(COMPUTED) else text
