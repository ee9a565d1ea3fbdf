"""What Snakemake would run again after a change: exactly what the change concerns."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_photos import photo, write_archive
from PIL import Image
from plans import (
    COMPARISON,
    EXPLAINED,
    FIGURES,
    LADDER,
    LATEST,
    PAGE,
    PRETRAINED,
    PRETRAINING,
    RUNS,
    SUMMARY,
    TABLES,
    whole,
)
from project import Project, contents

from ablation.chain import paths

# An hour before anything was made; Snakemake by itself only asks whether a file is newer.
LONG_AGO = 3600


def own_jobs(*before: str) -> set[str]:
    """All that follows a change of the photos in a study of one experiment, its card on the page too."""
    cards = {job.replace("index", "check_photos") for job in before if job.startswith("index ")}
    return {*before, *cards, *whole("one 0"), *TABLES, *EXPLAINED}


def make_old(path: Path) -> None:
    past = time.time() - LONG_AGO
    os.utime(path, (past, past))


def find(config: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in config["experiments"] if entry["name"] == name)


def split_ladder(config: dict[str, Any]) -> None:
    """Write the experiments rung-none and rung-normalize as entries of their own."""
    rung = find(config, "rung")
    entries = [{**rung, "name": f"rung-{value}", "augmentation": value} for value in rung["augmentation"]]
    position = config["experiments"].index(rung)
    config["experiments"][position : position + 1] = entries


def test_nothing_changed(study: Project) -> None:
    assert study.plan() == set()


def test_spelling_of_experiments_does_not_matter(study: Project) -> None:
    study.edit(split_ladder)
    # The page shows the configuration as it is spelled.
    assert study.plan() == PAGE


# --- the configuration ------------------------------------------------------------------------------


def test_learning_rate_of_one_experiment(study: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        split_ladder(config)
        find(config, "rung-none")["learning_rate"] = 0.02

    study.edit(change)
    # Its augmentation is not all that is its own now.
    assert study.plan() == (whole("rung-none 0") | COMPARISON) - LADDER


def swap(section: Callable[[dict[str, Any]], dict[str, Any]], one: str, other: str) -> Callable[..., None]:
    def change(config: dict[str, Any]) -> None:
        values = section(config)
        assert values[one] != values[other]
        values[one], values[other] = values[other], values[one]

    return change


def test_momentum_and_weight_decay_swapped(study: Project) -> None:
    study.edit(swap(lambda config: config["optimizers"]["tiny"], "momentum", "weight_decay"))
    assert study.plan() == {PRETRAINING, *whole(*RUNS), *COMPARISON}


def test_epochs_and_patience_swapped(study: Project) -> None:
    # AlexNet has its own epochs, but the patience is everyone's.
    study.edit(swap(lambda config: config["recipe"], "epochs", "patience"))
    assert study.plan() == whole(*RUNS) | COMPARISON


def test_threads_of_the_recipe(study: Project) -> None:
    study.edit(lambda config: config["recipe"].update(threads=1))
    assert study.plan() == set()
    study.edit(lambda config: config["recipe"].update(threads=2))
    assert study.plan() == {PRETRAINING, *whole(*RUNS), *COMPARISON}


def test_threads_of_one_experiment(study: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        split_ladder(config)
        find(config, "rung-none")["threads"] = 2

    study.edit(change)
    assert study.plan() == whole("rung-none 0") | COMPARISON


def test_threads_of_the_pretraining(study: Project) -> None:
    study.edit(lambda config: config["weight_sources"]["drawn"].update(threads=2))
    assert study.plan() == {PRETRAINING, *whole(*PRETRAINED), *COMPARISON}


def test_two_experiments_trade_augmentations(study: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        split_ladder(config)
        none, normalize = find(config, "rung-none"), find(config, "rung-normalize")
        none["augmentation"], normalize["augmentation"] = normalize["augmentation"], none["augmentation"]

    study.edit(change)
    # Each finds the other's runs.
    assert study.plan() == COMPARISON | {"show_rungs"}


def test_experiments_renamed(study: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        find(config, "rung")["name"] = "step"
        find(config, "alexnet")["name"] = "old"

    study.edit(change)
    assert study.plan() == COMPARISON


def test_pretraining_changed(study: Project) -> None:
    study.edit(lambda config: config["weight_sources"]["drawn"]["overrides"]["googlenet"].update(epochs=2))
    assert study.plan() == {PRETRAINING, *whole(*PRETRAINED), *COMPARISON}


def test_split_changed(study: Project) -> None:
    study.edit(lambda config: config["split"].update(seed=1))
    indexed = {"index demo", "check_photos demo", "index garden", "pack demo 64", "pack garden 48"}
    assert study.plan() == {*indexed, "pretrain drawn googlenet", *whole(*RUNS), *COMPARISON}


def test_experiment_added(study: Project) -> None:
    study.edit(lambda config: find(config, "rung")["augmentation"].append("flip"))
    assert study.plan() == whole("rung-flip 0") | COMPARISON | {"show_rungs"}


def test_experiment_of_another_image_size_added(study: Project) -> None:
    """The pack is then found by a function, and is the same file."""
    one = {"backbone": "googlenet", "optimizer": "tiny", "augmentation": "none"}
    study.edit(lambda config: config["experiments"].append({**one, "name": "large", "image_size": 80}))
    assert study.plan() == {"pack demo 80", "check_photos demo", *whole("large 0"), *COMPARISON}


def test_experiment_of_photos_made_square_another_way_added(study: Project) -> None:
    one = {"backbone": "googlenet", "optimizer": "tiny", "augmentation": "none", "name": "cropped"}
    study.edit(lambda config: config["experiments"].append({**one, "resize": "crop"}))
    pack = "resources/packs/demo/64px-crop-bilinear/photos.npy"
    assert study.plan() == {
        *("pack demo 64 -crop-bilinear", "check_photos demo"),
        *whole("cropped 0"),
        *COMPARISON,
    }
    study.run(pack)
    assert study.plan() == {"check_photos demo", *whole("cropped 0"), *COMPARISON}
    found, usual = (np.load(study.folder / path) for path in (pack, "resources/packs/demo/64px/photos.npy"))
    assert found.shape == usual.shape
    assert (found != usual).any()


def test_experiment_removed(study: Project) -> None:
    study.edit(lambda config: find(config, "rung")["augmentation"].remove("none"))
    # With one rung left there is no ladder to draw.
    assert study.plan() == COMPARISON - LADDER


def test_experiments_reordered(study: Project) -> None:
    study.edit(lambda config: config["experiments"].reverse())
    assert study.plan() == COMPARISON | {"show_rungs"}


def test_seed_added(study: Project) -> None:
    study.edit(lambda config: config["seeds"].append(1))
    assert study.plan() == whole(*(run.replace(" 0", " 1") for run in RUNS)) | COMPARISON


def test_comment_in_the_configuration(study: Project) -> None:
    study.append("config.yaml", "\n# A remark.\n")
    assert study.plan() == set()


def test_label_added_and_edited(study: Project) -> None:
    study.edit(lambda config: find(config, "alexnet").update(label="AlexNet"))
    assert study.plan() == COMPARISON


def test_published_figures_added(study: Project) -> None:
    (study.folder / "published.csv").write_text("experiment,point,val_loss,val_acc\nrung-none,last,1,0.5\n")
    study.edit(lambda config: config["datasets"]["demo"].update(published="published.csv"))
    assert study.plan() == {"find", *SUMMARY, *FIGURES, *EXPLAINED}


# --- where and when the files lie -------------------------------------------------------------------


def test_fresh_checkout(study: Project) -> None:
    for path in study.source_files():
        path.touch()
    assert study.plan() == set()


def test_project_copied_and_moved(study: Project, place: Path) -> None:
    elsewhere = place.with_name("a folder") / "deeper"
    elsewhere.parent.mkdir()
    try:
        subprocess.run(["cp", "-a", study.folder, elsewhere], check=True)
        assert Project(elsewhere).plan() == set()
        moved = elsewhere.rename(elsewhere.with_name("moved"))
        assert Project(moved).plan() == set()
    finally:
        shutil.rmtree(elsewhere.parent)


@pytest.mark.parametrize("name", ["history.csv", "record.json", "outputs.npy"])
def test_file_of_one_training_deleted(study: Project, name: str) -> None:
    (study.folder / study.run_of("rung-none") / name).unlink()
    assert study.plan() == whole("rung-none 0") | COMPARISON


@pytest.mark.parametrize("name", ["spec.json", "model.txt"])
def test_file_for_people_deleted(study: Project, name: str) -> None:
    (study.folder / study.run_of("rung-none") / name).unlink()
    assert study.plan() == set()


@pytest.mark.parametrize("name", ["predictions.csv", "curves.png", "mistakes.png"])
def test_evaluation_of_one_run_deleted(study: Project, name: str) -> None:
    (study.folder / study.run_of("rung-none") / name).unlink()
    assert study.plan() == {"evaluate rung-none 0", *PAGE}


def test_one_run_deleted(study: Project) -> None:
    shutil.rmtree((study.folder / study.run_of("rung-none")).parent)
    assert study.plan() == whole("rung-none 0") | COMPARISON


def test_weights_deleted_to_save_disk(study: Project) -> None:
    for path in (study.folder / "results/runs").rglob("weights.safetensors"):
        path.unlink()
    assert study.plan() == set()


def test_the_winners_maps_deleted(study: Project) -> None:
    (study.study_folder / paths.ACTIVATIONS).unlink()
    assert study.plan() == EXPLAINED | PAGE
    # The table does not wait for them.
    assert study.plan("results/summary.csv") == set()


def test_the_winners_maps_without_what_was_deleted_to_save_disk(study: Project) -> None:
    """It is not made again for them, and the picture says so."""
    shutil.rmtree(study.folder / "resources")
    study.append("workflow/scripts/explain.py", "EDITED = True\n")
    assert study.plan() == EXPLAINED | PAGE
    study.run()
    log = (study.folder / f"logs/explain/demo-{study.study_folder.name}.log").read_text(encoding="utf-8")
    assert log.endswith("resources/datasets/demo/manifest.csv is not there: index the photos again\n")
    assert log.startswith("no class-activation maps of ")
    assert study.plan() == set()


def test_packs_deleted_to_save_disk(study: Project) -> None:
    """The table is made of results alone, and does not ask for the photos again."""
    shutil.rmtree(study.folder / "resources/packs")
    assert study.plan() == set()
    study.edit(lambda config: find(config, "alexnet").update(label="AlexNet"))
    assert study.plan() == COMPARISON


def test_all_resources_deleted_to_save_disk(study: Project) -> None:
    shutil.rmtree(study.folder / "resources")
    assert study.plan() == set()
    study.edit(lambda config: find(config, "alexnet").update(label="AlexNet"))
    assert study.plan() == COMPARISON


def test_own_weights_replaced_by_older_ones(study: Project) -> None:
    given, target = (
        study.folder / "own/googlenet.safetensors",
        "resources/weights/given/googlenet.safetensors",
    )
    given.parent.mkdir()
    shutil.copy(next((study.folder / "resources/weights/drawn").glob("googlenet-*.safetensors")), given)
    source = {"source": "file", "path": "own/{backbone}.safetensors"}
    study.edit(lambda config: config["weight_sources"].update(given=source))
    study.run(target)
    assert study.plan(target) == set()
    given.touch()
    assert study.plan(target) == set()
    content = bytearray(given.read_bytes())
    content[-1] ^= 1
    given.write_bytes(content)
    make_old(given)
    assert study.plan(target) == {"convert_weights given googlenet"}


# --- the user's own photos --------------------------------------------------------------------------

MINE = ("--config", "dataset=mine")
ZIP = ("--config", "dataset=photos.zip")


@pytest.mark.parametrize("dataset", [MINE, ZIP])
def test_own_photos_unchanged(own: Project, dataset: tuple[str, ...]) -> None:
    if dataset == ZIP:  # the last that ran
        assert own.plan(*dataset) == set()
    else:
        assert own.plan(*dataset) == LATEST


@pytest.mark.parametrize("old", [False, True], ids=["newer", "older"])
def test_photo_replaced(own: Project, old: bool) -> None:
    path = own.folder / "mine/rose/0.jpg"
    path.write_bytes(photo(99))
    if old:
        make_old(path)
    assert own.plan(*MINE) == own_jobs("index mine", "pack mine 64")


def test_large_photo_replaced_by_an_older_one_of_its_size(own: Project) -> None:
    """Two photos in one file format of fixed size; put in place by mv, which keeps the time."""
    path = own.folder / "mine/tulip/large.bmp"
    Image.new("RGB", (640, 640), "red").save(path)
    own.run(*MINE, "--until", "index")
    Image.new("RGB", (640, 640), "blue").save(path)
    make_old(path)
    assert {"index mine", "pack mine 64"} <= own.plan(*MINE)


def test_photos_touched(own: Project) -> None:
    for path in (own.folder / "mine").rglob("*.jpg"):
        path.touch()
    assert own.plan(*MINE) == LATEST


def test_photos_copied(own: Project) -> None:
    """By a program that keeps no times."""
    mine = own.folder / "mine"
    shutil.copytree(mine, own.folder / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(mine)
    (own.folder / "copy").rename(mine)
    assert own.plan(*MINE) == LATEST


def test_photo_replaced_and_put_back(own: Project) -> None:
    path = own.folder / "mine/rose/0.jpg"
    before = path.read_bytes()
    path.write_bytes(photo(99))
    assert "index mine" in own.plan(*MINE)
    path.write_bytes(before)
    assert own.plan(*MINE) == LATEST


def test_photo_renamed(own: Project) -> None:
    path = own.folder / "mine/rose/0.jpg"
    path.rename(path.with_name("00.jpg"))
    assert own.plan(*MINE) == own_jobs("index mine", "pack mine 64")


def test_table_added(own: Project) -> None:
    (own.folder / "mine/label.csv").write_text("filename,category\n", encoding="utf-8")
    assert own.plan(*MINE) == own_jobs("index mine", "pack mine 64")


def test_file_beside_the_photos_added(own: Project) -> None:
    (own.folder / "mine/rose/notes.doc").write_bytes(b"notes")
    assert own.plan(*MINE) == LATEST


def test_archive_touched(own: Project) -> None:
    (own.folder / "photos.zip").touch()
    assert own.plan(*ZIP) == set()


@pytest.mark.parametrize("old", [False, True], ids=["newer", "older"])
def test_photo_added(own: Project, old: bool) -> None:
    path = own.folder / "mine/rose/more.jpg"
    path.write_bytes(photo(99))
    if old:
        make_old(path)
    assert own.plan(*MINE) == own_jobs("index mine", "pack mine 64")


def test_photo_removed(own: Project) -> None:
    (own.folder / "mine/rose/0.jpg").unlink()
    assert own.plan(*MINE) == own_jobs("index mine", "pack mine 64")


@pytest.mark.parametrize("old", [False, True], ids=["newer", "older"])
def test_archive_replaced(own: Project, old: bool) -> None:
    path = own.folder / "photos.zip"
    write_archive(path, seed=200)
    if old:
        make_old(path)
    assert own.plan(*ZIP) == own_jobs("unpack photos", "index photos", "pack photos 64")


def test_data_set_switched_and_back(finished: Project, own: Project) -> None:
    """Other data sets ran after the first: it is untouched, and coming back only renews summary.csv."""
    assert contents(own.folder / "results/runs/demo") == contents(finished.folder / "results/runs/demo")
    back = Project(own.folder)
    assert back.plan() == LATEST
    back.run()
    summary = "results/summary.csv"
    assert (back.folder / summary).read_bytes() == (finished.folder / summary).read_bytes()
    assert back.plan() == set()
