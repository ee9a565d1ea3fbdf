"""The same photos in other forms, as folders, with tables, in an archive, train as the same."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scenes import save, scene

from ablation.photos import archive, indexing, manifest, pack, packing

CLASSES = {"rose": range(5), "tulip": range(5, 9), "7": range(9, 12)}
FORMS = ("folders", "beside", "kaggle", "archive")


def lay(form: str, root: Path) -> Path:
    """Write the photos in one form; return the folder to index."""
    labels = {f"{number:02}.jpg": name for name, numbers in CLASSES.items() for number in numbers}
    lines = "".join(f"{file},{name}\n" for file, name in labels.items())
    where = {"folders": "{name}", "beside": "", "kaggle": "train", "archive": "data/{name}"}[form]
    for number, (file, name) in enumerate(labels.items()):
        save(scene(number).resize((40, 30)), root / where.format(name=name) / file)
    if form == "beside":
        (root / "label.csv").write_text(f"filename,category\n{lines}", encoding="utf-8")
    if form == "kaggle":
        (root / "test").mkdir()
        save(scene(99).resize((40, 30)), root / "test/q.jpg")
        (root / "train.csv").write_text(f"Image,Id\n{lines}", encoding="utf-8")
        (root / "sample_submission.csv").write_text("Image,Id\nq.jpg,rose\n", encoding="utf-8")
    if form == "archive":
        with zipfile.ZipFile(root / "data.zip", "w") as file:
            for path in sorted((root / "data").rglob("*.jpg")):
                file.write(path, path.relative_to(root))
        shutil.rmtree(root / "data")
        archive.unpack(root / "data.zip", root / "unpacked")
        return root / "unpacked"
    return root


def packed(form: str, folder: Path) -> pack.Pack:
    root, listed = lay(form, folder / form), folder / f"{form}.csv"
    manifest.write(indexing.index(root, 0.6, 3).entries, listed)
    packing.build(root, listed, 16, folder / f"{form}-pack")
    return pack.load(folder / f"{form}-pack")


@pytest.mark.parametrize("form", FORMS[1:])
def test_any_form_trains_as_class_folders_do(tmp_path: Path, form: str) -> None:
    found, folders = packed(form, tmp_path), packed("folders", tmp_path)
    np.testing.assert_array_equal(found.photos, folders.photos)
    np.testing.assert_array_equal(found.labels, folders.labels)
    np.testing.assert_array_equal(found.training, folders.training)
    assert found.categories == folders.categories == ["7", "rose", "tulip"]
