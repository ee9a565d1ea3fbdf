"""What a person is told who asked what a study has: its experiments, and what their runs are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from ablation.chain import checks, paths
from ablation.networks.edits import ORIGINAL
from ablation.study.study import Study
from ablation.study.typed import ONLY

# A column is left out where every experiment has the same usual thing in it.
HEADER = ("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights", "seeds")


def tell(study: Study) -> None:
    """Print the experiments of a study and the command that runs one."""
    for line in lines(study):
        print(line)
    print(f"One alone   {command(sys.argv, next(iter(study.experiments)))}")


def command(argv: Sequence[str], experiment: str) -> str:
    """Return the command that runs one experiment, from the words of the one that lists all."""
    return checks.instead(checks.with_entry(argv, f"{ONLY}{experiment}"), "list")


def lines(study: Study) -> Iterator[str]:
    """Yield how many experiments and runs there are and where those lie, and a table of the experiments."""
    experiments, runs = len(study.experiments), len(study.runs())
    folder = paths.of_study(paths.comparison(study.dataset.name, study.name))
    yield (
        f"{study.name} on {study.dataset.name}: {experiments} "
        f"{'experiment' if experiments == 1 else 'experiments'}, {runs} {'run' if runs == 1 else 'runs'}: "
        f"{folder}/<experiment>/seed<k>"
    )
    yield ""
    rows = [HEADER, *(row(study, name) for name in study.experiments)]
    columns = [column for column in zip(*rows, strict=True) if told(column)]
    widths = [max(map(len, column)) for column in columns]
    for cells in zip(*columns, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    yield ""


def row(study: Study, name: str) -> tuple[str, ...]:
    """Return an experiment's cells under `HEADER`."""
    one = study.experiments[name]
    described = one.described()
    return (*(str(described[key]) for key in HEADER[:-1]), " ".join(map(str, one.seeds)))


def told(column: Sequence[str]) -> bool:
    """Tell whether a column says anything: not that no network is edited, nor where all start."""
    head, *cells = column
    if head == "architecture":
        return set(cells) != {ORIGINAL}
    return head != "weights" or len(set(cells)) > 1
