"""What the API answers, for /openapi.json. The routes write JSON themselves; the tests hold
every answer against these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from server.engine.snapshot import Status
from server.experiment import Experiment
from server.sharing import Moment

#: nested lists of numbers, an array's
Numbers = TypeAliasType("Numbers", "float | list[Numbers]")
#: the same, null where one is no finite number
Finite = TypeAliasType("Finite", "float | list[Finite] | None")
Digest = str


class Answer(BaseModel):
    """Base of every answer: nothing is said that is not told of here."""

    model_config = ConfigDict(extra="forbid")


class Mistake(Answer):
    """One thing that is wrong."""

    path: str = Field(description="JSON pointer to the field; empty where it is none.")
    message: str = Field(description="It ends with what would be right.")


class Problem(Answer):
    """RFC 9457."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    errors: list[Mistake]


class Health(Answer):
    status: Literal["ok"]
    version: str
    sessions: int


class Preview(Answer):
    inputs: list[list[float]]
    labels: list[float]


class DatasetCard(Answer):
    kind: str
    title: str
    help: str
    problem: Literal["classification", "regression"]
    form: Literal["points", "image", "sequence", "tokens", "table"]
    input_shape: list[int]
    dimensions: Literal[0, 1, 2]
    source: str
    licence: str
    preview: Preview


class Histogram(Answer):
    low: float
    high: float
    counts: list[int]


class Spread(Answer):
    """How the numbers of a column are spread."""

    low: float
    high: float
    mean: float
    deviation: float
    quarters: list[float] = Field(description="The quartiles.")
    outliers: int = Field(description="Beyond Tukey's fences.")
    histogram: Histogram


class Counted(Answer):
    value: str
    count: int


class Values(Answer):
    different: int
    most: list[Counted] = Field(description="The most frequent first.")


class ColumnProfile(Answer):
    """A column, as its training rows tell."""

    name: str
    kind: Literal["number", "category", "text"]
    unit: str
    missing: int
    numbers: Spread | None
    counts: Values | None
    about: str = Field("", description="What a step has learned that it is of, such as a word.")


class Stage(Answer):
    """A table as it came in, or after a step."""

    rows: Counts
    columns: list[ColumnProfile]
    left_out: int = Field(description="Columns that are not told of, beyond the first 200.")
    examples: list[list[float | str | None]] = Field(description="The first training rows.")


class Tested(Answer):
    examples: list[list[float | str | None]] = Field(
        description="The first test rows as they were collected."
    )
    answers: list[float | str] = Field(description="Classes, or numbers in their own unit.")


class PictureStage(Answer):
    """Pictures as they came in, or after a step."""

    shape: list[int] = Field(description="Height, width, channels.")
    pictures: str = Field(description="Base64 of u1 (n, height, width, channels).")


class PicturePreparation(Answer):
    """The first training pictures."""

    classes: list[str]
    labels: list[float]
    stages: list[PictureStage]


class Preparation(Answer):
    answer: str
    problem: Literal["classification", "regression"]
    classes: list[str]
    stages: list[Stage]
    tested: Tested


class Translation(Answer):
    experiment: Experiment
    view: dict[str, Any]


class LayerCard(Answer):
    title: str
    kind: str
    units: int
    shape: list[int] = Field(description="Of an example's output.")
    back: int | None
    activation: str
    params: dict[str, list[int]] = Field(description="The shape of every parameter.")


class Graph(Answer):
    inputs: list[str]
    layers: list[LayerCard]


class Counts(Answer):
    train: int
    validation: int
    test: int


class Brief(Answer):
    """A session in a list."""

    id: str
    digest: Digest
    step: int
    epoch: float
    end: int
    playing: bool
    status: Status


class Maker(Answer):
    """A generator."""

    latent: int = Field(description="How many numbers an example is made of.")
    first: int = Field(description="Its first layer, where those of both networks are counted.")
    layers: list[LayerCard]
    modes: int | None = Field(description="How many clouds the dataset is made of, if it is.")


class Session(Brief):
    experiment: Experiment
    speed: float | None
    message: str | None
    reproduced: bool | None
    steps_per_second: float
    graph: Graph
    generator: Maker | None
    problem: Literal["classification", "regression", "generation"]
    form: Literal["points", "image", "sequence", "tokens", "table"]
    input_shape: list[int]
    raw_shape: list[int] = Field(
        description="Of an example as `predict` takes it: a picture before its preparation."
    )
    label_shape: list[int]
    columns: list[str] = Field(description="What the numbers of a table's prepared row are called.")
    scale: list[float] = Field(
        description="Mean and deviation that a table's answers are measured by, where numbers."
    )
    class_names: list[str]
    vocabulary: list[str]
    dimensions: Literal[0, 1, 2] = Field(description="Of a point; 0 where examples are none.")
    classes: int | None
    range: list[float]
    domain: list[float]
    steps_per_epoch: int
    counts: Counts
    scored: Counts = Field(description="Of how many examples the scores are.")
    evaluations: list[Evaluation] = Field(
        description="When the test part that there is was asked, and what it said."
    )


