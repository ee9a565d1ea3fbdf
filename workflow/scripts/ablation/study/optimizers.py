"""Optimizers and their schedules, with every value that a configuration leaves out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ablation.running.errors import UserError
from ablation.spec import Optimizer

# What an experiment may change of its optimizer; the first five are numbers with a default.
NUMBERS = ("learning_rate", "momentum", "weight_decay", "warmup_epochs", "layer_decay")
OPTIMIZER_FIELDS = (*NUMBERS, "schedule", "step_epochs", "step_factor", "backbone_learning_rate")
STEP_FIELDS = ("step_epochs", "step_factor")


def key_of(field: str, name: str, changes: Collection[str], where: str) -> str:
    """Return the key of an optimizer's field: in the experiment at `where` if that changes it, or its own."""
    return f"{where}.{field}" if field in changes else f"optimizers.{name}.{field}"


def resolved_optimizer(
    config: dict[str, Any], name: str, changes: dict[str, Any], where: str = ""
) -> Optimizer:
    """Return an optimizer with the changes of the experiment at `where`.

    0 and 0.0 are one value and one spec. Raises UserError for values that say nothing to each other.
    """
    fields = {**config["optimizers"][name], **changes}
    schedule, warmup = fields["schedule"], fields["warmup_epochs"]
    said = f"{key_of('schedule', name, changes, where)} is {schedule}"
    if schedule == "one_cycle" and warmup:
        raise UserError(
            f"config: {key_of('warmup_epochs', name, changes, where)} is {warmup}, but {said}, which rises "
            "by itself; write warmup_epochs: 0, or another schedule"
        )
    if schedule == "step" and "step_epochs" not in fields:
        raise UserError(
            f"config: {said}, but {key_of('step_epochs', name, changes, where)} is missing; "
            "write the epochs between drops there"
        )
    for field in STEP_FIELDS:
        if schedule != "step" and field in fields:
            raise UserError(
                f"config: {key_of(field, name, changes, where)} is {fields[field]}, but {said}; "
                f"write schedule: step, or leave out {field}"
            )
    if fields["momentum"] and fields["algorithm"] != "sgd":
        raise UserError(
            f"config: {key_of('momentum', name, changes, where)} is {fields['momentum']:g}, but "
            f"optimizers.{name} is {fields['algorithm']}, which has none; leave it out, or choose an "
            "optimizer of sgd"
        )
    numbers = {field: float(fields[field]) for field in NUMBERS}
    own = fields.get("backbone_learning_rate", fields["learning_rate"])
    return Optimizer(
        algorithm=fields["algorithm"],
        schedule=schedule,
        **numbers,
        step_epochs=fields.get("step_epochs", Optimizer.step_epochs),
        step_factor=float(fields.get("step_factor", Optimizer.step_factor)),
        # The same training is the same spec.
        backbone_learning_rate=None if own == fields["learning_rate"] else float(own),
    )


def phases(trains: str, head_epochs: int, epochs: int) -> list[int]:
    """Return the epochs of each part of a training that has a schedule of its own."""
    return [head_epochs, epochs - head_epochs] if trains == "head_then_all" else [epochs]


def check_schedule(
    values: Optimizer,
    epochs: Sequence[int],
    training: str,
    name: str,
    changes: Collection[str] = (),
    where: str = "",
) -> None:
    """Refuse a warm-up that fills a part of a training, and drops that come in none of its parts.

    `epochs` are what `phases` returned for the training, which messages call `training`.
    """
    if values.warmup_epochs >= min(epochs):
        raise UserError(
            f"config: {key_of('warmup_epochs', name, changes, where)} is {values.warmup_epochs:g}, but "
            f"{training} has a schedule of {min(epochs)} epochs; write fewer than that"
        )
    if values.schedule == "step" and values.step_epochs >= max(epochs):
        raise UserError(
            f"config: {key_of('step_epochs', name, changes, where)} is {values.step_epochs}, but "
            f"{training} has a schedule of {max(epochs)} epochs, in which the rate would never drop; "
            "write fewer than that"
        )


def check_rates(
    trains: str, optimizer: str, values: Optimizer, changes: dict[str, Any], name: str, where: str
) -> None:
    """Refuse rates of the backbone where the head alone trains."""
    for field in ("backbone_learning_rate", "layer_decay"):
        if trains == "head" and getattr(values, field) != getattr(Optimizer, field):
            raise UserError(
                f"config: {key_of(field, optimizer, changes, where)} is {getattr(values, field):g}, but of "
                f"{name} the head alone trains; give {where} trains: all, or leave out {field}"
            )
