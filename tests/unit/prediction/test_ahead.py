"""Work ahead: in order, all of it, and never more than a bound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.prediction.ahead import ahead


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 4), st.integers(1, 9))
def test_all_come_in_order_and_few_are_begun(items: list[int], threads: int, most: int) -> None:
    begun: list[int] = []

    def work(item: int) -> str:
        begun.append(item)
        return str(item)

    seen = []
    for found in ahead(work, items, threads, most):
        seen.append(found)
        assert len(begun) <= len(seen) + most
    assert seen == list(map(str, items))


def test_an_error_comes_where_its_item_would() -> None:
    found = ahead(lambda item: 1 // item, [2, 0, 1], 2, 2)
    assert next(found) == 0
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_leaving_early_begins_no_more() -> None:
    begun: list[int] = []
    found = ahead(begun.append, range(1000), 1, 5)
    next(found)
    found.close()
    assert len(begun) <= 6
