"""Training images a second: ours, the limit of the hardware, a script written by hand, timm's step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import photos
from commands import in_turns
from results import CORES, Row, compared
from sizes import SIZES
from trainers import Trainer

OURS = "ours"
SUBJECTS = {OURS: "ours", "ceiling": "ceiling", "report-style script": "report", "timm's step": "timm"}


def measure(_out: Path, scratch: Path) -> Iterator[Row]:
    """All subjects of a network start together and then take turns."""
    folders, failed = arranged(scratch), list[str]()
    for backbone in SIZES.gpu_backbones:
        trainers = {
            subject: Trainer(kind, backbone, folders["few" if kind == "report" else "many"], CORES)
            for subject, kind in SUBJECTS.items()
        }
        yield from measured(backbone, trainers, OURS, failed)
    refuse(failed)


def arranged(scratch: Path) -> dict[str, Path]:
    """Return the folders of photos, which all parts share: many, and few, for the script takes seconds."""
    folders = {"many": scratch / "many", "few": scratch / "few"}
    if not (scratch / "source").exists():
        root = photos.source(None, scratch)
        for folder, count in zip(folders.values(), SIZES.gpu_photos, strict=True):
            photos.arrange(root, folder, count)
        photos.packed(folders["many"], SIZES.side)
    return folders


def measured(backbone: str, trainers: dict[str, Trainer], ours: str, failed: list[str]) -> list[Row]:
    """Return a row for each trainer that gets as far as to train, compared with `ours`.

    Those that do not are added to `failed`.
    """
    ready = {subject: one for subject, one in trainers.items() if one.is_ready()}
    failed += [f"{backbone}, {subject}" for subject in trainers if subject not in ready]
    turns = in_turns({subject: partial(epoch, one) for subject, one in ready.items()}, warm_ups=0)
    for one in trainers.values():
        one.end()
    workload = f"train {backbone}, {SIZES.side} px, batch {SIZES.batch}"
    rows = [
        Row.of(workload, subject, "images/s", [speed for speed, _ in found], max(mib for _, mib in found))
        for subject, found in turns.items()
    ]
    return compared(rows, ours) if ours in turns else rows


def refuse(failed: list[str]) -> None:
    """End with 1 if something did not train."""
    if failed:
        sys.exit(f"error: ended before they trained, as said above: {'; '.join(failed)}")


def epoch(trainer: Trainer) -> tuple[float, float]:
    """Have a trainer train an epoch; return its images a second, and MiB."""
    trainer.begin()
    return trainer.found()
