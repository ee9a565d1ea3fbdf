"""Every writer of the library on a full disk, in a folder that refuses, and killed in the middle of a file.

The disk is a file-size limit, which needs no rights, and where mounting is allowed a small or read-only
file system as well.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from on_disk import tree
from PIL import Image
from summaries import LADDER, families, summary

from ablation.networks import weight_files
from ablation.photos import archive, indexing, manifest, packing
from ablation.photos.drawn import drawing
from ablation.results import predictions as predictions_file
from ablation.results import tables
from ablation.results.figures.evaluated import Evaluated
from ablation.results.figures.given import Given
from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES
from ablation.running import errors, files
from ablation.training import checkpoint
from ablation.training.history import Epoch, write_history
from places import ROOT

TOO_LARGE, FULL, READ_ONLY = "File too large", "No space left on device", "Read-only file system"


# --- the writers -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the writers read: photos, their manifest and pack, an archive, a run's tables."""
    folder = tmp_path_factory.mktemp("sources")
    random = np.random.default_rng(0)
    for category in ("lily", "rose"):
        for number in range(6):
            path = folder / "photos" / category / f"a-name-much-longer-than-a-pixel-{number:0100}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(path)
    with zipfile.ZipFile(folder / "photos.zip", "w") as file:
        for number in range(3):
            file.writestr(f"{number}.jpg", random.bytes(9000))
    manifest.write(indexing.index(folder / "photos", 0.5, 0).entries, folder / "manifest.csv")
    packing.build(folder / "photos", folder / "manifest.csv", 20, folder / "pack")
    history(folder, folder / "run" / "history.csv")
    predictions(folder, folder / "run" / "predictions.csv")
    return folder


def history(_sources: Path, path: Path) -> None:
    write_history([Epoch(k, 1 / 3, 1 / 7, 1 / 9, 0.5, 1 / 11, 1.0) for k in range(99)], path)


def predictions(sources: Path, path: Path) -> None:
    names = json.loads((sources / "pack" / "pack.json").read_text())["files"]
    rows = [predictions_file.Prediction(name, "lily", "rose", 1 / 3, 1 / 7) for name in names * 4]
    predictions_file.write(rows, path)


def weights(_sources: Path, path: Path) -> None:
    state = {"a": torch.ones(30, 50), "b": torch.tensor(7)}
    weight_files.write_weights(path, state, {"backbone": "alexnet"})


def table(_sources: Path, path: Path) -> None:
    tables.write(pd.DataFrame({"experiment": ["a"] * 2000, "val_loss": 1 / 3}), path)


def run_figure(name: str) -> Callable[[Path, Path], None]:
    return lambda sources, path: RUN_FIGURES[name].draw(Evaluated(sources / "run", sources / "pack"), path)


def study_figure(_sources: Path, path: Path) -> None:
    names = LADDER[:2]
    STUDY_FIGURES["augmentations"].draw(Given(summary(names), families(names)), path)


def packed(size: int) -> Callable[[Path, Path], None]:
    return lambda sources, path: packing.build(
        sources / "photos", sources / "manifest.csv", size, path.parent
    )


CAP_DAC_OVERRIDE = 1
# What is written, and by what. Each writes more than a page of memory, the least that a small disk holds.
WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "history.csv": history,
    "predictions.csv": predictions,
    "record.json": lambda _sources, path: files.write_json(path, list(range(999))),
    "model.txt": lambda _sources, path: files.write_text(path, "layer\n" * 999),
    "weights.safetensors": weights,
    "checkpoint.pt": lambda _sources, path: checkpoint.write({"a": torch.ones(300, 50)}, path),
    "manifest.csv": lambda sources, path: manifest.write(manifest.read(sources / "manifest.csv") * 9, path),
    "runs.csv": table,
    "curves.png": run_figure("curves"),
    "samples.png": run_figure("samples"),
    "augmentations.png": study_figure,
    "photos.npy": packed(40),
    # Of photos so small that the index is the larger of the pack's two files.
    "pack.json": packed(1),
    # Folders.
    "unpacked": lambda sources, path: archive.unpack(sources / "photos.zip", path),
    "drawn": lambda _sources, path: drawing.draw(path, 2, 2, 0, (96, 72)),
}
# They are written together, and either may be the one that fails.
PACK = ("photos.npy", "pack.json")


@pytest.fixture(params=WRITERS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def whole(sources: Path, name: str, tmp_path: Path) -> dict[str, bytes]:
    """What the writer leaves where nothing fails."""
    (tmp_path / "whole").mkdir()
    WRITERS[name](sources, tmp_path / "whole" / name)
    return tree(tmp_path / "whole")


def bring_older(folder: Path, whole: dict[str, bytes]) -> None:
    """Put other files where the writer is going to write its own."""
    for path in whole:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"older")


