"""Class-activation maps against those computed by hand, and where they lie on photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from ablation.photos import resizing
from ablation.photos.photo import photo
from ablation.prediction import layers
from ablation.prediction.activation import Explainer, grad_cam
from ablation.prediction.preparation import Preparation, Way
from ablation.prediction.trained import Trained

SIDE, PARTS = 64, 16


class Pooled(nn.Module):
    """Convolutions, the mean over all places, and a linear layer: what CAM was first written for."""

    def __init__(self, *behind: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        # The ReLU writes into what it is given.
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 12, 3, stride=4),
        )
        self.act = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(12, 3), *behind)

    def forward(self, photos: Tensor) -> Tensor:
        found: Tensor = self.classifier(self.avgpool(self.act(self.features(photos))))
        return found


class Brightness(nn.Module):
    """Class 0 is bright and class 1 dark, by the mean of each of 16 x 16 parts of a photo."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Conv2d(3, 2, SIDE // PARTS, stride=SIDE // PARTS)
        with torch.no_grad():
            self.parts.weight[0] = 1 / self.parts.weight[0].numel()
            self.parts.weight[1] = -self.parts.weight[0]
            self.parts.bias.copy_(torch.tensor([0.0, 1.0]))

    def forward(self, photos: Tensor) -> Tensor:
        return torch.relu(self.parts(photos)).mean((2, 3))


def trained(net: nn.Module, resize: str = "squash") -> Trained:
    preparation = Preparation(Way(SIDE, resize, "bilinear"), [])
    about: dict[str, Any] = {"backbone": "by hand"}
    return Trained(net.eval(), ["a", "b", "c"], preparation, None, about, Path())


def noise(seed: int = 0) -> Tensor:
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def test_of_a_network_that_averages_it_is_cam() -> None:
    """Zhou et al. (2016): the feature maps, each by the weight that the class gives it."""
    net, values = Pooled().eval(), noise()
    layer = layers.last(net, values)
    assert layer == layers.Layer("act", 8, 8, layers.FIRST)
    with torch.no_grad():
        maps = torch.relu(net.features(values))[0]
        weights: Any = net.classifier[1].weight
        expected = torch.relu(torch.einsum("lc,cyx->lyx", weights, maps)).numpy()
    found = np.stack([grad_cam(net, layer, values, label) for label in range(3)])
    assert (expected.max((1, 2)) > 0).sum() > 1
    # The mean has each place count a 64th.
    np.testing.assert_allclose(found * 64, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dim", [0, 1])
def test_a_softmax_of_the_network_changes_nothing(dim: int) -> None:
    values = noise()
    plain, ended = Pooled().eval(), Pooled(nn.Softmax(dim)).eval()
    layer = layers.last(ended, values)
    assert layer is not None
    for label in range(3):
        np.testing.assert_array_equal(
            grad_cam(ended, layer, values, label), grad_cam(plain, layer, values, label)
        )
    # It is left out for the map alone.
    assert ended(values).sum(dim).allclose(torch.ones(1))


def test_tokens_become_the_places_of_their_patches() -> None:
    """Of a vision transformer, whose last block passes on the token of the class alone."""
    torch.manual_seed(0)
    net = VisionTransformer(SIDE, 16, 3, 2, 24, 48, num_classes=3).eval()
    nn.init.normal_(net.heads[-1].weight)
    values, label = noise(), 1
    layer = layers.last(net, values)
    assert layer == layers.Layer("encoder.layers.encoder_layer_2.ln_1", 4, 4, layers.TOKENS)
    kept: list[Tensor] = []
    block: Any = net.encoder.layers[-1]
    hook = block.ln_1.register_forward_hook(lambda _layer, _inputs, output: kept.append(output))
    score = net(values)[0, label]
    hook.remove()
    (gradient,) = torch.autograd.grad(score, kept)
    # The first token is that of the class.
    weights = gradient[0, 1:].mean(0)
    expected = torch.relu((kept[0][0, 1:] * weights).sum(1)).reshape(4, 4)
    assert expected.max() > 0
    np.testing.assert_allclose(grad_cam(net, layer, values, label), expected.detach(), rtol=1e-4, atol=1e-7)
    # And the network computes what it did.
    assert torch.equal(net(values)[0, label], score)


def test_a_network_without_places_has_no_layer() -> None:
    assert layers.last(nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 3)).eval(), noise()) is None


def write_quadrant(path: Path, width: int, height: int, orientation: int) -> None:
    """Write a photo that is black but for its upper right quadrant, turned away as its EXIF tag says."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, width // 2 :] = 255
    image = Image.fromarray(pixels)
    back = {
        1: None,
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }
    if (method := back[orientation]) is not None:
        image = image.transpose(method)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image.save(path, exif=exif)


@pytest.mark.parametrize("resize", resizing.WAYS)
@pytest.mark.parametrize(("width", "height"), [(200, 100), (90, 160), (64, 64)])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_map_lies_where_the_photo_is_bright(
    tmp_path: Path, resize: str, width: int, height: int, orientation: int
) -> None:
    write_quadrant(tmp_path / "a.png", width, height, orientation)
    opened = photo(tmp_path / "a.png")
    assert opened.size == (width, height)
    explainer = Explainer(trained(Brightness(), resize), opened)
    assert explainer.layer == layers.Layer("parts", PARTS, PARTS, layers.FIRST)
    bright, dark = explainer.maps(opened, [0, 1])
    assert bright.shape == dark.shape == (height, width)
    cut = np.isnan(bright)
    assert cut.any() == (resize == "crop" and width != height)
    quadrant = np.zeros((height, width), bool)
    quadrant[: height // 2, width // 2 :] = True
    # Between two places the map changes from one to the other.
    near = np.zeros((height, width), bool)
    band = max(width, height) // PARTS + 1
    near[height // 2 - band : height // 2 + band] = near[:, width // 2 - band : width // 2 + band] = True
    edge = np.zeros((height, width), bool)
    # Bars beside the photo are dark, and its outermost places are partly theirs.
    edge[:band] = edge[-band:] = edge[:, :band] = edge[:, -band:] = resize == "pad"
    told = ~near & ~edge & ~cut
    assert (told & quadrant).sum() > 20
    assert bright[told & quadrant].min() > 0.9
    assert bright[told & ~quadrant].max() < 0.1
    assert dark[told & quadrant].max() < 0.1
    assert dark[told & ~quadrant].min() > 0.9


def test_where_nothing_speaks_for_a_class_the_map_is_empty() -> None:
    black = Image.new("RGB", (70, 50))
    bright, dark = Explainer(trained(Brightness()), Image.new("RGB", (9, 9), "grey")).maps(black, [0, 1])
    assert not bright.any()
    assert (dark == 1).all()
