"""What a training costs beside time: the peak memory of its processes and GPUs, and energy."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from ablation.training import energy
from ablation.training.distributed import launch
from ablation.training.distributed.group import Group
from ablation.training.energy import Counter

# A processor's counter wraps after some 260 kJ, which no machine takes in this time.
SECONDS_BETWEEN_READINGS = 60


@dataclass(frozen=True)
class Cost:
    """Peaks in MiB and energies in joules, of all processes of a training; None where nobody counts.

    The peak of several processes, or of several GPUs, is the sum of their peaks. Host memory is that of the
    processes that live when it is asked for (the resident set, with the pages of a pack's file that they
    use); device memory is what PyTorch has given out.
    """

    peak_host_mib: float | None = None
    peak_device_mib: float | None = None
    host_joules: float | None = None
    device_joules: float | None = None

    def after(self, earlier: Cost) -> Cost:
        """Return the cost of a training of which this is the part since `earlier`.

        An energy of which a part was not counted is not known.
        """
        return Cost(
            *(together(max, getattr(earlier, name), getattr(self, name)) for name in PEAKS),
            *(
                together(lambda *two: sum(two), getattr(earlier, name), getattr(self, name))
                for name in ENERGIES
            ),
        )


PEAKS = "peak_host_mib", "peak_device_mib"
ENERGIES = "host_joules", "device_joules"


def together(
    combine: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    """Combine two figures; None if one is not known."""
    return None if one is None or other is None else combine(one, other)


class Meter:
    """Measures a training from when it is made; all its processes make one, and call `measure` alike."""

    def __init__(self, device: torch.device, group: Group) -> None:
        self.device, self.group = device, group
        self.earlier: Cost | None = None
        self.cost = Cost()
        # Why energy that the hardware counts is not known, a line each.
        self.refused: list[str] = []
        self.host: list[Counter] = []
        self.gpus: list[Counter] = []
        # The first process counts for all: they share the machine, and it sees the GPUs of all.
        if group.first:
            self.host = self.counting(energy.of_processors, "processors")
            if device.type == "cuda":
                self.gpus = self.counting(self.of_gpus, "GPU")
        self.read_at = time.perf_counter()

    def of_gpus(self) -> list[Counter]:
        """Return the counters of the GPUs of all processes."""
        first = self.device.index or 0
        return energy.of_gpus(
            [energy.uuid_of(torch.device("cuda", first + rank)) for rank in range(self.group.size)]
        )

    def counting(self, make: Callable[[], list[Counter]], what: str) -> list[Counter]:
        """Return counters; none, and note why, where they cannot be read."""
        try:
            return make()
        except OSError as error:
            self.refused.append(f"the energy of the {what} is not known: {error}")
            return []

    def tick(self) -> None:
        """Read the counters of energy if that was not done for a while: to be called after every batch."""
        if time.perf_counter() - self.read_at >= SECONDS_BETWEEN_READINGS:
            self.joules()

    def joules(self) -> tuple[float | None, float | None]:
        """Return the energy of processors and GPUs so far."""
        self.read_at = time.perf_counter()
        return self.spent(self.host, "processors"), self.spent(self.gpus, "GPU")

    def spent(self, counters: list[Counter], what: str) -> float | None:
        """Return what counters have counted; None if there are none, or no longer."""
        try:
            return sum(counter.update() for counter in counters) if counters else None
        except OSError as error:
            counters.clear()
            self.refused.append(f"the energy of the {what} is not known: {error}")
            return None

    def measure(self) -> Cost:
        """Measure what the training has cost so far, with what it had before it was resumed."""
        on_host = host_mib() if self.group.first else None
        on_device = None
        if self.device.type == "cuda":
            # On the CPU, where all processes talk without waiting for a GPU.
            own = torch.tensor(torch.cuda.max_memory_allocated(self.device))
            on_device = int(self.group.sum(own)) / 2**20
        now = Cost(on_host, on_device, *self.joules())
        self.cost = now.after(self.earlier) if self.earlier else now
        return self.cost

    def state_dict(self) -> dict[str, Any]:
        """Return what was measured last."""
        return asdict(self.cost)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Count on from what `state_dict` returned."""
        self.earlier = Cost(**state)


def host_mib() -> float | None:
    """Return the sum of the peaks of this training's processes, in MiB: of this one and its descendants.

    If torchrun started this process, of torchrun's and its descendants.
    """
    root = psutil.Process()
    if launch.is_launched():
        root = root.parent() or root
    peaks = [peak_kib(one.pid) for one in (root, *root.children(recursive=True))]
    return sum(peak for peak in peaks if peak) / 1024 or None


def peak_kib(process: int) -> int | None:
    """Return the most memory that a process has had resident, in KiB; None if it is gone.

    Not `ru_maxrss` of getrusage: that is never less than what the process had which started this one.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return None
