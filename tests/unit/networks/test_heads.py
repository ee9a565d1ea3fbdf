"""The heads: as many outputs as classes, on networks that stay as they were otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ablation.networks import build, needs
from ablation.networks.backbones import BACKBONES, IMAGENET_CLASSES
from ablation.networks.heads import HEADS


def tensors(net: nn.Module) -> dict[str, Tensor]:
    return dict([*net.named_parameters(), *net.named_buffers()])


def test_every_head_is_some_backbones() -> None:
    assert {one.head for one in BACKBONES.values()} | {needs.LINEAR} == set(HEADS)


@pytest.mark.parametrize("classes", [1, 219])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_head_gives_outputs_and_leaves_the_rest(backbone: str, classes: int) -> None:
    head = BACKBONES[backbone].head
    with torch.device("meta"):
        net = build.untouched(backbone)
        before = tensors(net)
        HEADS[head](net, classes)
        assert net.eval()(torch.empty(2, 3, 224, 224)).shape == (2, classes)
    after = tensors(net)
    kept = {name for name, old in before.items() if any(old is new for new in after.values())}
    fresh = [new for new in after.values() if not any(new is old for old in before.values())]
    if head == "replace_last_layer":
        # AlexNet's and VGG's last layer, by torchvision's names.
        assert before.keys() - kept == {"classifier.6.weight", "classifier.6.bias"}
        assert after.keys() == before.keys()
        inputs = 4096
    else:
        assert kept == before.keys()
        inputs = IMAGENET_CLASSES
    assert [tuple(one.shape) for one in fresh] == [(classes, inputs), (classes,)]
    assert all(one.requires_grad for one in fresh)


def test_an_extended_head_goes_on_from_what_was_pretrained() -> None:
    old = nn.Linear(6, 5)
    net = SimpleNamespace(fc=old)
    HEADS["extend_fc"](net, 3)
    features = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    fresh = net.fc[-1]
    hidden = functional.linear(features, old.weight, old.bias).clamp(min=0)
    assert (hidden == 0).any()
    expected = functional.linear(hidden, fresh.weight, fresh.bias)
    torch.testing.assert_close(net.fc(features), expected)


def test_a_replaced_layer_gets_what_the_last_one_got() -> None:
    net = SimpleNamespace(classifier=nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 9)))
    first, last = net.classifier
    HEADS["replace_last_layer"](net, 3)
    assert len(net.classifier) == 2
    assert net.classifier[0] is first
    assert net.classifier[1] is not last
    assert (net.classifier[1].in_features, net.classifier[1].out_features) == (4, 3)
    assert net.classifier[1].bias is not None
