"""From config.yaml to a checked study: experiments, their runs' specs, data sets, weights.

Imported by the Snakefile, once for every job on a cluster: it must never import torch.
"""

from __future__ import annotations

import difflib
import itertools
import json
import math
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablation.networks import backbones
from ablation.photos import archive, layouts
from ablation.running.errors import UserError
from ablation.spec import Optimizer, Spec
from ablation.study.schema import check, shown
from ablation.training import augmentation as augment

OPTIMIZER_FIELDS = ("learning_rate", "momentum", "weight_decay")
RECIPE_FIELDS = ("image_size", "batch_size", "epochs", "patience", "precision", "gpus")
# Fields whose lists expand to one experiment for each value, in the order that names are made.
EXPANDED = (
    *("backbone", "architecture", "augmentation", "optimizer", "weights"),
    *OPTIMIZER_FIELDS,
    *RECIPE_FIELDS,
)
# In GB of 10^9 bytes.
UNPACKED_GB = archive.MAX_BYTES / 10**9
# Files and their logs are called after names, and file names end at 255 bytes.
LONGEST_NAME = 200
MOST_RUNS = 10_000
# What Snakemake replaces or refuses in the name of an input, and takes for a loop in a wildcard's value.
WILDCARD = re.compile(r"\{\s*[.\w]+\s*[,}]")
LOOP = re.compile(r"(.+)\1{19}$")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tbz2", ".txz")


@dataclass(frozen=True)
class Dataset:
    """A data set: its `source`, the fields of that source, and how it is split."""

    name: str
    source: str
    fields: dict[str, Any]
    train_fraction: float
    split_seed: int

    def arguments(self) -> str:
        """Return the fields of the source as command-line arguments, quoted for a shell."""
        words = []
        for key, value in sorted(self.fields.items()):
            if key not in ("path", "published", "unpacked_gb"):
                values = [str(item) for item in (value if isinstance(value, list) else [value])]
                # Alone, a value that begins with a dash would be read as an option.
                words += [f"--{key}={values[0]}"] if values[0].startswith("-") else [f"--{key}", *values]
        return shlex.join(words)

    def split_arguments(self) -> str:
        """Return how the photos are split, as command-line arguments."""
        return f"--train-fraction {self.train_fraction} --seed {self.split_seed}"

    @property
    def folder(self) -> Path | None:
        """The user's own folder of photos, which is used where it lies; None for other sources."""
        path = self.path
        return path if path is not None and path.is_dir() else None

    @property
    def path(self) -> Path | None:
        """The user's own archive or folder; None for other sources."""
        return usable(self.fields["path"]) if self.source == "local" else None

    @property
    def unpacked_gb(self) -> float:
        """How many GB the archive may unpack to."""
        found: float = self.fields.get("unpacked_gb", UNPACKED_GB)
        return found


@dataclass(frozen=True)
class Experiment:
    """One row of the summary: a spec but for its seed, the seeds of its runs, and what to call it."""

    name: str
    label: str
    augmentation: str
    optimizer: str
    seeds: tuple[int, ...]
    spec: Spec

    def run_spec(self, seed: int) -> Spec:
        """Return the spec of the run with this seed."""
        return replace(self.spec, seed=seed)


