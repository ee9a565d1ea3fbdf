"""Make the table of networks, networks.csv in ablation/networks: python tools/measure_networks.py > FILE

Every network of torchvision and timm that classifies photos is built on the meta device, where tensors have
shapes and no memory, and asked: how large is it, what does it compute, what does training it keep, and which
photos does it take? What cannot be trained is left out, with a line on stderr that says why. Names as
arguments measure these alone, also networks of your own: ABLATION_PLUGINS=plugins python
tools/measure_networks.py my_network
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

# The library lies beside the scripts, which find it by their own folder.
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from ablation.networks import build
from ablation.networks.backbones import BACKBONES, COLUMNS, OPTIONS, OWN, TIMM, Backbone, to_line
from ablation.networks.heads import linear

CLASSES = 7
# config.yaml takes no smaller photos.
SMALLEST = 32
# What sides may have to be a multiple of: a patch, a window of patches, or both of them.
STEPS = (1, 2, 4, 8, 14, 16, 28, 32, 56, 64, 112, 128, 192, 224, 256)
BATCH = 2
# Training takes more memory than it keeps: the report's networks but AlexNet, whose memory was measured in
# real trainings, 1.2 to 1.6 times as much; AlexNet 700 bytes a pixel where it keeps 75.
WORKSPACE, LEAST_ACTIVATIONS = 1.6, 700


def names() -> list[str]:
    """Return all names: torchvision's plain, and timm's with a prefix where torchvision has the same name."""
    ours = set(torchvision.models.list_models(module=torchvision.models))
    theirs = timm.list_models()
    return sorted([*ours - BACKBONES.keys(), *(f"{TIMM}{one}" if one in ours else one for one in theirs)])


def described(name: str) -> Backbone:
    """Return what the libraries say of a network's photos; its sizes are not measured yet."""
    if name in BACKBONES and BACKBONES[name].library == OWN:
        return BACKBONES[name]
    if name in torchvision.models.list_models(module=torchvision.models):
        # Weights that were tuned on larger photos are another matter.
        tuned = min((one.transforms() for one in torchvision.models.get_model_weights(name)), key=side_of)
        told = ("torchvision", side_of(tuned), tuple(tuned.mean), tuple(tuned.std), tuned.interpolation.value)
    else:
        its = timm.get_pretrained_cfg(name.removeprefix(TIMM)) or timm.models.PretrainedCfg()
        channels, *sides = its.input_size
        if channels != 3 or sides[0] != sides[1]:
            raise ValueError(f"takes {its.input_size} and no square photos of three colours")
        told = ("timm", sides[0], tuple(its.mean), tuple(its.std), its.interpolation)
    library, usual, mean, std, interpolation = told
    options = OPTIONS.get(name, {})
    return Backbone(
        "linear", usual, 0.0, 0.0, 0, options, library, usual, 0, False, 1, mean, std, interpolation
    )


def side_of(transform: Any) -> int:
    """Return the side in pixels of the photos that torchvision's preset makes."""
    (side,) = set(transform.crop_size)
    return int(side)


def measured(name: str) -> Backbone:
    """Return a network's row of the table; raise what it raises if it cannot be trained."""
    its = described(name)
    try:
        with torch.device("meta"):
            net = build.of_library(name, its)
    except NotImplementedError:  # its builder computes with tensors
        net = build.of_library(name, its).to("meta")
    if its.library == "timm" and not hasattr(net, "reset_classifier"):
        raise ValueError("an encoder for other networks, without a layer of classes")
    with torch.device("meta"):
        parameters = sum(one.numel() for one in net.parameters())
        with quick_norms():
            with FlopCounterMode(display=False) as counter:
                kept = activations(net, its.usual_size)
            linear(net, CLASSES)
            with torch.no_grad():
                sides = Sides(net, its)
                smallest = sides.smallest()
    return replace(
        its,
        parameters=significant(parameters / 1e6),
        # An addition goes with every multiplication.
        multiplications=significant(counter.get_total_flops() / BATCH / 2e9),
        activations=round(significant(max(LEAST_ACTIVATIONS, WORKSPACE * kept))),
        minimum_size=smallest,
        step=sides.step,
        resized=sides.resized,
        least_photos=sides.photos,
    )


