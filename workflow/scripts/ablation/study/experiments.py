"""From the entries under `experiments` to experiments: lists expanded, references resolved, limits kept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ablation.networks import edits, needs
from ablation.running.errors import UserError
from ablation.spec import Spec, run_name
from ablation.study import identity, smoke
from ablation.study.names import known, known_backbone, require_name
from ablation.study.optimizers import (
    OPTIMIZER_FIELDS,
    check_rates,
    check_schedule,
    phases,
    resolved_optimizer,
)
from ablation.study.parts import check_batch_norm, check_mixing, resolved_head_epochs
from ablation.study.recipes import resolved_augmentation
from ablation.study.weights import check_library, check_pretraining, normalisation
from ablation.study.wording import shown

RECIPE_NUMBERS = ("label_smoothing", "mixup", "cutmix", "ema_decay")
RECIPE_FIELDS = (
    *("image_size", "batch_size", "epochs", "patience", "precision", "gpus", "threads"),
    *("head", "trains", "head_epochs"),
    *("resize", "interpolation"),
    *(*RECIPE_NUMBERS, "balance", "batch_norm"),
)
# Fields whose lists expand to one experiment for each value, in the order that names are made.
EXPANDED = (
    *("backbone", "architecture", "augmentation", "optimizer", "weights"),
    *OPTIMIZER_FIELDS,
    *RECIPE_FIELDS,
)
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Experiment:
    """One row of the summary: a spec but for seed and fold, the seeds of its runs, and what to call it."""

    name: str
    label: str
    augmentation: str
    optimizer: str
    seeds: tuple[int, ...]
    spec: Spec
    folder: str
    """Of its runs, which experiments share whose runs are the same."""

    def runs(self) -> list[Spec]:
        """Return the spec of each run: of each fold of each seed."""
        folds = range(1, self.spec.folds + 1) or [0]
        return [replace(self.spec, seed=seed, fold=fold) for seed in self.seeds for fold in folds]

    def folders(self) -> list[str]:
        """Return the folder of each run, relative to its data set's."""
        return [f"{self.folder}/{run_name(run.seed, run.fold)}" for run in self.runs()]

    def described(self) -> dict[str, str | float]:
        """Return what tables and figures say of it before it has run."""
        return {
            "experiment": self.name,
            "folder": self.folder,
            "label": self.label,
            "backbone": self.spec.backbone,
            "architecture": self.spec.architecture,
            "augmentation": self.augmentation,
            "optimizer": self.optimizer,
            "weights": self.spec.weights,
            "image_size": self.spec.image_size,
            "batch_size": self.spec.batch_size,
            "learning_rate": self.spec.optimizer.learning_rate,
        }


def resolved_experiments(config: dict[str, Any]) -> dict[str, Experiment]:
    """Return all experiments by name; raise UserError for too many runs, or a name given twice."""
    experiments: dict[str, Experiment] = {}
    runs = 0
    for position, entry in enumerate(config["experiments"]):
        # Counted before they are made, which could take all memory.
        seeds = len(entry.get("seeds", config["seeds"])) * config["split"].get("folds", 1)
        runs += math.prod(len(values) for values in lists_of(entry).values()) * seeds
        if runs > MOST_RUNS:
            raise UserError(
                f"config: experiments[{position}] brings the study to {runs} runs; at most {MOST_RUNS}"
            )
        for one in expanded(config, entry, f"experiments[{position}]"):
            if one.name in experiments:
                raise UserError(
                    f"config: experiments[{position}].name is {one.name!r}, "
                    "which an earlier experiment has; give each its own"
                )
            require_name(one.name, f"the name of experiments[{position}], {shown(one.name)},")
            experiments[one.name] = one
    return experiments


