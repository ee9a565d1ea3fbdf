"""What networks are said to need, against what they do."""

from __future__ import annotations

import pytest
import torch
from meta import NETWORKS, PARAMETERS, forward_on_meta, on_meta
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ablation.networks import build, needs
from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import ORIGINAL


@NETWORKS
def test_minimum_size_is_the_smallest_that_trains(backbone: str, architecture: str) -> None:
    net, side = on_meta(backbone, architecture), needs.minimum_size(backbone, architecture)
    # The last batch of an epoch may hold a single photo.
    for photos in (1, 2):
        assert forward_on_meta(net, photos, side).shape == (photos, 219)
    with pytest.raises((RuntimeError, ValueError), match=r"Output size is too small|more than 1 value"):
        forward_on_meta(net, 1, side - 1)


@NETWORKS
def test_sizes_by_which_runs_are_ordered(backbone: str, architecture: str) -> None:
    """In millions, with the 1000 outputs of a pretrained network and the edit's change of one of 219."""
    original = build.trainable_parameters(torchvisions_on_meta(backbone))
    change = PARAMETERS[backbone, architecture] - PARAMETERS[backbone, ORIGINAL]
    assert needs.parameters(backbone, architecture) == round(original / 1e6) + round(change / 1e6)


def torchvisions_on_meta(backbone: str) -> nn.Module:
    with torch.device("meta"):
        return build.untouched(backbone)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_multiplications(backbone: str) -> None:
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        build.untouched(backbone).eval()(torch.empty(1, 3, 224, 224))
    # An addition goes with every multiplication.
    counted = counter.get_total_flops() / 2e9
    assert needs.multiplications(backbone, 224) == pytest.approx(counted, abs=0.05)
    assert needs.multiplications(backbone, 112) == needs.multiplications(backbone, 224) / 4
