"""Find how often the statistics are right where the truth is known: python tools/simulate_statistics.py FILE

Photos differ in difficulty, runs and networks in quality: logit p = mu + photo + run, with deviations of 2
and of 0, 0.1 or 0.3. From p it is drawn who is right, as often as --repetitions says, for accuracies, numbers
of photos and runs, holdout and folds. FILE is a CSV with a row a case; the tables of docs/statistics.md are
printed.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, special

# The library lies beside the scripts, which find it by their own folder.
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from ablation.results.statistics import best, crossed, paired

Array = np.ndarray[Any, np.dtype[Any]]

ACCURACIES = (0.3, 0.6, 0.9)
PHOTOS = (36, 657, 2190)
RUNS = (1, 3, 5)
DEVIATIONS = (0.0, 0.1, 0.3)
FOLDS = (1, 5)
# In logits: of photos' difficulty, and how much of its variance all experiments share.
DIFFICULTY = 2.0
SHARED = 0.75
FEW, MANY = 6, 20
# How many logits each experiment is behind the one before it: none, or so many.
STEPS = (0.0, 0.25)
SEED = 2027
# Of an interval; half as many of a choice.
REPETITIONS = 4_000
# For each choice of the best that is corrected, and repetitions for the number that may be best.
RESAMPLES = 200
SIZED = 50
# Numbers of float32 at once.
CHUNK = 20_000_000
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(101)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class Case:
    """What is simulated: `folds` is 1 for a holdout, and `step` None where nothing is chosen."""

    accuracy: float
    photos: int
    runs: int
    deviation: float
    folds: int
    step: float | None
    experiments: int = FEW

    def fold_of_photos(self) -> Array | None:
        return None if self.folds == 1 else np.arange(self.photos) % self.folds


@dataclass(frozen=True)
class Found:
    """Shares (0..1) of the repetitions, and means over them; None where not looked for.

    `coverage` of the interval, with its mean `width`; `false_positives` at p < 0.05; `best_kept` tells how
    often the truly best was in could_be_best, of a mean size `kept`; `naive` and `corrected`
    are the biases of the winner's accuracy.
    """

    coverage: float | None = None
    width: float | None = None
    false_positives: float | None = None
    best_kept: float | None = None
    kept: float | None = None
    naive: float | None = None
    corrected: float | None = None


def mean_accuracy(logits: Array, deviation: float) -> Array:
    """Return the means of logistic(logit + a normal number of this deviation)."""
    return special.expit(np.asarray(logits)[..., None] + deviation * NODES) @ WEIGHTS


@cache
def middle(accuracy: float, deviation: float) -> float:
    """Return the logit whose mean accuracy over photos and runs this is."""
    whole = np.hypot(DIFFICULTY, deviation)
    return float(optimize.brentq(lambda logit: mean_accuracy(logit, whole) - accuracy, -20, 20))


def networks(case: Case, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Return what is added to each network's logits, shape x folds x runs.

    Networks that share training photos err alike: by a correlation of 1 / folds, as Nadeau and Bengio assume.
    """
    alike = 0.0 if case.folds == 1 else 1 / case.folds
    common = generator.standard_normal((*shape, 1, 1))
    own = generator.standard_normal((*shape, case.folds, case.runs))
    return case.deviation * (np.sqrt(alike) * common + np.sqrt(1 - alike) * own)


def draw(case: Case, logits: Array, added: Array, generator: np.random.Generator) -> Array:
    """Draw who is right, repetitions x experiments x photos x runs.

    `logits` are of the experiments, `added` repetitions x experiments x folds x runs of their networks.
    """
    repetitions, experiments = added.shape[:2]
    right = np.empty((repetitions, experiments, case.photos, case.runs), bool)
    shared = np.sqrt(SHARED) * generator.standard_normal((repetitions, case.photos), np.float32)
    folds = np.arange(case.photos) % case.folds
    for one in range(experiments):
        own = np.sqrt(1 - SHARED) * generator.standard_normal((repetitions, case.photos), np.float32)
        base = (DIFFICULTY * (shared + own) + logits[one]).astype(np.float32)
        of_networks = added[:, one].astype(np.float32)[:, folds]
        chance = special.expit(base[..., None] + of_networks)
        right[:, one] = generator.random(chance.shape, np.float32) < chance
    return right


def true_accuracies(case: Case, logits: Array, added: Array) -> Array:
    """Return what is to be found, repetitions x experiments: one run's networks', or the recipe's."""
    if case.runs == 1:
        return mean_accuracy(logits[:, None, None] + added, DIFFICULTY).mean(axis=(2, 3))
    return np.broadcast_to(mean_accuracy(logits, np.hypot(DIFFICULTY, case.deviation)), added.shape[:2])


