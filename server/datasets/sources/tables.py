"""Tables with values missing, and sentences with what they say, as they were packed."""

from __future__ import annotations

import csv
import json

from server.datasets.packs import unpacked

from .table import Field, Table, columns, described

PENGUINS = (
    Field(
        "species", "category", help="The species of the penguin.",
        categories={name: name for name in ("Adelie", "Chinstrap", "Gentoo")},
    ),
    Field(
        "island", "category", help="The island of the Palmer Archipelago where it was found.",
        categories={name: name for name in ("Biscoe", "Dream", "Torgersen")},
    ),
    Field("bill length", unit="mm", help="How long the bill is."),
    Field("bill depth", unit="mm", help="How high the bill is."),
    Field("flipper length", unit="mm", help="How long a flipper is."),
    Field("body mass", unit="g", help="What the penguin weighs."),
    Field(
        "sex", "category", help="As told from its blood.",
        categories={"female": "female", "male": "male"},
    ),
    Field("year", help="The year in which it was measured."),
)  # fmt: skip

TITANIC = (
    Field(
        "class", "category", help="The class in which they travelled.",
        categories={"1": "first", "2": "second", "3": "third"},
    ),
    Field(
        "survived", "category", help="Whether they survived.",
        categories={"0": "no", "1": "yes"},
    ),
    Field("name", "text", help="Family name, title and given names."),
    Field("sex", "category", help="Their sex.", categories={"female": "female", "male": "male"}),
    Field("age", unit="years", help="How old they were; a baby's in parts of a year."),
    Field("siblings and spouses", help="How many of them were aboard, too."),
    Field("parents and children", help="How many of them were aboard, too."),
    Field("ticket", "text", help="The number of the ticket, which may be for a whole family."),
    Field("fare", unit="pounds", help="What the ticket cost."),
    Field("cabin", "text", help="The number of the cabin; its letter is the deck."),
    Field(
        "embarked", "category", help="The port where they came aboard.",
        categories={"C": "Cherbourg", "Q": "Queenstown", "S": "Southampton"},
    ),
    Field("boat", "text", help="The lifeboat that saved them: known afterwards alone, a leak."),
    Field("body", help="The number of the body found: known afterwards alone, a leak."),
    Field("home or destination", "text", help="Where they came from or went to."),
)  # fmt: skip

SENTENCES = (
    Field("sentence", "text", help="A sentence of a review."),
    Field(
        "site", "category", help="Where the review stood, and so what it is of.",
        categories={"amazon": "products", "imdb": "films", "yelp": "restaurants"},
    ),
    Field(
        "sentiment", "category", help="What the writer thinks of it.",
        categories={"0": "negative", "1": "positive"},
    ),
)  # fmt: skip


@described(
    title="Penguins",
    help="Penguins of three species on three islands, by their size; some values are missing.",
    source="Gorman, Williams and Fraser, 2014; Horst, Hill and Gorman, palmerpenguins, 2020 "
    "(PyPI palmerpenguins)",
    licence="CC0 1.0",
)
def penguins() -> Table:
    """344 rows; 2 lack their measures, 11 their sex."""
    _, *rows = csv.reader(unpacked("penguins.csv.gz").decode().splitlines())
    return Table(columns(PENGUINS, rows, missing="NA"), target="species")


@described(
    title="Titanic",
    help="The passengers of the Titanic, and who survived; many values are missing.",
    source="Harrell and Cason, titanic3, Vanderbilt Biostatistics, 2002; OpenML 40945 "
    "(PyPI scikit-learn)",
    licence="public domain",
)
def titanic() -> Table:
    """1309 passengers, of whom 500 survived; 263 ages and 1014 cabins are missing."""
    content = unpacked("titanic.arff.gz").decode()
    rows = list(csv.reader(content.partition("@data\n")[2].splitlines()))
    return Table(columns(TITANIC, rows, missing="?"), target="survived")


@described(
    title="Sentiment of sentences",
    help="Sentences of reviews of products, films and restaurants that praise or blame.",
    source="Kotzias et al., From Group to Individual Labels using Deep Features, 2015; "
    "Sentiment Labelled Sentences, UCI, 2015 (npm sentiment)",
    licence="CC BY 4.0",
)
def sentences() -> Table:
    """3000 sentences, 1000 of each site, half of them positive; some stand there twice."""
    packed = json.loads(unpacked("sentences.json.gz"))
    rows = [
        (_mended(found["text"]), site, str(found["class"]))
        for site, reviews in packed.items()
        for found in reviews
        if found["text"]  # the last one is empty
    ]
    return Table(columns(SENTENCES, rows), target="sentiment")


def _mended(text: str) -> str:
    """Without blanks around it, and with the dashes that were read in another encoding."""
    return text.strip().encode("latin-1").decode("cp1252")
