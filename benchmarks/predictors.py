"""Ways to classify new photos, which processes/predicting.py has, and networks to do it with."""

from __future__ import annotations

from pathlib import Path

import torch

from ablation.networks import build, weight_files
from sizes import SIZES

# What they are called, each with its word for that program.
SUBJECTS = {"ours": "ours", "one photo at a time": "loop", "timm's inference.py": "timm"}


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
