"""Series of measurements over time, as they were packed."""

from __future__ import annotations

import csv

from server.datasets.packs import unpacked

from .table import Field, Table, columns, described

CO2 = (
    Field("week", "time", help="The Saturday on which the week ends."),
    Field("co2", unit="ppm", help="Carbon dioxide in the air, the mean of the week."),
)
AIRLINE = (
    Field("month", "time", help="The month, by its first day."),
    Field("passengers", unit="thousands", help="Passengers of international airlines."),
)


@described(
    title="CO₂ at Mauna Loa",
    help="Carbon dioxide in the air of Hawaii, week by week, 1958 to 2001, with gaps.",
    source="Keeling and Whorf, Scripps Institution of Oceanography and CDIAC, 2004 "
    "(PyPI statsmodels)",
    licence="public domain",
)
def co2() -> Table:
    """2284 weeks without a hole; 59 of them, 18 in a row in 1964, have no measurement."""
    return Table(columns(CO2, _rows("co2.csv.gz")), target="co2")


@described(
    title="Airline passengers",
    help="Passengers of international airlines, month by month, 1949 to 1960.",
    source="Box and Jenkins, Time Series Analysis, 1976, series G (PyPI aeon)",
    licence="BSD-3-Clause, as part of aeon",
)
def airline() -> Table:
    """144 months, 1949 to 1960."""
    return Table(columns(AIRLINE, _rows("airline.csv.gz")), target="passengers")


def _rows(pack: str) -> list[list[str]]:
    """The rows below the header, with dates as YYYY-MM-DD or YYYY-MM."""
    _, *rows = csv.reader(unpacked(pack).decode().splitlines())
    return [[_date(row[0]), *row[1:]] for row in rows]


def _date(cell: str) -> str:
    return cell if "-" in cell else f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