@dataclass(frozen=True)
class Study:
    """A checked study: its data set and experiments, and all data sets and weight sources there are."""

    dataset: Dataset
    datasets: dict[str, Dataset]
    weight_sources: dict[str, dict[str, Any]]
    experiments: dict[str, Experiment]
    config: dict[str, Any]

    def runs(self) -> list[str]:
        """Return the folder of every run, relative to its data set's: experiment/seed<k>."""
        return [f"{one.name}/seed{seed}" for one in self.experiments.values() for seed in one.seeds]

    def compared(self) -> list[dict[str, str | int]]:
        """Return what figures compare experiments by."""
        return [
            {
                "experiment": one.name,
                "backbone": one.spec.backbone,
                "architecture": one.spec.architecture,
                "augmentation": one.augmentation,
                "image_size": one.spec.image_size,
            }
            for one in self.experiments.values()
        ]

    def datasets_from(self, *sources: str) -> list[str]:
        """Return the data sets of these sources; not those that are used where they lie."""
        return [name for name, one in self.datasets.items() if one.source in sources and one.folder is None]

    def weights_from(self, source: str) -> list[str]:
        """Return the weight sources of this kind."""
        return [name for name, fields in self.weight_sources.items() if fields["source"] == source]

    def experiments_from(self, source: str, backbone: str) -> int:
        """Return how many experiments start from a weight source's file of a backbone."""
        specs = (one.spec for one in self.experiments.values())
        return sum(spec.weights == source and spec.backbone == backbone for spec in specs)

    def table(self, failures: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return what the comparison needs to know of each run and cannot read from it, as JSON lines.

        `failures` says of runs (experiment/seed<k>) that have no results why.
        """
        rows = (
            {
                "experiment": one.name,
                "label": one.label,
                "backbone": one.spec.backbone,
                "architecture": one.spec.architecture,
                "augmentation": one.augmentation,
                "optimizer": one.optimizer,
                "weights": one.spec.weights,
                "image_size": one.spec.image_size,
                "seed": seed,
                "reason": failures.get(f"{one.name}/seed{seed}"),
            }
            for one in self.experiments.values()
            for seed in one.seeds
        )
        # Snakemake reads {x} as a wildcard, also inside a text; JSON can write its brace another way.
        return "\n".join("{" + json.dumps(row)[1:].replace("{", "\\u007b") for row in rows)

    def pretraining(self, source: str, backbone: str) -> tuple[str, Spec]:
        """Return the data set and the spec by which a source trains a backbone from random weights."""
        fields = self.weight_sources[source]
        fields = {**fields, **fields["overrides"].get(backbone, {})}
        spec = Spec(
            backbone=backbone,
            architecture=backbones.ORIGINAL,
            augmentation=resolved_augmentation(self.config, fields["augmentation"]),
            optimizer=resolved_optimizer(self.config, fields["optimizer"], {}),
            weights="none",
            image_size=fields["image_size"],
            batch_size=fields["batch_size"],
            epochs=fields["epochs"],
            patience=fields["epochs"],
            precision=fields["precision"],
            seed=fields["seed"],
        )
        return fields["dataset"], spec


def load(config: dict[str, Any], schema: Path) -> Study:
    """Check a configuration and resolve it; raises UserError with one line for the first mistake."""
    config = check(config, schema)
    datasets = resolved_datasets(config)
    sources = config["weight_sources"]
    for name, fields in sources.items():
        if fields["source"] == "pretraining":
            where = f"weight_sources.{name}"
            known(fields["dataset"], datasets, f"{where}.dataset", "data set")
            known(fields["augmentation"], config["augmentations"], f"{where}.augmentation", "augmentation")
            known(fields["optimizer"], config["optimizers"], f"{where}.optimizer", "optimizer")
            for backbone, values in fields["overrides"].items():
                known(backbone, backbones.BACKBONES, f"{where}.overrides", "backbone")
                optimizer = values.get("optimizer", fields["optimizer"])
                known(optimizer, config["optimizers"], f"{where}.overrides.{backbone}.optimizer", "optimizer")
    for name in config["augmentations"]:
        resolved_augmentation(config, name)
    known(config["weights"], sources, "weights", "weight source")
    for name in (*config["datasets"], *sources):
        require_name(name, f"the name {name!r} under datasets or weight_sources")
    experiments = {}
    runs = 0
    for position, entry in enumerate(config["experiments"]):
        runs += math.prod(len(values) for values in lists_of(entry).values()) * len(
            entry.get("seeds", config["seeds"])
        )
        if runs > MOST_RUNS:
            raise UserError(
                f"config: experiments[{position}] brings the study to {runs} runs; at most {MOST_RUNS}"
            )
        for experiment in expanded(config, entry, f"experiments[{position}]"):
            if experiment.name in experiments:
                raise UserError(
                    f"config: experiments[{position}].name is {experiment.name!r}, "
                    "which an earlier experiment has; give each its own"
                )
            require_name(experiment.name, f"the name of experiments[{position}], {shown(experiment.name)},")
            experiments[experiment.name] = experiment
    chosen = chosen_dataset(config, datasets)
    require_name(chosen.name, f"the name {chosen.name!r} of the data set")
    study = Study(chosen, {**datasets, chosen.name: chosen}, sources, experiments, config)
    check_files(study)
    return study


def check_files(study: Study) -> None:
    """Raise UserError if a file that the study reads does not exist or cannot be an input."""
    datasets = [study.dataset]
    needed = {(one.spec.weights, one.spec.backbone) for one in study.experiments.values()}
    for source, backbone in sorted(needed):
        fields, where = study.weight_sources[source], f"weight_sources.{source}"
        if fields["source"] == "file":
            require_file(fields["path"].replace("{backbone}", backbone), f"{where}.path")
        if fields["source"] == "pretraining":
            path = study.datasets[fields["dataset"]].path
            if path is not None:
                require_file(str(path), f"datasets.{fields['dataset']}.path")
            datasets.append(study.datasets[fields["dataset"]])
    for one in datasets:
        for file in photo_files(one.folder) if one.folder else []:
            if WILDCARD.search(file):
                raise UserError(
                    f"config: data set {one.name!r} has {file}, with {{...}} in its name, which Snakemake "
                    "replaces; rename it"
                )


def published(dataset: Dataset, project: Path) -> list[str]:
    """Return the file of published figures that stand beside a data set's, as a list of one or none."""
    if "published" not in dataset.fields:
        return []
    where = f"datasets.{dataset.name}.published"
    path = str(usable(str(project / dataset.fields["published"])))
    require_file(path, where)
    if not Path(path).is_file():
        raise UserError(f"config: {where} is {path!r}, a folder; name a CSV file")
    return [path]


def require_file(path: str, where: str) -> None:
    """Raise UserError unless there is such a file or folder."""
    if not exists(path, where):
        raise UserError(f"config: {where} is {shown(path)}, but there is no such file or folder")


def require_name(name: str, what: str) -> None:
    """Raise UserError if files cannot be called after a name, or Snakemake would refuse it."""
    if len(name) > LONGEST_NAME:
        raise UserError(f"config: {what} has {len(name)} characters; at most {LONGEST_NAME}")
    if LOOP.search(name):
        raise UserError(f"config: {what} ends in the same letters 20 times, which Snakemake takes for a loop")


def known(name: str, names: Iterable[str], where: str, kind: str) -> None:
    """Raise UserError unless `name` is one of `names`, saying which are and which is nearest."""
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(str(name), names, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UserError(
            f"config: {where} is {shown(name)}, no known {kind}; {hint}one of: {', '.join(names)}"
        )


def resolved_datasets(config: dict[str, Any]) -> dict[str, Dataset]:
    """Return the configured data sets with their splits."""
    return {name: dataset(config, name, fields) for name, fields in config["datasets"].items()}


def dataset(config: dict[str, Any], name: str, fields: dict[str, Any]) -> Dataset:
    """Return one data set; its own train_fraction goes before the study's."""
    split = config["split"]
    fraction = fields.get("train_fraction", split["train_fraction"])
    own = {key: value for key, value in fields.items() if key not in ("source", "train_fraction")}
    if fields["source"] == "local":
        exists(fields["path"], f"datasets.{name}.path")
    return Dataset(name, fields["source"], own, fraction, split["seed"])


def chosen_dataset(config: dict[str, Any], datasets: dict[str, Dataset]) -> Dataset:
    """Return the data set of the study: a configured one, or an archive or folder given by its path."""
    name = config["dataset"]
    if name in datasets:
        chosen = datasets[name]
    else:
        if not exists(name, "dataset"):
            if "/" in name or name.endswith(ARCHIVES):
                raise UserError(f"config: dataset is {shown(name)}, but there is no such file or folder")
            known(name, datasets, "dataset", "data set or path of an archive or folder")
        chosen = dataset(config, named_after(name), {"source": "local", "path": name})
        if chosen.name in datasets:
            raise UserError(
                f"config: dataset is {name!r}, and a data set {chosen.name!r} is configured already; "
                "give this one another name under datasets"
            )
    if chosen.path is not None:
        require_file(str(chosen.path), f"datasets.{chosen.name}.path")
    return chosen


def exists(path: str, where: str) -> bool:
    """Tell whether a file or folder of the user's exists; raise UserError if it can be none."""
    if layouts.UNWRITABLE.search(path) or WILDCARD.search(path):
        raise UserError(
            f"config: {where} is {shown(path)}, no usable path (it has characters that are no text, or "
            "{...}, which Snakemake replaces); rename it"
        )
    try:
        return path != "" and Path(path).expanduser().exists()
    except (OSError, RuntimeError) as error:
        # A name that is too long, a folder that may not be entered, the home of an unknown user.
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"config: {where} is {shown(path)}, no usable path ({reason})") from error


def usable(path: str) -> Path:
    """Return a path of the user's, but not as one that begins with a dash: commands would read an option."""
    found = Path(path).expanduser()
    return Path.cwd() / found if str(found).startswith("-") else found


def named_after(path: str) -> str:
    """Return a data set's name from the path of its archive or folder: of a long one, the beginning."""
    stem = Path(path).expanduser().resolve().name
    for suffix in sorted(ARCHIVES, key=len, reverse=True):
        stem = stem.removesuffix(suffix)
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower())[:100].strip("_")
    if not name:
        raise UserError(
            f"config: dataset is {path!r}: give it a name under datasets, its file name has no letters"
        )
    return name


