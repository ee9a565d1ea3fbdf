"""End trainings early, by their runs' names: each keeps its best weights, after the epoch that it is in.

However Snakemake was started, and on whichever machine of a cluster the training runs.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ablation.running import console, ending, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", nargs="*", help="such as alexnet-flip, alexnet-flip/seed0, or the folder of its results"
    )
    parser.add_argument("--directory", type=Path, default=Path(), help="as snakemake's")
    args = parser.parse_args()
    if not args.directory.is_dir():
        raise errors.UserError(f"--directory {args.directory}: there is no such folder")
    os.chdir(args.directory)
    studies = Path("results/comparison")
    training = ending.training(Path("results/runs"))
    names = ", ".join(ending.names(run, studies)[0] for run in training) or "none"
    if not args.run:
        console.line(f"training now: {names}")
        return
    if not training:
        raise errors.UserError("nothing trains now in this folder (--directory names another)")
    # All before any, so that a mistake ends none.
    chosen = [one(name, training, studies, names) for name in args.run]
    for run in dict.fromkeys(chosen):
        ending.ask(run)
        console.line(f"{ending.names(run, studies)[0]} ends after its epoch, with its best weights so far")


def one(name: str, training: list[Path], studies: Path, names: str) -> Path:
    """Return the run that a name means of those that train; `names` are what those are called."""
    chosen = [run for run in training if ending.is_called(run, name, studies)]
    if len(chosen) == 1:
        return chosen[0]
    which = "several trainings are" if chosen else "no training is"
    told = ", ".join(map(str, chosen)) or names
    raise errors.UserError(
        f"{which} called {name}: write some of those that train now in this folder (--directory names "
        f"another): {told}"
    )


if __name__ == "__main__":
    errors.run(main)
