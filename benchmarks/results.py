"""The rows of the benchmark: as a line to print, and all of the latest as results.csv and results.md."""

from __future__ import annotations

import csv
import os
import platform
import statistics
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

FILE = Path(__file__).parent / "results.csv"
CORES = len(os.sched_getaffinity(0))
PACKAGES = ("torch", "torchvision", "snakemake", "timm", "fastai", "lightning", "ultralytics")


@dataclass
class Row:
    """One line of the results; `ours_faster` says how many times as fast ours did the same.

    `about` is the machine, the versions and the date.
    """

    workload: str
    subject: str
    unit: str
    median: float
    lowest: float
    highest: float
    repetitions: int
    mib: float | None
    ours_faster: float | None = None
    benchmark: str = ""
    about: str = ""

    @property
    def machine(self) -> str:
        """What computed."""
        return self.about.split("; ")[0]

    @classmethod
    def of(cls, workload: str, subject: str, unit: str, values: list[float], mib: float | None) -> Row:
        """Sum repetitions up."""
        middle = statistics.median(values)
        return cls(workload, subject, unit, middle, min(values), max(values), len(values), mib)


def compared(rows: list[Row], ours: str) -> list[Row]:
    """Fill in how many times as fast the row `ours` is as each other one."""
    (mine,) = [row.median for row in rows if row.subject == ours]
    for row in rows:
        faster = mine / row.median if row.unit == "images/s" else row.median / mine
        row.ours_faster = None if row.subject == ours else faster
    return rows


def machine() -> str:
    """Return what computes: processor and cores, and the GPU if there is one."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line for line in lines if line.startswith("flags")), "")
    native = [name for name in ("amx_bf16", "avx512_bf16") if name in flags]
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{model}, {CORES} cores ({', '.join(native) or 'no native bf16'}){gpu}"


def versions() -> str:
    """Return the versions of what was measured."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([f"Python {platform.python_version()}", *found])


def line(row: Row) -> str:
    """Return a row as text."""
    memory = f"{row.mib:,.0f} MiB" if row.mib is not None else ""
    faster = f"{row.ours_faster:.2f}" if row.ours_faster is not None else ""
    figures = f"{row.median:9.2f} {row.unit:9} ({row.lowest:.2f} to {row.highest:.2f})"
    return f"{row.workload:45} {row.subject:32} {figures:42} {faster:>6}  {memory:>12}"


def markdown(rows: list[Row]) -> str:
    """Return the table as Markdown."""
    head = "| workload | | median | lowest to highest | ours is faster by | memory, MiB |"
    lines = []
    before = Row("", "", "", 0, 0, 0, 0, None)
    for row in rows:
        if row.about != before.about:
            lines += [
                "",
                *(f"{value}  " for value in row.about.split("; ")),
                "",
                head,
                "|---|---|---|---|---|---|",
            ]
        cells = (
            row.workload if row.workload != before.workload else "",
            row.subject,
            f"{row.median:.2f} {row.unit}",
            f"{row.lowest:.2f} to {row.highest:.2f}",
            f"**{row.ours_faster:.2f}**" if row.ours_faster is not None else "",
            f"{row.mib:,.0f}" if row.mib is not None else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
        before = row
    return "# The latest results\n" + "\n".join(lines) + "\n"


def read(file: Path = FILE) -> list[Row]:
    """Return the rows of the latest results."""
    if not file.exists():
        return []
    numbers = ("median", "lowest", "highest", "mib", "ours_faster")
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            Row(**row | {name: float(row[name]) if row[name] else None for name in numbers})
            for row in csv.DictReader(lines)
        ]


def replace(made: list[Row], order: list[str], file: Path = FILE) -> None:
    """Write rows in place of those of the same benchmark on the same machine, as CSV and as Markdown.

    `order` is that of the benchmarks.
    """
    again = {(row.benchmark, row.machine) for row in made}
    rows = [row for row in read(file) if (row.benchmark, row.machine) not in again] + made
    rows.sort(key=lambda row: (row.machine, order.index(row.benchmark)))
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(asdict, rows))
    file.with_suffix(".md").write_text(markdown(rows), encoding="utf-8")
