"""Which validation photos of a run are explained, and what speaks for their classes in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablation.photos.photo import photo
from ablation.prediction import trained
from ablation.prediction.activation import Explainer
from ablation.prediction.trained import WEIGHTS
from ablation.prediction.validated import outputs_of
from ablation.results import predictions, validation
from ablation.results.figures.activations import Explained
from ablation.results.predictions import Prediction

# Photos that are right, and that are wrong.
MOST = 4


@dataclass(frozen=True)
class Explanation:
    """What is shown of a run: of so many `photos` that validate, `hits` are right, and these are explained.

    `explained` are made one after the other, as each is asked for. `how` names the method, the layer and its
    places. `missing` says why there are no maps, if there are none.
    """

    photos: int
    hits: int
    explained: Iterable[Explained] = ()
    how: str = ""
    missing: str | None = None


def chosen(found: Sequence[Prediction], most: int = MOST) -> tuple[list[Prediction], list[Prediction]]:
    """Return the predictions that are right and surest, of different classes, and those wrong and surest.

    At most so many of each, the surest first, of equals the first.
    """
    surest = sorted(found, key=lambda one: -one.probability)
    right: dict[str, Prediction] = {}
    for one in surest:
        if one.true == one.predicted:
            right.setdefault(one.true, one)
    wrong = [one for one in surest if one.true != one.predicted]
    return list(right.values())[:most], wrong[:most]


def explain(run: Path, manifest: Path, root: Path, most: int = MOST) -> Explanation:
    """Return the maps of a run's surest photos, right and wrong; `root` is the folder of all photos.

    They are `missing` where the weights or the photos were deleted, as may be to save disk, and where the
    network has no layer with places. Raises UserError for files that are damaged, or of other photos.
    """
    if not manifest.is_file():
        return Explanation(0, 0, missing=f"{manifest} is not there: index the photos again")
    index = validation.photos(manifest)
    outputs_of(run, index)  # which refuses those of another manifest
    found = predictions.of(run, validation.of_run(index, validation.record_of(run)))
    counts = (len(found), sum(one.true == one.predicted for one in found))
    if not (run / WEIGHTS).is_file():
        return Explanation(
            *counts, missing=f"{run / WEIGHTS} was deleted: it takes a training to make it again"
        )
    some = [one for each in chosen(found, most) for one in each]
    if gone := [str(root / one.file) for one in some if not (root / one.file).is_file()]:
        return Explanation(*counts, missing=f"{gone[0]} was deleted: restore the photos")
    network = trained.load(run)
    explainer = Explainer(network, photo(root / some[0].file))
    if (layer := explainer.layer) is None:
        name = network.about["backbone"]
        return Explanation(*counts, missing=f"{name} has no layer with places that decide its outputs")
    how = f"Grad-CAM of layer {layer.name} ({layer.rows} x {layer.columns} places)"
    return Explanation(*counts, (explained(explainer, root, one) for one in some), how)


def explained(explainer: Explainer, root: Path, one: Prediction) -> Explained:
    """Return a validation photo with its maps."""
    opened, classes = photo(root / one.file), explainer.trained.classes
    labels = [classes.index(name) for name in dict.fromkeys((one.predicted, one.true))]
    maps = explainer.maps(opened, labels)
    return Explained(one.true, one.predicted, one.probability, opened, tuple(maps))