class NewSession(Session):
    secret: str


class Sessions(Answer):
    items: list[Brief]
    next: str | None = Field(description="The cursor of the next page, null on the last.")


class Scores(Answer):
    loss: float | None
    accuracy: float | None = None
    r2: float | None = None


class MakerScores(Answer):
    """Of a generator: what its examples cost it, and where these are points their divergences
    from the real ones, in nats, and how many clouds are covered."""

    loss: float | None
    kl: float | None = None
    js: float | None = None
    modes: int | None = None


class Metrics(Answer):
    train: Scores | None
    validation: Scores | None
    test: Scores | None

    generator: MakerScores | None = None


class Trained(Answer):
    """Where training has come to."""

    step: int
    epoch: float
    status: Status
    metrics: Metrics
    digest: Digest


class Job(Answer):
    """Training that is under way, or was."""

    id: str
    session: str
    status: Literal["running", "done", "interrupted"] = Field(
        description="interrupted: it diverged, stopped early, or another command came between; "
        "`result.status` and the session's `message` say more."
    )
    first_step: int
    last_step: int
    step: int
    progress: float = Field(ge=0, le=1)
    result: Trained | None


class Curves(Answer):
    columns: list[str]
    rows: list[list[float | None]]


class Prediction(Answer):
    outputs: list[list[Finite]]
    classes: list[Numbers] | None


class Generation(Answer):
    noise: list[list[float]]
    examples: list[list[Finite]] = Field(description="Nested as `input_shape`; pictures 0 to 1.")


class Evaluation(Answer):
    part: Literal["train", "validation", "test"]
    step: int
    time: float = Field(description="Seconds since 1970.")
    digest: Digest = Field(description="Of the weights.")
    count: int = Field(description="Answers that the means are of.")
    loss: float | None = None
    accuracy: float | None = None
    r2: float | None = None


class LastTest(Evaluation):
    """What the test part said of the weights, and how often it was asked by then."""

    asked: int


class LayerWeights(Answer):
    title: str
    params: dict[str, Numbers]


class Weights(Answer):
    step: int
    digest: Digest
    layers: list[LayerWeights]


class Equation(Answer):
    latex: list[str]


class Now(Answer):
    experiment: Experiment
    moment: Moment


class Saved(Answer):
    id: str
    path: str
    address: str


class DataCard(Answer):
    kind: str
    title: str
    source: str
    licence: str


class RawColumn(Answer):
    """A column of a table as it was collected."""

    name: str
    kind: Literal["number", "category", "text"]
    categories: list[str]
    unit: str
    gaps: bool = Field(description="Whether a value may be left out.")
    used: bool = Field(description="Whether it is more than dropped; else nobody need send it.")
    usual: float | str | None = Field(
        description="To begin with: the median of the training rows, or the commonest category."
    )


class RawAnswer(Answer):
    name: str
    unit: str


class Deployment(Answer):
    """A deployed model."""

    id: str
    path: str = Field(description="Of a page to try it.")
    title: str
    created: float = Field(description="Seconds since 1970.")
    step: int
    digest: Digest
    calls: int = Field(description="How often it was asked.")
    called: float | None = Field(description="When it last was.")
    dataset: DataCard
    caution: str
    form: Literal["points", "image", "sequence", "tokens", "table"]
    problem: Literal["classification", "regression"]
    input_shape: list[int] = Field(description="Of an example as it is sent.")
    label_shape: list[int]
    class_names: list[str]
    vocabulary: list[str]
    columns: list[RawColumn] | None = Field(description="Of a table's rows.")
    answer: RawAnswer | None = Field(description="The column that is predicted.")
    parameters: int
    evaluation: LastTest | None = Field(description="Of these weights, if it was asked for.")


class NewDeployment(Deployment):
    key: str = Field(description="What asks it; it is not shown again.")


class DeployedPrediction(Prediction):
    names: list[Any] | None = Field(description="The classes by name, nested as `classes`.")
    probabilities: list[dict[str, float | None]] | None = Field(
        description="By class, where the outputs are probabilities, one answer an example."
    )


class Target(Answer):
    target: str
    title: str
    help: str
    group: str
    filename: str
    media_type: str
