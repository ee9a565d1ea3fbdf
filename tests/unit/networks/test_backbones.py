"""The backbones with their heads and edits: sizes, outputs, and what each keeps."""

from __future__ import annotations

import torch
from meta import NETWORKS, PARAMETERS, forward_on_meta, on_meta

from ablation.networks import build
from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS, ORIGINAL


def test_the_table_names_every_network() -> None:
    edits = {(backbone, name) for name, edit in EDITS.items() for backbone in edit.backbones}
    assert set(PARAMETERS) == edits | {(backbone, ORIGINAL) for backbone in BACKBONES}


@NETWORKS
def test_trainable_parameters(backbone: str, architecture: str) -> None:
    assert build.trainable_parameters(on_meta(backbone, architecture)) == PARAMETERS[backbone, architecture]


FRESH = {  # which of the pretrained network's tensors each network has replaced or dropped
    **{
        (backbone, architecture): {"classifier.6.weight", "classifier.6.bias"}
        for backbone, architecture in PARAMETERS
        if backbone in ("alexnet", "vgg11")
    },
    ("alexnet", "fewer_layers"): {
        f"{layer}.{kind}"
        for layer in ("features.6", "features.8", "features.10", "classifier.1", "classifier.6")
        for kind in ("weight", "bias")
    },
    ("alexnet", "more_layers_wide"): {
        f"{layer}.{kind}" for layer in ("classifier.1", "classifier.6") for kind in ("weight", "bias")
    },
}


@NETWORKS
def test_layers_that_are_not_replaced_keep_their_tensors(backbone: str, architecture: str) -> None:
    with torch.device("meta"):
        net = build.untouched(backbone)
        before = {name: id(tensor) for name, tensor in [*net.named_parameters(), *net.named_buffers()]}
        tensors = list(net.parameters())  # keeps every id in use
        build.adapt(net, backbone, architecture, 219)
    assert tensors
    # ResNets and GoogLeNet keep `fc` whole, as the first layer of the new `fc`.
    after = {
        name.replace("fc.0.", "fc."): id(tensor)
        for name, tensor in [*net.named_parameters(), *net.named_buffers()]
    }
    kept = {name for name, tensor in before.items() if after.get(name) == tensor}
    assert set(before) - kept == FRESH.get((backbone, architecture), set())


@NETWORKS
def test_the_output_is_one_value_a_class(backbone: str, architecture: str) -> None:
    net = on_meta(backbone, architecture)
    assert forward_on_meta(net, 2, 224).shape == (2, 219)
