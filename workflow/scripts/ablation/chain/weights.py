"""What the rules of starting weights ask, by their wildcards `source` and `backbone`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablation.chain import paths, resources
from ablation.chain.contents import stamp
from ablation.networks import needs
from ablation.networks.edits import ORIGINAL
from ablation.spec import Spec
from ablation.study.inputs import usable
from ablation.study.study import Study
from ablation.study.weights import hub_file
from ablation.training import provenance


class Weights:
    """The weight sources of a study. `cuda` tells whether pretrainings run on GPUs."""

    def __init__(self, study: Study, *, cuda: bool) -> None:
        self.study, self.cuda = study, cuda

    def network_code(self, wildcards: Any) -> tuple[str, str]:
        """Return the code that is of this backbone alone."""
        return provenance.of_backbone(wildcards.backbone)

    def published(self, wildcards: Any) -> str:
        """Return which published weights to fetch, as options of the command that does."""
        fields = self.study.weight_sources[wildcards.source]
        if fields["source"] == "torchvision":
            return f"--torchvision {fields['version']}"
        name, file = hub_file(fields["files"], wildcards.backbone)
        return " ".join([f"--timm {name}", *(f"--{key} {value}" for key, value in sorted(file.items()))])

    def given(self, wildcards: Any) -> str:
        """Return the path of a weight file of the user's own."""
        path: str = self.study.weight_sources[wildcards.source]["path"]
        return str(usable(path.replace("{backbone}", wildcards.backbone)))

    def given_stamp(self, wildcards: Any) -> str:
        """Return what tells that file from another."""
        return stamp(Path(self.given(wildcards)))

    def _pretraining(self, wildcards: Any) -> tuple[str, Spec]:
        return self.study.pretraining(wildcards.source, wildcards.backbone)

    def pack(self, wildcards: Any) -> str:
        """Return the photos that a pretraining reads."""
        dataset, spec = self._pretraining(wildcards)
        return paths.packed(dataset, spec)

    def spec(self, wildcards: Any) -> str:
        """Return the spec of a pretraining as JSON."""
        return self._pretraining(wildcards)[1].to_json()

    def code(self, wildcards: Any) -> list[tuple[str, str]]:
        """Return the code of what a pretraining's spec names."""
        return provenance.of_pretraining(self._pretraining(wildcards)[1])

    def priority(self, wildcards: Any) -> float:
        """First what most experiments wait for, and of equals the largest network, which takes longest."""
        waiting = self.study.experiments_from(wildcards.source, wildcards.backbone)
        return 1000 * waiting + needs.parameters(wildcards.backbone, ORIGINAL)

    def threads(self, wildcards: Any) -> int:
        """Return the CPU threads that a pretraining computes with."""
        return self._pretraining(wildcards)[1].threads

    def memory(self, wildcards: Any, attempt: int) -> int:
        """Return MB of memory for a pretraining."""
        return resources.more(resources.memory(self._pretraining(wildcards)[1], cuda=self.cuda), attempt)

    def minutes(self, wildcards: Any, attempt: int) -> int:
        """Return minutes for a pretraining."""
        dataset, spec = self._pretraining(wildcards)
        return resources.minutes(spec, resources.photos_of(dataset)) * attempt
