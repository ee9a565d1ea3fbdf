"""A network on its device, in the layout that computes fastest there."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.utils import _pair

from ablation.running.errors import UserError
from ablation.training.depthwise import kind_for
from ablation.training.memory import is_out_of_memory


class PointwiseConv2d(nn.Conv2d):
    """A 1 x 1 convolution as the matrix product that it is.

    oneDNN's own is slow for the weights' gradient of small photos: with 16 of 64 pixels a step of ResNet-50
    takes 0.84 of its time so; with 64 of 224 pixels as long as with oneDNN's.
    """

    def forward(self, photos: Tensor) -> Tensor:
        """Return the convolution of N x C x H x W."""
        down, right = self.stride
        places = photos[:, :, ::down, ::right].permute(0, 2, 3, 1)
        # Two dimensions: of four, PyTorch makes many small products where no gradient is wanted.
        rows = functional.linear(places.flatten(0, 2), self.weight.flatten(1), self.bias)
        return rows.view(*places.shape[:3], self.out_channels).permute(0, 3, 1, 2)


def is_pointwise(layer: nn.Module) -> bool:
    """Tell whether a layer is a convolution that looks at one place only, at all channels of it."""
    plain = type(layer) is nn.Conv2d and layer.groups == 1 and layer.padding == (0, 0)
    return plain and layer.kernel_size == (1, 1)


class RepeatableAvgPool2d(nn.AdaptiveAvgPool2d):
    """Adaptive average pooling whose gradient has the same bytes each time on CUDA, where its size divides.

    Where each side of the result divides that of the photos, all windows are alike and none shares a pixel
    with another: plain average pooling, whose gradient PyTorch computes on CUDA in a fixed order. Of adaptive
    pooling it does not promise that. CPUs keep the latter: both repeat there, but to different bytes where
    neither side of the window is a power of two.
    """

    def forward(self, photos: Tensor) -> Tensor:
        """Return the averages of N x C x H x W: N x C and the two sides of `output_size`."""
        sides, wanted = photos.shape[2:], _pair(self.output_size)
        # Of 1 x 1 PyTorch's own is a mean, whose gradient repeats.
        if wanted == (1, 1) or any(side % part for side, part in zip(sides, wanted, strict=True)):
            return super().forward(photos)
        window = sides[0] // wanted[0], sides[1] // wanted[1]
        return photos if window == (1, 1) else functional.avg_pool2d(photos, window)


def place(net: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to the device (in place), channels last: the layout both CPU and GPU prefer."""
    on_cpu = device.type == "cpu"
    pointwise = [layer for layer in net.modules() if on_cpu and is_pointwise(layer)]
    depthwise = {layer: kind for layer in net.modules() if on_cpu and (kind := kind_for(layer))}
    pooling = [layer for layer in net.modules() if not on_cpu and type(layer) is nn.AdaptiveAvgPool2d]
    try:
        net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(
            f"the network does not fit the memory of {device}: choose a smaller backbone"
        ) from error
    for pool in pooling:
        pool.__class__ = RepeatableAvgPool2d
    for layer, kind in depthwise.items():
        layer.__class__ = kind
    for layer in pointwise:
        layer.__class__ = PointwiseConv2d
        # The same memory with the strides, which mean nothing here, that its gradients have.
        layer.weight.data = layer.weight.data.flatten(1)[:, :, None, None]  # type: ignore[operator]
    return net
