"""Show what in validation photos speaks for the class that a run takes them for: class-activation maps."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from ablation.prediction import explaining
from ablation.prediction.explaining import Explanation
from ablation.results.figures import activations
from ablation.results.figures.activations import Panel
from ablation.results.winner import winner
from ablation.running import console, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    run = parser.add_mutually_exclusive_group(required=True)
    run.add_argument("--run", type=Path, help="folder of the run's results")
    run.add_argument(
        "--summary",
        type=Path,
        help="summary.csv of a study: of its winner, whose run standard input names, as JSON by experiment",
    )
    parser.add_argument("--manifest", required=True, type=Path, help="of the run's data set; may be gone")
    parser.add_argument(
        "--photos", required=True, type=Path, help="folder of the data set's photos; likewise"
    )
    parser.add_argument("--name", help="what the picture calls the run, its folder if not given")
    parser.add_argument("--each", type=Path, help="folder for each photo under each map, as large as it is")
    parser.add_argument("--output", required=True, type=Path, help="PNG")
    args = parser.parse_args()
    # The same bytes on any number of cores; there are few photos.
    torch.set_num_threads(1)
    folder, name = args.run, args.name or str(args.run)
    if args.summary:
        experiment = winner(args.summary).experiment
        folder = Path(json.load(sys.stdin)[experiment])
        name = f"{experiment}/{folder.name}, the winner"
    found = explaining.explain(folder, args.manifest, args.photos)
    if found.missing is not None:
        console.line(f"no class-activation maps of {name}: {found.missing}")
        activations.draw_missing(f"No class-activation maps of {name}: {found.missing}", args.output)
        return
    shown: dict[bool, list[list[Panel]]] = {True: [], False: []}
    cut = False
    for one in found.explained:
        cut |= one.is_cut
        shown[one.right].append(activations.panels(one))
        if args.each:
            kind = "right" if one.right else "wrong"
            activations.write(one, f"{kind}-{len(shown[one.right])}", args.each)
    activations.draw(shown[True], shown[False], title(name, found, cut=cut), args.output)
    console.line(f"{name}: {found.how}")


def title(name: str, found: Explanation, *, cut: bool) -> str:
    """Return what stands above the photos of a run; `cut` is whether some of one was cut off."""
    return (
        f"{name}: {found.hits} of {found.photos} validation photos right. The surest of them"
        f"{'' if found.hits == found.photos else ', and the surest of those that are wrong'}: "
        f"{found.how}, bright where it speaks for the class"
        f"{', white where the network saw nothing.' if cut else '.'}"
    )


if __name__ == "__main__":
    errors.run(main)
