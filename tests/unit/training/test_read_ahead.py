"""Reading ahead: by a real thread, and onto a pretended GPU that does everything as late as it may."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from states import assert_same
from tiny import CPU, NORMALIZE, RANDOM, Tiny, photos, spec, without_times
from torch import Tensor

from ablation.running.signals import Requests, Resumable
from ablation.spec import Spec
from ablation.training import loop, state
from ablation.training.checkpoint import Checkpoint
from ablation.training.distributed.group import Group
from ablation.training.loader import Photos
from ablation.training.read_ahead import Staging, read_ahead

SECONDS = 20


def reading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("read ahead")]


pytestmark = pytest.mark.usefixtures("_one_thread")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not reading()


# --- the thread -------------------------------------------------------------------------------------


@given(st.lists(st.integers()))
def test_all_in_order(items: list[int]) -> None:
    assert list(read_ahead(str, items)) == [(item, str(item)) for item in items]


def test_the_next_one_is_read_while_the_caller_works_and_no_more() -> None:
    begun = [threading.Event() for _ in range(4)]

    def read(item: int) -> threading.Thread:
        begun[item].set()
        return threading.current_thread()

    for item, thread in read_ahead(read, range(4)):
        assert thread is not threading.current_thread()
        # Were it not read meanwhile, this would wait in vain.
        assert all(event.wait(SECONDS) for event in begun[: item + 2])
        assert not any(event.is_set() for event in begun[item + 2 :])


def test_items_are_taken_by_the_caller() -> None:
    takers = set()

    def items() -> Iterator[int]:
        for item in range(3):
            takers.add(threading.current_thread())
            yield item

    assert len(list(read_ahead(str, items()))) == 3
    assert takers == {threading.current_thread()}


def test_what_a_read_raises_comes_in_its_turn() -> None:
    seen, read = [], []

    def inverse(item: int) -> float:
        read.append(item)
        return 1 / item

    def run() -> None:
        for item, _ in read_ahead(inverse, [1, 2, 0, 3, 4, 5]):
            seen.append(item)

    with pytest.raises(ZeroDivisionError):
        run()
    assert seen == [1, 2]
    assert not reading()
    # The one behind it may have begun.
    assert read in ([1, 2, 0], [1, 2, 0, 3])


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Resumable])
def test_leaving_early_ends_the_thread_and_reads_no_more(error: type[BaseException]) -> None:
    read: list[int] = []

    def run() -> None:
        for item, _ in read_ahead(read.append, range(100)):
            if item == 3:
                raise error

    with pytest.raises(error):
        run()
    # Though the exception holds on to the frame of the loop.
    assert not reading()
    assert read in ([0, 1, 2, 3], [0, 1, 2, 3, 4])


def test_leaving_waits_for_the_read_in_progress() -> None:
    begun, ends, ended = threading.Event(), threading.Event(), []

    def read(item: int) -> None:
        if item == 1:
            begun.set()
            assert ends.wait(SECONDS)
            ended.append(item)

    results = read_ahead(read, range(9))
    next(results)
    assert begun.wait(SECONDS)
    threading.Timer(0.2, ends.set).start()
    results.close()  # type: ignore[attr-defined]
    assert ended == [1]


# --- a GPU ------------------------------------------------------------------------------------------


class FakeStream:
    """Work that a GPU has been given and has not done."""

    def __init__(self, _device: Any = None) -> None:
        self.work: list[Callable[[], object]] = []

    def wait_event(self, event: FakeEvent) -> None:
        self.work.append(event.reach)

    def run(self, count: int | None = None) -> None:
        """Do it all, or the first so many; what is done already is done again to no effect."""
        with LOCK:
            for number, step in enumerate(self.work[:count]):
                self.work[number] = int
                step()


class FakeEvent:
    """A place in the work of a stream."""

    def __init__(self, *, blocking: bool) -> None:
        assert blocking
        self.stream, self.place = FakeStream(), 0

    def record(self, stream: FakeStream) -> None:
        self.stream, self.place = stream, len(stream.work)

    def reach(self) -> None:
        self.stream.run(self.place)

    def synchronize(self) -> None:
        assert threading.current_thread() is not threading.main_thread(), "the training waits for the GPU"
        self.reach()


LOCK = threading.RLock()


class LateGpu:
    """A GPU on the CPU that copies no earlier than somebody waits for the copy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.local, self.computing = threading.local(), FakeStream()
        self.pinned: list[Tensor] = []
        self.recorded: list[tuple[int, FakeStream]] = []
        self.streams: list[FakeStream] = []
        self.empty = torch.empty
        monkeypatch.setattr(torch.cuda, "Stream", self.stream)
        monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
        monkeypatch.setattr(torch.cuda, "stream", self.on)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda _device: self.current())
        monkeypatch.setattr(torch, "empty", self.allocate)
        monkeypatch.setattr(Tensor, "to", lambda tensor, *args, **given: self.copy(tensor, *args, **given))
        monkeypatch.setattr(
            Tensor, "record_stream", lambda tensor, stream: self.recorded.append((id(tensor), stream))
        )

    def stream(self, device: torch.device) -> FakeStream:
        self.streams.append(FakeStream(device))
        return self.streams[-1]

    @contextmanager
    def on(self, stream: FakeStream) -> Iterator[None]:
        self.local.stream = stream
        yield
        del self.local.stream

    def current(self) -> FakeStream:
        return getattr(self.local, "stream", self.computing)

    def allocate(self, *size: Any, pin_memory: bool = False, **given: Any) -> Tensor:
        memory = self.empty(*size, **given)
        if pin_memory:
            self.pinned.append(memory)
        return memory

    def copy(self, tensor: Tensor, device: torch.device, non_blocking: bool = False) -> Tensor:
        assert device == CPU
        # Of memory that is not page-locked CUDA takes a copy at once.
        if not any(tensor.data_ptr() == memory.data_ptr() for memory in self.pinned):
            return tensor.clone()
        assert non_blocking, "the copy is waited for"
        copied = torch.full_like(tensor, 0)
        self.current().work.append(partial(copied.copy_, tensor))
        return copied


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> LateGpu:
    return LateGpu(monkeypatch)


