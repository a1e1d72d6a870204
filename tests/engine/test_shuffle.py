"""The order of an epoch: a fair permutation of the rows there are."""

from __future__ import annotations

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.engine.shuffle import shuffled

ORDER = jax.jit(shuffled, static_argnums=1)


@given(
    seed=st.integers(0, 2**32 - 1),
    capacity=st.sampled_from([64, 256, 1024]),
    share=st.floats(0, 1),
)
def test_it_is_a_permutation_and_padding_stays_last(seed, capacity, share) -> None:
    count = int(share * capacity)
    order = np.asarray(ORDER(jax.random.key(seed), capacity, count))
    assert sorted(order[:count]) == list(range(count))
    assert list(order[count:]) == list(range(count, capacity))


def test_every_row_comes_to_every_place_equally_often() -> None:
    orders = np.asarray(
        jax.vmap(lambda k: shuffled(k, 64, 8))(jax.random.split(jax.random.key(0), 40_000))
    )[:, :8]
    counts = np.stack([(orders == row).sum(0) for row in range(8)])
    expected = len(orders) / 8
    # Chi-square with 49 degrees of freedom: 1 in 10 000 is above 96.
    assert ((counts - expected) ** 2 / expected).sum() < 96
