"""The steps of the workflow in the words of people: what they are called, and what is said when one ended."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ablation.chain import paths, resources
from ablation.chain.runs import Runs
from ablation.chain.weights import Weights
from ablation.networks import needs
from ablation.photos import manifest
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.study.study import Study

TRAIN, PRETRAIN = "train", "pretrain"
# What each rule does and, where that matters to a person, has done: the others follow within seconds.
VERBS = {
    TRAIN: ("training", "trained"),
    PRETRAIN: ("pretraining", "pretrained"),
    "download": ("downloading", "downloaded"),
    "draw": ("drawing", "drew"),
    "unpack": ("unpacking", "unpacked"),
    "index": ("indexing", "indexed"),
    "pack": ("packing", "packed"),
    "check_photos": ("looking at", ""),
    "fetch_weights": ("fetching weights of", "fetched weights of"),
    "unpack_weights": ("unpacking weights of", ""),
    "convert_weights": ("converting weights of", ""),
    "evaluate": ("evaluating", ""),
    "collect": ("collecting results", ""),
    "summarize": ("summarizing", ""),
    "answer": ("answering", ""),
    "find": ("looking for findings", ""),
    "suspect": ("looking for wrong labels", ""),
    "compare": ("drawing", ""),
    "show_suspects": ("drawing suspects", ""),
    "show_rungs": ("drawing augmentations", ""),
    "report": ("writing the page", ""),
    "latest": ("copying the table", ""),
    "latest_report": ("copying the page", ""),
    "crate": ("writing the crate", ""),
    "track_tensorboard": ("writing TensorBoard's file of", ""),
    "track_mlflow": ("writing MLflow's store", ""),
    "choose": ("choosing the winner", ""),
    "predict": ("predicting", "predicted"),
    "submit": ("writing the submission", ""),
    "export": ("exporting", "exported"),
    "explain": ("explaining the winner", ""),
    "explain_run": ("explaining", "explained"),
}


# A photo that validates takes a third of one that trains: it goes forward alone.
VALIDATING = 1 / 3
# What an optimizer does to 10^6 parameters at a step takes as long as so many 10^9 multiplications of a photo
# that trains: by the demo's trainings on an EPYC.
STEP = 0.08


@dataclass(frozen=True)
class Names:
    """What is asked of the study to name its steps and to tell how much work they are."""

    study: Study
    runs: Runs
    weights: Weights

    def name(self, rule: str, wildcards: Any) -> str:
        """Return what a step works on: a run by its experiment, else what its wildcards say."""
        if rule in (TRAIN, "evaluate", "track_tensorboard"):
            fold = wildcards.fold.replace("-", " ").replace("fold", "fold ")
            tracked = rule == "track_tensorboard"
            name = wildcards.experiment if tracked else self.runs.by_folder[wildcards.run].name
            return f"{name} seed {wildcards.seed}{fold}"
        if rule == PRETRAIN:
            return f"{wildcards.backbone} ({wildcards.source})"
        if rule == "pack":
            return f"{wildcards.dataset} at {wildcards.size} pixels{wildcards.way.replace('-', ' ')}"
        return " ".join(value for value in dict(wildcards.items()).values() if value)

    def spec(self, rule: str, wildcards: Any) -> Spec | None:
        """Return the spec of a step that trains."""
        if rule == TRAIN:
            return self.runs.experiment(wildcards).spec
        return Spec.from_json(self.weights.spec(wildcards)) if rule == PRETRAIN else None

    def kind(self, spec: Spec) -> str:
        """Return what tells trainings apart that take unequally long for the same work."""
        return f"{spec.backbone} at {spec.image_size} pixels"

    def work(self, spec: Spec, dataset: str) -> float:
        """Return about how much a training computes, in 10^9 multiplications."""
        train, validate = photos(dataset)
        steps = math.ceil(train / spec.batch_size)
        # A head's features are computed once, as far as nothing random comes before it.
        passes = {"all": spec.epochs, "head": 1}.get(spec.trains, 1 + spec.epochs - spec.head_epochs)
        each = needs.multiplications(spec.backbone, spec.image_size)
        parameters = needs.parameters(spec.backbone, spec.architecture)
        return passes * (each * (train + VALIDATING * validate) + STEP * steps * parameters)

    def dataset(self, rule: str, wildcards: Any) -> str:
        """Return the data set that a training reads."""
        if rule == TRAIN:
            return self.study.dataset.name
        return self.study.pretraining(wildcards.source, wildcards.backbone)[0]


def photos(dataset: str) -> tuple[int, int]:
    """Return how many photos of a data set train and validate; a guess before it is indexed."""
    path = Path(paths.MANIFEST.format(dataset=dataset))
    try:
        return _photos(path, path.stat().st_mtime_ns)
    except (OSError, UserError):
        return resources.PHOTOS, 0


@cache
def _photos(path: Path, _changed: int) -> tuple[int, int]:
    splits = Counter(entry.split for entry in manifest.read(path))
    return splits[manifest.TRAIN], splits[manifest.VAL]


def doing(rule: str, name: str) -> str:
    """Return a step in words, as what it does."""
    return f"{VERBS.get(rule, (rule, ''))[0]} {name}".rstrip()


def done(rule: str, name: str, wildcards: Any, output: list[str], seconds: float) -> str | None:
    """Return what is said when a step ended well, or None."""
    past = VERBS.get(rule, ("", ""))[1]
    if not past:
        return None
    told = _FOUND[rule](wildcards, output) if rule in _FOUND else ""
    return f"{past} {name}{told}, {duration(seconds)}"


def trained(_wildcards: Any, output: list[str]) -> str:
    """Return the best epoch of a training, by its history: that of the lowest validation loss."""
    path = next(Path(name) for name in output if name.endswith(".csv"))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
        best = min(epochs, key=lambda epoch: float(epoch["val_loss"]))
        return f": {float(best['val_accuracy']):.3f} at epoch {best['epoch']} of {len(epochs)}"
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        # What reads it for the tables says what is wrong with it.
        return ""


def indexed(wildcards: Any, _output: list[str]) -> str:
    """Return how many photos and classes a data set has."""
    try:
        entries = manifest.read(Path(paths.MANIFEST.format(dataset=wildcards.dataset)))
    except (OSError, UserError):
        return ""
    classes = len({entry.category for entry in entries})
    return f": {len(entries):,} photos of {classes:,} classes"


_FOUND: dict[str, Callable[[Any, list[str]], str]] = {
    TRAIN: trained,
    PRETRAIN: trained,
    "index": indexed,
}


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 1:
        return "less than a second"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
