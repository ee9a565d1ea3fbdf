"""What a training's code is, beside the modules that all trainings share. The Snakefile imports this."""

from __future__ import annotations

from ablation.networks.edits import ORIGINAL
from ablation.running import code
from ablation.spec import Spec


def chosen(spec: Spec) -> list[tuple[str, str]]:
    """Return the code of what a spec names, and its hashes: a backbone, an edit, transforms."""
    edits = [] if spec.architecture == ORIGINAL else [("EDITS", spec.architecture)]
    transforms = sorted({("TRANSFORMS", name) for name, _ in spec.augmentation})
    return [code.of_row(*row) for row in (("BACKBONES", spec.backbone), *edits, *transforms)]
