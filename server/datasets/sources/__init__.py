"""Built-in data as it was collected: tables with all their columns and gaps, text, recordings.

Each is a function that reads it once for all, in well under a second, from what scikit-learn ships
or what was packed when the page was built; what it returns is shared, and read-only. It raises
RuntimeError with the mend where the data is not there.
"""

from .library import breast_cancer, diabetes, iris, wine
from .series import airline, co2
from .speech import Recordings, spoken_digits
from .table import Column, Field, Kind, Table, column, columns
from .tables import penguins, sentences, titanic
from .text import Text, shakespeare, spelled

#: every table by its name
TABLES = {
    "iris": iris,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "penguins": penguins,
    "titanic": titanic,
    "sentences": sentences,
    "co2": co2,
    "airline": airline,
}

__all__ = [
    "TABLES",
    "Column",
    "Field",
    "Kind",
    "Recordings",
    "Table",
    "Text",
    "airline",
    "breast_cancer",
    "co2",
    "column",
    "columns",
    "diabetes",
    "iris",
    "penguins",
    "sentences",
    "shakespeare",
    "spelled",
    "spoken_digits",
    "titanic",
    "wine",
]
