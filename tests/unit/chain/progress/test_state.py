"""What events add up to, and how long the rest takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.chain.progress.events import Began, Ended, Over, Started
from ablation.chain.progress.state import State
from ablation.running.console import EpochLine


def began(runs: int, work: float) -> Began:
    return Began("study", runs, {"net": work}, 0.0, "here", 1)


def started(
    job: int,
    time: float = 0.0,
    *,
    work: float = 1.0,
    epochs: int = 10,
    is_run: bool = True,
    kind: str = "net",
) -> Started:
    return Started(job, f"run {job}", is_run, "log", epochs, kind, work, time)


def epochs(count: int, seconds: float) -> list[EpochLine]:
    return [EpochLine(number + 1, 1.0, 0.5, 1.0, 0.5, seconds) for number in range(count)]


def state_of(*events: object) -> State:
    state = State()
    for event in events:
        state.apply(event)  # type: ignore[arg-type]
    return state


def test_runs_are_counted_and_other_steps_are_not() -> None:
    state = state_of(began(5, 5.0), started(1), started(2), started(3), started(9, epochs=0, is_run=False))
    state.apply(Ended(1, True, 10.0))
    state.apply(Ended(2, False, 10.0))
    state.apply(Ended(9, True, 10.0))
    state.apply(Ended(77, True, 10.0))
    assert (state.trained, state.failed, len(state.training), state.waiting) == (1, 1, 1, 2)
    assert not state.over
    state.apply(Over(11.0))
    assert state.over


def test_nothing_is_told_of_the_time_before_something_was_measured() -> None:
    assert State().left(0.0, {}) is None
    assert state_of(began(2, 2.0), started(1)).left(5.0, {}) is None


@given(st.integers(1, 20), st.integers(0, 50), st.integers(1, 9), st.floats(0.1, 100))
def test_equal_trainings_take_what_they_take(at_once: int, waiting: int, done: int, seconds: float) -> None:
    """By hand: each takes ten epochs; those that wait run in as many rows as run now."""
    state = state_of(began(at_once + waiting, float(at_once + waiting)), *map(started, range(at_once)))
    left = state.left(seconds * done, {job: epochs(done, seconds) for job in range(at_once)})
    assert left == pytest.approx(seconds * (10 - done) + seconds * 10 * waiting / at_once)


def test_what_ended_tells_of_what_waits() -> None:
    """Twice the work takes twice as long; what has shown no epoch is as far as time tells."""
    state = state_of(began(3, 4.0), started(1, 0.0, work=1.0))
    state.apply(Ended(1, True, 20.0))
    state.apply(started(2, 20.0, work=1.0))
    assert state.left(25.0, {}) == pytest.approx(15.0 + 40.0)
    assert state.left(100.0, {}) == pytest.approx(0.0 + 40.0)


def test_photos_that_were_counted_later_change_the_work() -> None:
    state = state_of(began(2, 2000.0), started(1, work=10.0))
    state.apply(began(2, 20.0))
    assert state.left(50.0, {1: epochs(5, 10.0)}) == pytest.approx(50.0 + 100.0)


def test_a_kind_goes_by_its_own_and_what_was_not_measured_by_all() -> None:
    """For the same work the large network takes ten times as long; of a third kind nothing is known."""
    works = {"small": 2.0, "large": 3.0, "new": 1.0}
    state = state_of(Began("study", 6, works, 0.0, "here", 1))
    for job, (kind, seconds) in enumerate([("small", 10.0), ("large", 100.0)]):
        state.apply(started(job, 0.0, kind=kind))
        state.apply(Ended(job, True, seconds))
    state.apply(started(9, 100.0, kind="large"))
    # Of this one all is left, and one small, one large and a new one wait.
    assert state.left(100.0, {}) == pytest.approx(100 + 10 + 100 + 55)
