"""Depthwise convolutions on a CPU, with gradients by oneDNN's kernels for depthwise convolutions.

oneDNN has such kernels (`jit_dw`, `brdgmm_dw`: ONEDNN_VERBOSE=1 names what it takes) and takes them for the
outputs, but for most gradients others, which pad each group, of one channel here, to 16 x 16 or 16 x 32
channels and multiply zeros. Here the gradients are written so that it takes the former:

- That of the photos is a convolution of the outputs' with the mirrored kernel, with zeros between its places
  where the stride is not 1 (Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016,
  chapter 4).
- That of the weights is computed for three columns of the kernel at a time: `jit_dw` takes no wider kernel.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable
from torch.nn import functional

Pair = tuple[int, int]

# oneDNN's kernels know the first two; in float64 PyTorch computes the same, slowly, for tests.
DTYPES = torch.bfloat16, torch.float32, torch.float64
# How many columns of a kernel `jit_dw` takes for the weights' gradient.
WIDEST = 3


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution with the gradients of this module."""

    def forward(self, photos: Tensor) -> Tensor:
        """Return the convolution of N x C x H x W."""
        assert isinstance(self.padding, tuple)
        return depthwise(photos, self.weight, self.bias, _pair(self.stride), _pair(self.padding))


class SameDepthwiseConv2d(nn.Conv2d):
    """timm's Conv2dSame, where it is depthwise: a stride of s leaves 1/s of each side, rounded up."""

    def forward(self, photos: Tensor) -> Tensor:
        """Return the convolution of N x C x H x W; of an odd padding most lies to the right and below."""
        margins = []
        for axis in (1, 0):
            side, kernel, stride = photos.shape[axis - 2], self.kernel_size[axis], self.stride[axis]
            missing = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
            margins += [missing // 2, missing - missing // 2]
        padded = functional.pad(photos, margins)
        return depthwise(padded, self.weight, self.bias, _pair(self.stride), (0, 0))


def kind_for(layer: nn.Module) -> type[nn.Conv2d] | None:
    """Return the class above that computes what a layer does; None if it is no depthwise convolution."""
    kinds: dict[type, type[nn.Conv2d]] = {nn.Conv2d: DepthwiseConv2d}
    # Not imported here, which takes long: a network of timm's has imported it.
    if timms := sys.modules.get("timm.layers"):
        kinds[timms.Conv2dSame] = SameDepthwiseConv2d
    kind = kinds.get(type(layer))
    if kind is None or not isinstance(layer, nn.Conv2d):
        return None
    plain = layer.dilation == (1, 1) and layer.padding_mode == "zeros" and isinstance(layer.padding, tuple)
    one_each = 1 < layer.groups == layer.in_channels == layer.out_channels
    return kind if plain and one_each and max(layer.kernel_size) > 1 else None


def depthwise(photos: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair) -> Tensor:
    """Return the convolution of N x C x H x W with C x 1 x kernel and C, in the precision of autocast."""
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        photos, weight = photos.to(dtype), weight.to(dtype)
        bias = None if bias is None else bias.to(dtype)
    known = photos.dim() == 4 and photos.numel() > 0 and photos.dtype == weight.dtype in DTYPES
    # With more padding some outputs see no photo at all.
    inside = all(pad < side for pad, side in zip(padding, weight.shape[2:], strict=True))
    if known and inside and torch.is_grad_enabled():
        out: Tensor = _Depthwise.apply(photos, weight, bias, stride, padding)
        return out
    return functional.conv2d(photos, weight, bias, stride, padding, groups=len(weight))


class _Depthwise(torch.autograd.Function):
    """The convolution of PyTorch, with the gradients below."""

    @staticmethod
    @custom_fwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def forward(
        ctx: Any, photos: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair
    ) -> Tensor:
        ctx.save_for_backward(photos, weight)
        ctx.stride, ctx.padding = stride, padding
        return functional.conv2d(photos, weight, bias, stride, padding, groups=len(weight))

    @staticmethod
    @custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        photos, weight = ctx.saved_tensors
        wanted: tuple[bool, bool, bool] = ctx.needs_input_grad[:3]
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_photos = of_weight = of_bias = None
        if wanted[0]:
            of_photos = photos_gradient(gradient, weight, photos.shape[2:], ctx.stride, ctx.padding)
        if wanted[1]:
            of_weight, of_bias = weight_gradient(
                photos, gradient, weight.shape[2:], ctx.stride, ctx.padding, wanted[2]
            )
        elif wanted[2]:
            of_bias = gradient.sum((0, 2, 3))
        return of_photos, of_weight, of_bias, None, None


def photos_gradient(
    gradient: Tensor, weight: Tensor, size: Sequence[int], stride: Pair, padding: Pair
) -> Tensor:
    """Return the photos' gradient, N x C x `size`, given the outputs' and the weights C x 1 x kernel.

    Each padding is less than the kernel's side.
    """
    beyond = [side - 1 - pad for side, pad in zip(weight.shape[2:], padding, strict=True)]
    if stride != (1, 1):
        spread = [side + pad - more for side, pad, more in zip(size, padding, beyond, strict=True)]
        apart = _photos(gradient.shape[:2], spread, gradient.dtype)
        apart.zero_()[:, :, :: stride[0], :: stride[1]] = gradient
        gradient = apart
    return functional.conv2d(gradient, weight.flip(2, 3), padding=beyond, groups=len(weight))


def weight_gradient(
    photos: Tensor, gradient: Tensor, kernel: Sequence[int], stride: Pair, padding: Pair, with_bias: bool
) -> tuple[Tensor, Tensor | None]:
    """Return the gradients C x 1 x `kernel` of the weights and C of the bias, given the outputs'."""
    (high, wide), (_, right), (above, left) = kernel, stride, padding
    sides = zip(photos.shape[2:], gradient.shape[2:], kernel, stride, padding, strict=True)
    rows_fit, columns_fit = (fits(*axis) for axis in sides)
    taps = min(wide, WIDEST)
    if (rows_fit and columns_fit and wide <= WIDEST) or right > taps:
        return _pytorchs(photos, gradient, kernel, stride, padding, with_bias)
    dtype = photos.dtype
    # jit_dw takes 0.4 of the time in float32 that it takes in bf16. That pays where it is called three times.
    precise = torch.float32 if wide > 2 * WIDEST and dtype == torch.bfloat16 else dtype
    lines = Lines(photos, wide - taps, 0 if rows_fit else above, left, 2 * left - wide + taps, precise)
    gradient = widened(gradient, (lines.width - taps) // right + 1, precise)
    found: list[Tensor] = []
    of_bias, columns = None, 0
    for first in [*range(0, wide - taps, taps), wide - taps]:
        shifted, rest = lines.shifted(first), (above if rows_fit else 0, 0)
        part, bias = _pytorchs(shifted, gradient, (high, taps), stride, rest, with_bias and not found)
        # The last columns begin where they must to end with the kernel: some may have been found before.
        found.append(part[..., columns - first :])
        of_bias, columns = bias if first == 0 else of_bias, first + taps
    return torch.cat(found, 3).to(dtype), None if of_bias is None else of_bias.to(dtype)


def fits(side: int, out: int, kernel: int, stride: int, padding: int) -> bool:
    """Tell whether `jit_dw` finds the weights' gradient along a side of photos and outputs.

    As oneDNN 3.12 has it in jit_uni_dw_conv_bwd_weights_kernel_t::init_conf.
    """
    end = max((out - 1) * stride + kernel - side - padding, 0)
    whole = all(pad <= kernel // 2 and (pad <= 1 or pad % stride == 0) for pad in (padding, end))
    return whole and side >= kernel + -padding % stride


class Lines:
    """Photos N x C x H x W as lines of pixels with zeros between them, one after the other in memory.

    Shifted photos are then the same memory from another pixel on: what leaves a line on the one side has come
    from the zeros of the next on the other, or, where the gradient has zeros, does not count.
    """

    def __init__(
        self, photos: Tensor, shifts: int, above: int, left: int, between: int, dtype: torch.dtype
    ) -> None:
        """Lay out photos that are shifted by up to `shifts` pixels, with at least so many zeros on the left.

        There are as many lines of zeros above and below as `above` says, and `between` zeros after a line.
        """
        count, channels, high, wide = photos.shape
        self.width = wide + max(left, between)
        self.shape = count, channels, high + 2 * above, self.width
        self.strides = self.shape[2] * self.width * channels, 1, self.width * channels, channels
        pixels = count * self.shape[2] * self.width
        self.memory = torch.empty(pixels + max(shifts, left), channels, dtype=dtype)
        if above:
            self.memory.zero_()
        else:
            self.memory[:left].zero_()
            self.memory[pixels:].zero_()
        lines = self.memory[left : left + pixels].view(count, self.shape[2], self.width, channels)
        lines[:, :, wide:].zero_()
        lines[:, above : above + high, :wide] = photos.permute(0, 2, 3, 1)

    def shifted(self, by: int) -> Tensor:
        """Return the photos, padded and shifted to the left by so many pixels."""
        return self.memory.as_strided(self.shape, self.strides, by * self.shape[1])


def widened(gradient: Tensor, width: int, dtype: torch.dtype) -> Tensor:
    """Return a gradient N x C x H x W with zeros on the right, in a precision."""
    *shape, high, wide = gradient.shape
    if wide == width:
        return gradient.to(dtype)
    found = _photos(shape, (high, width), dtype)
    found[..., wide:].zero_()
    found[..., :wide] = gradient
    return found


def _photos(shape: Sequence[int], size: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return memory, whatever it holds, for N x C x `size`, channels last."""
    return torch.empty((*shape, *size), dtype=dtype, memory_format=torch.channels_last)


def _pytorchs(
    photos: Tensor,
    gradient: Tensor,
    kernel: Sequence[int],
    stride: Pair,
    padding: Pair,
    with_bias: bool,
) -> tuple[Tensor, Tensor | None]:
    """Return PyTorch's own gradients of the weights and the bias."""
    channels = photos.shape[1]
    # Of the weights nothing but their shape is read.
    weight = torch.empty((channels, 1, *kernel), dtype=photos.dtype)
    sizes, mask = [channels] if with_bias else None, (False, True, with_bias)
    _, of_weight, of_bias = torch.ops.aten.convolution_backward(
        gradient, photos, weight, sizes, stride, padding, (1, 1), False, (0, 0), channels, mask
    )
    return of_weight, of_bias


def _pair(sides: Sequence[int]) -> Pair:
    """Return two sides as the tuple that they are."""
    high, wide = sides
    return high, wide
