"""What a network needs of the photos and of the machine, by the names of its backbone and its edit."""

from __future__ import annotations

from ablation.networks.backbones import BACKBONES, OWN, row_of
from ablation.networks.edits import EDITS, ORIGINAL

# What an experiment's `head` may be: what the report gave the backbone, or a replaced last layer.
REPORT, LINEAR = "report", "linear"


def minimum_size(backbone: str, architecture: str) -> int:
    """Return the smallest image side in pixels that the network can train on."""
    edit = EDITS[architecture].minimum_size if architecture != ORIGINAL else None
    return row_of(backbone).minimum_size if edit is None else edit


def wrong_size(backbone: str, architecture: str, image_size: int, *, pretraining: bool = False) -> str | None:
    """Say what a network needs instead of an image side in pixels; None if it can train on it.

    A pretraining leaves weights as published ones are, for photos of the network's usual size.
    """
    its, minimum = row_of(backbone), minimum_size(backbone, architecture)
    usual = its.usual_size
    if not its.step or (its.resized and pretraining):
        return None if image_size == usual else f"takes photos of {usual} pixels alone"
    if image_size < minimum:
        return f"needs at least {minimum} pixels"
    if more := (usual - image_size) % its.step:
        return f"takes photos of {usual} pixels and steps of {its.step}, as {image_size + more}"
    return None


def library(backbone: str) -> str:
    """Return the name of the package that has the network."""
    return row_of(backbone).library


def least_photos(backbone: str) -> int:
    """Return how many photos the smallest batch has that the network can train on."""
    return row_of(backbone).least_photos


def has_report_head(backbone: str) -> bool:
    """Tell whether the report gave the backbone a head."""
    return backbone in BACKBONES and library(backbone) != OWN


def head(backbone: str, choice: str) -> str:
    """Return the name in `heads.HEADS` of a backbone's head: `choice` is REPORT or LINEAR."""
    return row_of(backbone).head if choice == REPORT else LINEAR


def normalisation(backbone: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of red, green and blue, in 0..1, that normalise a network's photos."""
    its = row_of(backbone)
    return its.mean, its.std


def parameters(backbone: str, architecture: str) -> float:
    """Return about how many millions of parameters the network has."""
    edit = EDITS[architecture].parameters if architecture != ORIGINAL else 0
    return row_of(backbone).parameters + edit


def needs_whole_batch(architecture: str) -> bool:
    """Tell whether a photo's outputs depend on the others of its batch, also outside training."""
    return architecture != ORIGINAL and EDITS[architecture].whole_batch


def multiplications(backbone: str, image_size: int) -> float:
    """Return about how many 10^9 multiplications a photo of this side takes."""
    its = row_of(backbone)
    return its.multiplications * (image_size / its.usual_size) ** 2


def activations(backbone: str) -> int:
    """Return how many bytes a pixel of a batch takes while a network trains, in fp32."""
    return row_of(backbone).activations
