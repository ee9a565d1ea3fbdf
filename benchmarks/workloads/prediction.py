"""New photos classified: ours, a loop of one photo at a time, timm's inference.py."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

import photos
from ablation.networks import build, weight_files
from commands import PROCESSES, answer, in_turns
from results import Row, compared
from sizes import SIZES

SUBJECTS = {"ours": "ours", "one photo at a time": "loop", "timm's inference.py": "timm"}


def measure(folder: Path, _given: Path | None) -> Iterator[Row]:
    """Growing numbers of photos, so that memory that grows with them would show."""
    for backbone, counts in SIZES.predicted.items():
        weights = untrained(backbone, folder / f"{backbone}.safetensors")
        for count in counts:
            new = folder / str(count)
            photos.generate(new, count, 1)
            command = [sys.executable, str(PROCESSES / "predicting.py")]
            told = in_turns(
                {
                    name: partial(answer, [*command, kind, str(weights), str(new)])
                    for name, kind in SUBJECTS.items()
                }
            )
            shutil.rmtree(new)
            width, height = SIZES.size
            workload = f"predict {count:,} photos of {width} x {height}, {backbone}"
            rows = [
                Row.of(
                    workload,
                    name,
                    "images/s",
                    [each["images_per_second"] for each in turns],
                    max(each["mib"] for each in turns),
                )
                for name, turns in told.items()
            ]
            yield from compared(rows, "ours")


def untrained(backbone: str, path: Path) -> Path:
    """Write a weight file as a run does, of a network that was not trained: its speed is the same."""
    torch.manual_seed(0)
    classes = [str(number) for number in range(10)]
    net = build.adapt(
        build.pretrained(backbone, None), backbone, "original", len(classes), "linear", SIZES.side
    )
    about = {
        **{"backbone": backbone, "architecture": "original", "head": "linear", "image_size": SIZES.side},
        "classes": classes,
        "input": {"size": SIZES.side, "resize": "squash", "interpolation": "bilinear"},
        **{"steps": [["normalize", {}]], "precision": "fp32"},
    }
    weight_files.write_weights(path, net.state_dict(), about)
    return path
