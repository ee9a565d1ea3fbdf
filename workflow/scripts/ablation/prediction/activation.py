"""Class-activation maps: which places of a photo speak for a class, by captum's Grad-CAM."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from PIL import Image
from torch import Tensor, nn

from ablation.prediction import layers
from ablation.prediction.layers import Layer
from ablation.prediction.placing import Map, spread
from ablation.prediction.predicting import Ensemble
from ablation.prediction.trained import Trained

CPU = torch.device("cpu")


class Explainer:
    """A trained network on the CPU, in fp32 as it predicts, and its layer with places.

    `layer` is None where the network has none, or none on which its outputs depend; found by one photo.
    """

    def __init__(self, trained: Trained, photo: Image.Image) -> None:
        self.trained = Ensemble([trained], CPU).members[0]
        self.layer = layers.last(self.trained.net, self._values(photo))

    def _values(self, photo: Image.Image) -> Tensor:
        pixels = torch.tensor(self.trained.preparation.way.pixels(photo))
        return self.trained.preparation.values(pixels[None])

    def maps(self, photo: Image.Image, labels: Sequence[int]) -> list[Map]:
        """Return a map for each class that is asked for, of the pixels of a photo (`photos.photo` opened it).

        float32 height x width, 0 to 1 where something speaks for the class, all 0 where nothing does, NaN
        where the network saw nothing. 1 is the place that speaks most for it, also if that is a bar beside
        the photo: of two classes the maps do not tell which is the likelier.
        """
        assert self.layer is not None
        way, values = self.trained.preparation.way, self._values(photo)
        found = []
        for label in labels:
            grid = grad_cam(self.trained.net, self.layer, values, label)
            grid /= grid.max() or 1
            found.append(spread(grid, photo.width, photo.height, way.size, way.resize))
        return found


def grad_cam(net: nn.Module, layer: Layer, photo: Tensor, label: int) -> Map:
    """Return the Grad-CAM of one photo for a class: float32 rows x columns, 0 or more.

    `photo` is as the network takes it, float32 1 x 3 x side x side.
    Selvaraju et al. (2017), "Grad-CAM: Visual explanations from deep networks via gradient-based
    localization", ICCV: the layer's channels, each weighted by the mean of the class's gradient over its
    places, summed, and what is below 0 left out. The class's score is taken before a softmax of the network.
    """
    # Here, because it takes half a second.
    from captum.attr import LayerGradCam

    # captum takes channels first, and no tokens: it is shown the places, and the network goes on with them.
    probe = nn.Identity()
    hook = net.get_submodule(layer.name).register_forward_hook(
        lambda _layer, _inputs, output: layer.output(probe(layer.places(output)), output)
    )
    with ExitStack() as stack:
        stack.callback(hook.remove)
        stack.enter_context(layers.before_softmax(net))
        found = LayerGradCam(net, probe).attribute(photo, target=label, relu_attributions=True)
    grid: Map = found[0, 0].detach().float().numpy()
    return grid
