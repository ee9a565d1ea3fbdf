"""The finished study: its files, its figures recomputed from them, other data sets, and mistakes."""

from __future__ import annotations

import json
import shutil
import statistics
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_photos import photo, write_classes
from PIL import Image
from plans import LATEST
from project import SINGLE, TINY, WRITTEN, Project, contents
from sklearn import metrics
from tables import EXPERIMENTS, IDENTITIES, MEASURED, rows, run_of

from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES

COLUMNS = [
    *("experiment", "label", "backbone", "architecture", "augmentation", "optimizer", "weights"),
    *("image_size", "batch_size", "learning_rate", "seeds"),
    *("accuracy", "accuracy_low", "accuracy_high", "accuracy_sd", "interval", "judged_on", "photos"),
    *("could_be_best", "p_best", "corrected_accuracy", "corrected_low", "corrected_high"),
    *("parameters", "epochs", "best_epoch", "train_photos"),
    *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("balanced_accuracy", "macro_f1", "commonest_accuracy", "temperature", "ece", "calibrated_ece"),
    *("last_train_accuracy", "last_val_loss", "last_val_accuracy"),
    *("best_val_accuracy", "nested_val_accuracy", "test_loss", "test_accuracy"),
    *("train_seconds", "images_per_second"),
    *("peak_host_mib", "peak_device_mib", "host_joules", "device_joules"),
    *("published_val_loss", "published_val_accuracy"),
    *("ended", "reason", "study", "data_set", "folder"),
]
TABLES = ("history.csv", "predictions.csv")
PICTURES = tuple(f"{name}.png" for name in ("curves", "samples", "confusion", "classes", "mistakes"))
DRAWINGS = tuple(f"{name}.svg" for name in ("curves", "confusion", "classes"))
PROMISED = {
    *TABLES,
    *PICTURES,
    *DRAWINGS,
    *("weights.safetensors", "outputs.npy", "spec.json", "record.json", "model.txt"),
}


# --- the finished study -----------------------------------------------------------------------------


def test_summary_has_its_columns_and_the_studys_order(finished: Project) -> None:
    path = finished.folder / "results/summary.csv"
    assert path.read_text(encoding="utf-8").splitlines()[0].split(",") == COLUMNS
    table = rows(path)
    named = ("experiment", "backbone", "architecture", "augmentation", "optimizer", "weights")
    assert [tuple(row[column] for column in named) for row in table] == IDENTITIES
    assert {row["seeds"] for row in table} == {"1"}
    assert {row[column] for row in table for column in COLUMNS if column.startswith("published")} == {""}
    assert {(row["ended"], row["reason"]) for row in table} == {("epoch_limit", "")}
    assert path.read_bytes() == (finished.study_folder / "summary.csv").read_bytes()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_summary_is_what_the_runs_files_say(finished: Project, experiment: str) -> None:
    row = next(
        row for row in rows(finished.folder / "results/summary.csv") if row["experiment"] == experiment
    )
    folder = run_of(finished, experiment)
    history, predictions = (rows(folder / name) for name in TABLES)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))

    best = min(history, key=lambda epoch: float(epoch["val_loss"]))
    last = history[-1]
    right = sum(one["true"] == one["predicted"] for one in predictions)
    seconds = sum(float(epoch["train_seconds"]) for epoch in history)
    expected = {
        "parameters": record["parameters"],
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "train_photos": record["train_photos"],
        "train_loss": float(best["train_loss"]),
        "train_accuracy": float(best["train_accuracy"]),
        "val_loss": float(best["val_loss"]),
        "val_accuracy": float(best["val_accuracy"]),
        "last_train_accuracy": float(last["train_accuracy"]),
        "last_val_loss": float(last["val_loss"]),
        "last_val_accuracy": float(last["val_accuracy"]),
        "best_val_accuracy": max(float(epoch["val_accuracy"]) for epoch in history),
        "train_seconds": record["train_seconds"],
        "images_per_second": record["train_photos"] * len(history) / seconds,
        "peak_host_mib": record["peak_host_mib"],
    }
    assert {column: float(row[column]) for column in expected} == expected

    assert [int(epoch["epoch"]) for epoch in history] == list(range(1, len(history) + 1))
    assert len(predictions) == record["val_photos"]
    assert record["precision"] == "fp32"  # as tiny.yaml has it
    losses = [float(one["loss"]) for one in predictions]
    assert float(row["val_loss"]) == pytest.approx(statistics.fmean(losses), rel=1e-12)
    assert float(row["val_accuracy"]) == right / len(predictions)

    true, predicted = ([one[column] for one in predictions] for column in ("true", "predicted"))
    manifest = rows(finished.folder / "resources/datasets/demo/manifest.csv")
    trained = [photo["category"] for photo in manifest if photo["split"] == "train"]
    commonest = max(dict.fromkeys(trained), key=trained.count)
    by_class = {
        "balanced_accuracy": pytest.approx(metrics.balanced_accuracy_score(true, predicted)),
        "macro_f1": pytest.approx(metrics.f1_score(true, predicted, average="macro", zero_division=0)),
        "commonest_accuracy": true.count(commonest) / len(true),
    }
    assert {column: float(row[column]) for column in by_class} == by_class


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_run_has_every_promised_file(finished: Project, experiment: str) -> None:
    folder = run_of(finished, experiment)
    assert {path.name for path in folder.iterdir()} == PROMISED
    assert all(path.stat().st_size for path in folder.iterdir())
    for name in PICTURES:
        with Image.open(folder / name) as picture:
            picture.load()
            assert min(picture.size) > 200


