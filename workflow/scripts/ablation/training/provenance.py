"""The code that decides a training beside the modules that all share: the rows of tables that its spec names.

The Snakefile imports this.
"""

from __future__ import annotations

from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import ORIGINAL
from ablation.running import code
from ablation.spec import Spec


def of_run(spec: Spec) -> list[tuple[str, str]]:
    """Return names and hashes of a run's backbone, head, edit and transforms."""
    edits = [] if spec.architecture == ORIGINAL else [code.of_row("EDITS", spec.architecture)]
    return [*of_pretraining(spec), code.of_row("HEADS", BACKBONES[spec.backbone].head), *edits]


def of_pretraining(spec: Spec) -> list[tuple[str, str]]:
    """Return those of the backbone and the transforms: a pretraining keeps the network's own head."""
    transforms = sorted({name for name, _ in spec.augmentation})
    return [
        code.of_row("BACKBONES", spec.backbone),
        *(code.of_row("TRANSFORMS", name) for name in transforms),
    ]
