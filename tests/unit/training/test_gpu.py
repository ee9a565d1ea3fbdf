"""What a training asks of a GPU, found without one: on tensors with a device, layout and type, but no values.

Reading a value of such a tensor, or copying it to the CPU, raises; on a GPU it would wait for what is queued.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from operators import Operators
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from ablation.networks import backbones, build, edits
from ablation.photos.pack import Pack
from ablation.running import environment
from ablation.spec import Optimizer, Spec
from ablation.training import augmentation, loop, parameters, placement, precision, state
from ablation.training.distributed.group import Group
from ablation.training.distributed.layers import SharedBatchNorm2d
from ablation.training.inputs import Augmented
from ablation.training.loader import Photos
from ablation.training.read_ahead import Staging
from ablation.training.transforms.table import TRANSFORMS

CPU, META, GPU = torch.device("cpu"), torch.device("meta"), torch.device("cuda", 0)
SIDE, BATCHES = 96, [4, 4, 3]
RUNG_6 = tuple(
    (name, parameters.resolve(name, {}))
    for name in ("horizontal_flip", "rotation", "color_jitter", "grayscale", "normalize")
)


def spec(backbone: str) -> Spec:
    return Spec(
        backbone=backbone,
        architecture=edits.ORIGINAL,
        augmentation=RUNG_6,
        optimizer=Optimizer("adamw", 0.001, 0.0, 0.1, "one_cycle"),
        weights="none",
        image_size=SIDE,
        batch_size=BATCHES[0],
        epochs=1,
        patience=1,
        precision="bf16",
        seed=0,
    )


def photos() -> Pack:
    count = sum(BATCHES) + 5
    pixels = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    trains = np.arange(count) < sum(BATCHES)
    return Pack(np.arange(count) % 3, trains, list(map(str, range(count))), list("abc"), photos=pixels)


def network(backbone: str) -> nn.Module:
    return build.adapt(build.untouched(backbone), backbone, edits.ORIGINAL, 3)


@pytest.fixture
def _meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the meta device do what a GPU does, where PyTorch refuses to."""
    monkeypatch.setattr(loop, "takes", lambda _device, _size: True)
    for module in (loop, precision, state):
        monkeypatch.setattr(module, "autocast", lambda _precision, _device: nullcontext())
    monkeypatch.setattr(sys.modules["torch.optim.adam"], "_device_dtype_check_for_fused", lambda _: None)
    missing = torch.library.Library("aten", "IMPL", "Meta")
    missing.impl("_fused_adamw_.tensor_lr", lambda *_arguments, **_options: None)
    yield
    missing._destroy()


@pytest.mark.usefixtures("_meta")
@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_nothing_is_asked_of_the_device_before_an_epochs_last_batch_is_trained(backbone: str) -> None:
    trained = []

    def watch(batches: Sequence[Tensor], _epoch: int) -> Iterator[Tensor]:
        for batch in batches:
            yield batch
            trained.append(len(batch))

    # What raises is the question whether the epoch's losses are finite.
    with pytest.raises(NotImplementedError, match="nonzero"):
        loop.train(network(backbone), spec(backbone), photos(), META, watch)
    assert trained == BATCHES


@pytest.mark.usefixtures("_meta")
def test_nothing_is_asked_of_the_device_while_validating() -> None:
    net = placement.place(network("alexnet"), META)
    chosen = Augmented.of(photos(), spec("alexnet"), training=False, device=META, resident=True)
    assert loop.predict(net, spec("alexnet"), chosen, "fp32").shape == (5, 3)


def test_batch_norm_of_several_processes_asks_nothing_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one operator of it that PyTorch does not have for tensors without values.
    stats = "batch_norm_update_stats"
    monkeypatch.setattr(torch, stats, lambda _photos, mean, variance, _momentum: (mean, variance))
    layer: Any = nn.BatchNorm2d(3, device=META)
    layer.__class__, layer.group = SharedBatchNorm2d, Group(0, 1, 4)
    inputs = torch.empty(4, 3, 5, 6, dtype=torch.bfloat16, device=META, requires_grad=True)
    layer(inputs).sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.dtype == torch.bfloat16


