"""The networks: torchvision's backbones, their new heads, and the report's architecture edits.

To add a backbone, add one line to `BACKBONES`; to add an edit, one function to `EDITS`. torch is
imported inside functions because the Snakefile reads this module to check config.yaml.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablation.running.errors import UserError
from ablation.running.files import atomic, sha256

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.hooks import RemovableHandle

IMAGENET_CLASSES = 1000
ORIGINAL = "original"
# The entry of a weight file's header that says what the file is, with the hash of everything in it.
SEAL = "ablation"
# What safetensors calls the types of tensors that a network may hold.
SAFETENSORS_TYPES = {
    **{f"torch.float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"torch.int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{"torch.bfloat16": "BF16", "torch.uint8": "U8", "torch.bool": "BOOL"},
}


def replace_last_classifier_layer(net: Any, classes: int) -> None:
    """Put a fresh linear layer in place of the last of the classifier (AlexNet, VGG)."""
    from torch import nn

    net.classifier[-1] = nn.Linear(net.classifier[-1].in_features, classes)


def extend_fc(net: Any, classes: int) -> None:
    """Keep the pretrained 1000-way `fc` and add ReLU and a fresh linear layer behind it."""
    from torch import nn

    net.fc = nn.Sequential(net.fc, nn.ReLU(), nn.Linear(net.fc.out_features, classes))


@dataclass(frozen=True)
class Backbone:
    """How a torchvision network becomes a classifier of the user's classes.

    `minimum_size` is the smallest image side in pixels that it can train on, even with a last batch of
    one photo (batch norm refuses one value per channel); `parameters` are millions, with 1000 outputs;
    `multiplications` are 10^9 for a photo of 224 x 224 pixels; `activations` are the bytes that training
    keeps of each pixel of a batch, measured in fp32; `options` are passed to torchvision's builder.
    """

    head: Callable[[Any, int], None]
    minimum_size: int
    parameters: int
    multiplications: float
    activations: int
    options: dict[str, Any]


# GoogLeNet's transform_input is not part of its saved weights, so it is always asked for by name; the
# auxiliary heads are left out, as torchvision does when it loads the ImageNet weights.
GOOGLENET = {"aux_logits": False, "transform_input": True, "init_weights": True}

BACKBONES: dict[str, Backbone] = {
    "alexnet": Backbone(replace_last_classifier_layer, 63, 61, 0.7, 700, {}),
    "vgg11": Backbone(replace_last_classifier_layer, 32, 133, 7.6, 1600, {}),
    "googlenet": Backbone(extend_fc, 47, 7, 1.5, 1300, GOOGLENET),
    "resnet34": Backbone(extend_fc, 33, 22, 3.7, 1000, {}),
    "resnet50": Backbone(extend_fc, 33, 26, 4.1, 2300, {}),
    "resnet101": Backbone(extend_fc, 33, 45, 7.8, 3100, {}),
    "resnext50_32x4d": Backbone(extend_fc, 33, 25, 4.2, 2600, {}),
}


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


EDITS: dict[str, Edit] = {
    "fewer_layers": Edit(fewer_layers, minimum_size=31, parameters=-12),
    # Two poolings of 3 at stride 1 need a feature map of 5 x 5, which AlexNet makes from 191 pixels.
    "more_layers_wide": Edit(more_layers_wide, minimum_size=191, parameters=119),
    "more_layers_narrow": Edit(more_layers_narrow, minimum_size=191, parameters=2),
    "softmax_output": Edit(softmax_output, backbones=("alexnet", "vgg11"), whole_batch=True),
    "softmax_classes": Edit(softmax_classes, backbones=("alexnet", "vgg11")),
}


def minimum_size(backbone: str, architecture: str) -> int:
    """Return the smallest image side in pixels that the network can train on."""
    edit = EDITS[architecture].minimum_size if architecture != ORIGINAL else None
    return BACKBONES[backbone].minimum_size if edit is None else edit


def parameters(backbone: str, architecture: str) -> int:
    """Return about how many millions of parameters the network has."""
    edit = EDITS[architecture].parameters if architecture != ORIGINAL else 0
    return BACKBONES[backbone].parameters + edit


def needs_whole_batch(architecture: str) -> bool:
    """Tell whether a batch cannot be split over several processes."""
    return architecture != ORIGINAL and EDITS[architecture].whole_batch


def multiplications(backbone: str, image_size: int) -> float:
    """Return about how many 10^9 multiplications a photo of this side takes."""
    return BACKBONES[backbone].multiplications * (image_size / 224) ** 2


def activations(backbone: str) -> int:
    """Return how many bytes a pixel of a batch takes while a network trains, in fp32."""
    return BACKBONES[backbone].activations


def untouched(backbone: str) -> nn.Module:
    """Return the torchvision network with its 1000 outputs, freshly initialised."""
    import warnings

    import torchvision

    with warnings.catch_warnings():
        # GoogLeNet warns that its initialisation may become faster some day.
        warnings.simplefilter("ignore", FutureWarning)
        net: nn.Module = torchvision.models.get_model(backbone, weights=None, **BACKBONES[backbone].options)
    return net


def pretrained(backbone: str, weights: Path | None) -> nn.Module:
    """Return the torchvision network with its 1000 outputs, from a weight file or freshly initialised."""
    import torch

    if weights is None:
        return untouched(backbone)
    # On the meta device no memory is filled with random numbers only to be overwritten.
    with torch.device("meta"):
        net = untouched(backbone)
    load_state(net, read_weights(weights)[0], weights)
    return net


def initialise(net: nn.Module) -> None:
    """Prepare a network for a short training from random weights (in place).

    Residual blocks start as the identity (Goyal et al. 2017, section 5.1), so that deep networks learn
    from the first steps. Networks without batch normalisation get the initialisation of He et al. (2015,
    eq. 10): under PyTorch's own the signal shrinks from layer to layer and AlexNet takes epochs to start.
    Dropout is off: so short a training underfits, and dropout would slow it further.
    """
    from torch import nn
    from torchvision.models.resnet import BasicBlock, Bottleneck

    layers = list(net.modules())
    for layer in layers:
        if isinstance(layer, (BasicBlock, Bottleneck)):
            last = layer.bn3 if isinstance(layer, Bottleneck) else layer.bn2
            nn.init.zeros_(last.weight)
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    if any(isinstance(layer, nn.BatchNorm2d) for layer in layers):
        return
    weighted = [layer for layer in layers if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for layer in weighted:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    # Smaller first outputs than He's: the loss starts nearer to that of chance.
    nn.init.normal_(weighted[-1].weight, std=0.01)


def use_first_outputs(net: nn.Module, classes: int) -> RemovableHandle:
    """Let only the first `classes` of a network's 1000 outputs reach the loss, until the hook is removed.

    The others stay random projections of the last features. Trained against classes that never occur
    they would all turn negative, and the ReLU that `extend_fc` puts behind them would pass nothing on.
    """
    return net.register_forward_hook(lambda _net, _inputs, outputs: outputs[:, :classes])


def fetch(backbone: str, version: str) -> dict[str, Tensor]:
    """Return torchvision's published state dict of a version, its checksum checked.

    The file stays in torch's own cache (TORCH_HOME). Raises UserError if there is no such version or it
    cannot be fetched.
    """
    import http.client
    import pickle

    import torch
    import torchvision

    versions = torchvision.models.get_model_weights(backbone)
    if version not in versions.__members__:
        raise UserError(f"{backbone} has no weights {version!r}; one of: {', '.join(versions.__members__)}")
    url = versions[version].url
    cached = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    # The name ends in the hash's first digits, which torch.hub compares only after a download.
    digits = cached.stem.rpartition("-")[2]
    if cached.exists() and not sha256(cached).startswith(digits):
        raise UserError(f"{cached} was altered or cut short: delete it and run again")
    try:
        state = versions[version].get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        LookupError,  # the weights-only unpickler's words for a file that is no pickle
        http.client.HTTPException,
        pickle.UnpicklingError,
    ) as error:
        remedy = f"delete {cached}" if cached.exists() else "check the connection, or choose other weights"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"cannot fetch {url} ({reason}): {remedy}") from error
    return without_auxiliary_heads(backbone, state)


def read_given(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return a user's state dict (.pth or .safetensors), checked to fit the backbone with 1000 outputs.

    A .pth file is read without executing code. Raises UserError if it is unreadable or does not fit.
    """
    import torch

    advice = "save it with torch.save(net.state_dict(), path)"
    if path.suffix == ".safetensors":
        state = read_safetensors(path, "replace it by a good copy")[0]
    else:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except OSError as error:
            raise UserError(f"cannot read {path} ({error})") from error
        except Exception as error:  # on a foreign file torch's unpickler raises nearly anything
            raise UserError(f"{path} is not a readable state dict: {advice}") from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise UserError(f"{path} is not a state dict: {advice}")
    state = without_auxiliary_heads(backbone, state)
    with torch.device("meta"):
        net = untouched(backbone)
    kinds = {name: value.dtype for name, value in net.state_dict().items()}
    load_state(net, state, path)
    return {name: value.to(kinds[name]) for name, value in state.items()}


