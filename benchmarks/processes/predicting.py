"""Classify the photos in a folder in one of three ways; say the images a second and the most MiB, as JSON.

`ours` as predict.py does; `loop` takes one photo after the other through the same preparation; `timm` is the
loader and the loop of timm's inference.py, which resizes by Pillow too. Loading the network is not counted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
import torch

from ablation.photos.photo import photo
from ablation.prediction import predicting, sources, trained
from ablation.prediction.predicting import Ensemble
from ablation.prediction.trained import Trained
from ablation.training import device

DEVICE = device.choose()


def ours(one: Trained, folder: Path) -> int:
    """As predict.py: each core decodes and computes by itself."""
    ensemble = Ensemble([one], DEVICE)
    return sum(1 for _ in predicting.classify(ensemble, sources.find([folder], folder, str)))


@torch.inference_mode()
def loop(one: Trained, folder: Path) -> int:
    """One photo at a time, as one writes it first."""
    found, net = sources.find([folder], folder, str), one.net.to(DEVICE)
    for each in found:
        pixels = torch.tensor(one.preparation.way.pixels(photo(each.path)), device=DEVICE)
        net(one.preparation.values(pixels[None])).softmax(1).tolist()
    return len(found)


@torch.inference_mode()
def timm(one: Trained, folder: Path) -> int:
    """Its inference.py without what it writes: two workers, as is its default, and batches as ours."""
    from timm.data import create_dataset, create_loader

    way, (step,) = one.preparation.way, one.preparation.steps
    loader = create_loader(
        create_dataset("", root=str(folder), split="validation", class_map=""),
        input_size=(3, way.size, way.size),
        batch_size=predicting.BATCH,
        use_prefetcher=False,
        interpolation=way.interpolation,
        mean=tuple(vars(step)["mean"]),
        std=tuple(vars(step)["std"]),
        crop_pct=1.0,
        crop_mode="squash",
        num_workers=2,
        device=DEVICE,
    )
    net = one.net.to(DEVICE)
    return sum(len(net(photos.to(DEVICE)).softmax(1).tolist()) for photos, _ in loader)


WAYS: dict[str, Callable[[Trained, Path], int]] = {"ours": ours, "loop": loop, "timm": timm}

if __name__ == "__main__":
    kind, weights, root = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    network = trained.load(weights)
    started = time.perf_counter()
    count = WAYS[kind](network, root)
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 2**10
    print(json.dumps({"images_per_second": count / seconds, "mib": peak}))
