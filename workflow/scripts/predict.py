"""Classify new photos with one trained network, or by the mean of several."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from ablation.photos.wording import some
from ablation.prediction import predicting, sources, submission, tables, trained, validated
from ablation.prediction.predicting import Broken, Classified, Ensemble
from ablation.results import validation
from ablation.results.calibration import Threshold
from ablation.running import environment, errors, lease
from ablation.running.signals import Requests
from ablation.training import device


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", action="append", default=[], type=Path, help="folder of a run; again for more"
    )
    parser.add_argument("--weights", action="append", default=[], type=Path, help="or a weight file")
    parser.add_argument("--manifest", type=Path, help="of the runs' data set: confidences are fitted by it")
    parser.add_argument("--accuracy", type=float, help="mark as unsure what may be right less often")
    parser.add_argument("--output", type=Path, help="CSV of the predictions; printed if not given")
    parser.add_argument(
        "--reading", type=Path, help="reading.json: of the folder, the photos of the test set alone"
    )
    parser.add_argument("--submission", type=Path, help="CSV of a competition's filename,category")
    parser.add_argument("--template", type=Path, help="CSV with the names that a submission is to have")
    parser.add_argument("--threads", type=int, help="as many as cores if not given")
    parser.add_argument("photos", nargs="+", type=Path, help="photos, folders or archives")
    args = parser.parse_args()
    refuse(args)
    # Ctrl-C ends it as it ends any program.
    _gpus = lease.take(environment.gpus(), Requests().refuse_to_wait)
    members, threshold = networks(args)
    ensemble = Ensemble(members, device.choose())
    if not ensemble.calibrated:
        tell("confidences are the networks' own, not fitted to validation photos (--manifest, with --run)")
    beside = args.output.parent if args.output else None
    if beside:
        beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        if args.reading:
            photos = sources.of_test_set(args.reading, args.photos[0])
        else:
            photos = sources.find(args.photos, Path(folder), tell)
        found = predicting.classify(ensemble, tqdm(photos, disable=None, leave=False), args.threads)
        if args.output:
            broken = tables.write(found, ensemble.classes, args.output, threshold)
        else:
            broken = shown(found, ensemble.classes, threshold)
    if broken:
        where = f", listed in {tables.beside(args.output)}" if args.output else ""
        tell(f"{some((one.name for one in broken), 'photo', 'photos')} cannot be read{where}")
    if len(broken) == len(photos):
        raise errors.UserError("no photo was classified: give photos that can be read")
    if args.output:
        by = "one network" if len(members) == 1 else f"the mean of {len(members)} networks"
        named = ", ".join(str(path) for path in (*args.run, *args.weights))
        tell(f"{len(photos) - len(broken)} photos were classified by {by} ({named})")
    if args.submission:
        submission.write(args.output, args.submission, args.template)


def refuse(args: argparse.Namespace) -> None:
    """Raise UserError for arguments that do not go together."""
    if not args.run and not args.weights:
        raise errors.UserError("no network is named: give --run FOLDER, or --weights FILE")
    if args.manifest and args.weights:
        raise errors.UserError("--manifest is for runs with their outputs: give --run in place of --weights")
    if args.accuracy is not None and not args.manifest:
        raise errors.UserError("--accuracy is of validation photos: give --manifest, and runs with --run")
    if args.submission and not args.output:
        raise errors.UserError("--submission is made from the predictions: give --output as well")
    if args.threads is not None and args.threads < 1:
        raise errors.UserError(f"--threads is {args.threads}: make it 1 or more")
    if args.reading and len(args.photos) > 1:
        raise errors.UserError("--reading is of one data set: give its folder of photos alone")
    if args.template and not args.submission:
        raise errors.UserError("--template is for a submission: give --submission as well")


def networks(args: argparse.Namespace) -> tuple[list[trained.Trained], Threshold | None]:
    """Return the networks that the arguments name, and from which confidence one is not unsure."""
    members = [trained.load(path) for path in (*args.run, *args.weights)]
    trained.require_same_classes(members)
    if not args.manifest:
        return members, None
    photos = validation.photos(args.manifest)
    members = [validated.calibrated(one, run, photos) for one, run in zip(members, args.run, strict=True)]
    if args.accuracy is None:
        return members, None
    found = validated.threshold(members, args.run, photos, args.accuracy)
    if found.reached is None:
        tell(f"no confidence is enough for an accuracy of {found.accuracy}: all photos are unsure")
    else:
        tell(
            f"unsure below a confidence of {found.confidence:.4f}: from there on {found.reached:.4f} of "
            f"{found.kept} of {found.photos} validation photos are right, which chose it"
        )
    return members, found


def shown(
    found: Iterable[Classified | Broken], classes: list[str], threshold: Threshold | None
) -> list[Broken]:
    """Print a line for each photo; return those that cannot be read."""
    broken = []
    names = tables.columns(classes, threshold is not None)
    for one in found:
        if isinstance(one, Broken):
            broken.append(one)
            tell(f"{one.name}: {one.why}")
            continue
        cells = dict(zip(names, tables.row(one, classes, threshold), strict=True))
        others = [
            f"{cells[name]} {cells[name.replace('class', 'probability')]}"
            for name in names
            if name.startswith("class_") and name != "class_1"
        ]
        unsure = " unsure" if cells.get("unsure") == "yes" else ""
        print(f"{one.name}: {cells['class']} {cells['confidence']}{unsure} ({', '.join(others)})", flush=True)
    return broken


def tell(line: str) -> None:
    """Say what is worth knowing beside the answer."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    errors.run(main)
