"""The jobs of the tiny study, as plans of it name them."""

from __future__ import annotations

RUNS = ("rung-none 0", "rung-normalize 0", "alexnet-original 0", "alexnet-fewer_layers 0")


PRETRAINED = RUNS[:2]


PRETRAINING = "pretrain drawn googlenet"


FIGURES = {f"compare {each}s" for each in ("augmentation", "architecture", "experiment")}


LATEST = {"latest", "latest_report", "all"}


# What follows from the summary, beside figures.
SUMMARY = {"summarize", "answer", *LATEST}


TABLES = {"collect", "find", "suspect", *SUMMARY}


COMPARISON = TABLES | FIGURES


def jobs(runs: tuple[str, ...], *rules: str) -> set[str]:
    return {f"{rule} {run}" for rule in rules for run in runs}


def whole(*runs: str) -> set[str]:
    """All steps of these runs."""
    return jobs(runs, "train", "evaluate")