def test_comparison_has_its_figures(finished: Project) -> None:
    folder = finished.study_folder
    charts = ("augmentations", "architectures", "experiments", "ladder", "costs", "comparisons")
    pictures = {f"{name}.png" for name in (*charts, "suspects", "rungs", "activations")}
    drawings = {f"{name}.svg" for name in charts}
    tables = {f"{name}.csv" for name in ("runs", "summary", "comparisons", "findings", "suspects")}
    outcomes, pages = {"outcomes.npz", "test_outcomes.npz"}, {"answer.md", "findings.md", "report.html"}
    every = {"runs", *tables, *outcomes, *pages, *pictures, *drawings}
    assert {path.name for path in folder.iterdir()} == every
    for name in pictures:
        with Image.open(folder / name) as picture:
            picture.load()


def test_nothing_is_written_elsewhere(sources: Project, finished: Project) -> None:
    before, after = (
        {path.relative_to(project.folder) for path in project.source_files()}
        for project in (sources, finished)
    )
    assert after == before


def test_same_spec_gives_the_same_history(study: Project) -> None:
    path = run_of(study, "rung-normalize") / "history.csv"
    before = [[epoch[column] for column in MEASURED] for epoch in rows(path)]
    shutil.rmtree(path.parent)
    study.run(str(path.relative_to(study.folder)))
    assert [[epoch[column] for column in MEASURED] for epoch in rows(path)] == before


def accuracies_become(study: Project, accuracy: float) -> None:
    """Let all runs have scored this in all epochs."""
    for path in (study.folder / "results/runs/demo").rglob("history.csv"):
        table = [epoch | {"val_accuracy": str(accuracy)} for epoch in rows(path)]
        lines = [",".join(table[0]), *(",".join(epoch.values()) for epoch in table)]
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.mark.parametrize(("accuracy", "noise"), [(1 / 3, True), (1.0, False)])
def test_a_study_that_finds_nothing_says_so_at_its_end(study: Project, accuracy: float, noise: bool) -> None:
    """Its photos are a third of each class."""
    accuracies_become(study, accuracy)
    output = study.run("results/summary.csv", "--forcerun", "collect")
    assert "Done. The table" in output
    told = [line for line in output.splitlines() if line.startswith("Mind: no experiment")]
    assert len(told) == noise
    assert all("(0.33 of the validation photos)" in line for line in told)
    # At the end of another target the table is not of now.
    (run_of(study, "rung-none") / "predictions.csv").unlink()
    run = study.run_of("rung-none")
    output = study.run(f"{run}/predictions.csv")
    # With what the same step made beside it.
    made = ", ".join(f"{run}/{name}" for name in ["predictions.csv", *sorted(PICTURES)][:5])
    assert f"Done: {made}, ..." in output
    assert "Mind: no experiment" not in output