def lists_of(entry: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the fields of an experiment's entry that are lists, in the order that names are made."""
    return {field: entry[field] for field in EXPANDED if isinstance(entry.get(field), list)}


def expanded(config: dict[str, Any], entry: dict[str, Any], where: str) -> Iterator[Experiment]:
    """Yield one experiment for each combination of the entry's list-valued fields."""
    lists = lists_of(entry)
    if not lists and "name" not in entry:
        raise UserError(
            f"config: {where} has no name and no list of values to name its experiments by; give it one"
        )
    for values in itertools.product(*lists.values()):
        one = {**entry, **dict(zip(lists, values, strict=True))}
        # A name is that of a folder, and a network's may be timm/resnet50.
        parts = [str(value).replace("/", "-") for value in values]
        parts = ([entry["name"]] if "name" in entry else []) + parts
        yield experiment(config, one, "-".join(parts), where)


def experiment(config: dict[str, Any], entry: dict[str, Any], name: str, where: str) -> Experiment:
    """Return the experiment of an entry without lists, its references checked and resolved."""
    architecture = entry.get("architecture", edits.ORIGINAL)
    weights = entry.get("weights", config["weights"])
    backbone = known_backbone(entry["backbone"], f"{where}.backbone")
    fitting = [edit for edit, its in edits.EDITS.items() if backbone in its.backbones]
    known(architecture, [edits.ORIGINAL, *fitting], f"{where}.architecture", f"edit of {backbone}")
    known(entry["augmentation"], config["augmentations"], f"{where}.augmentation", "augmentation")
    known(entry["optimizer"], config["optimizers"], f"{where}.optimizer", "optimizer")
    known(weights, config["weight_sources"], f"{where}.weights", "weight source")
    recipe = {field: entry.get(field, config["recipe"][field]) for field in RECIPE_FIELDS}
    changes = {field: entry[field] for field in OPTIMIZER_FIELDS if field in entry}
    if wrong := needs.wrong_size(backbone, architecture, recipe["image_size"]):
        key = f"{where}.image_size" if "image_size" in entry else "recipe.image_size"
        raise UserError(f"config: {key} is {recipe['image_size']}, but {name} {wrong}")
    if not needs.has_report_head(backbone):
        if entry.get("head") == needs.REPORT:
            raise UserError(
                f"config: {where}.head is 'report', but the report has no {backbone}; write linear"
            )
        recipe["head"] = needs.LINEAR
    if recipe["gpus"] > 1 and needs.needs_whole_batch(architecture):
        key = f"{where}.gpus" if "gpus" in entry else "recipe.gpus"
        raise UserError(
            f"config: {key} is {recipe['gpus']}, but {name} takes a softmax over the whole batch, which one "
            f"process must hold; give {where} gpus: 1"
        )
    check_library(config, weights, backbone)
    check_pretraining(config, weights, backbone)
    recipe["head_epochs"] = resolved_head_epochs(recipe, entry, name, where)
    # 0 and 0.0 are one value and one spec.
    recipe |= {field: float(recipe[field]) for field in RECIPE_NUMBERS}
    check_mixing(recipe, entry, name, where)
    check_batch_norm(config, weights, recipe, name, where)
    optimizer = resolved_optimizer(config, entry["optimizer"], changes, where)
    check_rates(recipe["trains"], entry["optimizer"], optimizer, changes, name, where)
    epochs = phases(recipe["trains"], recipe["head_epochs"], recipe["epochs"])
    check_schedule(optimizer, epochs, name, entry["optimizer"], changes, where)
    spec = Spec(
        backbone=backbone,
        architecture=architecture,
        augmentation=resolved_augmentation(
            config, entry["augmentation"], normalisation(config, weights, backbone)
        ),
        optimizer=optimizer,
        weights=weights,
        **recipe,
        seed=0,
        **folds_of(config),
    )
    spec = smoke.spec(config, spec)
    seeds = smoke.seeds(config, tuple(entry.get("seeds", config["seeds"])))
    folder = identity.of_runs(spec, identity.of_weights(config, weights, backbone))
    label = entry.get("label", name)
    return Experiment(name, label, entry["augmentation"], entry["optimizer"], seeds, spec, folder)


def folds_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a spec that say how folds are drawn; none where one part validates."""
    split = config["split"]
    return {"folds": split["folds"], "split_seed": split["seed"]} if "folds" in split else {}
