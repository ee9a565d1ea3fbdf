"""End a training early, by its run's name: it keeps its best weights, after the epoch that it is in.

However Snakemake was started, and on whichever machine of a cluster the training runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.running import console, ending, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", nargs="?", help="such as alexnet-flip, alexnet-flip/seed0, or the folder of its results"
    )
    args = parser.parse_args()
    studies = Path("results/comparison")
    training = ending.training(Path("results/runs"))
    names = ", ".join(ending.names(run, studies)[0] for run in training) or "none"
    if args.run is None:
        console.line(f"training now: {names}")
        return
    chosen = [run for run in training if ending.is_called(run, args.run, studies)]
    if len(chosen) != 1:
        which = "several trainings are" if chosen else "no training is"
        told = ", ".join(map(str, chosen)) or names
        raise errors.UserError(
            f"{which} called {args.run}: write one of those that train now in this folder: {told}"
        )
    ending.ask(chosen[0])
    console.line(f"{ending.names(chosen[0], studies)[0]} ends after its epoch, with its best weights so far")


if __name__ == "__main__":
    errors.run(main)
