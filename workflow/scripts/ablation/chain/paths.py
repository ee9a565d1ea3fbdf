"""Where the files lie that steps hand to each other, with Snakemake's wildcards in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ablation.spec import Spec

PHOTOS = "resources/datasets/{dataset}/photos"
ARCHIVE = "resources/datasets/{dataset}/archive"
MANIFEST = "resources/datasets/{dataset}/manifest.csv"
DUPLICATES = "resources/datasets/{dataset}/duplicates.csv"
READING = "resources/datasets/{dataset}/reading.json"
# `way` is how photos were made square: nothing for the usual one.
PACK = "resources/packs/{dataset}/{size}px{way}"
PACKED = f"{PACK}/photos.npy"
PACK_INDEX = f"{PACK}/pack.json"
# `values` tells apart what has one name and other values (study/identity.py).
WEIGHTS = "resources/weights/{source}/{backbone}{values}.safetensors"
PRETRAINING_HISTORY = "resources/weights/{source}/{backbone}{values}.csv"
SUMMARY = "results/summary.csv"
ANSWER = "results/answer.md"
REPORT = "results/report.html"
# What is copied from the study that ran last: of the page another step, which waits for pictures.
LATEST = (SUMMARY, ANSWER)
# What is said of a data set before anything trains on it.
CHECKED = "results/data/{dataset}"
CHECK = f"{CHECKED}/check.txt"
# TensorBoard finds files by this word in their names, and shows a run under the folder that it lies in.
EVENT_FILE = "events.out.tfevents.run"
EVENTS = f"{{folder}}/{{experiment}}/{{run}}/{EVENT_FILE}"
# In the folder of a comparison, and in that of a run that is explained.
ACTIVATIONS = "activations.png"


def runs(dataset: str) -> str:
    """Return the folder of a data set's runs."""
    return f"results/runs/{dataset}"


def comparison(dataset: str, study: str) -> str:
    """Return the folder of what compares the runs of a study of a data set."""
    return f"results/comparison/{dataset}/{study}"


def of_study(comparison: str) -> str:
    """Return the folder in which a study's experiments are links, by their names, to their runs."""
    return f"{comparison}/runs"


def events(dataset: str, study: str) -> str:
    """Return the folder of TensorBoard's files of a study of a data set."""
    return f"results/tensorboard/{dataset}/{study}"


def mlflow(dataset: str, study: str) -> str:
    """Return MLflow's store of a study of a data set; its folder has the pictures, and nothing else."""
    return f"results/mlflow/{dataset}/{study}/mlflow.db"


def packed(dataset: str, spec: Spec) -> str:
    """Return the photos that a training reads."""
    usual = (spec.resize, spec.interpolation) == (Spec.resize, Spec.interpolation)
    way = "" if usual else f"-{spec.resize}-{spec.interpolation}"
    return PACKED.format(dataset=dataset, size=spec.image_size, way=way)


def one_of(names: Iterable[str]) -> str:
    """Return the pattern of a wildcard that takes these names; one that matches nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
