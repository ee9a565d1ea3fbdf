"""Photos of every kind, and two real trainings on them, each with a way of its own to make them square."""

from __future__ import annotations

from pathlib import Path

import pytest
from packs import write_kinds
from prediction_place import SPECS, Place
from runs import Run

from ablation.photos import indexing, manifest, packing
from ablation.photos import pack as packs
from ablation.prediction import folder


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Not to be changed."""
    home = tmp_path_factory.mktemp("trained")
    root, listed = write_kinds(home / "photos"), home / "manifest.csv"
    manifest.write(indexing.build(root, 0.6, 0), listed)
    runs = {}
    for name, spec in SPECS.items():
        way = {"resize": spec.resize, "interpolation": spec.interpolation}
        packing.build(root, listed, spec.image_size, home / "packs" / name, **way)
        runs[name] = Run(home / "runs" / name / "seed1", home / "packs" / name, spec)
        runs[name].finish()
    return Place(root, listed, runs)


@pytest.fixture(scope="session")
def exported(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of the run whose photos are cropped. Not to be changed."""
    run, out = place.runs["crop"], tmp_path_factory.mktemp("exported") / "export"
    folder.write(run.folder, packs.load(run.pack), "flowers", out)
    return out
