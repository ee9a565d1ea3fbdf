"""What a network needs of the photos and of the machine, by the names of its backbone and its edit."""

from __future__ import annotations

from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS, ORIGINAL


def minimum_size(backbone: str, architecture: str) -> int:
    """Return the smallest image side in pixels that the network can train on."""
    edit = EDITS[architecture].minimum_size if architecture != ORIGINAL else None
    return BACKBONES[backbone].minimum_size if edit is None else edit


def parameters(backbone: str, architecture: str) -> int:
    """Return about how many millions of parameters the network has."""
    edit = EDITS[architecture].parameters if architecture != ORIGINAL else 0
    return BACKBONES[backbone].parameters + edit


def normalisation(backbone: str) -> tuple[tuple[float, ...], tuple[float, ...]]:  # noqa: ARG001
    """Return the mean and the deviation of each channel that the backbone's published weights expect."""
    return (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def needs_whole_batch(architecture: str) -> bool:
    """Tell whether a batch cannot be split over several processes."""
    return architecture != ORIGINAL and EDITS[architecture].whole_batch


def multiplications(backbone: str, image_size: int) -> float:
    """Return about how many 10^9 multiplications a photo of this side takes."""
    return BACKBONES[backbone].multiplications * (image_size / 224) ** 2


def activations(backbone: str) -> int:
    """Return how many bytes a pixel of a batch takes while a network trains, in fp32."""
    return BACKBONES[backbone].activations
