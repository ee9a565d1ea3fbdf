"""How to augment photos, with every value that a configuration leaves out."""

from __future__ import annotations

from typing import Any

from ablation.networks.normalisations import Normalisation
from ablation.running.errors import UserError
from ablation.training import parameters
from ablation.training.parameters import STANDARDIZE
from ablation.training.transforms.table import TRANSFORMS


def resolved_augmentation(
    config: dict[str, Any], name: str, expected: Normalisation
) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return an augmentation's transforms with every parameter; raise UserError for one that cannot be.

    `standardize` becomes the normalize by what is `expected` of photos, so that the same training is the same
    spec, whichever way it was written.
    """
    steps = []
    for position, step in enumerate(config["augmentations"][name]):
        transform, values = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if transform == STANDARDIZE:
            transform = "normalize"
            values = dict(zip(("mean", "std"), expected, strict=True)) | values
        try:
            steps.append((transform, parameters.resolve(transform, values)))
        except (ValueError, OverflowError) as error:
            raise UserError(f"config: augmentations.{name}[{position}]: {error}") from error
    names = [transform for transform, _ in steps]
    after = names[names.index("normalize") + 1 :] if "normalize" in names else []
    if not all(TRANSFORMS[transform].takes_any_values for transform in after):
        free = ", ".join(transform for transform, its in TRANSFORMS.items() if its.takes_any_values)
        raise UserError(
            f"config: augmentations.{name} goes on after normalize, but the others need values from 0 to 1; "
            f"put normalize last (or standardize); only {free} may follow"
        )
    return tuple(steps)
