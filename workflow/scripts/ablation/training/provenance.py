"""The code that decides a training beside the modules that all share: the rows of tables that its spec names.

The Snakefile imports this.
"""

from __future__ import annotations

from ablation.networks import needs
from ablation.networks.backbones import BACKBONES, TABLE, line
from ablation.networks.edits import ORIGINAL
from ablation.running import code
from ablation.spec import Spec


def of_run(spec: Spec) -> list[tuple[str, str]]:
    """Return names and hashes of a run's backbone, head, edit and transforms."""
    edits = [] if spec.architecture == ORIGINAL else [code.of_row("EDITS", spec.architecture)]
    head = code.of_row("HEADS", needs.head(spec.backbone, spec.head))
    return [*of_pretraining(spec), head, *edits]


def of_pretraining(spec: Spec) -> list[tuple[str, str]]:
    """Return those of the backbone and the transforms: a pretraining keeps the network's own head."""
    transforms = sorted({name for name, _ in spec.augmentation})
    return [
        of_backbone(spec.backbone),
        *(code.of_row("TRANSFORMS", name) for name in transforms),
    ]


def of_backbone(name: str) -> tuple[str, str]:
    """Return the name and the hash of a backbone's row, in the code or in the table of all networks."""
    if name in BACKBONES:
        return code.of_row("BACKBONES", name)
    return f"ablation/networks/{TABLE}[{name}]", code.shortened(line(name))
