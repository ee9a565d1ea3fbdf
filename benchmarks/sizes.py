"""How much of everything is measured: in full, or in the smallest form, which tests run.

BENCHMARK_SIZES=smallest chooses that: it takes seconds, and its figures are worth nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

VARIABLE = "BENCHMARK_SIZES"


@dataclass(frozen=True)
class Sizes:
    """The sizes of all workloads, and of the programs beside them."""

    repetitions: int
    warm_ups: int
    # Photos that are drawn: of how many species, how many of each, and width and height.
    species: int
    photos: int
    size: tuple[int, int]
    # What trains: the side in pixels, and the photos of a batch.
    side: int
    batch: int
    # Photos of an epoch, by backbone.
    throughput: dict[str, int]
    # Photos that train, and for how many epochs.
    short_run: int
    epochs: int
    packed: tuple[int, ...]
    # Photos that are classified, by backbone.
    predicted: dict[str, tuple[int, ...]]
    # Photos of a folder that are small.
    folders: tuple[int, ...]
    # How large a pack is, of the machine's memory.
    large_pack: float
    # Learning rates and seeds of the study that is planned.
    rates: int
    seeds: int
    # Experiments of the tests' tiny study that run; None for all.
    tiny_study: list[dict[str, object]] | None
    # Runs of the studies in which a stand-in trains; how many backbones, as many augmentations, and seeds.
    grids: tuple[int, ...]
    grid_kinds: int
    grid_seeds: int
    # Splits of the same photos.
    splits: int
    # Runs through SLURM; None for as many as the command says.
    arrays: int | None
    # Batch and side of the steps that are profiled, None for those of the command; how many steps; the side
    # of a matrix and the numbers of a vector for the hardware's peak.
    profiled: tuple[int, int] | None
    steps: int
    matrix: int
    vector: int
    # On a GPU: what trains, on how many photos and on how many the script that is slow; what is compiled,
    # and by which backend of torch.compile.
    gpu_backbones: tuple[str, ...]
    gpu_photos: tuple[int, int]
    gpu_compiled: tuple[str, ...]
    compiler: str
    gpu_epochs: int
    gpu_predicted: int
    # The report's study: its photos, how many epochs, and how many of its experiments; None for all.
    report_photos: int
    report_epochs: int
    report_experiments: int | None


FULL = Sizes(
    repetitions=3,
    warm_ups=1,
    # As many flowers of as many species as the real data set that these were first measured on.
    species=17,
    photos=10,
    # A photo of about 60 kB, as a phone would make it at this size.
    size=(640, 480),
    side=224,
    batch=64,
    # So many that one epoch of the report-style script takes some ten seconds or more.
    # The last one is timm's, of depthwise convolutions.
    throughput={"googlenet": 256, "resnet50": 128, "alexnet": 512, "tf_efficientnet_lite0": 128},
    short_run=128,
    epochs=5,
    packed=(2_000, 6_000, 20_000),
    predicted={"tf_efficientnet_lite0": (500, 2_000), "resnet50": (200,)},
    folders=(20_000, 100_000),
    large_pack=1.15,
    rates=100,
    seeds=10,
    tiny_study=None,
    grids=(100, 1_000, 5_000),
    grid_kinds=5,
    grid_seeds=4,
    splits=5,
    arrays=None,
    profiled=None,
    steps=5,
    matrix=2048,
    vector=2**27,
    # The last two are timm's.
    gpu_backbones=(
        *("googlenet", "resnet50", "alexnet", "resnet101"),
        *("tf_efficientnet_lite0", "vit_small_patch16_224"),
    ),
    gpu_photos=(4096, 256),
    gpu_compiled=("googlenet", "resnet50", "alexnet"),
    compiler="inductor",
    gpu_epochs=10,
    gpu_predicted=1_000,
    report_photos=2_190,
    report_epochs=40,
    report_experiments=None,
)
SMALLEST = Sizes(
    repetitions=1,
    warm_ups=0,
    species=2,
    photos=3,
    size=(96, 64),
    side=64,
    batch=4,
    # One of torchvision's, as a GPU's is one of timm's: each way to train starts a process for each.
    throughput={"googlenet": 8},
    short_run=4,
    epochs=1,
    packed=(20,),
    predicted={"tf_efficientnet_lite0": (20,)},
    folders=(20,),
    large_pack=0.0001,
    rates=4,
    seeds=1,
    tiny_study=[{"name": "rung", "backbone": "googlenet", "optimizer": "tiny", "augmentation": ["none"]}],
    grids=(4,),
    grid_kinds=2,
    grid_seeds=1,
    splits=1,
    arrays=4,
    profiled=(4, 64),
    steps=1,
    matrix=64,
    vector=2**10,
    gpu_backbones=("vit_small_patch16_224",),
    gpu_photos=(8, 4),
    gpu_compiled=("alexnet",),
    # As inductor it takes the network apart, forward and backward, but makes no kernels of it: on a CPU those
    # are C++, which takes its compiler minutes.
    compiler="aot_eager",
    gpu_epochs=1,
    gpu_predicted=8,
    report_photos=20,
    report_epochs=1,
    report_experiments=2,
)
_NAMED = {"full": FULL, "smallest": SMALLEST}


def chosen() -> Sizes:
    """Return the sizes that the environment asks for."""
    name = os.environ.get(VARIABLE, "full")
    if name not in _NAMED:
        sys.exit(f"error: {VARIABLE} is {name!r}: one of {', '.join(_NAMED)}")
    return _NAMED[name]


SIZES = chosen()


def say() -> None:
    """Say so where figures are worth nothing."""
    if SIZES is SMALLEST:
        print(f"The smallest form ({VARIABLE}=smallest): its figures are worth nothing, and none is kept.")
