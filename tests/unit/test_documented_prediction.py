"""The commands by hand of docs/prediction.md, one after the other, word for word, on small real runs."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flowers import Flowers

from places import ROOT

TEXT = (ROOT / "docs/prediction.md").read_text(encoding="utf-8")
BY_HAND = TEXT[TEXT.index("## By hand") :]
NAMES, *BLOCKS = re.findall(r"^```sh\n(.*?)^```$", BY_HAND, re.MULTILINE | re.DOTALL)
VARIABLES = re.findall(r"^(\w+)=\S+$", NAMES, re.MULTILINE)


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def env(flowers: Flowers, tmp_path: Path) -> dict[str, str]:
    """The names that the document begins with, of the tests' runs, and the files that its commands take."""
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    first = flowers.photos / flowers.files[0]
    shutil.copy(first, tmp_path / "photo.jpg")
    new = tmp_path / "new"
    new.mkdir()
    for number, file in enumerate(flowers.files):
        shutil.copy(flowers.photos / file, new / f"{number}{Path(file).suffix}")
    shutil.make_archive(str(tmp_path / "new_photos"), "zip", new)
    names = [f"{number},0\n" for number in range(len(flowers.files))]
    (tmp_path / "sample_submission.csv").write_text("id,species\n" + "".join(names))
    one, other = flowers.runs.values()
    values = (one.folder, other.folder, flowers.manifest, one.pack, flowers.photos)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path} | dict(zip(VARIABLES, map(str, values), strict=True))


def test_each_command_does_what_is_said_of_it(flowers: Flowers, env: dict[str, str], tmp_path: Path) -> None:
    assert VARIABLES == ["RUN", "OTHER", "MANIFEST", "PACK", "PHOTOS"]
    assert len(BLOCKS) == 8
    told = []
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-euc", block], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}{done.stdout}{done.stderr}"
        told.append(done.stdout + done.stderr)
    assert "photo.jpg: " in told[0]
    assert "unsure" in told[2]
    assert rows(tmp_path / "new-broken.csv") == [["file", "why"]]
    table, form = rows(tmp_path / "new.csv"), rows(tmp_path / "submission.csv")
    assert len(table) == len(form) == len(flowers.files) + 1
    assert form[0] == ["id", "species"]
    assert sorted(path.name for path in (tmp_path / "results/export/my_photos").iterdir()) == [
        *("README.md", "model.onnx", "model.pt2", "predict_onnx.py", "weights.safetensors")
    ]
    assert told[-1].startswith("photo.jpg\t")
    explained = {path.name for path in (tmp_path / "explained").iterdir()}
    assert "activations.png" in explained
    assert {name.partition("-")[0] for name in explained - {"activations.png"}} <= {"right", "wrong"}
    assert len(explained) > 1
    assert "Grad-CAM of layer classifier." in told[5]