# --- commands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("results/summary.csv",), ("--cores", "all")])
def test_the_project_as_it_is_has_a_plan(fresh: Project, arguments: tuple[str, ...]) -> None:
    plain = Project(fresh.folder, configs=())
    jobs = plain.plan(*arguments)
    assert {"collect", "summarize", "latest"} <= jobs
    assert ("all" in jobs) == (arguments != ("results/summary.csv",))


# --- data sets of the user's own --------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["mine", "photos"])
def test_folder_or_archive_of_classes(finished_own: Project, dataset: str) -> None:
    manifest = rows(finished_own.folder / f"resources/datasets/{dataset}/manifest.csv")
    assert {row["category"] for row in manifest} == {"rose", "tulip"}
    assert len(manifest) == 6
    run = finished_own.folder / finished_own.run_of("one", dataset)
    assert {path.name for path in run.iterdir()} == PROMISED
    validated = [row["file"] for row in manifest if row["split"] == "val"]
    assert [row["file"] for row in rows(run / "predictions.csv")] == validated
    assert len(rows(finished_own.folder / f"results/comparison/{dataset}/tiny-single/summary.csv")) == 1


def test_given_split_is_kept(fresh: Project) -> None:
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    write_classes(own.folder / "divided/train", photos=2, seed=0)
    write_classes(own.folder / "divided/val", photos=3, seed=50)
    predictions = f"{own.run_of('one', 'divided')}/predictions.csv"
    own.run(predictions, "--config", "dataset=divided")
    manifest = rows(own.folder / "resources/datasets/divided/manifest.csv")
    assert [row["split"] for row in manifest] == [row["file"].split("/")[0] for row in manifest]
    expected = {f"val/{name}/{k}.jpg" for name in ("rose", "tulip") for k in range(3)}
    assert {row["file"] for row in rows(own.folder / predictions)} == expected


# --- mistakes ---------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]
MISTAKES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "mistyped key": (lambda c: c["recipe"].update(epoch=3), ("recipe", "'epoch'", "'epochs'")),
    "mistyped section": (lambda c: c.update(reciep={}), ("'reciep'", "'recipe'")),
    "unknown backbone": (
        lambda c: c["experiments"][0].update(backbone="googlenett"),
        ("experiments[0].backbone", "'googlenett'", "'googlenet'"),
    ),
    "number as text": (
        lambda c: c["optimizers"]["tiny"].update(learning_rate="1e-3"),
        ("optimizers.tiny.learning_rate", "1e-3"),
    ),
    "name given twice": (
        lambda c: c["experiments"].append(dict(c["experiments"][0])),
        ("experiments[2].name", "'rung-none'"),
    ),
    "illegal name": (
        lambda c: c["experiments"][0].update(name="../Rung"),
        ("experiments[0].name", "../Rung"),
    ),
    "unknown augmentation": (
        lambda c: c["experiments"][1].update(augmentation="fog"),
        ("experiments[1].augmentation", "'fog'"),
    ),
    "unknown weights": (lambda c: c.update(weights="imagenette"), ("weights", "'imagenet'")),
    "missing field": (
        lambda c: c["experiments"][0].pop("optimizer"),
        ("experiments[0].optimizer", "missing"),
    ),
    "no such archive": (lambda c: c.update(dataset="none/photos.zip"), ("dataset", "none/photos.zip")),
    "too small": (
        lambda c: c["experiments"][1].update(image_size=40),
        ("experiments[1].image_size", "at least 63"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_the_configuration_is_one_line(fresh: Project, mistake: str) -> None:
    change, words = MISTAKES[mistake]
    fresh.edit(change)
    done = fresh.snakemake()
    # Snakemake itself says first which profile and configuration it reads.
    told = [
        line for line in done.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))
    ]
    assert done.returncode == 1
    assert len(told) == 1, done.stderr
    assert told[0].startswith("config: ")
    assert all(word in told[0] for word in words), told[0]
    assert not any(
        (fresh.folder / name).exists() for name in WRITTEN if name not in ("results", ".snakemake")
    )
    assert {path.name for path in (fresh.folder / "results").iterdir()} <= {".gitkeep"}