def significant(value: float) -> float:
    """Return a value rounded to three digits: the table is for planning."""
    return float(f"{value:.3g}")


def activations(net: nn.Module, side: int) -> float:
    """Return the bytes that training keeps of each pixel of a batch between forward and backward, in fp32."""
    own = {one.untyped_storage()._cdata for one in [*net.parameters(), *net.buffers()]}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        # Held, so that no other gets its address.
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        output = net.train()(torch.empty(BATCH, 3, side, side))
    del output
    total = sum(one.untyped_storage().nbytes() for address, one in kept.items() if address not in own)
    return total / (BATCH * side * side)


@contextmanager
def quick_norms() -> Iterator[None]:
    """Have normalisations keep their input and give its shape: PyTorch's own take most of the time here."""
    functional = nn.functional
    own = functional.batch_norm, functional.layer_norm

    def layer_norm(photos: Tensor, *_args: Any, **_options: Any) -> Tensor:
        return photos.square() if torch.is_grad_enabled() else torch.empty_like(photos)

    def batch_norm(photos: Tensor, *args: Any, **options: Any) -> Tensor:
        if options.get("training", args[4] if len(args) > 4 else False):
            functional._verify_batch_size(photos.size())
        return layer_norm(photos)

    functional.batch_norm, functional.layer_norm = batch_norm, layer_norm
    try:
        yield
    finally:
        functional.batch_norm, functional.layer_norm = own


class Sides:
    """Which sides of photos a network on the meta device trains on."""

    def __init__(self, net: nn.Module, its: Backbone) -> None:
        self.net, self.usual, self.resized, self.photos = net.train(), its.usual_size, False, 1
        if not self.takes(0):
            # As where batch norm comes after the photo was averaged.
            self.photos = 2
            if not self.takes(0):
                raise ValueError("cannot train on photos of its usual size")
        self.resized = not self.takes(1) and build.can_be_resized(net)
        self.step = self.smallest_step()
        if not self.step and self.resized:
            self.resized, self.step = False, self.smallest_step()

    def takes(self, more: int) -> bool:
        """Tell whether the smallest batch of photos that are so many pixels larger than usual can train."""
        side = self.usual + more
        try:
            if self.resized:
                build.resize(self.net, side)
            output = self.net(torch.empty(self.photos, 3, side, side))
        except Exception:  # what a network says of a wrong size differs
            return False
        if not isinstance(output, Tensor) or output.shape != (self.photos, CLASSES):
            raise ValueError("does not give one value for each class")
        return True

    def smallest_step(self) -> int:
        """Return what sides may differ from the usual one by any multiple of; 0 if no other is taken."""
        for step in STEPS:
            # Not the next alone, which may be rounded to the same number of places.
            if self.takes(step) and self.takes(step * max(2, 64 // step + 1)):
                return step
        return 0

    def smallest(self) -> int:
        """Return the smallest side that is taken, by halving: what takes one takes all larger ones."""
        if not self.step:
            return self.usual
        low, high = -((self.usual - SMALLEST) // self.step), 0
        # Not by halving alone: most take the first or the second.
        while low < high and not self.takes(low * self.step):
            low += 1
            middle = (low + high) // 2
            if self.takes(middle * self.step):
                high = middle
            else:
                low = middle + 1
        return self.usual + low * self.step


def row(name: str) -> tuple[str, str, str]:
    """Return a name, its line of the table, and why there is none."""
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return name, to_line(name, measured(name)), ""
        except Exception as error:  # each network has its own way to fail
            reason = str(error).splitlines()[0] if str(error) else ""
            return name, "", f"{type(error).__name__}: {reason}"[:200]


def rows(wanted: Iterable[str], processes: int) -> Iterator[str]:
    """Yield the lines of networks in the order of their names, and say on stderr which have none."""
    with ProcessPoolExecutor(processes) as pool:
        for name, found, reason in pool.map(row, wanted):
            if found:
                yield found
            else:
                print(f"{name} is left out: {reason}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="networks; all if none are given")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    print(",".join(COLUMNS))
    for one in rows(sorted(args.names) or names(), args.processes):
        print(one, flush=True)


if __name__ == "__main__":
    main()
