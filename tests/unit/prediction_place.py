"""Where the photos, packs and runs of the tests of prediction are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from runs import SPEC, Run

from ablation.photos import manifest

NETWORK = replace(SPEC, backbone="squeezenet1_1", head="linear", epochs=1)
SPECS = {
    "crop": replace(NETWORK, resize="crop", interpolation="bicubic"),
    "squash": replace(NETWORK, seed=2, image_size=48),
}


@dataclass(frozen=True)
class Place:
    """Where photos, their manifest, and by way the packs and runs are."""

    photos: Path
    manifest: Path
    runs: dict[str, Run]

    @property
    def files(self) -> list[str]:
        """The photos that validate, in the order of the outputs."""
        return [entry.file for entry in manifest.read(self.manifest) if entry.split == manifest.VAL]
