"""Draw every augmentation of a study on the same four training photos."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ablation.photos import pack
from ablation.results.figures.given import Given, Rung
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors
from ablation.training import augmentation

PHOTOS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=f"{__doc__} Standard input: names and their steps, as JSON.")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    parser.add_argument("--output", required=True, type=Path, help="the PNG")
    args = parser.parse_args()
    rungs: list[Rung] = []
    # Packs are deleted to save disk; asking for them would train everything again.
    if (args.pack / pack.INDEX).exists():
        packed = pack.load(args.pack)
        training = np.flatnonzero(packed.training)
        few = training[np.unique(np.linspace(0, len(training) - 1, PHOTOS).astype(int))]
        photos = np.stack([packed.photos[place] for place in few])
        rungs = [
            rung(name, [(step, dict(values)) for step, values in steps], photos)
            for name, steps in json.load(sys.stdin)
        ]
    STUDY_FIGURES["rungs"].draw(Given(pack=args.pack, rungs=rungs), args.output)


def rung(name: str, steps: list[tuple[str, dict[str, Any]]], photos: pack.Pixels) -> Rung:
    """Return what an augmentation makes of photos, the same of a step wherever rungs begin alike."""
    transforms = augmentation.build(steps, training=True)
    drawn = augmentation.draw(transforms, len(photos), torch.Generator().manual_seed(0))
    made = augmentation.augmented(torch.from_numpy(photos), transforms, drawn)
    low, high = made.min(), made.max()
    # As after subtracting a mean: such photos cannot be seen as they are.
    stretched = bool(low < -0.01 or high > 1.01)
    made = (made - low) / (high - low).clamp(min=1e-6) if stretched else made.clamp(0, 1)
    return Rung(name, (made.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy(), stretched)


if __name__ == "__main__":
    errors.run(main)
