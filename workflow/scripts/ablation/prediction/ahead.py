"""Work done by threads ahead of who needs it, and not further than that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def ahead(work: Callable[[Item], Found], items: Iterable[Item], threads: int, most: int) -> Iterator[Found]:
    """Yield what `work` makes of each item, in order; at most `most` wait to be taken or are in work.

    The pool's own `map` begins with all items at once, and would keep all results.
    """
    source = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Found]] = deque(pool.submit(work, item) for item in islice(source, most))
        try:
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(source, 1))
                yield found
        finally:
            pool.shutdown(cancel_futures=True)
