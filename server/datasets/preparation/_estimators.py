"""Transformers of our own, in scikit-learn's form. Steps import this, and scikit-learn, when they
need it first: it takes a second, and most servers and tests do not."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
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
