"""Weight sources: what the entry of one refers to, and the spec by which one trains its own weights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ablation.networks import edits, needs, normalisations, packages
from ablation.networks.backbones import OWN
from ablation.networks.normalisations import Normalisation
from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.study import smoke
from ablation.study.names import known, known_backbone
from ablation.study.optimizers import check_schedule, phases, resolved_optimizer
from ablation.study.recipes import resolved_augmentation


def check_sources(config: dict[str, Any], datasets: Collection[str]) -> None:
    """Raise UserError if a pretraining names a data set, augmentation, optimizer or backbone there is not."""
    for name, fields in config["weight_sources"].items():
        if fields["source"] == "pretraining":
            where = f"weight_sources.{name}"
            known(fields["dataset"], datasets, f"{where}.dataset", "data set")
            known(fields["augmentation"], config["augmentations"], f"{where}.augmentation", "augmentation")
            known(fields["optimizer"], config["optimizers"], f"{where}.optimizer", "optimizer")
            fields["overrides"] = {
                known_backbone(backbone, f"{where}.overrides"): values
                for backbone, values in fields["overrides"].items()
            }
            for backbone, values in fields["overrides"].items():
                optimizer = values.get("optimizer", fields["optimizer"])
                known(optimizer, config["optimizers"], f"{where}.overrides.{backbone}.optimizer", "optimizer")


def check_pretraining(config: dict[str, Any], source: str, backbone: str) -> None:
    """Refuse a pretraining of the backbone on photos of a size that it cannot take, or of too few epochs."""
    fields = config["weight_sources"][source]
    if fields["source"] != "pretraining":
        return
    own = fields["overrides"].get(backbone, {})
    size = own.get("image_size", fields["image_size"])
    if wrong := needs.wrong_size(backbone, edits.ORIGINAL, size, pretraining=True):
        key = f"overrides.{backbone}.image_size" if "image_size" in own else "image_size"
        raise UserError(
            f"config: weight_sources.{source}.{key} is {size}, but {backbone} {wrong}; "
            f"give overrides.{backbone} such an image_size"
        )
    optimizer, epochs = (own.get(field, fields[field]) for field in ("optimizer", "epochs"))
    values, training = resolved_optimizer(config, optimizer, {}), f"weight_sources.{source} of {backbone}"
    check_schedule(values, phases("all", 0, epochs), training, optimizer)


def check_library(config: dict[str, Any], source: str, backbone: str) -> None:
    """Refuse a source that has no weights of the backbone: of another library, or in none of the packages."""
    kind, where = config["weight_sources"][source]["source"], f"config: weight_sources.{source}"
    if kind == "package" and backbone not in packages.PACKAGES:
        raise UserError(
            f"{where}.source is 'package', but no package has weights of {backbone}; choose other weights, "
            f"or one of the networks {', '.join(packages.PACKAGES)}"
        )
    library = needs.library(backbone)
    named = "your own" if library == OWN else library
    if kind in ("torchvision", "timm") and kind != library:
        others = [
            *([] if library == OWN else [library]),
            *(["package"] if backbone in packages.PACKAGES else []),
            "file",
            "pretraining",
        ]
        raise UserError(
            f"{where}.source is {kind!r}, but {backbone} is a network of {named}; choose weights whose "
            f"source is {', '.join(map(repr, others))} or 'none'"
        )
    if kind == "timm":
        try:
            hub_file(config["weight_sources"][source]["files"], backbone)
        except UserError as error:
            raise UserError(f"{where}.files: {error}") from error


def hub_file(files: dict[str, dict[str, str]], backbone: str) -> tuple[str, dict[str, str]]:
    """Return timm's name of the weights that a source has for a backbone, and which file they are in.

    If the source names none, timm chooses them by the network's name. Raises UserError if it names several.
    """
    network = backbone.removeprefix("timm/")
    found = [name for name in files if name.partition(".")[0] == network]
    if len(found) > 1:
        raise UserError(f"several are of {network} ({', '.join(found)}); move all but one to another source")
    return (found[0], files[found[0]]) if found else (network, {})


def normalisation(config: dict[str, Any], source: str, backbone: str) -> Normalisation:
    """Return what a source's weights of a backbone expect.

    Weights that nobody published (a user's file, those trained here, none) expect what the network's usual
    ones do.
    """
    fields = config["weight_sources"][source]
    if fields["source"] == "package":
        return packages.NORMALISATION
    if fields["source"] == "torchvision":
        name = f"{backbone}.{fields['version']}"
    else:
        name = hub_file(fields["files"], backbone)[0] if fields["source"] == "timm" else backbone
    return normalisations.read().get(name) or needs.normalisation(backbone)


def pretraining(config: dict[str, Any], source: str, backbone: str) -> tuple[str, Spec]:
    """Return the data set and the spec by which a source trains a backbone from random weights.

    Its threads are the recipe's where it has none of its own: they are chosen for the machine.
    """
    fields = config["weight_sources"][source]
    threads = {"threads": config["recipe"]["threads"]}
    fields = {**threads, **fields, **fields["overrides"].get(backbone, {})}
    spec = Spec(
        backbone=backbone,
        architecture=edits.ORIGINAL,
        augmentation=resolved_augmentation(config, fields["augmentation"], needs.normalisation(backbone)),
        optimizer=resolved_optimizer(config, fields["optimizer"], {}),
        weights="none",
        image_size=fields["image_size"],
        batch_size=fields["batch_size"],
        epochs=fields["epochs"],
        patience=fields["epochs"],
        precision=fields["precision"],
        seed=fields["seed"],
        threads=fields["threads"],
    )
    return smoke.dataset(config, fields["dataset"]), smoke.spec(config, spec)