def without_auxiliary_heads(backbone: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out GoogLeNet's auxiliary heads, which torchvision's file carries and its network drops."""
    if backbone != "googlenet":
        return state
    return {name: value for name, value in state.items() if not name.startswith(("aux1.", "aux2."))}


def adapt(net: nn.Module, backbone: str, architecture: str, classes: int) -> nn.Module:
    """Replace the head for `classes` outputs, then apply the architecture edit (in place)."""
    BACKBONES[backbone].head(net, classes)
    if architecture != ORIGINAL:
        EDITS[architecture].apply(net)
    return net


def write_weights(path: Path, net_state: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write a state dict as safetensors with `about` and a hash in its header, whole or not at all.

    The same tensors and the same `about` give the same bytes.
    """
    state = {name: tensor.detach().to("cpu").contiguous() for name, tensor in net_state.items()}
    seal = {"about": about, "sha256": content_sha256(state, about)}
    with atomic(path) as temporary:
        write_safetensors(temporary, state, {SEAL: json.dumps(seal, sort_keys=True)})


def write_safetensors(path: Path, state: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write contiguous tensors on the CPU as the library's `safetensors.torch.save` has them.

    That one makes three copies of them in memory, which for VGG takes seconds; its `save_file` makes a file
    that only its owner can read, and a killed one leaves a file of another name. The format (safetensors'
    README): the header's length in 8 bytes, the header as JSON, padded with spaces to a multiple of 8
    bytes, and the values.
    """
    header: dict[str, Any] = {"__metadata__": metadata}
    # By falling size, so that all values lie at multiples of their size.
    ordered = sorted(state.items(), key=lambda item: (-item[1].itemsize, item[0]))
    end = 0
    for name, tensor in ordered:
        start, end = end, end + tensor.nbytes
        kind, shape = SAFETENSORS_TYPES[str(tensor.dtype)], list(tensor.shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in ordered:
            file.write(bytes_of(tensor))


def bytes_of(tensor: Tensor) -> memoryview:
    """Return the values of a contiguous tensor on the CPU as bytes, not copied."""
    import torch

    return tensor.reshape(-1).view(torch.uint8).numpy().data


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_weights` wrote; return the state dict and `about`.

    Raises UserError if a byte that matters is not as it was written.
    """
    remedy = "delete it and run again"
    state, about = read_safetensors(path, remedy)
    if about is None:
        raise UserError(f"{path} was altered or is of another program: {remedy}")
    return state, about


def read_safetensors(path: Path, remedy: str) -> tuple[dict[str, Tensor], Any]:
    """Return the tensors of a file, and what `write_weights` was told about them; None if it is not its.

    Raises UserError that ends with `remedy` if the file is unreadable, or not as `write_weights` left it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable weight file ({error}): {remedy}") from error
    if SEAL not in header:
        return state, None
    try:
        seal = json.loads(header[SEAL])
        about = seal["about"]
        altered = seal["sha256"] != content_sha256(state, about)
    except (ValueError, KeyError, TypeError):
        altered = True
    if altered:
        raise UserError(f"{path} was altered or truncated: {remedy}")
    return state, about


def content_sha256(state: dict[str, Tensor], about: Any) -> str:
    """Return a hash of tensors on the CPU (their names, types, shapes and bytes) and of `about`."""
    ordered = sorted(state.items())
    kinds = [(name, str(tensor.dtype), list(tensor.shape)) for name, tensor in ordered]
    digest = hashlib.sha256(json.dumps([kinds, about], sort_keys=True).encode())
    for _, tensor in ordered:
        digest.update(bytes_of(tensor))
    return digest.hexdigest()


def load_state(net: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Put a state dict into a network, refusing missing, surplus or misshapen tensors."""
    try:
        net.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"{path} does not fit {type(net).__name__}: {reason}") from error


def restore(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Rebuild the trained network of a run from its weight file, in evaluation mode."""
    import torch

    state, about = read_weights(path)
    if not (
        isinstance(about, dict)
        and about.get("backbone") in BACKBONES
        and about.get("architecture") in (ORIGINAL, *EDITS)
        and isinstance(about.get("classes"), list)
    ):
        raise UserError(f"{path} is not the weight file of a run of this version: name one, or run again")
    with torch.device("meta"):
        net = adapt(
            untouched(about["backbone"]), about["backbone"], about["architecture"], len(about["classes"])
        )
    load_state(net, state, path)
    return net.eval(), about


def trainable_parameters(net: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)


def describe(net: nn.Module) -> str:
    """Return the network as text: one line for each layer with its trainable parameters, and the sum."""
    rows = [
        (name, str(layer), trainable_parameters(layer))
        for name, layer in net.named_modules()
        if not any(layer.children())
    ]
    widths = (max(len(row[0]) for row in rows), max(len(row[1]) for row in rows))
    lines = [f"{name:<{widths[0]}}  {layer:<{widths[1]}}  {count:>11,}" for name, layer, count in rows]
    total = f"{'trainable parameters':<{sum(widths) + 2}}  {trainable_parameters(net):>11,}"
    return "\n".join([*lines, total]) + "\n"
