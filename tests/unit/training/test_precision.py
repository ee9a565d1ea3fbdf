"""In which precision a training computes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from tiny import CLASSES, CPU, SGD, SIDE, Tiny, photos, spec, state_of
from torch import Tensor, nn
from torch.nn import functional

from ablation.networks import build
from ablation.networks.edits import ORIGINAL
from ablation.training import loop, parts, placement
from ablation.training.inputs import Augmented
from ablation.training.precision import autocast, keep_logits_exact

WIDE = 3 * SIDE * SIDE


@pytest.mark.parametrize(
    ("precision", "native", "expected"),
    [
        ("fp32", True, "fp32"),
        ("bf16", False, "bf16"),
        ("auto", True, "bf16"),
        ("auto", False, "fp32"),
    ],
)
def test_precision(monkeypatch: pytest.MonkeyPatch, precision: str, native: bool, expected: str) -> None:
    monkeypatch.setattr("ablation.training.precision.native_bf16", lambda _: native)
    net, found = Tiny(nn.Flatten(), nn.Linear(WIDE, 5), nn.ReLU(), nn.Linear(5, CLASSES)), set()
    net.layers[1].register_forward_hook(lambda _layer, _given, made: found.add(made.dtype))
    trained = loop.train(net, spec(precision=precision), photos(), CPU)
    assert trained.precision == expected
    assert found == {torch.bfloat16 if expected == "bf16" else torch.float32}
    # Those of the last layer, which the loss and the hits are made of.
    assert {outputs.dtype for _, _, outputs in net.seen} == {torch.float32}
    # The weights and what is added up stay in float32.
    assert trained.best_state["layers.1.weight"].dtype == torch.float32
    for epoch in trained.history:
        assert math.isfinite(epoch.train_loss + epoch.val_loss)


def test_of_two_outputs_closer_than_bf16_tells_the_higher_wins() -> None:
    """1 and 1.001 are the same in bf16, and the lower of two classes that tie is the one that is guessed."""
    net = Tiny(nn.Flatten(), nn.Linear(WIDE, WIDE), nn.Linear(WIDE, CLASSES))
    with torch.no_grad():
        net.layers[2].weight.zero_()  # type: ignore[operator,union-attr]
        net.layers[2].bias.copy_(torch.tensor([1.0, 1.001, 0.0]))  # type: ignore[operator,union-attr]
    assert torch.tensor([1.0, 1.001]).bfloat16().unique().numel() == 1
    recipe = spec(precision="bf16", optimizer=replace(SGD, learning_rate=1e-9))
    trained = loop.train(net, recipe, photos(), CPU)
    assert trained.best_outputs.argmax(1).tolist() == [1] * 5
    labels = torch.from_numpy(photos().labels[photos().training])
    assert trained.history[0].train_accuracy == float((labels == 1).float().mean())


# A plain layer behind depthwise convolutions, a 1 x 1 convolution that a CPU computes as a product, and two
# layers whose outputs are averaged.
@pytest.mark.parametrize(
    "backbone", ["mobilenet_v3_small", "squeezenet1_1", "deit_tiny_distilled_patch16_224"]
)
@pytest.mark.usefixtures("_one_thread")
def test_logits_are_those_that_float32_makes_of_the_last_features(backbone: str) -> None:
    torch.manual_seed(0)
    net = build.adapt(build.untouched(backbone), backbone, ORIGINAL, 5, "linear")
    net = placement.place(net, CPU).eval()
    plain = state_of(net)
    head = parts.head_of(net)
    layers = list(head) if isinstance(head, nn.ModuleList) else [head]
    keep_logits_exact(head)
    keep_logits_exact(parts.head_of(net))  # again changes nothing
    assert plain.keys() == net.state_dict().keys()
    found: list[tuple[Tensor, Tensor]] = []
    for layer in layers:
        layer.register_forward_hook(lambda _layer, given, made: found.append((given[0], made.clone())))
    with torch.inference_mode(), autocast("bf16", CPU):
        outputs = net(torch.rand(2, 3, 224, 224))
    assert outputs.dtype == torch.float32
    assert len(found) == len(layers)
    for layer, (features, made) in zip(layers, found, strict=True):
        assert made.dtype == torch.float32
        apply = functional.linear if isinstance(layer, nn.Linear) else functional.conv2d
        expected = apply(features.double(), layer.weight.double(), layer.bias.double())
        torch.testing.assert_close(made.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_probe_on_features_has_exact_logits_too() -> None:
    net = Tiny(nn.Flatten(), nn.Linear(WIDE, 5), nn.Linear(5, CLASSES))
    recipe = spec(precision="bf16", trains="head")
    trained = loop.train(net, recipe, photos(), CPU)
    assert len(net.seen) == 5  # each photo once: the head trained on features
    net.load_state_dict(trained.best_state)
    validation = Augmented.of(photos(), recipe, training=False, device=CPU)
    outputs = loop.predict(net, recipe, validation, "bf16")
    assert torch.equal(outputs, trained.best_outputs)
    assert not torch.equal(outputs, outputs.bfloat16().float())
