"""What the rules of runs ask, by wildcards: `run` (the folder of an experiment's runs), `seed`, `fold`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ablation.chain import paths, resources
from ablation.networks import needs
from ablation.photos.overview import Way
from ablation.running import files
from ablation.spec import Spec
from ablation.study.experiments import Experiment
from ablation.study.names import known
from ablation.study.study import Study
from ablation.training import provenance

# What only a training can make again. Not the weights: whoever deletes them to save disk does not want them
# trained again.
TRAINED = ("history.csv", "record.json", "outputs.npy")

T = TypeVar("T")


class Runs:
    """The runs of a study. `gpus` is how many GPUs each of a run's processes takes: one where there are some.

    `pack`, `weights`, `gpus`, `threads` and `priority` are values where all runs have the same, else
    functions of the wildcards: Snakemake takes longer over functions, for every job. `prefix` is that of a
    Snakemake module, for what is looked up here.
    """

    def __init__(self, study: Study, *, gpus: int, prefix: str = "") -> None:
        self.study, self.cuda, self.prefix = study, gpus > 0, prefix
        self.folder = paths.runs(study.dataset.name)
        self.by_folder = {one.folder: one for one in study.experiments.values()}
        self.pack = self._alike(self._pack)
        self.weights = self._alike(self._weights)
        self.gpus = self._alike(lambda spec: gpus * spec.gpus)
        self.threads = self._alike(lambda spec: spec.threads * spec.gpus)
        # The largest network first: were it the last to end, other cores would have no work meanwhile.
        self.priority = self._alike(lambda spec: needs.parameters(spec.backbone, spec.architecture))

    def _alike(self, of_spec: Callable[[Spec], T]) -> T | Callable[[Any], T]:
        first, *others = [of_spec(one.spec) for one in self.study.experiments.values()]
        if all(other == first for other in others):
            return first
        return lambda wildcards: of_spec(self.experiment(wildcards).spec)

    def _pack(self, spec: Spec) -> str:
        return paths.packed(self.study.dataset.name, spec)

    def _weights(self, spec: Spec) -> str | list[str]:
        if self.study.weight_sources[spec.weights]["source"] == "none":
            return []
        source, backbone = spec.weights, spec.backbone
        values = self.study.weights(source, backbone)
        return paths.WEIGHTS.format(source=source, backbone=backbone, values=values)

    def ways(self) -> list[str]:
        """Return how photos become square, as `overview.Way` writes it: the way of most experiments first."""
        specs = (one.spec for one in self.study.experiments.values())
        ways = Counter(Way(spec.image_size, spec.resize, spec.interpolation) for spec in specs)
        return [str(way) for way, _ in ways.most_common()]

    def experiment(self, wildcards: Any) -> Experiment:
        """Return the experiment of a run, the first of several that share it."""
        if wildcards.run not in self.by_folder:
            known(wildcards.run, self.by_folder, "the target's run", "run of this study")
        return self.by_folder[wildcards.run]

    def spec(self, wildcards: Any) -> str:
        """Return all that can change a run's result, as one string: Snakemake compares params unnamed."""
        fold = int(wildcards.fold.removeprefix("-fold") or 0)
        return replace(self.experiment(wildcards).spec, seed=int(wildcards.seed), fold=fold).to_json()

    def code(self, wildcards: Any) -> list[tuple[str, str]]:
        """Return the code of what a run's spec names."""
        return provenance.of_run(self.experiment(wildcards).spec)

    def memory(self, wildcards: Any, attempt: int) -> int:
        """Return MB of memory for a training."""
        needed = resources.memory(self.experiment(wildcards).spec, cuda=self.cuda)
        return resources.more(needed, attempt)

    def minutes(self, wildcards: Any, attempt: int) -> int:
        """Return minutes for a training."""
        photos = resources.photos_of(self.study.dataset.name, self.prefix)
        return resources.minutes(self.experiment(wildcards).spec, photos) * attempt

    def targets(self, figures: Iterable[str]) -> list[str]:
        """Return the predictions of every run, for which all else is made, and what finished ones lack.

        `figures` are the names of a run's. Not every file is a target: planning takes 0.1 ms for each.
        """
        targets, pictures = [], [f"{figure}.png" for figure in figures]
        for run in self.study.runs():
            predictions = f"{self.folder}/{run}/predictions.csv"
            # Not Path.exists, which takes several times as long.
            evaluated = os.path.exists(self.prefix + predictions)  # noqa: PTH110
            expected = [*TRAINED, *pictures] if evaluated else TRAINED
            deleted = files.deleted(Path(self.prefix + self.folder, run), expected)
            targets += [predictions, *(f"{self.folder}/{run}/{name}" for name in deleted)]
        return targets
