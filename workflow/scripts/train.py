"""Train one run: pack + starting weights + spec -> history, best weights, record."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from ablation import backbones, console, device, errors, pack, training
from ablation.files import atomic
from ablation.spec import Spec


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, type=Spec.from_json, help="the run's spec as JSON")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    parser.add_argument("--weights", type=Path, help="starting weights; random ones if not given")
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    spec: Spec = args.spec
    torch.set_num_threads(args.threads)
    torch.manual_seed(spec.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)

    photos = pack.load(args.pack)
    net = backbones.pretrained(spec.backbone, args.weights)
    net = backbones.adapt(net, spec.backbone, spec.architecture, len(photos.categories))
    with atomic(args.run / "model.txt") as temporary:
        temporary.write_text(backbones.describe(net), encoding="utf-8")

    target = device.choose()
    started = time.perf_counter()
    trained = training.train(
        net, spec, photos, target, console.Progress(args.run.parent.name, spec.epochs), report_epoch
    )
    about = {
        "backbone": spec.backbone,
        "architecture": spec.architecture,
        "classes": photos.categories,
    }
    backbones.write_weights(args.run / "weights.safetensors", trained.best_state, about)
    training.write_history(trained.history, args.run / "history.csv")
    seconds = sum(epoch.train_seconds for epoch in trained.history)
    record = {
        "ended": trained.ended,
        "best_epoch": trained.best_epoch,
        "epochs": len(trained.history),
        "parameters": backbones.trainable_parameters(net),
        "precision": trained.precision,
        "device": device.name(target),
        "threads": args.threads,
        "torch": str(torch.__version__),
        "train_seconds": time.perf_counter() - started,
        "images_per_second": int(photos.training.sum()) * len(trained.history) / seconds,
    }
    with atomic(args.run / "spec.json") as temporary:
        temporary.write_text(json.dumps(json.loads(spec.to_json()), indent=2) + "\n", encoding="utf-8")
    with atomic(args.run / "record.json") as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def report_epoch(epoch: training.Epoch) -> None:
    console.line(
        f"epoch {epoch.epoch}: train loss {epoch.train_loss:.4f} accuracy {epoch.train_accuracy:.4f}, "
        f"validation loss {epoch.val_loss:.4f} accuracy {epoch.val_accuracy:.4f}, "
        f"{epoch.train_seconds + epoch.val_seconds:.1f} s"
    )


if __name__ == "__main__":
    errors.run(main)
