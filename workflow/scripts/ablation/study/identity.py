"""What runs and starting weights are called: after what they are, and not after what a study calls them.

So a run is found again by whichever study and experiment has it, and renaming one trains nothing; and what
has other values lies elsewhere, though it be called the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ablation.networks.edits import ORIGINAL
from ablation.spec import Spec
from ablation.study.weights import hub_file, pretraining

# Hexadecimal digits: of 10,000 runs two are called the same once in 6 million studies.
DIGITS = 12


def digest(*texts: str) -> str:
    """Return the beginning of a hash of texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:DIGITS]


def of_weights(config: dict[str, Any], source: str, backbone: str) -> str:
    """Return what tells the weights that a source has of a backbone from others of these names, or "".

    Of a file of the user's own nothing but the names: a moved one is the same, and another's content tells.
    """
    fields = config["weight_sources"][source]
    if fields["source"] == "pretraining":
        dataset, spec = pretraining(config, source, backbone)
        return digest(dataset, spec.to_json())
    if fields["source"] == "torchvision":
        return digest(fields["version"])
    if fields["source"] == "timm":
        name, file = hub_file(fields["files"], backbone)
        return digest(name, *(f"{key} {value}" for key, value in sorted(file.items())))
    return ""


def of_runs(spec: Spec, weights: str) -> str:
    """Return the folder of the runs of a spec, whatever its seed, that start from weights so told apart."""
    edit = [] if spec.architecture == ORIGINAL else [spec.architecture]
    # A name is that of a folder, and a network's may be timm/resnet50.
    return "-".join([spec.backbone.replace("/", "-"), *edit, digest(spec.without_seed(), weights)])
