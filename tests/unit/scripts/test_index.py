"""index.py: what it prints and writes of duplicates, and when it refuses."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scenes import save, scaled, scene

import index
from ablation.photos import duplicates, indexing, pairs, reading
from ablation.running.errors import UserError

HEADER = "first,first_category,first_split,second,second_category,second_split,kind,distance\n"


def run_index(
    monkeypatch: pytest.MonkeyPatch, root: Path, mode: str = "refuse", more: Sequence[str] = ()
) -> Path:
    """Run index.py in this process; return the folder of its outputs."""
    folder = root.parent / "indexed"
    arguments = f"--photos {root} --train-fraction 0.5 --seed 0 --duplicates {mode} --output {folder}/m.csv"
    monkeypatch.setattr(sys, "argv", ["index.py", *arguments.split(), *more])
    index.main()
    return folder


def divided(root: Path) -> Path:
    """A data set with its own split, without duplicates."""
    for seed, file in enumerate(f"{s}/{c}/{k}.jpg" for s in ("train", "val") for c in "ab" for k in range(2)):
        save(scene(seed), root / file)
    return root


def test_what_is_left_out_and_taken_for_what_is_said_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = divided(tmp_path / "photos")
    for name in ("train/a/readme.md", "train/a/more.md", "val/b/.hidden", "train/.DS_Store"):
        (root / name).touch()
    (root / "train/b/bad.jpg").write_bytes(b"")
    frames = [scene(seed).resize((60, 40)) for seed in (90, 91)]
    frames[0].save(root / "val/b/moving.webp", save_all=True, append_images=frames[1:])
    with pytest.raises(
        UserError, match=r"train/b/bad\.jpg is empty: remove it .* or say `bad_photos: leave_out`"
    ):
        run_index(monkeypatch, root)
    told = [
        "one folder for each of 2 classes (a, b)",
        "the split is kept: 5 photos train, 5 validate",
        f"{root}/train/b/bad.jpg is unreadable: is empty",
        "of 1 photo (val/b/moving.webp) with several frames or pages the first is taken",
    ]
    assert capsys.readouterr().out.splitlines() == told
    folder = run_index(monkeypatch, root, "refuse --bad-photos leave_out")
    assert capsys.readouterr().out.splitlines() == [
        *told,
        "left out: 2 .md (train/a/more.md, train/a/readme.md), 1 hidden (val/b/.hidden), "
        "1 unreadable (train/b/bad.jpg)",
        "2 classes, 4 photos train, 5 validate",
    ]
    found = reading.read(folder / reading.FILE)
    assert found is not None
    assert found["left_out"] == [
        {"file": "train/a/more.md", "why": ".md"},
        {"file": "train/a/readme.md", "why": ".md"},
        {"file": "train/b/bad.jpg", "why": "unreadable: is empty"},
        {"file": "val/b/.hidden", "why": "hidden"},
    ]
    assert found["notes"] == [*told[:2], told[3]]
    assert found["kinds"] == {"JPEG": 8, "WEBP": 1}
    assert found["sizes"]["smallest"] == [60, 40]
    assert found["waiting"] == []


def rows(folder: Path) -> list[str]:
    text = (folder / pairs.FILE).read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER).splitlines()


def test_without_duplicates_there_is_only_a_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_index(monkeypatch, divided(tmp_path / "photos"))
    assert rows(folder) == []
    assert capsys.readouterr().out.splitlines() == [
        "one folder for each of 2 classes (a, b)",
        "the split is kept: 4 photos train, 4 validate",
        "2 classes, 4 photos train, 4 validate",
    ]
    assert (folder / "m.csv").read_text().startswith("file,sha256,label,category,split\n")


def test_what_is_said_of_labels_decides_them_and_the_log_says_how_they_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = divided(tmp_path / "photos")
    photos = [f"{k}.jpg" for k in range(4)]
    for k, file in enumerate(photos):
        save(scene(10 + k), root / file)
    lines = [f"{file};{'sun' if k % 2 else 'sea'};{'ab'[k // 2]}" for k, file in enumerate(photos)]
    (root / "sights.csv").write_text("\n".join(["which;what;who", *lines]), encoding="utf-16")
    for part in ("train", "val"):
        shutil.rmtree(root / part)
    with pytest.raises(UserError, match=r"as labels: {file: sights\.csv, label: what} in config\.yaml"):
        run_index(monkeypatch, root)
    folder = run_index(monkeypatch, root, more=["--labels", '{"label": "What"}'])
    assert {line.split(",")[3] for line in (folder / "m.csv").read_text().splitlines()[1:]} == {"sun", "sea"}
    assert (
        "labels from sights.csv: photos in column which, class in column what (semicolons, UTF-16)"
        in capsys.readouterr().out.splitlines()
    )


def test_duplicates_are_written_and_those_across_the_split_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = divided(tmp_path / "photos")
    save(scaled(scene(0), 0.5), root / "val/a/smaller.png")
    (root / "train/b/copy.jpg").write_bytes((root / "train/b/0.jpg").read_bytes())
    folder = run_index(monkeypatch, root)
    across, within = rows(folder)
    assert across.startswith("train/a/0.jpg,a,train,val/a/smaller.png,a,val,near,")
    assert within == "train/b/0.jpg,b,train,train/b/copy.jpg,b,train,identical,0"
    assert [pair.across for pair in pairs.read(folder / pairs.FILE)] == [True, False]
    *_notes, first, second, _ = capsys.readouterr().out.splitlines()
    pair = "train/a/0.jpg (a, train) and val/a/smaller.png (a, val), nearly the same"
    assert first == f"duplicates across the split: {pair}"
    counted = "2 pairs of photos (1 identical, 1 nearly the same)"
    assert second == f"{counted}, 1 across the split: {folder / pairs.FILE}"


@pytest.mark.parametrize(("kind", "mode"), [("identical", "refuse"), ("near", "refuse_near")])
def test_a_photo_with_two_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, mode: str
) -> None:
    root = divided(tmp_path / "photos")
    if kind == "near":
        save(scene(0), root / "train/b/again.webp", quality=70)
    else:
        (root / "train/b/again.jpg").write_bytes((root / "train/a/0.jpg").read_bytes())
    with pytest.raises(UserError, match=rf"{root}/train/a/0\.jpg and {root}/train/b/again\.\w+ are "):
        run_index(monkeypatch, root, mode)
    assert "duplicates with two labels: train/a/0.jpg (a, train) and" in capsys.readouterr().out
    assert not (tmp_path / "indexed").exists()
    (row,) = rows(run_index(monkeypatch, root, "allow"))
    assert f",{kind}," in row
    assert "warning" not in capsys.readouterr().out


def part(scratched: bool, seed: int) -> Image.Image:
    """One part on a table, as a fixed camera sees it again and again, with a scratch or without."""
    pixels = np.asarray(scene(0), np.int16).copy()
    if scratched:
        pixels[100:102, 120:170] = 230
    noise = np.random.default_rng(seed).normal(0, 2, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def test_photos_of_one_thing_by_a_fixed_camera_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "photos"
    for k in range(3):
        save(part(False, k), root / f"good/{k}.png")
        save(part(True, k + 3), root / f"scratch/{k}.png")
    found = pairs.read(run_index(monkeypatch, root) / pairs.FILE)
    assert {pair.kind for pair in found} == {"near"}
    assert sum(pair.contradictory for pair in found) == 9
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("duplicates with two labels: good/") for line in lines) == 9
    (warning,) = (line for line in lines if line.startswith("warning"))
    assert warning == (
        "warning: of 9 pairs of photos (9 nearly the same) the labels differ: mend them if that is wrong "
        "(`duplicates: refuse_near` in config.yaml makes it an error)"
    )


def test_the_order_in_which_photos_were_decoded_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    for category in ("rose", "tulip"):
        for k in range(6):
            save(scene(k % 3, (160, 120)), root / category / f"{k}.jpg", quality=50 + 5 * k)
    prints: dict[str, duplicates.Fingerprint] = {}
    entries = indexing.index(
        root, 0.5, 0, lambda file, photo: prints.update({file: duplicates.fingerprint(photo)})
    ).entries
    first = duplicates.find(entries, prints)
    assert len(first) == 3 * 6
    for seed in range(5):
        files = list(prints)
        random.Random(seed).shuffle(files)
        assert duplicates.find(entries, {file: prints[file] for file in files}) == first
    texts = {(run_index(monkeypatch, root, "allow") / pairs.FILE).read_bytes() for _ in range(3)}
    assert len(texts) == 1
