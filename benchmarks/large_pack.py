"""Train a few batches from a pack larger than the memory, and say what of it stayed in memory, as JSON.

The pack's file is sparse: it takes no room on the disk, and pages in memory like any other.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import torch

sys.path[:0] = [str(Path(__file__).parents[1] / "workflow/scripts"), str(Path(__file__).parent)]
from ablation import device, pack, training
from workers import BATCH, SIDE, network, spec

folder, backbone, gib = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
count = int(gib * 2**30 / (SIDE * SIDE * 3))
path = folder / "photos.npy"
photos = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, SIDE, SIDE, 3))
del photos
labels = np.arange(count) % 10
large = pack.Pack(
    labels, np.arange(count) >= BATCH, [], list("0123456789"), photos=np.load(path, mmap_mode="r")
)
training.make_reproducible(0, torch.get_num_threads())
started = time.perf_counter()
training.train(
    network(backbone, 10), spec(backbone, 1), large, device.choose(), lambda batches, _: batches[:20]
)
seconds = time.perf_counter() - started
held = psutil.Process().memory_full_info()
print(
    json.dumps(
        {
            "images_per_second": (20 * BATCH) / seconds,
            "mib": held.uss / 2**20,
            "resident_mib": held.rss / 2**20,
            "pack_mib": path.stat().st_size / 2**20,
        }
    )
)
path.unlink()
