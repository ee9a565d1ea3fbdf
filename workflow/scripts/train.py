"""Train one run: pack + starting weights + spec -> history, best weights, record."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ablation.networks import build, needs, weight_files
from ablation.photos import folds, pack
from ablation.results import outputs
from ablation.running import console, environment, errors, kept, lease, lock
from ablation.running.files import remove, sha256, write_json, write_text
from ablation.running.signals import Requests
from ablation.spec import Spec
from ablation.training import augmentation, checkpoint, device, history, loop, memory, reproducibility
from ablation.training.distributed import launch
from ablation.training.distributed.group import Group
from ablation.training.expected_input import expected_input


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, type=Spec.from_json, help="the run's spec as JSON")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    parser.add_argument("--weights", type=Path, nargs="?", help="starting weights; random ones if not given")
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    args = parser.parse_args()
    requests, gpus = Requests(args.run / kept.END).heed(), environment.gpus()
    # Before the GPU: what an earlier workflow left training this very run may have it.
    _lock = lock.take(args.run / kept.LOCK, requests.refuse_to_wait) if launch.rank() == 0 else None
    if launch.rank() == 0:
        # Of an earlier training, which was asked to end and left otherwise.
        remove(args.run / kept.END)
    if args.spec.gpus > 1 and not launch.is_launched():
        _gpus = lease.take(gpus, requests.refuse_to_wait, args.spec.gpus)
        del _lock  # the first of the processes takes it
        launch.launch(args.spec.gpus, requests)
        return
    if launch.is_launched():
        _gpu = lease.join(gpus, requests.refuse_to_wait)
    else:
        _gpus = lease.take(gpus, requests.refuse_to_wait)
    with launch.joined(args.spec.gpus) as group:
        train(args, group, requests)


def train(args: argparse.Namespace, group: Group, requests: Requests) -> None:
    """Train the run, in every process of its group; the first one writes its files."""
    spec: Spec = args.spec
    memory.keep_memory()
    reproducibility.make_reproducible(spec.seed, spec.threads)

    photos = folds.applied(pack.load(args.pack), spec.folds, spec.fold, spec.split_seed)
    check_batches(spec, int(photos.training.sum()))
    net = build.pretrained(spec.backbone, args.weights)
    classes = len(photos.categories)
    net = build.adapt(net, spec.backbone, spec.architecture, classes, spec.head, spec.image_size)
    if group.first:
        write_json(args.run / "spec.json", json.loads(spec.to_json()))
        write_text(args.run / "model.txt", build.describe(net))

    target = device.choose()
    weights_sha256 = sha256(args.weights) if args.weights else None
    made_of = checkpoint.fingerprint(spec, photos, weights_sha256, target)
    keeper = checkpoint.Checkpoint(args.run / kept.CHECKPOINT, made_of, requests, group)
    progress = console.Progress(f"{args.run.parent.name} {args.run.name}", spec.epochs, shown=group.first)
    trained = loop.train(net, spec, photos, target, progress, console.epoch_line, keeper, group)
    if not group.first:
        return
    for line in trained.uncounted:
        console.line(line)

    about = {
        "backbone": spec.backbone,
        "architecture": spec.architecture,
        "head": spec.head,
        "image_size": spec.image_size,
        "classes": photos.categories,
        "best_epoch": trained.best_epoch,
        "input": expected_input(spec).to_dict(),
        # With `input` all that new photos have to go through, by prediction/preparation.py.
        "steps": augmentation.lasting(spec.augmentation),
        "precision": trained.precision,
    }
    weight_files.write_weights(args.run / "weights.safetensors", trained.best_state, about)
    outputs.write(trained.best_outputs.cpu().numpy(), args.run / outputs.FILE)
    if trained.test_outputs is None:
        # Of an earlier training.
        remove(args.run / outputs.TEST_FILE)
    else:
        outputs.write(trained.test_outputs.cpu().numpy(), args.run / outputs.TEST_FILE)
    history.write_history(trained.history, args.run / "history.csv")
    record: dict[str, Any] = {
        "ended": trained.ended,
        "parameters": build.trainable_parameters(net),
        "manifest_sha256": photos.manifest_sha256,
        "weights_sha256": weights_sha256,
        "classes": len(photos.categories),
        "train_photos": int(photos.training.sum()),
        "val_photos": int(photos.validating.sum()),
        "test_photos": 0 if photos.test is None else int(photos.test.sum()),
        "folds": spec.folds,
        "fold": spec.fold,
        "split_seed": spec.split_seed,
        "train_seconds": sum(epoch.train_seconds + epoch.val_seconds for epoch in trained.history),
        **asdict(trained.cost),
        "precision": trained.precision,
        "device": device.name(target),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
    }
    write_json(args.run / "record.json", record)


def check_batches(spec: Spec, photos: int) -> None:
    """Raise UserError if a batch of so many training photos is smaller than the network can train on."""
    last, least = photos % spec.batch_size or spec.batch_size, needs.least_photos(spec.backbone)
    if last < least:
        raise errors.UserError(
            f"{spec.backbone} trains on batches of {least} photos or more, but batches of {spec.batch_size} "
            f"leave {last} of {photos} photos; choose another batch_size"
        )


if __name__ == "__main__":
    errors.run(main)
