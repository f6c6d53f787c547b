"""Any expression gives in the compiled kernel what it gives in plain Python, scan after scan."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.expressions.compare import compare
from tests.expressions.trees import CALLED, Trees

SEEDS = st.integers(0, 2**63)


@pytest.mark.parametrize("name", CALLED)
@settings(max_examples=25)
@given(seed=SEEDS, condition=st.booleans())
def test_function_equals_plain_python(name: str, seed: int, condition: bool) -> None:
    trees = Trees(seed)
    compare(trees.call(name, 3, condition=condition), trees, steps=12)


@settings(max_examples=500)
@given(seed=SEEDS)
def test_expression_equals_plain_python(seed: int) -> None:
    trees = Trees(seed)
    compare(trees.any(6), trees, steps=6)
