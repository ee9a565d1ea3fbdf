"""The backbones: the report's, and from a table all other networks of torchvision and timm.

`BACKBONES` are the report's. The others are in `networks.csv`, which `tools/measure_networks.py` makes.
Standard library only: the Snakefile reads this module to check config.yaml.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ablation.running import plugins
from ablation.running.errors import UserError
from ablation.running.plugins import Table

IMAGENET_CLASSES = 1000
# Of a network's photos in 0..1, red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TABLE = "networks.csv"
# Before the name of a network of timm: needed where torchvision has one of the same name.
TIMM = "timm/"
# What the library is called of a network that is of none: a plugin's.
OWN = "own"


def library(backbone: str) -> str:
    """Return the library that makes a network: torchvision or timm."""
    return "timm" if backbone.startswith(("timm/", "tf_efficientnet_lite")) else "torchvision"


@dataclass(frozen=True)
class Backbone:
    """How a network becomes a classifier of the user's classes, and what it needs.

    `head` is the name in `heads.HEADS` of the one it gets unless an experiment says otherwise;
    `minimum_size` is the smallest image side in pixels that it can train on, even with a last batch of one
    photo (batch norm refuses one value per channel); `parameters` are millions, with all of its own outputs;
    `multiplications` are 10^9 for a photo of `usual_size` pixels a side; `activations` are the bytes that
    training keeps of each pixel of a batch, in fp32; `options` are passed to the builder of its `library`.

    Sides are `usual_size` and what differs from it by a multiple of `step`; no other where that is 0. A
    `resized` network is built for photos of the usual size and then made for those of another.
    `least_photos` are those of the smallest batch that can train.
    `mean` and `std` are of the photos in 0..1 that its published weights were trained on.
    `build` makes a network that is of no library, and is given `options`.
    """

    head: str
    minimum_size: int
    parameters: float
    multiplications: float
    activations: int
    options: Mapping[str, Any]
    library: str = "torchvision"
    usual_size: int = 224
    step: int = 1
    resized: bool = False
    least_photos: int = 1
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    interpolation: str = "bilinear"
    build: Callable[..., Any] | None = None


def own(
    build: Callable[..., Any],
    *,
    minimum_size: int,
    parameters: float,
    multiplications: float,
    activations: int,
    **others: Any,
) -> Backbone:
    """Return the row of a network of one's own, which `build` makes, freshly initialised.

    Its last layer is linear or a convolution, in a part of the network that is called `fc`, `classifier`,
    `head` or `heads`, and is replaced by one for the user's classes. The numbers are those of `Backbone`, as
    are `others`; tools/measure_networks.py measures them.
    """
    return Backbone(
        "linear", minimum_size, parameters, multiplications, activations, {}, OWN, build=build, **others
    )


# GoogLeNet's transform_input is not part of its saved weights, so it is always asked for by name; the
# auxiliary heads are left out, as torchvision does when it loads the ImageNet weights.
GOOGLENET = {"aux_logits": False, "transform_input": True, "init_weights": True}

BACKBONES: Mapping[str, Backbone] = Table(
    "BACKBONES",
    {
        "alexnet": Backbone("replace_last_layer", 63, 61, 0.7, 700, {}),
        "vgg11": Backbone("replace_last_layer", 32, 133, 7.6, 1600, {}),
        "googlenet": Backbone("extend_fc", 47, 7, 1.5, 1300, GOOGLENET),
        "resnet34": Backbone("extend_fc", 33, 22, 3.7, 1000, {}),
        "resnet50": Backbone("extend_fc", 33, 26, 4.1, 2300, {}),
        "resnet101": Backbone("extend_fc", 33, 45, 7.8, 3100, {}),
        "resnext50_32x4d": Backbone("extend_fc", 33, 25, 4.2, 2600, {}),
    },
)
# Of the others: Inception v3 is as GoogLeNet. Written out, because a change of these concerns all networks of
# the table, and one of GoogLeNet's GoogLeNet alone.
OPTIONS: dict[str, dict[str, Any]] = {
    "inception_v3": {"aux_logits": False, "transform_input": True, "init_weights": True}
}
COLUMNS = (
    *("name", "library", "parameters", "multiplications", "activations", "minimum_size", "usual_size"),
    *("step", "resized", "least_photos", "mean", "std", "interpolation"),
)


def row_of(name: str) -> Backbone:
    """Return the row of a network; raise UserError if there is none of this name."""
    return BACKBONES[name] if name in BACKBONES else from_line(line(name))


def exists(name: str) -> bool:
    """Tell whether there is a network of this name."""
    return name in BACKBONES or name in lines()


def require_own_names() -> None:
    """Raise UserError for a backbone of a plugin that is called as one of the table."""
    for name, file in plugins.files_of("BACKBONES").items():
        if name in lines():
            library = from_line(line(name)).library
            raise UserError(f"{file}: BACKBONES has {name!r}, which is {library}'s: give it another name")


def plain(name: str) -> str:
    """Return the one name of a network: `timm/` stands only before one that torchvision has too."""
    short = name.removeprefix(TIMM)
    if short == name or name in lines() or short not in lines():
        return name
    return short if from_line(line(short)).library == "timm" else name


@cache
def lines() -> dict[str, str]:
    """Return the lines of the table by name, read once: most studies need none of them."""
    text = Path(__file__).with_name(TABLE).read_text(encoding="utf-8")
    return {one.partition(",")[0]: one for one in text.splitlines()[1:]}


def line(name: str) -> str:
    """Return the line of a network in the table; raise UserError if there is none."""
    if name not in lines():
        raise UserError(f"{name!r} is {unknown(name)}")
    return lines()[name]


def unknown(name: str) -> str:
    """Say what is nearest to a name that no network has, and where all names are."""
    near = difflib.get_close_matches(name, [*BACKBONES, *lines()], 3)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    place = f"workflow/scripts/ablation/networks/{TABLE}"
    return f"no known backbone; {hint}one of: {', '.join(BACKBONES)}, or of the {len(lines())} in {place}"


@cache
def from_line(text: str) -> Backbone:
    """Return what a line of the table says."""
    its = dict(zip(COLUMNS, text.split(","), strict=True))
    return Backbone(
        head="linear",
        minimum_size=int(its["minimum_size"]),
        parameters=float(its["parameters"]),
        multiplications=float(its["multiplications"]),
        activations=int(its["activations"]),
        options=OPTIONS.get(its["name"], {}),
        library=its["library"],
        usual_size=int(its["usual_size"]),
        step=int(its["step"]),
        resized=its["resized"] == "yes",
        least_photos=int(its["least_photos"]),
        mean=tuple(map(float, its["mean"].split())),
        std=tuple(map(float, its["std"].split())),
        interpolation=its["interpolation"],
    )


def to_line(name: str, its: Backbone) -> str:
    """Return a line of the table, as `from_line` reads it."""
    fields = {**vars(its), "name": name, "resized": "yes" if its.resized else "no"}
    fields |= {one: " ".join(map(str, fields[one])) for one in ("mean", "std")}
    # The shortest text that is read as the same number: 5, not 5.0.
    return ",".join(f"{one:.6g}" if isinstance(one, float) else str(one) for one in map(fields.get, COLUMNS))