def unreadable_photo(folder: Path) -> str:
    write_classes(folder / "broken")
    (folder / "broken/rose/1.jpg").write_bytes(photo(0)[:200])
    return "broken"


def lonely_photo(folder: Path) -> str:
    write_classes(folder / "broken")
    (folder / "broken/lily").mkdir()
    (folder / "broken/lily/0.jpg").write_bytes(photo(77))
    return "broken"


def escaping_archive(folder: Path) -> str:
    with zipfile.ZipFile(folder / "broken.zip", "w") as file:
        file.writestr("rose/0.jpg", photo(0))
        file.writestr("../../escaped.jpg", photo(1))
    return "broken.zip"


@pytest.mark.parametrize(
    ("bring", "named"),
    [
        (unreadable_photo, "broken/rose/1.jpg"),
        (lonely_photo, "lily"),
        (escaping_archive, "../../escaped.jpg"),
    ],
)
def test_bad_photos_stop_with_a_reason(study: Project, bring: Callable[[Path], str], named: str) -> None:
    dataset = bring(study.folder)
    before = contents(study.folder / "results/runs")
    done = study.snakemake("--config", f"dataset={dataset}")
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    reasons = [line for line in output.splitlines() if line.strip().startswith("error: ")]
    assert len(reasons) == 1, output
    assert named in reasons[0]
    assert "Traceback" not in output
    assert contents(study.folder / "results/runs") == before
    table = rows(study.folder / "results/summary.csv")
    assert {row["ended"] for row in table} == {"failed"}
    assert all(named in row["reason"] for row in table)
    assert not list(study.folder.parent.rglob("escaped.jpg"))
    # The first study is as it was, but for its table's place; there is no page of the failed one.
    assert study.plan() == LATEST - {"latest_report"}


def test_an_experiment_on_several_gpus(study: Project) -> None:
    """Without a GPU, as two processes on the CPU."""
    several = {"name": "several", "backbone": "googlenet", "optimizer": "tiny", "augmentation": "normalize"}
    several |= {"epochs": 1, "gpus": 2, "threads": 2}  # type: ignore[dict-item]
    study.edit(lambda config: config["experiments"].append(several))
    run = study.run_of("several")
    assert study.plan(f"{run}/predictions.csv") == {"train several 0", "evaluate several 0"}
    output = study.run(f"{run}/predictions.csv", "--cores", "8", "--verbose")
    assert "threads: 4" in output
    assert json.loads((study.folder / run / "spec.json").read_text())["gpus"] == 2
    # Of each of the two.
    assert json.loads((study.folder / run / "record.json").read_text())["threads"] == 2
    log = study.folder / f"logs/train/demo/{Path(run).parent.name}-seed0.log"
    assert [line.partition(":")[0] for line in log.read_text().splitlines()] == ["epoch 1"]


def test_the_report_is_one_page_with_the_table_and_the_figures(study: Project) -> None:
    study.run("--report", "report.html")
    page = (study.folder / "report.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html")
    for name in ("summary.csv", "answer.md", "augmentations.png", "suspects.png", "rungs.png", *PICTURES):
        assert name in page
    # Captions and labels, as JSON.
    for figure in (STUDY_FIGURES["ladder"], STUDY_FIGURES["suspects"], RUN_FIGURES["confusion"]):
        assert figure.title in page
        assert figure.caption[:40] in page
