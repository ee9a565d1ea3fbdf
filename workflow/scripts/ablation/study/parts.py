"""What of a recipe depends on the rest of an experiment: which part of it trains, on which photos."""

from __future__ import annotations

from typing import Any

from ablation.networks import edits
from ablation.running.errors import UserError


def resolved_head_epochs(recipe: dict[str, Any], entry: dict[str, Any], name: str, where: str) -> int:
    """Return the first epochs that train the head alone; 0 where the recipe's number decides nothing."""

    def key(field: str) -> str:
        return f"{where}.{field}" if field in entry else f"recipe.{field}"

    trains, head_epochs = recipe["trains"], recipe["head_epochs"]
    if trains != "all" and entry.get("architecture", edits.ORIGINAL) != edits.ORIGINAL:
        raise UserError(
            f"config: {key('trains')} is {trains}, but {name} has an edit in what would be frozen; "
            f"give {where} trains: all"
        )
    if trains != "head_then_all":
        return 0
    if head_epochs >= recipe["epochs"]:
        raise UserError(
            f"config: {key('head_epochs')} is {head_epochs}, but {name} trains for {recipe['epochs']} epochs "
            f"in all; give {key('head_epochs')} fewer"
        )
    count: int = head_epochs
    return count


def check_batch_norm(
    config: dict[str, Any], weights: str, recipe: dict[str, Any], name: str, where: str
) -> None:
    """Refuse to freeze statistics that nothing has learned."""
    if recipe["batch_norm"] == "frozen" and config["weight_sources"][weights]["source"] == "none":
        raise UserError(
            f"config: batch_norm is frozen, but {name} starts from random weights, whose statistics are of "
            f"no photos; give {where} batch_norm: trained, or other weights"
        )


def check_mixing(recipe: dict[str, Any], entry: dict[str, Any], name: str, where: str) -> None:
    """Refuse to mix the photos of batches of one."""
    for field in ("mixup", "cutmix"):
        if recipe[field] and recipe["batch_size"] == 1:
            key = f"{where}.{field}" if field in entry else f"recipe.{field}"
            raise UserError(
                f"config: {key} is {recipe[field]:g}, but {name} has batches of one photo, with none to mix "
                f"it with; give {where} a batch_size of 2 or more, or {field}: 0"
            )
