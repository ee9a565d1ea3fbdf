"""The checked whole of a configuration, as the workflow asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablation.networks import needs
from ablation.networks.backbones import BACKBONES, require_own_names
from ablation.running import plugins
from ablation.spec import Spec
from ablation.study import families, grids, identity, smoke, weights
from ablation.study.datasets import Dataset, chosen_dataset, resolved_datasets
from ablation.study.experiments import Experiment, resolved_experiments
from ablation.study.inputs import require
from ablation.study.names import known, require_name
from ablation.study.optimizers import resolved_optimizer
from ablation.study.overlays import DEFAULT
from ablation.study.recipes import resolved_augmentation
from ablation.study.schema import check
from ablation.study.selection import part, selected

# Sources of weights that nobody but this program has trained, or nobody at all.
_OWN = ("pretraining", "none")


@dataclass(frozen=True)
class Study:
    """A checked study: its name, data set and experiments, and all data sets and weight sources there are."""

    name: str
    dataset: Dataset
    datasets: dict[str, Dataset]
    weight_sources: dict[str, dict[str, Any]]
    experiments: dict[str, Experiment]
    config: dict[str, Any]

    def runs(self) -> list[str]:
        """Return the folder of every run, relative to its data set's, once though experiments share it."""
        return list(dict.fromkeys(run for one in self.experiments.values() for run in one.folders()))

    @property
    def whole(self) -> bool:
        """Whether it is all of a study and no smoke test: what results/summary.csv may be of."""
        return not self.config["smoke"] and "only" not in self.config

    def families(self) -> str:
        """Return which experiments are like each other but for one thing, as `families.to_json` writes it."""
        return families.to_json(families.of(self.experiments.values(), self.config.get("reference")))

    def varied(self) -> list[str]:
        """Return in what some experiments differ alone, as `families` calls it; `grid`, if it is one."""
        return [*families.varied(self.experiments.values()), *(["grid"] if self.grid() else [])]

    def grid(self) -> list[str]:
        """Return by what the experiments are told apart, where each combination of that is one of them."""
        return grids.of(one.described() for one in self.experiments.values())

    def rungs(self) -> str:
        """Return each augmentation with its steps, those of the first experiment that has it, as JSON."""
        steps: dict[str, Any] = {}
        for one in self.experiments.values():
            its = [(name, list(values.items())) for name, values in one.spec.augmentation]
            steps.setdefault(one.augmentation, its)
        # As in `table`; lists have none.
        return json.dumps(list(steps.items())).replace("{", "\\u007b")

    def datasets_from(self, *sources: str) -> list[str]:
        """Return the data sets of these sources; not those that are used where they lie."""
        return [
            name
            for name, one in self.datasets.items()
            if one.source in sources and one.folder is None and one.few_of is None
        ]

    def weights_from(self, *kinds: str) -> list[str]:
        """Return the weight sources of these kinds."""
        return [name for name, fields in self.weight_sources.items() if fields["source"] in kinds]

    def sources(self) -> list[Dataset]:
        """Return the data sets whose photos the study's trainings and their pretrainings read."""
        used = {self.dataset.name: self.dataset}
        for name in self.used_weights():
            fields = self.weight_sources[name]
            if fields["source"] == "pretraining":
                dataset = smoke.dataset(self.config, fields["dataset"])
                used[dataset] = self.datasets[dataset]
        return list(used.values())

    def experiments_from(self, source: str, backbone: str) -> int:
        """Return how many experiments start from a weight source's file of a backbone."""
        specs = (one.spec for one in self.experiments.values())
        return sum(spec.weights == source and spec.backbone == backbone for spec in specs)

    def table(self, failures: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return what the comparison needs to know of each run and cannot read from it, as JSON lines.

        `failures` says of runs (by their folder) that have no results why.
        """
        whose = {"study": self.name, "data_set": self.dataset.name}
        rows = (
            {
                **whose,
                **one.described(),
                "seed": run.seed,
                "fold": run.fold or None,
                "reason": failures.get(folder),
            }
            for one in self.experiments.values()
            for run, folder in zip(one.runs(), one.folders(), strict=True)
        )
        # Snakemake reads {x} as a wildcard, also inside a text; JSON can write its brace another way.
        return "\n".join("{" + json.dumps(row)[1:].replace("{", "\\u007b") for row in rows)

    def weights_in_words(self) -> str:
        """Return what the starting weights of the study are, as 'the weights are' goes on."""
        here = [name for name in self.used_weights() if self.weight_sources[name]["source"] in _OWN]
        others = [name for name in self.used_weights() if name not in here]
        told = [f"not ImageNet's ({', '.join(here)})"] if here else []
        return " and ".join([*told, *([f"those of {', '.join(others)}"] if others else [])])

    def used_weights(self) -> list[str]:
        """Return the weight sources from which experiments of the study start, by name."""
        return sorted({one.spec.weights for one in self.experiments.values()})

    def pretraining(self, source: str, backbone: str) -> tuple[str, Spec]:
        """Return the data set and the spec by which a source trains a backbone from random weights."""
        return weights.pretraining(self.config, source, backbone)

    def weights(self, source: str, backbone: str) -> str:
        """Return what a source's weights of a backbone are called beside those of other values."""
        identified = identity.of_weights(self.config, source, backbone)
        return f"-{identified}" if identified else ""


def load(config: dict[str, Any], schema: Path) -> Study:
    """Check a configuration and resolve it; raises UserError with one line for the first mistake."""
    config = check(config, schema)
    plugins.use(config.get("plugins"))
    require_own_names()
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
    every = resolved_experiments(config)
    if "reference" in config:
        known(config["reference"], every, "reference", "experiment")
    experiments = selected(every, config.get("only"))
    chosen = chosen_dataset(config, datasets)
    require_name(chosen.name, f"the name {chosen.name!r} of the data set")
    datasets[chosen.name] = chosen
    if config["smoke"]:
        few = {smoke.dataset(config, name): one for name, one in datasets.items()}
        datasets |= {name: one.few(name) for name, one in few.items()}
        chosen = datasets[smoke.dataset(config, chosen.name)]
    name = config.get("study", DEFAULT) + (part(config["only"]) if "only" in config else "")
    study = Study(name, chosen, datasets, sources, experiments, config)
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
