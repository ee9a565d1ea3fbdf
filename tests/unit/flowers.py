"""Photos of every kind, and two real trainings on them, each with a way of its own to make them square."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from packs import write_kinds
from runs import SPEC, Run

from ablation.photos import indexing, manifest, packing

NETWORK = replace(SPEC, backbone="squeezenet1_1", head="linear", epochs=1)
SPECS = {
    "crop": replace(NETWORK, resize="crop", interpolation="bicubic"),
    "squash": replace(NETWORK, seed=2, image_size=48),
}


@dataclass(frozen=True)
class Flowers:
    """Where photos, their manifest, and by way the packs and runs are."""

    photos: Path
    manifest: Path
    runs: dict[str, Run]

    @property
    def files(self) -> list[str]:
        """The photos that validate, in the order of the outputs."""
        return [entry.file for entry in manifest.read(self.manifest) if entry.split == manifest.VAL]


def make(home: Path) -> Flowers:
    """Make the photos, pack them and train."""
    root, listed = write_kinds(home / "photos"), home / "manifest.csv"
    manifest.write(indexing.index(root, 0.6, 0).entries, listed)
    runs = {}
    for name, spec in SPECS.items():
        way = {"resize": spec.resize, "interpolation": spec.interpolation}
        packing.build(root, listed, spec.image_size, home / "packs" / name, **way)
        runs[name] = Run(home / "runs" / name / "seed1", home / "packs" / name, spec)
        runs[name].finish()
    return Flowers(root, listed, runs)
