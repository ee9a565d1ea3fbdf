"""One training that waits for the word before its epoch, so that several can begin at the same time.

Prints "ready" after a warm-up of some batches; after a line on standard input trains an epoch and prints what
it took as JSON. `ours` is the program's own training; `ceiling` the same step on one random batch that never
changes; `report` the script that the report's author would have: fp32, photos decoded at every epoch by two
loader processes, torchvision's transforms, a loss read after every batch. `timm` is the step of timm's
train.py on the batch of `ceiling`; `compiled` is ours with the network compiled by torch.compile.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
from ablation.photos import pack
from ablation.training import device, loop, memory, reproducibility, state
from recipe import SGD, network, spec
from sizes import SIZES

WARM_UP = 2


class Turns:
    """What a worker says and waits for."""

    def __init__(self, target: torch.device) -> None:
        self.target, self.warm = target, False

    def wait(self) -> float:
        """Return the time once the next epoch may begin; exit when there is none."""
        if self.warm and not sys.stdin.readline():
            sys.exit()
        self.synchronize()
        return time.perf_counter()

    def done(self, photos: int, started: float) -> None:
        """Say what an epoch that trained on so many photos took."""
        self.synchronize()
        seconds = time.perf_counter() - started
        if not self.warm:
            print("ready", flush=True)
        else:
            print(json.dumps({"images_per_second": photos / seconds, "mib": self.memory()}), flush=True)
        self.warm = True

    def synchronize(self) -> None:
        if self.target.type == "cuda":
            torch.cuda.synchronize()

    def memory(self) -> float:
        """Return what this process and its children hold, or the most that a GPU held, in MiB."""
        if self.target.type == "cuda":
            return torch.cuda.max_memory_allocated() / 2**20
        one = psutil.Process()
        return sum(each.memory_info().rss for each in (one, *one.children(recursive=True))) / 2**20


def ours(backbone: str, folder: Path, threads: int) -> None:
    """Train as the program does: `loop.train`, on the packed photos."""
    photos = pack.load(folder / "pack")
    target = device.choose()
    turns = Turns(target)
    memory.keep_memory()
    reproducibility.make_reproducible(0, threads)

    def watch(batches: Sequence[torch.Tensor], _epoch: int) -> Iterable[torch.Tensor]:
        started = turns.wait()
        yield from batches if turns.warm else batches[:WARM_UP]
        turns.done(int(photos.training.sum()), started)

    net = network(backbone, len(photos.categories))
    loop.train(net, spec(backbone, 10**6), photos, target, watch)


class Compiled(state.Training):
    """A training whose network is compiled."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.trains = torch.compile(self.net, backend=SIZES.compiler)


def compiled(backbone: str, folder: Path, threads: int) -> None:
    """As `ours`, but compiled. The steps are recorded all the same where that works."""
    loop.Training = Compiled  # type: ignore[misc]
    ours(backbone, folder, threads)


def ceiling(backbone: str, folder: Path, threads: int) -> None:
    """Take the same steps on one random batch."""
    photos = pack.load_index(folder / "pack")
    target = device.choose()
    turns = Turns(target)
    memory.keep_memory()
    reproducibility.make_reproducible(0, threads)
    steps, classes = int(photos.training.sum()) // SIZES.batch, len(photos.categories)
    batch = torch.randn(SIZES.batch, 3, SIZES.side, SIZES.side).to(target, memory_format=torch.channels_last)
    labels = torch.randint(classes, (SIZES.batch,)).to(target)
    training = state.Training(network(backbone, classes), spec(backbone, 10**6), steps * SIZES.batch, target)
    training.net.train()
    while True:
        started = turns.wait()
        training.start_epoch()
        for _ in range(steps if turns.warm else WARM_UP):
            training.step(batch, labels)
        turns.done(steps * SIZES.batch, started)


def report(backbone: str, folder: Path, threads: int) -> None:
    """Train as one would without this program; the report's recipe, written from its description."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    torch.manual_seed(0)
    torch.set_num_threads(threads)
    target = device.choose()
    turns = Turns(target)
    chain = [
        transforms.Resize((SIZES.side, SIZES.side)),
        transforms.RandomHorizontalFlip(),
        transforms.RandomRotation(45),
        transforms.ColorJitter(0.5, 0.5, 0.5, 0.1),
        transforms.RandomGrayscale(0.1),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
    photos = datasets.ImageFolder(str(folder / "photos/train"), transforms.Compose(chain))
    loader = DataLoader(photos, SIZES.batch, shuffle=True, num_workers=2)
    net = network(backbone, len(photos.classes)).to(target).train()
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
        if backbone == "alexnet"
        else torch.optim.AdamW(net.parameters(), lr=0.001, weight_decay=0.00001)
    )
    criterion = nn.CrossEntropyLoss()
    while True:
        started = turns.wait()
        loss_sum = hits = 0.0
        for number, (batch, labels) in enumerate(loader):
            if not turns.warm and number == WARM_UP:
                break
            batch, labels = batch.to(target), labels.to(target)
            outputs = net(batch)
            loss = criterion(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(labels)
            hits += (outputs.argmax(1) == labels).sum().item()
        turns.done(len(photos), started)


def timm_step(backbone: str, folder: Path, threads: int) -> None:
    """Take the steps of timm's train.py --amp --amp-dtype bfloat16 --channels-last, with its optimizer."""
    from timm.optim import create_optimizer_v2
    from timm.utils import AverageMeter

    torch.manual_seed(0)
    torch.set_num_threads(threads)
    target = device.choose()
    turns = Turns(target)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    photos = pack.load_index(folder / "pack")
    steps, classes = int(photos.training.sum()) // SIZES.batch, len(photos.categories)
    net = network(backbone, classes).to(target, memory_format=torch.channels_last).train()
    values = spec(backbone, 1).optimizer
    options = {"momentum": values.momentum} if values is SGD else {}
    optimizer = create_optimizer_v2(
        net, values.algorithm, lr=values.learning_rate, weight_decay=values.weight_decay, **options
    )
    criterion, losses = nn.CrossEntropyLoss(), AverageMeter()
    batch = torch.randn(SIZES.batch, 3, SIZES.side, SIZES.side).to(target, memory_format=torch.channels_last)
    labels = torch.randint(classes, (SIZES.batch,)).to(target)
    while True:
        started = turns.wait()
        for _ in range(steps if turns.warm else WARM_UP):
            with torch.autocast(target.type, torch.bfloat16):
                loss = criterion(net(batch), labels)
            losses.update(loss.item(), SIZES.batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        turns.done(steps * SIZES.batch, started)


WORKERS: dict[str, Callable[[str, Path, int], None]] = {
    "ours": ours,
    "ceiling": ceiling,
    "report": report,
    "timm": timm_step,
    "compiled": compiled,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worker", choices=WORKERS)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--folder", required=True, type=Path, help="photos and their pack")
    parser.add_argument("--threads", required=True, type=int)
    args = parser.parse_args()
    WORKERS[args.worker](args.backbone, args.folder, args.threads)


if __name__ == "__main__":
    main()
