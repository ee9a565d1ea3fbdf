"""Make normalisations.csv in ablation/networks: python tools/list_normalisations.py > FILE

All weights of torchvision and timm whose mean or deviation is not that of their network in networks.csv.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import timm
import torchvision

# The library lies beside the scripts, which find it by their own folder.
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from ablation.networks import backbones, needs
from ablation.networks.normalisations import COLUMNS, Normalisation


def published() -> Iterator[tuple[str, str, Normalisation]]:
    """Yield each network that is known, the name of each of its weights, and what these expect."""
    for name in [*backbones.BACKBONES, *backbones.lines()]:
        if needs.library(name) == "torchvision":
            for weights in torchvision.models.get_model_weights(name):
                # VGG's FEATURES have no layer of classes.
                if not re.search(r"_V\d+$", weights.name):
                    continue
                its = weights.transforms()
                yield name, f"{name}.{weights.name}", (tuple(its.mean), tuple(its.std))
        else:
            for tagged in timm.list_pretrained(name.removeprefix(backbones.TIMM)):
                cfg = timm.get_pretrained_cfg(tagged)
                yield name, tagged, (tuple(cfg.mean), tuple(cfg.std))


def lines() -> Iterator[str]:
    """Yield the lines of the table."""
    yield ",".join(COLUMNS)
    for network, name, its in sorted(published()):
        if not alike(its, needs.normalisation(network)):
            yield ",".join([name, *(" ".join(f"{one:.6g}" for one in values) for values in its)])


def alike(one: Normalisation, other: Normalisation) -> bool:
    """Tell whether two are the same to the digits of the tables."""
    return [f"{value:.6g}" for values in one for value in values] == [
        f"{value:.6g}" for values in other for value in values
    ]


if __name__ == "__main__":
    for line in lines():
        print(line)
