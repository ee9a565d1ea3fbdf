"""The checked whole of a configuration, as the workflow asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablation.networks import needs
from ablation.networks.backbones import BACKBONES
from ablation.spec import Spec
from ablation.study import weights
from ablation.study.datasets import Dataset, chosen_dataset, resolved_datasets
from ablation.study.experiments import Experiment, resolved_experiments
from ablation.study.inputs import require
from ablation.study.names import known, require_name
from ablation.study.optimizers import resolved_optimizer
from ablation.study.recipes import resolved_augmentation
from ablation.study.schema import check


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
        """Return what figures may compare experiments by, a row for each."""
        return [one.described() for one in self.experiments.values()]

    def datasets_from(self, *sources: str) -> list[str]:
        """Return the data sets of these sources; not those that are used where they lie."""
        return [name for name, one in self.datasets.items() if one.source in sources and one.folder is None]

    def weights_from(self, *kinds: str) -> list[str]:
        """Return the weight sources of these kinds."""
        return [name for name, fields in self.weight_sources.items() if fields["source"] in kinds]

    def sources(self) -> list[Dataset]:
        """Return the data sets whose photos the study's trainings and their pretrainings read."""
        used = {self.dataset.name: self.dataset}
        for name in sorted({one.spec.weights for one in self.experiments.values()}):
            fields = self.weight_sources[name]
            if fields["source"] == "pretraining":
                used[fields["dataset"]] = self.datasets[fields["dataset"]]
        return list(used.values())

    def experiments_from(self, source: str, backbone: str) -> int:
        """Return how many experiments start from a weight source's file of a backbone."""
        specs = (one.spec for one in self.experiments.values())
        return sum(spec.weights == source and spec.backbone == backbone for spec in specs)

    def table(self, failures: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return what the comparison needs to know of each run and cannot read from it, as JSON lines.

        `failures` says of runs (experiment/seed<k>) that have no results why.
        """
        rows = (
            {**one.described(), "seed": seed, "reason": failures.get(f"{one.name}/seed{seed}")}
            for one in self.experiments.values()
            for seed in one.seeds
        )
        # Snakemake reads {x} as a wildcard, also inside a text; JSON can write its brace another way.
        return "\n".join("{" + json.dumps(row)[1:].replace("{", "\\u007b") for row in rows)

    def pretraining(self, source: str, backbone: str) -> tuple[str, Spec]:
        """Return the data set and the spec by which a source trains a backbone from random weights."""
        return weights.pretraining(self.config, source, backbone)


def load(config: dict[str, Any], schema: Path) -> Study:
    """Check a configuration and resolve it; raises UserError with one line for the first mistake."""
    config = check(config, schema)
    datasets = resolved_datasets(config)
    sources = config["weight_sources"]
    weights.check_sources(config, datasets)
    for name in config["augmentations"]:
        # Those that nothing uses as well, for whichever network: it decides but numbers.
        resolved_augmentation(config, name, needs.normalisation(next(iter(BACKBONES))))
    for name in config["optimizers"]:
        resolved_optimizer(config, name, {})
    known(config["weights"], sources, "weights", "weight source")
    for name in (*config["datasets"], *sources):
        require_name(name, f"the name {name!r} under datasets or weight_sources")
    experiments = resolved_experiments(config)
    chosen = chosen_dataset(config, datasets)
    require_name(chosen.name, f"the name {chosen.name!r} of the data set")
    study = Study(chosen, {**datasets, chosen.name: chosen}, sources, experiments, config)
    check_files(study)
    return study


def check_files(study: Study) -> None:
    """Raise UserError if a file that the study reads does not exist or cannot be an input."""
    needed = {(one.spec.weights, one.spec.backbone) for one in study.experiments.values()}
    for source, backbone in sorted(needed):
        fields = study.weight_sources[source]
        if fields["source"] == "file":
            path = fields["path"].replace("{backbone}", backbone)
            require(path, f"weight_sources.{source}.path")
    for one in study.sources():
        if one.path is not None:
            require(str(one.path), f"datasets.{one.name}.path")