# Operators of which CUDA has no algorithm that repeats its bytes, as the documentation of PyTorch's
# use_deterministic_algorithms says, or as they do themselves by calling alertNotDeterministic (in the
# libtorch_cuda.so of 2.14). Of nll_loss only that of a label for each pixel does.
UNREPEATABLE = {
    *("adaptive_avg_pool2d_backward", "adaptive_avg_pool3d_backward", "adaptive_max_pool2d_backward"),
    *("avg_pool3d_backward", "fractional_max_pool2d_backward", "fractional_max_pool3d_backward"),
    *("max_pool3d_with_indices_backward", "max_unpool2d", "max_unpool3d", "grid_sampler_2d_backward"),
    *("grid_sampler_3d_backward", "cudnn_grid_sampler_backward", "upsample_linear1d_backward"),
    *("upsample_bilinear2d_backward", "upsample_bicubic2d_backward", "upsample_trilinear3d_backward"),
    *("upsample_bilinear2d_aa_backward", "upsample_bicubic2d_aa_backward", "reflection_pad1d_backward"),
    *("reflection_pad2d_backward", "reflection_pad3d_backward", "replication_pad1d_backward"),
    *("replication_pad2d_backward", "replication_pad3d_backward", "nll_loss2d_forward", "ctc_loss_backward"),
    *("embedding_bag_backward", "put", "histc", "bincount", "median", "nanmedian"),
    *("scatter", "scatter_reduce", "index_reduce"),
}


@pytest.mark.usefixtures("_meta")
@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_a_training_step_repeats_its_bytes(backbone: str) -> None:
    """But for pooling to a size that does not divide the photos', as AlexNet's and VGG's smallest ones."""
    uneven = {"alexnet": {63, 96, 448}, "vgg11": {32, 96}}.get(backbone, set())
    training = state.Training(network(backbone), spec(backbone), 20, META)
    # Where pooling is whole at every size, more of them show nothing, and a step of 100 layers takes seconds.
    sides = (SIDE, 224, 448) if uneven else (224,)
    for side in (backbones.BACKBONES[backbone].minimum_size, *sides):
        photos = torch.empty(4, 3, side, side, device=META).to(memory_format=torch.channels_last)
        with Operators() as operators:
            training.step(photos, torch.empty(4, dtype=torch.int64, device=META))
        assert {"convolution_backward", "max_pool2d_with_indices_backward"} <= operators.names
        expected = {"adaptive_avg_pool2d_backward"} if side in uneven else set()
        assert operators.names & UNREPEATABLE == expected


@pytest.mark.usefixtures("_gpu")
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_repeats_its_bytes_and_waits_for_no_gpu(name: str) -> None:
    (step,) = augmentation.build([(name, {})], training=True)
    drawn = step.draw(40, torch.Generator().manual_seed(1))
    with FakeGpu() as gpu:
        photos = torch.zeros(40, 3, 20, 30, device=GPU)
        gpu.placed = True
        with Operators() as operators:
            photos = step.apply(photos, drawn)
        assert (photos.device, photos.shape) == (GPU, (40, 3, 20, 30))
    assert operators.names
    assert not operators.names & UNREPEATABLE


class FakeGpu(TorchDispatchMode):
    """Runs on fake tensors what touches the GPU, and everything else for real.

    PyTorch's FakeTensorMode knows of each operator on which device, of which layout and type its result is.
    It lets pass an index on the CPU and a copy to the GPU that waits; the one is refused here, and the other
    once everything is in its place.
    """

    COPIES = torch.ops.aten._to_copy, torch.ops.aten.copy_, torch.ops.aten.to

    def __init__(self) -> None:
        super().__init__()
        self.fakes, self.placed = FakeTensorMode(), False

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = tree_leaves((args, kwargs))
        if not any(touches_gpu(value) for value in given):
            return func(*args, **kwargs)
        real = [value for value in given if isinstance(value, Tensor) and not isinstance(value, FakeTensor)]
        if any(value.dim() for value in real):
            assert func.overloadpacket in self.COPIES, func
            assert kwargs.get("non_blocking") or not self.placed, func
        args, kwargs = tree_map_only(Tensor, self.fake, (args, kwargs))
        with self.fakes:
            result = func(*args, **kwargs)
        assert all(value.device == GPU for value in tree_leaves(result) if isinstance(value, Tensor)), func
        return result

    def fake(self, tensor: Tensor) -> Tensor:
        return tensor if isinstance(tensor, FakeTensor) else self.fakes.from_tensor(tensor)


def touches_gpu(value: Any) -> bool:
    return isinstance(value, FakeTensor) or (isinstance(value, torch.device) and value == GPU)


