"""Importance against closed forms."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sweeps.importance import importance

numbers = st.floats(-10, 10).map(lambda x: round(x, 3))


@given(
    a=st.lists(numbers, min_size=2, max_size=5),
    b=st.lists(numbers, min_size=2, max_size=5),
)
def test_an_additive_loss_is_shared_by_the_variances_of_its_terms(a, b) -> None:
    total = np.var(a) + np.var(b)
    if total < 1e-3:
        return
    settings = list(product(range(len(a)), range(len(b))))
    found = importance(settings, [[a[i] + b[j]] for i, j in settings])
    assert found is not None
    assert found.axes == pytest.approx((np.var(a) / total, np.var(b) / total), abs=1e-9)
    assert found.seed == pytest.approx(0, abs=1e-9) and found.rest == pytest.approx(0, abs=1e-9)


def test_a_pure_interaction_is_nobody_s_main_effect() -> None:
    settings = list(product((-1, 1), (-1, 1)))
    found = importance(settings, [[x * y] for x, y in settings])
    assert found is not None and found.axes == pytest.approx((0, 0))
    assert found.rest == pytest.approx(1)


def test_what_differs_between_seeds_is_the_seed_s() -> None:
    """Levels at ±3 (variance 9), seeds at ±1 around them (variance 1)."""
    found = importance([(0,), (1,)], [[-4.0, -2.0], [2.0, 4.0]])
    assert found is not None
    assert found.axes == pytest.approx((0.9,)) and found.seed == pytest.approx(0.1)


@given(
    losses=st.lists(st.lists(st.floats(0, 100), min_size=0, max_size=3), min_size=6, max_size=6),
    drawn=st.booleans(),
)
def test_shares_are_shares_whatever_is_missing(losses, drawn) -> None:
    found = importance(list(product((1, 2), ("a", "b", "c"))), losses, drawn=drawn)
    if found is not None:
        shares = (*found.axes, found.seed, found.rest)
        assert all(0 <= share <= 1 for share in shares)
        assert sum(shares) == pytest.approx(1)


def test_a_random_search_finds_the_setting_that_matters() -> None:
    rng = np.random.default_rng(3)
    settings = [(float(x), float(y)) for x, y in rng.random((60, 2))]
    found = importance(settings, [[x**2] for x, _ in settings], drawn=True)
    assert found is not None and found.axes[0] > 0.85 and found.axes[1] < 0.1


@pytest.mark.parametrize("losses", [[[1.0], [1.0], [1.0]], [[1.0], [2.0], []], [[], [], []]])
def test_where_nothing_varies_nothing_is_said(losses) -> None:
    assert importance([(1,), (2,), (3,)], losses) is None


def test_losses_that_are_no_number_are_left_out() -> None:
    settings = [(1,), (2,), (3,), (4,)]
    with_it = importance(settings, [[1.0], [2.0], [3.0], [float("inf")]])
    assert with_it == importance(settings[:3], [[1.0], [2.0], [3.0]])
