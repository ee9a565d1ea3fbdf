"""The stream beside the computing one: on a pretended GPU whose streams work as late, or early, as may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import CPU, photos, spec

from ablation.training.inputs import Augmented
from ablation.training.side_stream import SideStream


class Stream:
    """Work in order; to wait for an event is work too, which has the other stream work as far as that."""

    def __init__(self) -> None:
        self.work: list[Callable[[], object]] = []
        self.done = 0

    def run(self, place: int | None = None) -> None:
        while self.done < (len(self.work) if place is None else place):
            self.done += 1
            self.work[self.done - 1]()

    def record_event(self) -> tuple[Stream, int]:
        return self, len(self.work)

    def wait_event(self, event: tuple[Stream, int]) -> None:
        other, place = event
        self.work.append(lambda: other.run(place))

    def wait_stream(self, other: Stream) -> None:
        self.wait_event(other.record_event())


@contextmanager
def pretended() -> Iterator[tuple[Stream, list[Stream]]]:
    computing, made = Stream(), list[Stream]()
    current = [computing]

    def new(_device: Any) -> Stream:
        made.append(Stream())
        return made[-1]

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        current.append(stream)
        yield
        current.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "Stream", new)
        patch.setattr(torch.cuda, "stream", on)
        patch.setattr(torch.cuda, "current_stream", lambda _device: current[-1])
        yield computing, made


class Memory:
    """What PyTorch keeps for a stream: a place is free again when Python drops what lies there."""

    def __init__(self) -> None:
        self.free: list[list[int]] = []
        self.places: list[list[int]] = []

    def take(self) -> list[int]:
        if not self.free:
            self.free.append([])
            self.places.append(self.free[-1])
        return self.free.pop()


class Made:
    """A batch in a place of the memory."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.place = memory, memory.take()

    def __del__(self) -> None:
        self.memory.free.append(self.place)


@given(st.lists(st.integers(0, 9), max_size=4), st.booleans())
def test_each_batch_is_whole_while_it_is_computed(epochs: list[int], early: bool) -> None:
    """Whether the stream beside works as late as it is waited for, or before the other does anything."""
    memory, computed = Memory(), list[int]()
    with pretended() as (computing, streams):
        side = SideStream(CPU)

        def batches(numbers: range) -> Iterator[Made]:
            for number in numbers:
                batch = Made(memory)
                place = batch.place
                (stream,) = streams
                assert torch.cuda.current_stream(CPU) is stream
                stream.work.append(
                    lambda place=place, number=number: place.__setitem__(slice(None), [number])
                )
                yield batch
                del batch

        first = 0
        for count in epochs:
            for batch in side.beside(batches(range(first, first + count))):
                assert torch.cuda.current_stream(CPU) is computing
                place = batch.place
                computing.work.append(lambda place=place: computed.extend(place))
                del batch
                if early:
                    streams[0].run()
            first += count
        computing.run()
    assert computed == list(range(first))
    # However far Python is ahead: those that wait, the one that is made, and the one that the caller had.
    assert len(memory.places) <= 4


def test_nothing_is_waited_for_by_python() -> None:
    with pretended() as (computing, streams):
        ran: list[int] = []

        def batches() -> Iterator[int]:
            for number in range(5):
                streams[0].work.append(lambda number=number: ran.append(number))
                yield number

        assert list(SideStream(CPU).beside(batches())) == list(range(5))
        assert not ran
        computing.run()
        assert ran == list(range(5))


@pytest.mark.parametrize(("device", "training", "beside"), [("cuda", True, True), ("cuda", False, False)])
def test_what_trains_on_a_gpu_is_made_beside(
    monkeypatch: pytest.MonkeyPatch, device: str, training: bool, beside: bool
) -> None:
    monkeypatch.setattr("ablation.training.inputs.Photos.of", lambda *_args, **_given: None)
    with pretended():
        chosen = Augmented.of(photos(), spec(), training=training, device=torch.device(device))
    assert isinstance(chosen.side, SideStream) == beside


def test_a_cpu_makes_them_itself() -> None:
    assert Augmented.of(photos(), spec(), training=True, device=CPU).side is None
