"""Train a backbone from random weights on a source data set; every run can start from its file."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.networks import build, initialisation, weight_files
from ablation.photos import pack
from ablation.running import console, environment, errors, lease, lock
from ablation.running.files import remove
from ablation.running.signals import Requests
from ablation.spec import Spec
from ablation.training import checkpoint, device, history, loop, memory, reproducibility
from ablation.training.expected_input import expected_input


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, type=Spec.from_json, help="as JSON")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos")
    parser.add_argument("--output", required=True, type=Path, help="weight file")
    parser.add_argument("--history", required=True, type=Path, help="CSV with a row an epoch")
    args = parser.parse_args()
    spec: Spec = args.spec
    # Never finished early: what starts from half-trained weights would not show it.
    requests = Requests().heed(finish=False)
    _lock = lock.take(args.output.with_suffix(".lock"), requests.refuse_to_wait)
    _gpus = lease.take(environment.gpus(), requests.refuse_to_wait)
    memory.keep_memory()
    reproducibility.make_reproducible(spec.seed, spec.threads)

    photos = pack.load(args.pack)
    net = build.untouched(spec.backbone)
    initialisation.initialise(net)
    hook = initialisation.use_first_outputs(net, len(photos.categories))
    target = device.choose()
    made_of = checkpoint.fingerprint(spec, photos, None, target)
    keeper = checkpoint.Checkpoint(args.output.with_suffix(".checkpoint.pt"), made_of, requests)
    progress = console.Progress(f"{spec.backbone} pretraining", spec.epochs)
    trained = loop.train(net, spec, photos, target, progress, console.epoch_line, keeper)
    hook.remove()
    history.write_history(trained.history, args.history)
    about = {
        "backbone": spec.backbone,
        "source": "pretraining",
        "best_epoch": trained.best_epoch,
        "input": expected_input(spec).to_dict(),
    }
    weight_files.write_weights(args.output, trained.best_state, about)
    remove(keeper.path)
    remove(Path(_lock.name))


if __name__ == "__main__":
    errors.run(main)
