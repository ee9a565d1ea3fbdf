"""Every file that a study leaves, and what the columns of its tables and the keys of its JSON are.

What they are is said where they are declared, by the text under a field of a dataclass.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.photos import checking, manifest, overview, pack, pairs, reading, tree
from ablation.photos.origin import FILE as ORIGIN
from ablation.prediction import submission
from ablation.prediction import tables as prediction_tables
from ablation.results import (
    columns,
    comparing,
    findings,
    mlflow_store,
    outcomes,
    outputs,
    predictions,
    record,
    suspects,
)
from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import kept
from ablation.spec import Optimizer, Spec
from ablation.training import history

DATASET = "<data set>"
RUN = f"{paths.runs(DATASET)}/<folder>/seed<k>"
COMPARISON = paths.comparison(DATASET, "<study>")


@dataclass(frozen=True)
class File:
    """A file: its `path`, in which <...> stands for names, what it holds, and of a table its columns.

    `passing` tells that a finished study has it no longer, `some_columns` that some need not be there.
    """

    path: str
    what: str
    columns: dict[str, str] = field(default_factory=dict)
    passing: bool = False
    some_columns: bool = False


def fields(cls: type[Any], only: Iterable[str] | None = None) -> dict[str, str]:
    """Return the text under each field of a dataclass, or under those that are named, in that order.

    Raises KeyError if one that is named has none.
    """
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for one, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(text, ast.Expr):
            found[one.target.id] = " ".join(ast.literal_eval(text.value).split())
    return found if only is None else {name: found[name] for name in only}


def inner(name: str, cls: type[Any]) -> dict[str, str]:
    """Return the fields of what a key holds, under names such as optimizer.momentum."""
    return {f"{name}.{key}": text for key, text in fields(cls).items()}


def of_reading() -> dict[str, str]:
    """Return the keys of reading.json."""
    return {
        **fields(reading.Reading),
        **inner("waiting[]", reading.Waiting),
        **inner("left_out[]", tree.LeftOut),
        **fields(checking.Checked),
    }


def of_pack() -> dict[str, str]:
    """Return the keys of pack.json, in which `training` and `test` are `splits`."""
    own = {"training": "splits", "test": "splits"}
    found = {own.get(key, key): text for key, text in fields(pack.Index).items()}
    return found | {"splits": fields(manifest.Entry)["split"]}


def of_classes() -> dict[str, str]:
    """Return the columns of classes.csv."""
    return dict(zip(overview.HEADER, fields(overview.Count).values(), strict=True))


# Beside photos that were drawn. Not said where it is written: a word there would draw them anew.
DRAWN = {"filename": "The photo's name.", "category": "The number of its species, from 0."}

_STORE = paths.mlflow(DATASET, "<study>")
_INDEX = f"resources/datasets/{DATASET}"
_PACK = paths.PACK.format(dataset=DATASET, size="<size>", way="<way>")
_WEIGHTS = paths.WEIGHTS.format(source="<source>", backbone="<backbone>", values="-<hash>")
FILES = (
    File(
        f"{COMPARISON}/summary.csv",
        "A row for each experiment, in the study's order: averages over its runs that did not fail.",
        fields(columns.Columns, columns.SUMMARY),
    ),
    File(
        paths.SUMMARY,
        "A copy of that of the study which ran last; a part of a study and a smoke test leave it as it is.",
    ),
    File(
        f"{COMPARISON}/comparisons.csv",
        "A row for each comparison of an experiment with the one that it builds on, or with the best of those"
        " that it is like but for one thing.",
        fields(comparing.Comparison),
    ),
    File(f"{COMPARISON}/answer.md", "What these two tables conclude, in a few sentences."),
    File(paths.ANSWER, "A copy of the answer of the study which ran last, as of its table."),
    File(
        f"{COMPARISON}/report.html",
        "All of this as one page for people, with the pages of runs: it needs no network and no other file.",
    ),
    File(paths.REPORT, "A copy of the page of the study which ran last."),
    File(
        f"{COMPARISON}/runs.csv",
        "A row for each run. The columns that take the photos' labels are empty where the manifest was"
        " deleted.",
        fields(columns.Columns, columns.RUNS),
    ),
    File(
        f"{COMPARISON}/{outcomes.FILE}",
        "What each run made of each photo that validated, photo x run, as numpy's arrays: all statistics"
        " derive from it.",
    ),
    File(f"{COMPARISON}/{outcomes.TEST_FILE}", "Likewise of the test set; of no photo where there is none."),
    File(
        f"{COMPARISON}/{findings.FILE}",
        "A row for each conclusion of the report: what the study says of it.",
        fields(findings.Finding),
    ),
    File(
        f"{COMPARISON}/{findings.PAGE}", "The same to read; of photos that are drawn its first line says so."
    ),
    File(
        f"{COMPARISON}/{suspects.FILE}",
        "A row for each photo that networks judged which it did not train, the most suspect first: those at"
        " the top are probably mislabelled, or unusual. Only its head where no run knows anything.",
        fields(suspects.Suspect),
    ),
    *(
        File(f"{COMPARISON}/{file}", f"{figure.title}, where the study has them. {figure.caption}")
        for name, figure in STUDY_FIGURES.items()
        for file in figure.files(name)
    ),
    File(
        f"{COMPARISON}/{paths.ACTIVATIONS}",
        "The winner's surest validation photos, right and wrong ones, and where in them it found what speaks"
        " for their classes; or why there are no such maps.",
    ),
    File(
        f"{paths.of_study(COMPARISON)}/<experiment>",
        "A link to the folder of the experiment's runs, which is named after what they are.",
    ),
    File(f"{RUN}/history.csv", "A row for each epoch.", fields(history.Epoch)),
    File(
        f"{RUN}/predictions.csv",
        "A row for each validation photo, by the weights of the best epoch.",
        fields(predictions.Prediction),
    ),
    File(f"{RUN}/record.json", "What the training says of itself.", fields(record.Record)),
    File(
        f"{RUN}/spec.json",
        "All that can change the run's result, for people: deleting it makes nothing stale.",
        {**fields(Spec), **inner("optimizer", Optimizer)},
    ),
    File(f"{RUN}/model.txt", "The network, layer by layer; for people."),
    File(
        f"{RUN}/{outputs.FILE}",
        "The network's outputs for the validation photos by the weights of the best epoch: float32, photos "
        "x classes, before any softmax but the network's own.",
    ),
    File(
        f"{RUN}/{outputs.TEST_FILE}",
        "Likewise for the test set, where there is one.",
        passing=True,
    ),
    File(
        f"{RUN}/weights.safetensors",
        "The weights of the best epoch; its header says what they are and what photos they expect. Deleting"
        " it trains nothing again.",
    ),
    *(
        File(f"{RUN}/{file}", f"{figure.title}. {figure.caption}")
        for name, figure in RUN_FIGURES.items()
        for file in figure.files(name)
    ),
    File(
        paths.EVENTS.format(
            folder=paths.events(DATASET, "<study>"), experiment="<experiment>", run="seed<k>"
        ),
        "A run for TensorBoard, if `trackers` has it.",
    ),
    File(_STORE, "The runs of a study for MLflow, in SQLite, if `trackers` has it."),
    File(
        f"{Path(_STORE).parent}/{mlflow_store.ARTIFACTS}/<run>/artifacts/curves.png",
        "A copy of the run's picture, where MLflow finds it.",
    ),
    File(
        "results/predictions/<name>.csv",
        "A row for each new photo.",
        prediction_tables.DESCRIBED,
        some_columns=True,
    ),
    File(
        "results/predictions/<name>-broken.csv",
        "A row for each that cannot be read.",
        prediction_tables.BROKEN,
    ),
    File(
        "results/submissions/<name>.csv",
        "The same in a competition's form, under its template's names of the columns.",
        dict(zip(submission.COLUMNS, ("The photo.", "The class that is predicted."), strict=True)),
    ),
    File(f"{COMPARISON}/winner.txt", "The experiment that predicts where none is named."),
    *(
        File(f"results/export/<model>/{name}", what)
        for name, what in {
            "README.md": "The model card: data, recipe, figures with intervals, classes, limits.",
            "weights.safetensors": "The network, with classes, preparation and temperature in its header.",
            "model.onnx": "uint8 photos, N x size x size x 3, square already, to float32 probabilities.",
            "model.pt2": "The same, for `torch.export.load`.",
            "predict_onnx.py": "Classifies photos by `model.onnx`, with onnxruntime, numpy and Pillow alone.",
        }.items()
    ),
    File(
        f"results/explained/<model>/{paths.ACTIVATIONS}",
        "As beside the summary, of the run that is named.",
    ),
    File(
        "results/explained/<model>/<photo>.jpg",
        "A photo under each of its maps, as large as the photo is; of one that is wrong also the map of its"
        " true class.",
    ),
    File(f"{COMPARISON}/crate.zip", "The study as an RO-Crate, by `snakemake crate`."),
    File(f"{RUN}/{kept.CHECKPOINT}", "What an interrupted training goes on from.", passing=True),
    File(f"{RUN}/{kept.LOCK}", "The machine and the process that train the run.", passing=True),
    File(paths.CHECK.format(dataset=DATASET), "What `make check` printed."),
    File(
        f"{paths.CHECKED.format(dataset=DATASET)}/{overview.CLASSES}",
        "A row for each class, by `make check`.",
        of_classes(),
    ),
    File(
        f"{paths.CHECKED.format(dataset=DATASET)}/{overview.SHEET}",
        "Photos as they train, by `make check`; those in a frame validate.",
    ),
    File(
        paths.MANIFEST.format(dataset=DATASET),
        "A row for each photo that trains or validates.",
        fields(manifest.Entry),
    ),
    File(
        paths.DUPLICATES.format(dataset=DATASET),
        "A row for each pair of photos that are the same or nearly so; those of a training and a validation"
        " photo first.",
        fields(pairs.Pair),
    ),
    File(paths.READING.format(dataset=DATASET), "How the photos were read.", of_reading()),
    File(f"{_INDEX}/{ORIGIN}", "The archive or folder of yours that the photos come from."),
    File(f"{_INDEX}/archive", "What was downloaded."),
    File(f"{_INDEX}/photos/label.csv", "Of photos that were drawn: a row for each.", DRAWN),
    File(
        f"{_INDEX}/photos/<photo>",
        "Photos that were drawn or unpacked; a folder of yours stays where it lies.",
    ),
    File(
        f"{_PACK}/{pack.PHOTOS}",
        "The photos, decoded once: uint8, photos x height x width x 3. `<way>` is nothing where they are "
        "squashed by the bilinear filter, else such as `-crop-bicubic`.",
    ),
    File(f"{_PACK}/{pack.INDEX}", "What is known of them.", of_pack()),
    File(_WEIGHTS, "Starting weights; their header says what photos they expect."),
    File(
        paths.PRETRAINING_HISTORY.format(source="<source>", backbone="<backbone>", values="-<hash>"),
        "How those trained that were trained here: a row for each epoch, its columns those of history.csv.",
        fields(history.Epoch),
    ),
    File("logs/<step>.log", "What a step printed; its last lines say why one failed."),
    File("logs/progress.jsonl", "What Snakemake did since it was started last, for `make watch`."),
)
