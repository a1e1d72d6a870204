"""Transformers of our own, in scikit-learn's form. Steps import this, and scikit-learn, when they
need it first: it takes a second, and most servers and tests do not."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion


class Alternating(FeatureUnion):
    """A union of transformers of as many columns each, whose columns stand in turn."""

    def transform(self, X: Any, **params: Any) -> Any:
        found = np.asarray(super().transform(X, **params), np.float64)
        width = found.shape[1] // 2
        return found.reshape(len(found), 2, width).transpose(0, 2, 1).reshape(len(found), -1)


class Fences(TransformerMixin, BaseEstimator):
    """Clips columns to Tukey's fences."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def fit(self, x: Any, y: Any = None) -> Fences:
        with np.errstate(all="ignore"):
            low, high = np.nanquantile(x, [0.25, 0.75], axis=0)
        self.low_, self.high_ = low - self.factor * (high - low), high + self.factor * (high - low)
        return self

    def transform(self, x: Any) -> Any:
        return np.clip(x, self.low_, self.high_)


class Adding(TransformerMixin, BaseEstimator):
    """Adds a column that is worked out of the others."""

    def __init__(self, function: Any, total: Any) -> None:
        self.function, self.total = function, total

    def fit(self, x: Any, y: Any = None) -> Any:
        return self

    def transform(self, x: Any) -> Any:
        with np.errstate(all="ignore"):
            found = np.broadcast_to(self.function(x.T), len(x))
        if self.total:
            found = np.nan_to_num(found, nan=0.0)
        else:
            found = np.where(np.isfinite(found), found, np.nan)
        return np.column_stack([x, np.clip(found, -1e30, 1e30)])


class Words(TransformerMixin, BaseEstimator):
    """Columns of text by the most frequent words of each, zeros where it has fewer."""

    def __init__(self, words: Any, weights: Any) -> None:
        self.words, self.weights = words, weights

    def fit(self, x: Any, y: Any = None) -> Any:
        self.known_ = [self.fitted(column) for column in x.T]
        return self

    def fitted(self, column: Any) -> Any:
        kind = TfidfVectorizer if self.weights == "tfidf" else CountVectorizer
        try:
            return kind(max_features=self.words, binary=self.weights == "there").fit(column)
        except ValueError:  # there is not a single word
            return None

    def transform(self, x: Any) -> Any:
        found = np.zeros((len(x), x.shape[1], self.words))
        for i, known in enumerate(self.known_):
            if known is not None:
                found[:, i, : len(known.vocabulary_)] = known.transform(x[:, i]).toarray()
        return found.reshape(len(x), -1)
