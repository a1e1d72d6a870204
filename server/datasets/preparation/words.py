"""A step from text to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Variable


@PREPARATIONS.register
class BagOfWords(ColumnStep):
    """How often each of the most frequent words is there."""

    kind: Literal["bag_of_words"] = "bag_of_words"
    title = "Bag of words"
    help = "Columns of numbers for the most frequent words of a text, whatever their order."
    source = "scikit-learn, CountVectorizer and TfidfVectorizer"
    kinds = ("text",)
    leak = "Which words are frequent would be worked out with rows that the network is tested on."

    words: int = setting(
        20, title="Words", ge=1, le=500, scale="log", choices=[5, 10, 20, 50, 100, 200, 500],
        help="How many of the most frequent, of two letters or more, in the order of the alphabet.",
    )  # fmt: skip
    weights: Literal["count", "there", "tfidf"] = setting(
        "count", title="Number", help="What stands for a word.",
        options={
            "count": ("Count", "How often it is there."),
            "there": ("Whether", "1 where it is there at all, else 0."),
            "tfidf": ("tf-idf", "More for words that few texts have; each text of length 1."),
        },
    )  # fmt: skip

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        places = range(1, self.words + 1)
        return [[Variable(f"{v.name}: word {i}") for i in places] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from ._estimators import Words

        return Words(self.words, self.weights)

    def told(self, chosen: Sequence[Variable], fitted: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for new, known in zip(self.outputs(chosen), fitted.known_, strict=True):
            words = [] if known is None else known.get_feature_names_out().tolist()
            found |= {v.name: f"“{word}”" for v, word in zip(new, words, strict=False)}
        return found