def staged(*, training: bool = True, count: int = 40) -> Photos:
    chosen = Photos.of(photos(train=count, val=count), training=training, device=CPU)
    return replace(chosen, staging=Staging(CPU))


INDICES = [[3, 1], [0, 2, 4], [5], [], [9, 8, 7], [6, 10, 11], [3, 3, 1], [12]]


def test_batches_arrive_whole_in_order_and_late(gpu: LateGpu) -> None:
    chosen = staged()
    arrived = []
    for index, batch in chosen.batches(map(torch.tensor, map(np.int64, INDICES))):
        # Nothing of it is read before the work on it ends.
        arrived.append((index.tolist(), batch))
        for tensor in batch:
            assert gpu.recorded[-2:].count((id(tensor), gpu.computing)) == 1
    assert [index for index, _ in arrived] == INDICES
    # What the computing stream waits for, and no more.
    gpu.computing.run()
    plain = replace(chosen, staging=None)
    for index, (pixels, labels) in arrived:
        expected = plain.batch(torch.tensor(index, dtype=torch.int64))
        assert torch.equal(pixels, expected[0])
        assert torch.equal(labels, expected[1])
    # Two buffers, each made anew once for a larger batch; one stream, which is not the one that computes.
    assert 2 <= len(gpu.pinned) <= 4
    assert len(set(map(id, gpu.streams))) == 1


def test_memory_and_stream_serve_all_epochs(gpu: LateGpu) -> None:
    chosen = staged()
    for _ in range(3):
        for _ in chosen.batches(torch.arange(40).split(8)):
            pass
    assert len(gpu.pinned) == 2
    assert len(gpu.streams) == 1


@pytest.mark.usefixtures("gpu")
def test_processes_of_a_group_read_their_own_part() -> None:
    for rank in range(3):
        group = Group(rank, 3)
        for index, (pixels, labels) in staged().batches(torch.arange(8).split(2), group.shard):
            assert len(index) == 2
            assert len(pixels) == len(labels) == len(index[group.shard(2)])


# --- trainings --------------------------------------------------------------------------------------

RECIPE = spec(augmentation=(*RANDOM, NORMALIZE))


class OnCpu:
    """Reads ahead without page-locked memory, stream and events."""

    @staticmethod
    def memory(shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8)

    ahead = staticmethod(read_ahead)


@pytest.fixture
def _ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(*args: Any, **given: Any) -> Photos:
        return replace(plain(*args, **given), staging=OnCpu())  # type: ignore[arg-type]

    plain = Photos.of
    monkeypatch.setattr(Photos, "of", of)


def train(recipe: Spec = RECIPE, keeper: Checkpoint | None = None, **given: Any) -> state.Trained:
    torch.manual_seed(recipe.seed)
    return loop.train(Tiny(), recipe, photos(), CPU, checkpoint=keeper, **given)


def assert_same_training(one: state.Trained, other: state.Trained) -> None:
    assert without_times(one.history) == without_times(other.history)
    assert torch.equal(one.best_outputs, other.best_outputs)
    assert_same(one.best_state, other.best_state)


def test_a_training_finds_the_same(request: pytest.FixtureRequest) -> None:
    plain = train()
    request.getfixturevalue("_ahead")
    assert_same_training(train(), plain)


@pytest.mark.usefixtures("_ahead")
@pytest.mark.parametrize("batches", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_training_that_leaves_in_an_epoch_goes_on_there(batches: int, tmp_path: Any) -> None:
    """Batches of training and, from the fourth on, of validation."""
    requests = Requests()
    keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", requests)
    after_batch, left = keeper.after_batch, iter(range(1, 10**6))

    def counting(training: state.Training) -> None:
        requests.leave = next(left) == batches
        after_batch(training)

    keeper.after_batch = counting  # type: ignore[method-assign]
    with pytest.raises(Resumable):
        train(keeper=keeper)
    assert not reading()
    assert_same_training(train(keeper=keeper), train())


@pytest.mark.usefixtures("_ahead")
def test_a_read_that_fails_ends_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Photos, "batch", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        train()


@pytest.mark.usefixtures("_ahead")
def test_the_trial_of_smaller_batches_trains_on_one_and_reads_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []
    plain = Photos.batch

    def noting(chosen: Photos, index: Tensor) -> Any:
        sizes.append(len(index))
        if len(index) > 4:
            raise MemoryError
        return plain(chosen, index)

    monkeypatch.setattr(Photos, "batch", noting)
    with pytest.raises(Exception, match="batch_size 4 fits"):
        train(spec(batch_size=8))
    # All eight, and of four the first batch and the five that validate.
    assert sizes == [8, 4, 4, 1]
