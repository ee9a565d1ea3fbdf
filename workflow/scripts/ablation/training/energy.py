"""Counters of energy: of processors by the system (RAPL), of NVIDIA's GPUs by their driver (NVML).

Both count all that the hardware does, also for other programs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

# "Power Capping Framework" in the kernel's documentation; AMD's processors are under the same name.
POWERCAP = Path("/sys/class/powercap")
NVML = "libnvidia-ml.so.1"


@dataclass
class Counter:
    """A counter that `read` reads, in joules; at `wraps` joules it begins again at 0. Infinite if never."""

    read: Callable[[], float]
    wraps: float = float("inf")

    def __post_init__(self) -> None:
        self.last, self.spent = self.read(), 0.0

    def update(self) -> float:
        """Return the joules since it was made; to be called more often than it wraps."""
        now = self.read()
        self.spent += now - self.last + (self.wraps if now < self.last else 0.0)
        self.last = now
        return self.spent


def of_processors(powercap: Path = POWERCAP) -> list[Counter]:
    """Return a counter for each processor package and for the memory beside it; none where there are none.

    Cores are within their package, and what the zone "psys" counts contains all others. Raises OSError where
    the system has counters but does not let this user read them.
    """
    zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if is_counted(zone)]
    return [
        Counter(partial(number, zone / "energy_uj"), number(zone / "max_energy_range_uj")) for zone in zones
    ]


def is_counted(zone: Path) -> bool:
    """Tell whether a zone is a package, or the memory of one."""
    name = (zone / "name").read_text(encoding="utf-8").strip()
    return name.startswith("package-") or name == "dram"


def number(path: Path) -> float:
    """Read microjoules as joules."""
    return int(path.read_text(encoding="utf-8")) / 1e6


def of_gpus(uuids: Sequence[str], library: str = NVML) -> list[Counter]:
    """Return a counter for each GPU of these UUIDs ("GPU-..."), since Volta.

    Raises OSError where the driver counts no energy of one of them (nor of parts of GPUs).
    """
    nvml = ctypes.CDLL(library)
    succeed(nvml.nvmlInit_v2())
    return [Counter(partial(joules, nvml, found(nvml, uuid))) for uuid in uuids]


def found(nvml: ctypes.CDLL, uuid: str) -> ctypes.c_void_p:
    """Return NVML's handle of a GPU."""
    gpu = ctypes.c_void_p()
    succeed(nvml.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(gpu)))
    return gpu


def joules(nvml: ctypes.CDLL, gpu: ctypes.c_void_p) -> float:
    """Return what a GPU has taken since its driver was loaded."""
    millijoules = ctypes.c_ulonglong()
    succeed(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu, ctypes.byref(millijoules)))
    return millijoules.value / 1000


def succeed(status: int) -> None:
    """Raise OSError for what NVML returns if it fails."""
    if status:
        raise OSError(f"NVML answers with error {status}")


def uuid_of(device: torch.device) -> str:
    """Return a GPU's UUID as NVML wants it."""
    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"