def limits(whole: dict[str, bytes]) -> list[int]:
    """File sizes in bytes that are too small, down to the last byte that is missing."""
    largest = max(len(content) for content in whole.values())
    return [0, largest // 2, largest - 1]


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes. Python ignores the signal, so that writing raises EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def assert_one_line(sources: Path, folder: Path, name: str, reason: str) -> None:
    """Check that a stage that writes this file into the folder ends with one line about it."""
    with pytest.raises(SystemExit) as ended:
        errors.run(lambda: WRITERS[name](sources, folder / name))
    # Python prints a text that it exits with on standard error.
    expected = [
        f"error: cannot write {folder / path} ({reason}): free space or mend the folder"
        # A chart is two files too.
        for path in (PACK if name in PACK else [name, name.replace(".png", ".svg")])
    ]
    assert ended.value.code in expected


# --- a full disk -----------------------------------------------------------------------------------


@pytest.fixture(params=[False, True], ids=["new", "older"])
def folder(request: pytest.FixtureRequest, whole: dict[str, bytes], tmp_path: Path) -> Path:
    """Where the writer is going to write: nothing is there yet, or older files are."""
    found = tmp_path / "out"
    found.mkdir()
    if request.param:
        bring_older(found, whole)
    return found


def test_a_file_size_limit(sources: Path, whole: dict[str, bytes], name: str, folder: Path) -> None:
    before, entries = tree(folder), set(folder.iterdir())
    for size in limits(whole):
        with file_size_limit(size):
            assert_one_line(sources, folder, name, TOO_LARGE)
        assert tree(folder) == before
        assert set(folder.iterdir()) == entries
    WRITERS[name](sources, folder / name)
    assert tree(folder).keys() == whole.keys()


def mount(folder: Path, *options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", folder]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system: run as root to test on a small disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one page, which is 4096 bytes or more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, f"size={resource.getpagesize()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_small_disk(sources: Path, name: str, disk: Path) -> None:
    assert_one_line(sources, disk, name, FULL)
    assert list(disk.iterdir()) == []


# --- a folder that refuses -------------------------------------------------------------------------


@pytest.mark.parametrize("older", [False, True], ids=["new", "older"])
def test_a_read_only_disk(sources: Path, whole: dict[str, bytes], name: str, disk: Path, older: bool) -> None:
    if older:
        mount(disk, "remount", "size=100m")
        bring_older(disk, whole)
    mount(disk, "remount", "ro")
    before = tree(disk)
    assert_one_line(sources, disk, name, READ_ONLY)
    assert tree(disk) == before


@contextmanager
def permissions_count() -> Iterator[None]:
    """Take from root, for a while, the capability to write into every folder (capabilities(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Version 3 of the header, this process; twice (effective, permitted, inheritable), the lower bits first.
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    before = sets[0]
    sets[0] &= ~(1 << CAP_DAC_OVERRIDE)
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(header, sets) == 0


def test_a_folder_without_the_right_to_write(sources: Path, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o555)
    with permissions_count():
        assert_one_line(sources, folder, name, "Permission denied")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("below", "reason"), [("file", "File exists"), ("file/a/b", "Not a directory")], ids=["file", "deeper"]
)
def test_a_folder_that_cannot_be(sources: Path, name: str, tmp_path: Path, below: str, reason: str) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / below
    assert_one_line(sources, folder, name, reason)
    assert tree(tmp_path) == {"file": b"in the way"}


# --- a killed writer -------------------------------------------------------------------------------


def kill_at(size: int, write: Callable[[], None]) -> None:
    """Write in another process, which the kernel kills as soon as a file grows beyond `size` bytes."""
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            with file_size_limit(size):
                write()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGXFSZ


def test_killed_in_the_middle_of_a_file(
    sources: Path, whole: dict[str, bytes], name: str, folder: Path
) -> None:
    before = tree(folder)
    for size in limits(whole):
        kill_at(size, lambda: WRITERS[name](sources, folder / name))
        left = tree(folder)
        assert {path: left[path] for path in whole if path in left} == before
        # What else is there is hidden, and goes with the next writing.
        assert all(path.startswith(".") for path in left.keys() - before.keys())
        assert left.keys() > before.keys()
    WRITERS[name](sources, folder / name)
    assert tree(folder).keys() == whole.keys()
    assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []


# --- whole stages ----------------------------------------------------------------------------------


def test_a_stage_on_a_full_disk_prints_one_line(tmp_path: Path) -> None:
    """Started like a rule does it; the limit is in units of 1024 bytes."""
    arguments = "--species 1 --photos 1 --seed 0 --size 96 72 --output photos"
    script = ROOT / "workflow" / "scripts" / "draw.py"
    ended = subprocess.run(
        ["bash", "-c", f'ulimit -f 1; exec "$0" "$1" {arguments}', sys.executable, script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    line = "error: cannot write photos (File too large): free space or mend the folder\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)
    assert list(tmp_path.iterdir()) == []


CP = """#!/bin/sh
echo "$@" >> cp.txt
head -c 3 "$1" > "$2"
exit 1
"""


def test_the_copied_table_is_whole_or_not_there(tmp_path: Path) -> None:
    """Runs the rule with a `cp` that, as on a full disk, copies three bytes and fails."""
    (tmp_path / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    table = tmp_path / "results" / "comparison" / "demo" / "default" / "summary.csv"
    table.parent.mkdir(parents=True)
    table.write_text("experiment,val_loss\n")
    table.with_name("answer.md").write_text("Take it.\n")
    cp = tmp_path / "bin" / "cp"
    cp.parent.mkdir()
    cp.write_text(CP)
    cp.chmod(0o755)
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--cores", "1"]
    command += ["--directory", tmp_path, "--allowed-rules", "latest", "--", "results/summary.csv"]
    for path, good in ((f"{cp.parent}:{os.environ['PATH']}", False), (os.environ["PATH"], True)):
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (ended.returncode == 0) == good, ended.stderr
        found = sorted(path.name for path in (tmp_path / "results").iterdir())
        assert found == [*["answer.md"] * good, "comparison", *["summary.csv"] * good]
    assert (tmp_path / "results" / "summary.csv").read_text() == "experiment,val_loss\n"
    # The broken copy was never made under the final name.
    assert re.fullmatch(
        r"\S+/demo/default/summary.csv results/summary.csv.part\n", (tmp_path / "cp.txt").read_text()
    )
