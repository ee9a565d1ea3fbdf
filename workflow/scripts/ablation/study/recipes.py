"""How to train, with every value that a configuration leaves out: augmentations and optimizers."""

from __future__ import annotations

from typing import Any

from ablation.running.errors import UserError
from ablation.spec import Optimizer
from ablation.training import parameters

OPTIMIZER_FIELDS = ("learning_rate", "momentum", "weight_decay")


def resolved_augmentation(config: dict[str, Any], name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return an augmentation's transforms with every parameter; raise UserError for one that cannot be."""
    steps = []
    for position, step in enumerate(config["augmentations"][name]):
        transform, values = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        try:
            steps.append((transform, parameters.resolve(transform, values)))
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
