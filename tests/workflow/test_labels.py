"""A table that leaves in doubt which column holds the classes: what is asked, and what an answer does."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from own_photos import photo
from project import SINGLE, TINY, Project

MANIFEST = "resources/datasets/dogs/manifest.csv"
PACK = "resources/packs/dogs/64px/photos.npy"
OWN = ("--config", "dataset=dogs")
BREED = (*OWN, "labels={label: the breed}")


def dogs(fresh: Project) -> Project:
    """A project beside which lie photos, and a table of them with two columns that may be the classes."""
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    (own.folder / "dogs/photos").mkdir(parents=True)
    rows = [("photo no.", "the breed", "coat")]
    for number in range(8):
        (own.folder / f"dogs/photos/{number}.jpg").write_bytes(photo(number))
        rows.append((str(number), "ab"[number % 2], "xy"[number // 4]))
    with (own.folder / "dogs/list of 2026.csv").open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return own


def categories(own: Project) -> dict[str, str]:
    with Path(own.folder, MANIFEST).open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["category"] for row in csv.DictReader(file)}


def test_what_is_asked_for_in_doubt_can_be_answered_on_the_command_line(fresh: Project) -> None:
    own = dogs(fresh)
    stopped = own.snakemake(MANIFEST, *OWN)
    assert stopped.returncode != 0
    log = own.folder / "logs/index/dogs.log"
    (error,) = [line for line in log.read_text("utf-8").splitlines() if line.startswith("error: ")]
    assert "the breed: a and b" in error
    advised = re.search(r"labels: ({.*}) in config\.yaml", error)
    assert advised
    own.run(MANIFEST, *OWN, f"labels={advised[1]}")
    assert categories(own) == {f"photos/{number}.jpg": "ab"[number % 2] for number in range(8)}
    own.run(MANIFEST, *OWN, "labels={label: coat}")
    assert categories(own) == {f"photos/{number}.jpg": "xy"[number // 4] for number in range(8)}
    assert "class in column coat (semicolons, UTF-16)" in log.read_text("utf-8")


def test_labels_said_in_more_words_index_anew_and_pack_nothing(fresh: Project) -> None:
    own = dogs(fresh)
    own.run(PACK, *BREED)
    assert own.plan(PACK, *BREED) == set()
    more = (*OWN, "labels={label: the breed, photo: photo no.}")
    assert own.plan(MANIFEST, *more) == {"index dogs"}
    own.run(MANIFEST, *more)
    assert own.plan(PACK, *more) == set()
