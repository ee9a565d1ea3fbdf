"""What a step needs of a machine: memory and time, for a cluster to give it a place. Standard library only.

The figures are generous; a job that was killed for want of something asks for more when it is tried again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.networks import needs
from ablation.running.errors import UserError
from ablation.spec import Spec

# MB of a process with PyTorch, and of CUDA beside it.
PYTORCH, CUDA = 1000, 2000
# Weights, gradients, AdamW's two moments, the best weights and a checkpoint's buffers, in fp32.
BYTES_A_PARAMETER = 24
# Those of an average of weights.
AVERAGE = 4
# Measured up to this part more than `Backbone.activations` says.
MARGIN = 1.3
# Photos of a data set that has not been made yet.
PHOTOS = 2000


def more(amount: int, attempt: int) -> int:
    """Return what a job asks for when it is tried again, after it was killed: each time half as much more."""
    return int(amount * (1 + attempt) / 2)


def require_some(cores: int | None, jobs: int | None) -> None:
    """Raise UserError for no cores, or no jobs of a cluster: Snakemake would start and do nothing right."""
    for option, count in (("cores", cores), ("jobs", jobs)):
        if count is not None and count < 1:
            raise UserError(f"--{option} is {count}: write how many may be used, from 1 on")


def photo_memory(_wildcards: Any, threads: int, attempt: int) -> int:
    """Return MB to index or pack photos: measured 66 for small ones; one of 50 megapixels is 150 decoded."""
    return more(1000 + 500 * threads, attempt)


def export_memory(_wildcards: Any, attempt: int) -> int:
    """Return MB to export a network: PyTorch's exporters hold it several times."""
    return more(8000, attempt)


def explain_memory(_wildcards: Any, attempt: int) -> int:
    """Return MB to explain photos: one of 50 megapixels with its maps, and a network that trains on none."""
    return more(4000, attempt)


def photo_minutes(_wildcards: Any, attempt: int) -> int:
    """Return minutes to draw, unpack, index or pack photos."""
    return 60 * attempt


def memory(spec: Spec, *, cuda: bool) -> int:
    """Return MB of the host's memory to train, as if it were on a CPU in fp32: there activations take most.

    `cuda` leaves room for CUDA.
    """
    parameters = needs.parameters(spec.backbone, spec.architecture)
    pixels = spec.batch_size * spec.image_size**2
    bytes_a_parameter = BYTES_A_PARAMETER + AVERAGE * (spec.ema_decay > 0)
    each = PYTORCH + CUDA * cuda + bytes_a_parameter * parameters
    return int(each * spec.gpus + MARGIN * needs.activations(spec.backbone) * pixels / 10**6)


def minutes(spec: Spec, photos: int) -> int:
    """Return minutes to train: half an hour and 10 ms for each photo and 10^9 multiplications that it takes.

    Meant for a GPU, where nothing has been measured. A core of a CPU takes 80 to 120 ms in fp32.
    """
    work = spec.epochs * photos * needs.multiplications(spec.backbone, spec.image_size)
    return math.ceil(30 + work * 0.010 / 60)


def photos_of(dataset: str, prefix: str = "") -> int:
    """Return how many photos a data set has; a guess before it is indexed. `prefix` is that of a module."""
    return photos_in(Path(prefix + paths.MANIFEST.format(dataset=dataset)))


def photos_in(manifest: Path) -> int:
    """Return how many photos a manifest has; a guess before it is made."""
    try:
        return _lines(manifest, manifest.stat().st_mtime_ns) - 1
    except OSError:
        return PHOTOS


@cache
def _lines(path: Path, _changed: int) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def limits(gpus: Sequence[str], share: int) -> dict[str, int]:
    """Return how many trainings run at once on this machine, unless --resources says otherwise.

    As many as there are GPUs for, `share` on each; or on a CPU as there is memory for, and cores.
    """
    return {"gpu": len(gpus) * share} if gpus else {"mem_mb": machine_memory()}


def device(gpus: Sequence[str], cores: int | None) -> str:
    """Return what this machine trains on, in words."""
    count, kind = (len(gpus), "GPU") if gpus else (cores or 1, "core")
    return f"{count} {kind}{'s' * (count != 1)}"


def machine_memory() -> int:
    """Return MB of memory of this machine, or of the container that this process is in."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # "max" where there is no limit.
    with suppress(OSError, ValueError):
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return found // 10**6
