"""A photo that is there twice: with two labels it stops the study, unless the configuration allows it."""

from __future__ import annotations

import csv
from pathlib import Path

from own_photos import class_photos, write_classes
from project import SINGLE, TINY, Project

FOLDER = "resources/datasets/mine"
MANIFEST = f"{FOLDER}/manifest.csv"
PACK = "resources/packs/mine/64px/photos.npy"
OWN = ("--config", "dataset=mine")
ALLOWED = (*OWN, "duplicates=allow")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_photo_with_two_labels_stops_unless_it_is_allowed(fresh: Project) -> None:
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    write_classes(own.folder / "mine")
    (own.folder / "mine/tulip/copy.jpg").write_bytes((own.folder / "mine/rose/0.jpg").read_bytes())

    stopped = own.snakemake(MANIFEST, *OWN)
    assert stopped.returncode != 0
    log = (own.folder / "logs/index/mine.log").read_text(encoding="utf-8").splitlines()
    (error,) = [line for line in log if line.startswith("error: ")]
    assert log[-1] == error
    for part in ("mine/rose/0.jpg", "mine/tulip/copy.jpg", "one is rose", "other tulip", "duplicates: allow"):
        assert part in error
    assert error.replace("error: ", "error: indexing mine: ") in stopped.stderr
    assert not (own.folder / MANIFEST).exists()

    own.run(MANIFEST, *ALLOWED)
    (pair,) = rows(own.folder / FOLDER / "duplicates.csv")
    assert (pair["first"], pair["second"], pair["kind"]) == ("rose/0.jpg", "tulip/copy.jpg", "identical")
    assert {row["file"] for row in rows(own.folder / MANIFEST)} >= {"rose/0.jpg", "tulip/copy.jpg"}


def test_allowing_duplicates_indexes_anew_and_packs_nothing(fresh: Project) -> None:
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    write_classes(own.folder / "mine")
    own.run(PACK, *OWN)
    assert own.plan(MANIFEST, *ALLOWED) == {"index mine"}
    own.run(MANIFEST, *ALLOWED)
    assert own.plan(PACK, *ALLOWED) == set()


def test_a_large_manifest_is_compared_by_content_too(fresh: Project) -> None:
    """Of more than the 1 MB up to which Snakemake does so by itself; here because paths are long."""
    own = Project(fresh.folder, configs=(TINY, SINGLE))
    labels = ["filename,category"]
    for number, (name, content) in enumerate(class_photos(150).items()):
        deep = Path(*(f"{number:03}{'x' * 230}" for _ in range(15)), "0.jpg")
        (own.folder / "mine" / deep).parent.mkdir(parents=True)
        (own.folder / "mine" / deep).write_bytes(content)
        labels.append(f"{deep},{Path(name).parent}")
    (own.folder / "mine/label.csv").write_text("\n".join(labels), encoding="utf-8")
    own.run(PACK, *OWN)
    assert (own.folder / MANIFEST).stat().st_size > 1_000_000
    assert own.plan(MANIFEST, *ALLOWED) == {"index mine"}
    own.run(MANIFEST, *ALLOWED)
    assert own.plan(PACK, *ALLOWED) == set()
    assert own.plan(PACK, *ALLOWED, "--max-checksum-file-size", "1MB") == {"pack mine 64"}
