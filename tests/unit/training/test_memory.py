"""Memory that runs out, that is kept, and that photos may take."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from runs import SPEC
from tiny import CPU, Tiny, photos, spec
from torch import Tensor, nn

from ablation.running import lease
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.training import loop, memory
from ablation.training.distributed.group import Group
from places import ROOT, SCRIPTS

GPU = torch.device("cuda", 0)

# --- out of memory ----------------------------------------------------------------------------------


class Hungry(Tiny):
    """A network that takes no more than `most` photos at once."""

    def __init__(self, most: int, error: Exception) -> None:
        super().__init__()
        self.most, self.error = most, error

    def forward(self, batch: Tensor) -> Tensor:
        if len(batch) > self.most:
            raise self.error
        return super().forward(batch)


OUT_OF_MEMORY = {
    "GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    "CPU": RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"),
    # PyTorch's AcceleratorError, cuDNN's and NCCL's are RuntimeErrors too.
    "CUDA": RuntimeError("CUDA error: out of memory"),
    "cuDNN": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "numpy": MemoryError("Unable to allocate 3 GiB"),
}


@pytest.mark.parametrize("error", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
@pytest.mark.parametrize(("most", "fits"), [(7, 4), (4, 4), (3, 2), (1, 1)])
def test_out_of_memory_names_a_batch_size_that_fits(most: int, fits: int, error: Exception) -> None:
    # The eight photos make a batch of 8, however large batch_size is.
    with pytest.raises(UserError, match=f"out of memory on cpu with batch_size 100: batch_size {fits} fits"):
        loop.train(Hungry(most, error), spec(batch_size=100), photos(), CPU)


def test_out_of_memory_with_a_single_photo() -> None:
    net = Hungry(0, OUT_OF_MEMORY["GPU"])
    with pytest.raises(UserError, match="and with 1 too: choose a smaller image_size or backbone"):
        loop.train(net, spec(batch_size=4), photos(), CPU)


def test_other_errors_are_not_taken_for_it() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        loop.train(Hungry(0, RuntimeError("mat1 and mat2 shapes differ")), spec(), photos(), CPU)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, torch.device]]:
    """A GPU without one: what part of its memory this process is told to use at most."""
    found: list[tuple[float, torch.device]] = []
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: found.append(given))
    return found


@pytest.mark.parametrize(
    ("share", "most", "told"),
    [
        (1, 2, "HBM3 with batch_size 64: batch_size 2 fits"),
        (4, 2, "HBM3, shared by 4 trainings (gpu_share), with batch_size 64: batch_size 2 fits"),
        (1, 0, "HBM3 with batch_size 64, and with 1 too: choose a smaller image_size or backbone"),
        (
            2,
            0,
            "HBM3, shared by 2 trainings (gpu_share), with batch_size 64, "
            "and with 1 too: choose a smaller gpu_share, image_size or backbone",
        ),
    ],
)
def test_out_of_memory_on_a_gpu_that_several_trainings_share(
    monkeypatch: pytest.MonkeyPatch,
    limits: list[tuple[float, torch.device]],
    share: int,
    most: int,
    told: str,
) -> None:
    def run(_net: Any, recipe: Spec, *_: Any) -> None:
        # The first may use what the others leave; what is then said to fit, fits beside others like it.
        assert limits == ([] if recipe.batch_size == 64 else [(1 / share, GPU)])
        if recipe.batch_size > most:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "run", run)
    monkeypatch.setenv(lease.SHARE, str(share))
    with pytest.raises(UserError) as error:
        loop.train(Tiny(), spec(batch_size=64), photos(), GPU)
    assert str(error.value) == f"out of memory on NVIDIA H100 80GB {told}"


def test_a_cpu_is_nobodys_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(lease.SHARE, "4")
    with pytest.raises(UserError, match="out of memory on cpu with batch_size 8: batch_size 4 fits"):
        loop.train(Hungry(4, OUT_OF_MEMORY["CPU"]), spec(batch_size=8), photos(), CPU)


def test_out_of_memory_on_several_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop, "run", run)
    told = "out of memory on cpu with batch_size 4 on 2 GPUs: choose a smaller batch_size"
    with pytest.raises(UserError, match=told):
        loop.train(nn.Linear(1, 1), SPEC, None, CPU, group=Group(1, 2))  # type: ignore[arg-type]


REALLY_OUT_OF_MEMORY = """
import resource
import numpy as np, torch
from torch import nn
from tiny import spec
from ablation.training import loop
from ablation.running.errors import UserError
from ablation.photos.pack import Pack
torch.set_num_threads(1)
count, side = 512, 64
pixels = np.zeros((2 * count, side, side, 3), np.uint8)
number = np.arange(2 * count)
pack = Pack(number % 3, number < count, [], ["a", "b", "c"], photos=pixels)
few = Pack(number[:8] % 3, number[:8] < 4, [], pack.categories, photos=pixels[:8])
layers = nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 3)
net = nn.Sequential(*layers)
loop.train(net, spec(batch_size=4, epochs=1), few, torch.device("cpu"))
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize")) * 1024
# One batch of 512 needs more than 500 MB for the outputs of the convolution alone.
resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
try:
    loop.train(net, spec(batch_size=512, epochs=1), pack, torch.device("cpu"))
except UserError as error:
    print(error)
"""


def test_a_process_that_really_runs_out_of_memory() -> None:
    path = os.pathsep.join([str(ROOT / "tests/unit"), str(SCRIPTS)])
    done = subprocess.run(
        [sys.executable, "-c", REALLY_OUT_OF_MEMORY],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"out of memory on cpu with batch_size 512: batch_size (256|128|64|32|16|8) fits\n", done.stdout
    ), done.stdout + done.stderr


# --- kept and taken ---------------------------------------------------------------------------------


STEPS = """
import resource, sys, torch
from ablation.training import memory
if sys.argv[1] == "kept":
    memory.keep_memory()
torch.set_num_threads(1)
net = torch.nn.Sequential(*(torch.nn.Conv2d(16, 16, 3, padding=1) for _ in range(4)))
photos = torch.ones(16, 16, 128, 128)
for step in range(16):
    if step == 8:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    net(photos).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_kept_memory_is_not_faulted_in_again() -> None:
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("this system's C library is not glibc")
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    env |= {"PYTHONPATH": str(SCRIPTS)}
    kept, given_back = (
        int(subprocess.check_output([sys.executable, "-c", STEPS, way], env=env, text=True))
        for way in ("kept", "given back")
    )
    assert kept < given_back / 4


def takes(free: int, total: int, share: int, size: int) -> bool:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: {GPU: (free, total)}[device])
        monkeypatch.setenv(lease.SHARE, str(share))
        return memory.takes(GPU, size)


# A machine's largest GPU, in bytes.
BYTES = st.integers(0, 2**40)


@given(st.tuples(BYTES, BYTES).map(sorted), st.integers(1, 64), BYTES)
@example([1000, 4000], 1, 500)
@example([1000, 4000], 1, 501)
@example([4000, 4000], 4, 500)
@example([4000, 4000], 4, 501)
@example([400, 4000], 4, 200)
@example([400, 4000], 4, 201)
@example([4001, 4001], 2, 1000)
def test_photos_leave_half_of_what_is_free_and_of_the_leases_part(
    free_and_total: list[int], share: int, size: int
) -> None:
    free, total = free_and_total
    # As many trainings as share the GPU, all of which find it empty, leave half of it.
    assert takes(free, total, share, size) == (2 * size <= free and share * 2 * size <= total)


def test_a_cpu_need_not_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lease.SHARE, raising=False)
    assert not memory.takes(CPU, 1)
