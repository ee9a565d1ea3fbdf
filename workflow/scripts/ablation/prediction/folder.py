"""An export: a folder with which others can use a run's network without this program, and see what it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from ablation.networks import weight_files
from ablation.photos.pack import Pack, Pixels
from ablation.prediction import exporting, script, trained, validated
from ablation.prediction.card import Card, Check, Figures
from ablation.prediction.classifier import Classifier
from ablation.results import validation
from ablation.running.errors import UserError
from ablation.running.files import atomic_folder, write_text
from ablation.spec import Spec

ONNX, PROGRAM, CARD = "model.onnx", "model.pt2", "README.md"
# On so many validation photos the files are compared with PyTorch.
COMPARED = 100
# Rounding stays far below, in fp32; what is above is no rounding.
MOST = 1e-3


def write(run: Path, pack: Pack, dataset: str, folder: Path) -> list[Check]:
    """Write a run's export into a folder, whole or not at all; return how its files compare with PyTorch.

    `pack` is the one that the run was trained on, `dataset` what the card calls it. Raises UserError if the
    run is of other photos, if PyTorch cannot write the network in one of the forms, or if what it wrote
    computes something else.
    """
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    pack = validation.of_run(pack, record)
    its = validated.calibrated(trained.load(run), run, pack)
    way, classes = its.preparation.way, its.classes
    if pack.photos.shape[1] != way.size:
        raise UserError(
            f"the pack's photos have {pack.photos.shape[1]} pixels a side, and the run's {way.size}: "
            "name the pack that it was trained on"
        )
    classifier = Classifier(its)
    with atomic_folder(folder) as making:
        weight_files.write_weights(making / trained.WEIGHTS, its.net.state_dict(), its.about)
        program = exporting.exported(classifier, way.size)
        torch.export.save(program, making / PROGRAM)
        about = {"classes": classes, **vars(way), "temperature": its.temperature}
        exporting.write_onnx(program, about, making / ONNX)
        checks = compared(classifier, making, some(pack))
        card = Card(
            dataset,
            classes,
            Spec.from_json((run / "spec.json").read_text(encoding="utf-8")),
            record,
            its.about["best_epoch"],
            Figures.of(validated.outputs_of(run, pack), pack.labels[pack.validating]),
            checks,
        )
        write_text(making / CARD, card.text())
        write_text(making / script.FILE, script.text(way.resize))
    return checks


def some(pack: Pack) -> Pixels:
    """Return `COMPARED` validation photos, evenly chosen, or all if there are fewer."""
    rows = np.flatnonzero(pack.validating)
    chosen = np.linspace(0, len(rows) - 1, min(COMPARED, len(rows))).round().astype(np.int64)
    return np.ascontiguousarray(pack.photos[rows[chosen]])


def compared(classifier: Classifier, folder: Path, photos: Pixels) -> list[Check]:
    """Return by how much the files in a folder differ from PyTorch; raises UserError if it is no rounding."""
    pytorch = exporting.of_module(classifier)
    others = {
        ONNX: exporting.of_onnx(folder / ONNX),
        PROGRAM: exporting.of_module(torch.export.load(folder / PROGRAM).module()),
    }
    checks = [
        Check(file, exporting.largest_difference(pytorch, other, photos), len(photos))
        for file, other in others.items()
    ]
    for one in checks:
        if not one.difference <= MOST:
            raise UserError(
                f"{one.file} computes something else than PyTorch (its probabilities differ by "
                f"{one.difference:.2g}): report it, and use the run's weights.safetensors with predict.py"
            )
    return checks