def resolved_augmentation(config: dict[str, Any], name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return an augmentation's transforms with every parameter."""
    steps = []
    for position, step in enumerate(config["augmentations"][name]):
        transform, parameters = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        try:
            steps.append((transform, augment.resolve(transform, parameters)))
        except (ValueError, OverflowError) as error:
            raise UserError(f"config: augmentations.{name}[{position}]: {error}") from error
    if "normalize" in [transform for transform, _ in steps[:-1]]:
        raise UserError(
            f"config: augmentations.{name} goes on after normalize, but the others need values from 0 to 1; "
            "put normalize last"
        )
    return tuple(steps)


def resolved_optimizer(config: dict[str, Any], name: str, changes: dict[str, Any]) -> Optimizer:
    """Return an optimizer with an experiment's changes; 0 and 0.0 are one value and one spec."""
    fields = {**config["optimizers"][name], **changes}
    return Optimizer(**{**fields, **{field: float(fields[field]) for field in OPTIMIZER_FIELDS}})


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
        parts = ([entry["name"]] if "name" in entry else []) + [str(value) for value in values]
        yield experiment(config, one, "-".join(parts), where)


def experiment(config: dict[str, Any], entry: dict[str, Any], name: str, where: str) -> Experiment:
    """Return the experiment of an entry without lists, its references checked and resolved."""
    architecture = entry.get("architecture", backbones.ORIGINAL)
    weights = entry.get("weights", config["weights"])
    known(entry["backbone"], backbones.BACKBONES, f"{where}.backbone", "backbone")
    edits = [edit for edit, its in backbones.EDITS.items() if entry["backbone"] in its.backbones]
    known(architecture, [backbones.ORIGINAL, *edits], f"{where}.architecture", f"edit of {entry['backbone']}")
    known(entry["augmentation"], config["augmentations"], f"{where}.augmentation", "augmentation")
    known(entry["optimizer"], config["optimizers"], f"{where}.optimizer", "optimizer")
    known(weights, config["weight_sources"], f"{where}.weights", "weight source")
    recipe = {field: entry.get(field, config["recipe"][field]) for field in RECIPE_FIELDS}
    changes = {field: entry[field] for field in OPTIMIZER_FIELDS if field in entry}
    minimum = backbones.minimum_size(entry["backbone"], architecture)
    if recipe["image_size"] < minimum:
        key = f"{where}.image_size" if "image_size" in entry else "recipe.image_size"
        raise UserError(
            f"config: {key} is {recipe['image_size']}, but {name} needs at least {minimum} pixels"
        )
    if recipe["gpus"] > 1 and backbones.needs_whole_batch(architecture):
        key = f"{where}.gpus" if "gpus" in entry else "recipe.gpus"
        raise UserError(
            f"config: {key} is {recipe['gpus']}, but {name} takes a softmax over the whole batch, which one "
            f"process must hold; give {where} gpus: 1"
        )
    check_pretraining_size(config, weights, entry["backbone"])
    spec = Spec(
        backbone=entry["backbone"],
        architecture=architecture,
        augmentation=resolved_augmentation(config, entry["augmentation"]),
        optimizer=resolved_optimizer(config, entry["optimizer"], changes),
        weights=weights,
        **recipe,
        seed=0,
    )
    seeds = tuple(entry.get("seeds", config["seeds"]))
    return Experiment(name, entry.get("label", name), entry["augmentation"], entry["optimizer"], seeds, spec)


def check_pretraining_size(config: dict[str, Any], source: str, backbone: str) -> None:
    """Refuse a pretraining of the backbone on photos smaller than it can take."""
    fields = config["weight_sources"][source]
    if fields["source"] != "pretraining":
        return
    own = fields["overrides"].get(backbone, {})
    size = own.get("image_size", fields["image_size"])
    minimum = backbones.minimum_size(backbone, backbones.ORIGINAL)
    if size < minimum:
        key = f"overrides.{backbone}.image_size" if "image_size" in own else "image_size"
        raise UserError(
            f"config: weight_sources.{source}.{key} is {size}, but {backbone} needs at least {minimum} "
            f"pixels; give overrides.{backbone} a larger image_size"
        )


@cache
def photo_files(folder: Path) -> list[str]:
    """Return the photos and label.csv under a user's folder, sorted; raises UserError as `layouts.files`."""
    return [str(folder / file) for file in layouts.files(folder)]
