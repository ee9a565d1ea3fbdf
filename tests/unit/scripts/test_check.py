"""check.py: what it writes and prints, and what it asks for where the index is older than it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scenes import save, scene

import check
import index
from ablation.photos import overview, reading
from ablation.running.errors import UserError


@pytest.fixture
def indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a small data set's index; its photos are in `photos` beside it."""
    for seed, file in enumerate(f"{name}/{k}.jpg" for name in ("rose", "tulip") for k in range(3)):
        save(scene(seed), tmp_path / "photos" / file)
    manifest = tmp_path / "index/manifest.csv"
    arguments = f"--photos {tmp_path}/photos --train-fraction 0.5 --seed 0 --output {manifest}"
    monkeypatch.setattr(sys, "argv", ["index.py", *arguments.split()])
    index.main()
    return manifest.parent


def run_check(monkeypatch: pytest.MonkeyPatch, indexed: Path) -> Path:
    """Run check.py in this process; return the folder of its outputs."""
    output = indexed.with_name("mine")
    photos = f"--photos {indexed.with_name('photos')} --manifest {indexed}/manifest.csv"
    ways = "--way 64-pad-box 32-squash-bilinear"
    monkeypatch.setattr(sys, "argv", f"check.py {photos} {ways} --output {output}".split())
    check.main()
    return output


def test_what_is_printed_is_kept(
    indexed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    output = run_check(monkeypatch, indexed)
    told = (output / overview.TEXT).read_text(encoding="utf-8")
    assert capsys.readouterr().out == told
    assert told.startswith("mine: 6 photos of 2 classes\n\n")
    assert "padded with black to 64 x 64 pixels" in told
    names = {overview.TEXT, overview.CLASSES, overview.SHEET}
    assert {path.name for path in output.iterdir()} == names


def test_an_index_without_its_reading(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (indexed / reading.FILE).unlink()
    with pytest.raises(UserError, match=r"index holds no reading\.json: run snakemake check$"):
        run_check(monkeypatch, indexed)
