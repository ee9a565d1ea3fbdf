"""The architecture edits: changes to a network after its head was replaced, most of them the report's.

To add one, write a function that changes the network in place and add a line to `EDITS`. torch is imported
inside functions because the Snakefile reads this module to check config.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ablation.running.plugins import Table

if TYPE_CHECKING:
    from torch import nn

# The name of a network without an edit.
ORIGINAL = "original"


def fewer_layers(net: Any) -> None:
    """Cut AlexNet's features after two convolutions; the first linear layer is fresh."""
    from torch import nn

    net.features = net.features[:6]
    net.classifier[1] = nn.Linear(192 * 6 * 6, 4096)


def more_layers_wide(net: Any) -> None:
    """Append two convolutions, to 1024 channels; the first linear layer is fresh and without bias."""
    from torch import nn

    net.features.extend(extra_convolutions(1024))
    net.classifier[1] = nn.Linear(1024 * 6 * 6, 4096, bias=False)


def more_layers_narrow(net: Any) -> None:
    """Append two convolutions, back to 256 channels; the pretrained classifier is kept."""
    net.features.extend(extra_convolutions(256))


def extra_convolutions(channels: int) -> list[nn.Module]:
    """Return the layers that the `more_layers` edits append: 256 -> 512 -> `channels`."""
    from torch import nn

    layers: list[nn.Module] = []
    for inputs, outputs in ((256, 512), (512, channels)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=1)]
    return layers


def softmax_output(net: Any) -> None:
    """Append a softmax over the batch (dim 0), as the report ran it."""
    from torch import nn

    net.classifier.append(nn.Softmax(dim=0))


def softmax_classes(net: Any) -> None:
    """Append a softmax over the classes (dim 1)."""
    from torch import nn

    net.classifier.append(nn.Softmax(dim=1))


@dataclass(frozen=True)
class Edit:
    """A change to a network after its head was replaced, and where it applies.

    `minimum_size` replaces the backbone's, None keeps that; `parameters` are the millions that it adds;
    with `whole_batch` the output of a photo depends on the others of its batch, also outside training.
    """

    apply: Callable[[Any], None]
    backbones: tuple[str, ...] = ("alexnet",)
    minimum_size: int | None = None
    parameters: int = 0
    whole_batch: bool = False


EDITS: Mapping[str, Edit] = Table(
    "EDITS",
    {
        "fewer_layers": Edit(fewer_layers, minimum_size=31, parameters=-12),
        # Two poolings of 3 at stride 1 need a feature map of 5 x 5, which AlexNet makes from 191 pixels.
        "more_layers_wide": Edit(more_layers_wide, minimum_size=191, parameters=119),
        "more_layers_narrow": Edit(more_layers_narrow, minimum_size=191, parameters=2),
        "softmax_output": Edit(softmax_output, backbones=("alexnet", "vgg11"), whole_batch=True),
        "softmax_classes": Edit(softmax_classes, backbones=("alexnet", "vgg11")),
    },
)
