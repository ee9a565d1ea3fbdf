"""Train an epoch on all of a pack larger than the memory, and say what of it stayed in memory, as JSON.

The network is one linear layer, so that photos and not the network take the time. The pack's file is sparse:
it takes no room on the disk and no time of it, but pages in memory like any other.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import torch
from torch import Tensor, nn

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
from ablation.photos import pack
from ablation.training import device, loop, memory, reproducibility
from recipe import spec
from sizes import SIZES

folder, gib = Path(sys.argv[1]), float(sys.argv[2])
count = int(gib * 2**30 / (SIZES.side * SIZES.side * 3))
path = folder / "photos.npy"
photos = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, SIZES.side, SIZES.side, 3))
del photos
labels = np.arange(count) % 10
large = pack.Pack(
    labels, np.arange(count) >= SIZES.batch, [], list("0123456789"), photos=np.load(path, mmap_mode="r")
)
network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 10))
recipe = spec("googlenet", 1)
recipe = replace(recipe, augmentation=(recipe.augmentation[0], recipe.augmentation[-1]))
own, resident, seconds = 0, 0, 0.0


def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
    """Note the time that the epoch takes, and the most memory."""
    global own, resident, seconds
    started = time.perf_counter()
    for batch in batches:
        yield batch
        held = psutil.Process().memory_info()
        own, resident = max(own, held.rss - held.shared), max(resident, held.rss)
    seconds = time.perf_counter() - started


memory.keep_memory()
reproducibility.make_reproducible(0, torch.get_num_threads())
loop.train(network, recipe, large, device.choose(), watch)
print(
    json.dumps(
        {
            "images_per_second": large.training.sum().item() / seconds,
            "mib": own / 2**20,
            "resident_mib": resident / 2**20,
            "pack_mib": path.stat().st_size / 2**20,
        }
    )
)
path.unlink()