@pytest.fixture
def _gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that computes bf16, as PyTorch sees it, without a driver to start; or the one that is there."""
    if torch.cuda.is_available():
        return
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)


@pytest.mark.usefixtures("_gpu")
@pytest.mark.parametrize("backbone", backbones.BACKBONES)
def test_photos_and_weights_are_channels_last_and_layers_compute_bf16_on_a_gpu(backbone: str) -> None:
    last, layers = {"memory_format": torch.channels_last}, []

    def note(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        weight = layer.weight
        layers.append((weight.device, inputs[0].device, output.device, output.dtype))
        assert weight.dim() == 2 or weight.is_contiguous(**last)

    net = network(backbone)
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(note)  # type: ignore[arg-type]
    transforms, generator = augmentation.build(RUNG_6, training=True), torch.Generator()
    with FakeGpu() as gpu:
        chosen = Photos.of(photos(), training=True, device=GPU, resident=True)
        placement.place(net, GPU)
        gpu.placed = True
        pixels, labels = chosen.batch(torch.arange(4))
        batch = augmentation.augmented(pixels, transforms, augmentation.draw(transforms, 4, generator))
        assert batch.shape == (4, 3, SIDE, SIDE)
        assert batch.is_contiguous(**last)
        outputs = loop.predict(net, spec(backbone), Augmented(chosen, transforms), "bf16")
    assert {pixels.device, labels.device, batch.device, outputs.device} == {GPU}
    assert (outputs.shape, outputs.dtype) == ((sum(BATCHES), 3), torch.float32)
    assert set(layers) == {(GPU, GPU, GPU, torch.bfloat16)}


@pytest.mark.usefixtures("_gpu")
@pytest.mark.parametrize(
    ("device", "resident", "ahead"), [(GPU, False, True), (GPU, True, False), (CPU, False, False)]
)
def test_photos_that_do_not_fit_a_gpu_are_read_ahead(
    monkeypatch: pytest.MonkeyPatch, device: torch.device, resident: bool, ahead: bool
) -> None:
    """How: test_read_ahead.py."""
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: device)
    monkeypatch.setattr(torch.cuda, "Event", lambda blocking: blocking)
    with FakeGpu():
        chosen = Photos.of(photos(), training=True, device=device, resident=resident)
    assert isinstance(chosen.pixels, Tensor) == resident
    assert isinstance(chosen.staging, Staging) == ahead
    if chosen.staging:
        assert (chosen.staging.device, chosen.staging.stream) == (GPU, GPU)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("speed", ["auto", "eager"])
def test_a_gpu_is_not_waited_for_while_it_trains(
    monkeypatch: pytest.MonkeyPatch, speed: str, resident: bool
) -> None:
    """CUDA's own word, where there is a GPU; it counts for the thread that reads ahead too."""
    monkeypatch.setattr(loop, "takes", lambda _device, _size: resident)
    monkeypatch.setenv(environment.SPEED, speed)
    end, asked = state.Training.train_loss_and_accuracy, []

    def watch(batches: Sequence[Tensor], epoch: int) -> Iterator[Tensor]:
        # Not before: what is chosen, started or recorded once may wait.
        torch.cuda.set_sync_debug_mode("error" if epoch == 3 else "default")
        yield from batches

    def ask(training: state.Training) -> tuple[float, float]:
        asked.append(torch.cuda.get_sync_debug_mode())
        torch.cuda.set_sync_debug_mode("default")
        return end(training)

    monkeypatch.setattr(state.Training, "train_loss_and_accuracy", ask)
    try:
        loop.train(
            network("googlenet"), replace(spec("googlenet"), epochs=3, patience=3), photos(), GPU, watch
        )
        assert asked == [0, 0, 2]
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_photos_read_ahead_are_the_packs_own() -> None:
    """While the GPU is kept busy, so that what it is given to copy too early or too late would show."""
    count = 256
    pixels = np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
    large = Pack(np.arange(count) % 3, np.arange(count) > 0, [], list("abc"), photos=pixels)
    chosen = Photos.of(large, training=True, device=GPU)
    factor, kept = torch.ones(4096, 4096, device=GPU), []
    for index, (found, labels) in chosen.batches(torch.randperm(count - 1).split(16)):
        torch.mm(factor, factor)
        # Used behind that, and dropped here before it is.
        kept.append((index, found.clone(), labels.clone()))
        del found, labels
    for index, found, labels in kept:
        np.testing.assert_array_equal(found.cpu().numpy(), pixels[1:][index.numpy()])
        np.testing.assert_array_equal(labels.cpu().numpy(), large.labels[1:][index.numpy()])
