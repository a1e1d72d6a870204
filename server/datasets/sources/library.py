"""Tables that scikit-learn ships, read without importing it."""

from __future__ import annotations

import csv
import gzip

from server.datasets.packs import library_file

from .table import Field, Table, columns, described

UCI = "CC BY 4.0"

IRIS = tuple(
    Field(f"{part} {side}", unit="cm", help=f"How {how} a {part} of the flower is.")
    for part in ("sepal", "petal")
    for side, how in (("length", "long"), ("width", "wide"))
)

WINE = (
    Field("alcohol", unit="% by volume", help="How much alcohol the wine has."),
    Field("malic acid", unit="g/L", help="An acid of grapes that lessens as they ripen."),
    Field("ash", unit="g/L", help="The minerals that are left when the wine is burned."),
    Field("alcalinity of ash", help="How much acid the ash neutralizes."),
    Field("magnesium", unit="mg/L", help="How much magnesium the wine has."),
    Field("total phenols", help="All phenols, which give colour, taste and astringency."),
    Field("flavanoids", help="The phenols of skins and seeds that make a wine bitter."),
    Field("nonflavanoid phenols", help="The other phenols, mostly of the grapes' flesh."),
    Field("proanthocyanins", help="Tannins: chains of flavanoids, which make a wine dry."),
    Field("color intensity", help="How deep the wine's colour is."),
    Field("hue", help="The tone of its colour: lower is browner, as in older wines."),
    Field(
        "od280/od315 of diluted wines",
        help="How much more light of 280 nm than of 315 nm it absorbs: a measure of proteins.",
    ),
    Field("proline", unit="mg/L", help="The commonest amino acid of grapes."),
)

#: what is measured of every nucleus
NUCLEUS = {
    "radius": "the distance from the centre to the outline",
    "texture": "how much the grey values vary",
    "perimeter": "the length of the outline",
    "area": "the area",
    "smoothness": "how much neighbouring radii differ",
    "compactness": "perimeter² / area − 1",
    "concavity": "how deep the outline's dents are",
    "concave points": "how many dents the outline has",
    "symmetry": "how unlike the two halves are",
    "fractal dimension": "how rough the outline is: a coastline's measure, less 1",
}
BREAST_CANCER = (
    *(Field(f"mean {name}", help=f"Mean over the nuclei of {it}.") for name, it in NUCLEUS.items()),
    *(Field(f"{name} error", help=f"Standard error of {it}.") for name, it in NUCLEUS.items()),
    *(
        Field(f"worst {name}", help=f"Mean of the three largest values of {it}.")
        for name, it in NUCLEUS.items()
    ),
)

DIABETES = (
    Field("age", unit="years", help="How old the patient is."),
    Field(
        "sex", "category", categories={"1": "1", "2": "2"},
        help="1 or 2: the source does not say which is which.",
    ),
    Field("bmi", unit="kg/m²", help="Body mass index: weight by the square of height."),
    Field("bp", unit="mm Hg", help="Mean arterial blood pressure."),
    Field("s1", unit="mg/dL", help="Total cholesterol in the serum."),
    Field("s2", unit="mg/dL", help="Low-density lipoproteins in the serum."),
    Field("s3", unit="mg/dL", help="High-density lipoproteins in the serum."),
    Field("s4", help="Total cholesterol by high-density lipoproteins."),
    Field("s5", help="Probably the logarithm of the serum's triglycerides."),
    Field("s6", unit="mg/dL", help="Blood sugar."),
)  # fmt: skip
PROGRESSION = Field("progression", help="How far the disease has gone one year later, 25 to 346.")


@described(
    title="Iris",
    help="Flowers of three species of iris, by the size of their sepals and petals.",
    source="Anderson and Fisher, Iris, 1936; UCI, 1988 (scikit-learn)",
    licence=UCI,
)
def iris() -> Table:
    """150 rows, 4 numbers, 3 species."""
    rows, species = _classified("iris.csv")
    target = Field("species", "category", help="The species of the flower.", categories=species)
    return Table(columns((*IRIS, target), rows), target=target.name)


@described(
    title="Wine",
    help="Wines of one region of Italy, of three grapes, by their chemistry.",
    source="Aeberhard and Forina, Wine, UCI, 1992 (scikit-learn)",
    licence=UCI,
)
def wine() -> Table:
    """178 rows, 13 numbers, 3 cultivars."""
    rows, cultivars = _classified("wine_data.csv")
    target = Field("cultivar", "category", help="Which grape the wine is of.", categories=cultivars)
    return Table(columns((*WINE, target), rows), target=target.name)


@described(
    title="Breast cancer",
    help="Tumours, by the nuclei of their cells in a picture of a fine needle aspirate.",
    source="Wolberg, Mangasarian, Street and Street, Breast Cancer Wisconsin (Diagnostic), "
    "UCI, 1993 (scikit-learn)",
    licence=UCI,
)
def breast_cancer() -> Table:
    """569 rows, 30 numbers, malignant or benign."""
    rows, diagnoses = _classified("breast_cancer.csv")
    target = Field("diagnosis", "category", help="What the tumour is.", categories=diagnoses)
    return Table(columns((*BREAST_CANCER, target), rows), target=target.name)


@described(
    title="Diabetes",
    help="Patients with diabetes, by ten measures, and how the disease went on in a year.",
    source="Efron, Hastie, Johnstone and Tibshirani, Least Angle Regression, 2004 (scikit-learn)",
    licence="BSD-3-Clause, as part of scikit-learn",
)
def diabetes() -> Table:
    """442 rows, 9 numbers and a category, in the units they were measured in; a number."""
    inputs = _lines("diabetes_data_raw.csv.gz")
    labels = _lines("diabetes_target.csv.gz")
    rows = [[*_plain(row.split()), label] for row, label in zip(inputs, labels, strict=True)]
    return Table(columns((*DIABETES, PROGRESSION), rows), target=PROGRESSION.name)


def _classified(name: str) -> tuple[list[list[str]], dict[str, str]]:
    """The rows, and what their last cells stand for. The first line names the classes."""
    (_, _, *classes), *rows = csv.reader(_lines(name))
    return rows, {str(code): name.replace("_", " ") for code, name in enumerate(classes)}


def _lines(name: str) -> list[str]:
    content = library_file("sklearn", f"datasets/data/{name}").read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode().splitlines()


def _plain(cells: list[str]) -> list[str]:
    """With the second one, the category, written as a whole number."""
    return [cells[0], str(int(float(cells[1]))), *cells[2:]]
