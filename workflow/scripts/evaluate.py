"""Evaluate a run's best weights on the validation photos: a row for each, and their averages."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ablation import backbones, checkpoint, device, errors, evaluation, lock, pack, training
from ablation.files import remove, write_json
from ablation.spec import Spec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    args = parser.parse_args()
    spec = Spec.from_json((args.run / "spec.json").read_text(encoding="utf-8"))
    training.make_reproducible(spec.seed, args.threads)

    net, _ = backbones.restore(args.run / "weights.safetensors")
    predictions = evaluation.predict(net, spec, pack.load(args.pack), device.choose())
    evaluation.write_predictions(predictions, args.run / "predictions.csv")
    write_json(args.run / "metrics.json", evaluation.metrics(predictions))
    # What the training kept in case that it would have to go on.
    for name in (checkpoint.FILE, lock.FILE):
        remove(args.run / name)


if __name__ == "__main__":
    errors.run(main)