def chunks(case: Case, experiments: int, repetitions: int) -> Iterator[int]:
    """Split repetitions into parts that fit memory."""
    most = max(1, CHUNK // (experiments * case.photos * case.runs))
    while repetitions:
        part = min(most, repetitions)
        yield part
        repetitions -= part


def intervals(case: Case, repetitions: int, generator: np.random.Generator) -> Found:
    """Count how often the interval holds the truth, and a difference of zero is called one."""
    folds, logits = case.fold_of_photos(), np.full(2, middle(case.accuracy, case.deviation))
    held, widths, called = [], [], []
    for part in chunks(case, 2, repetitions):
        added = networks(case, (part, 2), generator)
        if case.runs == 1:
            # The same quality, since one run's test is about the two networks.
            added[:, 1] = added[:, 0]
        right = draw(case, logits, added, generator)
        truth = true_accuracies(case, logits, added)[:, 0]
        low, high = crossed.interval(right[:, 0], folds)
        held.append((low <= truth) & (truth <= high))
        widths.append(high - low)
        called.append(paired.p_different(paired.differences(right[:, 0], right[:, 1]), folds) < 0.05)
    return Found(*(float(np.concatenate(each).mean()) for each in (held, widths, called)))


def choices(case: Case, repetitions: int, generator: np.random.Generator) -> Found:
    """Count how often the best is kept, and measure the bias of the winner's accuracy."""
    assert case.step is not None
    folds = case.fold_of_photos()
    logits = middle(case.accuracy, case.deviation) - case.step * np.arange(case.experiments)
    drawn = best.resamples(case.photos, generator, RESAMPLES)
    kept, sizes, naive, corrected = [], [], [], []
    for part in chunks(case, case.experiments, repetitions):
        added = networks(case, (part, case.experiments), generator)
        right = draw(case, logits, added, generator)
        truth = true_accuracies(case, logits, added)
        top = truth.argmax(axis=1)
        for one in range(case.experiments):
            if (its := top == one).any():
                kept.append(~best.beaten(right[its], one, folds))
        sizes += [best.could_be_best(one, folds).sum() for one in right[: SIZED - len(sizes)]]
        seen = right.mean(axis=(2, 3))
        chosen = seen.argmax(axis=1)
        of_chosen = truth[np.arange(part), chosen]
        naive.append(seen.max(axis=1) - of_chosen)
        corrected.append([best.corrected(one, drawn, generator).accuracy for one in right] - of_chosen)
    return Found(
        best_kept=float(np.concatenate(kept).mean()),
        kept=float(np.mean(sizes)),
        naive=float(np.concatenate(naive).mean()),
        corrected=float(np.concatenate(corrected).mean()),
    )


def cases() -> Iterator[Case]:
    """Yield all that the page shows."""
    for values in product(ACCURACIES, PHOTOS, RUNS, DEVIATIONS, FOLDS):
        yield Case(*values, step=None, experiments=2)
    # What takes longest: of one deviation, and of the first two numbers of runs.
    for *values, step in product(ACCURACIES, PHOTOS, RUNS[:2], DEVIATIONS[-1:], FOLDS, STEPS):
        yield Case(*values, step=step)
    for accuracy, folds in product(ACCURACIES, FOLDS):
        yield Case(accuracy, PHOTOS[1], RUNS[1], DEVIATIONS[-1], folds, STEPS[0], MANY)


def simulate(case: Case, repetitions: int = REPETITIONS, seed: int = SEED) -> Found:
    """Simulate one case, by numbers of its own, whichever others are."""
    words = [int(1_000 * value) for value in asdict(case).values() if value is not None]
    generator = np.random.default_rng([seed, *words, case.step is None])
    if case.step is None:
        return intervals(case, repetitions, generator)
    return choices(case, repetitions // 2, generator)


COLUMNS = [field.name for kind in (Case, Found) for field in fields(kind)]


def row(case: Case, found: Found) -> dict[str, str]:
    """Return a line of the CSV, in which nothing is an empty cell."""
    values = asdict(case) | asdict(found)
    return {name: "" if value is None else f"{value:.6g}" for name, value in values.items()}


def tables(rows: Sequence[dict[str, str]]) -> str:
    """Return the tables of docs/statistics.md, as Markdown."""
    lines = [
        "| validation | photos | runs | the interval holds the truth | its width | false positives at 5% |",
        "|---|---|---|---|---|---|",
    ]
    for where, those in grouped(rows, choice=False):
        held, width, called = (
            sorted(numbers(those, name)) for name in ("coverage", "width", "false_positives")
        )
        cells = (
            f"{100 * held[0]:.1f}% to {100 * held[-1]:.1f}%",
            f"{width[0]:.3f} to {width[-1]:.3f}",
            f"{100 * called[0]:.1f}% to {100 * called[-1]:.1f}%",
        )
        lines.append(f"| {' | '.join([*where, *cells])} |")
    lines += [
        "",
        "| validation | photos | runs | experiments | the best is in `could_be_best` | how many are"
        " | bias of the winner's accuracy | corrected |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for where, those in grouped(rows, choice=True):
        held = sorted(numbers(those, "best_kept"))
        cells = (
            f"{100 * held[0]:.1f}% to {100 * held[-1]:.1f}%",
            f"{np.mean(numbers(those, 'kept')):.1f}",
            *(f"{np.mean(numbers(those, name)):+.3f}" for name in ("naive", "corrected")),
        )
        lines.append(f"| {' | '.join([*where, *cells])} |")
    return "\n".join(lines)


def grouped(
    rows: Iterable[dict[str, str]], choice: bool
) -> Iterator[tuple[tuple[str, ...], list[dict[str, str]]]]:
    """Yield what each row of a table begins with, and its cases: accuracies and deviations."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for one in rows:
        if (one["step"] != "") == choice:
            where = [
                "holdout" if one["folds"] == "1" else f"{one['folds']} folds",
                one["photos"],
                one["runs"],
            ]
            if choice:
                where.append(f"{one['experiments']} {'equal' if one['step'] == '0' else 'apart'}")
            groups.setdefault(tuple(where), []).append(one)
    yield from sorted(groups.items(), key=lambda group: (group[0][0] != "holdout", *map(int, group[0][1:3])))


def numbers(rows: Iterable[dict[str, str]], name: str) -> list[float]:
    return [float(one[name]) for one in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the CSV to write")
    parser.add_argument(
        "--repetitions", type=int, default=REPETITIONS, help="of each interval; half of each choice"
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, help="another than the page's to choose a method by"
    )
    args = parser.parse_args()
    rows = [row(case, simulate(case, args.repetitions, args.seed)) for case in cases()]
    with args.file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(tables(rows))


if __name__ == "__main__":
    main()
