"""Photos that cannot be read: all are named at once, and left out with a word at the end of every run."""

from __future__ import annotations

import csv
import json

from own_photos import write_classes
from project import SINGLE, TINY, Project

FOLDER = "resources/datasets/mine"
MANIFEST = f"{FOLDER}/manifest.csv"
READING = f"{FOLDER}/reading.json"
PACK = "resources/packs/mine/64px/photos.npy"
OWN = ("--config", "dataset=mine")
LEFT_OUT = (*OWN, "bad_photos=leave_out")
BAD = ("rose/0.jpg", "rose/3.jpg", "tulip/1.jpg")


def spoiled(fresh: Project) -> Project:
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    write_classes(own.folder / "mine", photos=5)
    for name in BAD:
        (own.folder / "mine" / name).write_bytes((own.folder / "mine" / name).read_bytes()[:300])
    return own


def test_all_bad_photos_are_named_unless_they_are_left_out(fresh: Project) -> None:
    own = spoiled(fresh)
    stopped = own.snakemake(MANIFEST, *OWN)
    assert stopped.returncode != 0
    log = (own.folder / "logs/index/mine.log").read_text(encoding="utf-8").splitlines()
    assert [line.split(" is unreadable: ")[0] for line in log[1:-1]] == [f"mine/{name}" for name in BAD]
    assert log[-1].startswith("error: 3 photos cannot be used, each of which is in the log: mine/rose/0.jpg ")
    assert "bad_photos: leave_out" in log[-1]
    assert log[-1].replace("error: ", "error: indexing mine: ") in stopped.stderr
    assert not (own.folder / MANIFEST).exists()

    told = f"Mind: 4 files have no part in the study (3 unreadable, 1 .md): {READING}"
    (own.folder / "mine/notes.md").touch()
    assert own.run(MANIFEST, *LEFT_OUT).count(told) == 1
    with (own.folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        used = {row["file"] for row in csv.DictReader(file)}
    assert used == {f"{name}/{k}.jpg" for name in ("rose", "tulip") for k in range(5)} - {*BAD}
    found = json.loads((own.folder / READING).read_text(encoding="utf-8"))
    assert {one["file"] for one in found["left_out"]} == {*BAD, "notes.md"}
    assert found["kinds"] == {"JPEG": 7}
    # Also of a run that indexes nothing.
    assert own.run(PACK, *LEFT_OUT).count(told) == 1


def test_another_reading_of_the_same_photos_packs_nothing(fresh: Project) -> None:
    own = spoiled(fresh)
    own.run(PACK, *LEFT_OUT)
    (own.folder / "mine/notes.md").touch()
    (own.folder / READING).unlink()
    assert own.plan(READING, *LEFT_OUT) == {"index mine"}
    own.run(READING, *LEFT_OUT)
    assert "notes.md" in (own.folder / READING).read_text(encoding="utf-8")
    assert own.plan(PACK, *LEFT_OUT) == set()
