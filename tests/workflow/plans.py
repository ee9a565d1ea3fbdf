"""The jobs of the tiny study, as plans of it name them."""

from __future__ import annotations

RUNS = ("rung-none 0", "rung-normalize 0", "alexnet-original 0", "alexnet-fewer_layers 0")


PRETRAINED = RUNS[:2]


PRETRAINING = "pretrain drawn googlenet"


NAMES = ("augmentations", "architectures", "experiments", "ladder", "costs", "comparisons")
# What judges the photos is told with them.
FIGURES = {"show_suspects", *(f"compare {name}" for name in NAMES)}


# What a study has only if some experiments differ in their augmentation alone.
LADDER = {"compare augmentations", "compare ladder", "show_rungs"}


LATEST = {"latest", "latest_report", "all"}


# What follows from any figure or table.
PAGE = {"report", "latest_report", "all"}


# What follows from the summary, beside figures.
SUMMARY = {"summarize", "answer", *PAGE, *LATEST}


SUSPECTS = {"suspect", "show_suspects"}


TABLES = {"collect", "find", *SUSPECTS, *SUMMARY}


# What is drawn of the winner follows from the summary too.
EXPLAINED = {"explain"}


COMPARISON = TABLES | FIGURES | EXPLAINED


def jobs(runs: tuple[str, ...], *rules: str) -> set[str]:
    return {f"{rule} {run}" for rule in rules for run in runs}


def whole(*runs: str) -> set[str]:
    """All steps of these runs; photos are augmented for people once the first of a study is trained."""
    return jobs(runs, "train", "evaluate") | ({"show_rungs"} if RUNS[0] in runs else set())
