"""A made-up folder of the kernel's power capping framework."""

from __future__ import annotations

from pathlib import Path


def write_zone(zone: Path, name: str, joules: float, wraps: float = 262_143.328850) -> None:
    """Write a zone whose counter is at so many joules, and begins again at `wraps`."""
    zone.mkdir(exist_ok=True)
    (zone / "name").write_text(f"{name}\n")
    (zone / "energy_uj").write_text(f"{round(joules * 1e6)}\n")
    (zone / "max_energy_range_uj").write_text(f"{round(wraps * 1e6)}\n")
