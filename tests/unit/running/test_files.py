"""Files and folders that appear whole or not at all, and hashes of files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_disk import names, tree

from ablation.running.errors import UserError
from ablation.running.files import atomic, atomic_folder, deleted, sha256, write_json, write_text
from places import SCRIPTS


def test_a_file_replaces_the_old_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with atomic(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent  # the same disk, so that renaming is one step
        assert temporary.suffix == ".csv"
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, UserError])
@pytest.mark.parametrize("begun", [True, False])
def test_a_failure_leaves_the_old_file(tmp_path: Path, raised: type[BaseException], begun: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(raised), atomic(path) as temporary:  # noqa: PT012
        if begun:
            temporary.write_text("half")
        raise raised
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), atomic(tmp_path / "x.npy") as temporary:  # noqa: PT012
        temporary.write_bytes(b"half")
        raise ValueError("no")
    assert names(tmp_path) == []


def test_a_file_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    with pytest.raises(UserError, match=r"cannot write .*/x \(No such file"), atomic(tmp_path / "x"):
        pass
    assert (tmp_path / "x").read_text() == "old"


def test_the_folder_is_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a/b/c.txt", "é\n")
    assert (tmp_path / "a/b/c.txt").read_bytes() == "é\n".encode()


def test_json(tmp_path: Path) -> None:
    value = {"b": [1, 0.1], "a": None}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text) == value
    assert text.endswith("}\n")


def test_json_that_cannot_be_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", {"x": object()})
    assert json.loads((tmp_path / "x.json").read_text()) == 1
    assert names(tmp_path) == ["x.json"]


# --- what the disk or the folder refuses -----------------------------------------------------------


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO], ids=errno.errorcode.get
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_disk_that_refuses_is_one_line(tmp_path: Path, number: int, wrapped: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(UserError) as caught, atomic(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        try:
            raise OSError(number, os.strerror(number))
        except OSError:
            if wrapped:  # as torch.save does
                raise RuntimeError("unexpected pos 576 vs 534")  # noqa: B904
            raise
    assert str(caught.value) == f"cannot write {path} ({os.strerror(number)}): free space or mend the folder"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_a_disk_that_refuses_at_last_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network's disk may take every byte and say only in the end that it is full."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_text(tmp_path / "x", "new")
    assert names(tmp_path) == []


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*/x \(Is a directory\)"):
        write_text(tmp_path / "x", "new")
    assert names(tmp_path) == ["x"]


def test_a_name_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="File name too long"):
        write_text(tmp_path / ("x" * 255), "new")


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/elsewhere/photo.jpg"),
        OSError(errno.ENOSPC, "No space left on device", "/elsewhere/photo.jpg"),
        OSError(errno.EROFS, "Read-only file system", 7),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        OSError("cannot identify image file"),
        ValueError("no"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("writer", [atomic, atomic_folder])
def test_an_unrelated_error_stays_what_it_is(
    tmp_path: Path, writer: Callable[[Path], Any], error: Exception
) -> None:
    with pytest.raises(type(error)) as caught, writer(tmp_path / "x"):
        raise error
    assert caught.value is error
    assert names(tmp_path) == []


# --- killed writers --------------------------------------------------------------------------------


def python(code: str, *arguments: str | Path) -> int:
    """Run code in another process; return how it ended."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import signal, sys; from ablation.running.files import *\n" + code,
            *arguments,
        ],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        timeout=60,
        check=False,
    ).returncode


KILLED = """
with atomic(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", ["table.csv", "archive", "a[1].*?.csv", ".hidden", "w.tar.gz"])
@pytest.mark.parametrize("old", [True, False])
def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path, name: str, old: bool) -> None:
    path = tmp_path / name
    if old:
        path.write_text("old")
    for _ in range(2):
        assert python(KILLED, path) == -signal.SIGKILL
        assert path.exists() == old
        assert len(names(tmp_path)) == 1 + old
    write_text(path, "new")
    assert names(tmp_path) == [name]
    assert path.read_text() == "new"


def test_what_another_file_or_a_living_process_left_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    stay = [
        f".table.{os.getppid()}.part.csv",
        f".table.5.{ended.pid}.part.csv",
        f".table2.{ended.pid}.part.csv",
        f".table.{ended.pid}.part.png",
        f".table.{ended.pid}.part",
        f"table.{ended.pid}.part.csv",
        ".table.part.csv",
        ".table.x.part.csv",
        ".table.99999999999999999999.part.csv",
    ]
    for name in [*stay, f".table.{ended.pid}.part.csv"]:
        (tmp_path / name).touch()
    write_text(tmp_path / "table.csv", "new")
    assert names(tmp_path) == sorted([*stay, "table.csv"])


def test_two_processes_write_the_same_file_each_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with atomic(path) as temporary:
        temporary.write_text("first")
        assert python("write_text(Path(sys.argv[1]), 'second')", path) == 0
        assert path.read_text() == "second"
        assert temporary.read_text() == "first"
    assert path.read_text() == "first"
    assert names(tmp_path) == ["table.csv"]


# --- folders ---------------------------------------------------------------------------------------


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A folder with files in it."""
    path = tmp_path / "photos"
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "old.jpg").write_text("old")
    return path


def test_a_folder_replaces_the_old_one_when_it_is_whole(older: Path) -> None:
    with atomic_folder(older) as staging:
        assert names(staging) == []
        (staging / "new.jpg").write_text("new")
        assert tree(older) == {"sub/old.jpg": b"old"}
    assert tree(older) == {"new.jpg": b"new"}
    assert names(older.parent) == ["photos"]


def test_a_new_folder_appears_with_those_above_it(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "a" / "b") as staging:
        (staging / "new.jpg").write_text("new")
        assert names(tmp_path / "a") == [".b.part"]
    assert tree(tmp_path) == {"a/b/new.jpg": b"new"}


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, UserError])
def test_a_failure_leaves_the_old_folder(older: Path, raised: type[BaseException]) -> None:
    with pytest.raises(raised), atomic_folder(older) as staging:  # noqa: PT012
        (staging / "new.jpg").write_text("new")
        raise raised
    assert tree(older.parent) == {"photos/sub/old.jpg": b"old"}
    assert names(older.parent) == ["photos"]


@pytest.mark.parametrize("failing", [1, 2], ids=["old steps aside", "new takes its place"])
def test_a_folder_that_cannot_be_replaced_stays(
    older: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    rename, calls = Path.rename, []

    def sometimes(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path), None, str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", sometimes)
    with (
        pytest.raises(UserError, match=r"cannot write .*/photos \(No space left on device\): free space"),
        atomic_folder(older) as staging,
    ):
        (staging / "new.jpg").write_text("new")
    assert tree(older.parent) == {"photos/sub/old.jpg": b"old"}
    assert names(older.parent) == ["photos"]


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_only_a_folder_is_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "photos"
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path if kind == "link" else tmp_path / "nowhere")
    with pytest.raises(UserError, match="photos is in the way"), atomic_folder(path):
        pass
    assert names(tmp_path) == ["photos"]
    assert path.is_symlink() == (kind != "file")


KILLED_IN_A_FOLDER = """
with atomic_folder(Path(sys.argv[1])) as staging:
    (staging / "half.jpg").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
# After the old folder stepped aside, before the new one took its place.
KILLED_WHILE_REPLACING = """
rename = Path.rename
def once(path, target):
    rename(path, target)
    os.kill(os.getpid(), signal.SIGKILL)
Path.rename = once
with atomic_folder(Path(sys.argv[1])) as staging:
    (staging / "whole.jpg").write_text("whole")
"""


@pytest.mark.parametrize("code", [KILLED_IN_A_FOLDER, KILLED_WHILE_REPLACING], ids=["writing", "replacing"])
def test_what_a_killed_writer_left_of_a_folder_goes_with_the_next(older: Path, code: str) -> None:
    assert python(code, older) == -signal.SIGKILL
    assert "photos/half.jpg" not in tree(older.parent)
    with atomic_folder(older) as staging:
        assert names(staging) == []
        (staging / "new.jpg").write_text("new")
    assert tree(older.parent) == {"photos/new.jpg": b"new"}
    assert names(older.parent) == ["photos"]


# --- hashes, and what is missing ---------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(content=st.binary(max_size=200))
def test_hash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("hash") / "x"
    path.write_bytes(content * 1000)
    assert sha256(path) == hashlib.sha256(content * 1000).hexdigest()


NAMES = ["a.csv", "b.json", "c.png"]


@given(there=st.sets(st.sampled_from([*NAMES, "other"])))
def test_deleted_are_the_missing_ones_of_a_folder_that_has_some(
    tmp_path_factory: pytest.TempPathFactory, there: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for name in there:
        (folder / name).touch()
    assert deleted(folder, NAMES) == (
        [name for name in NAMES if name not in there] if there & set(NAMES) else []
    )


def test_nothing_is_deleted_from_no_folder(tmp_path: Path) -> None:
    assert deleted(tmp_path / "none", NAMES) == []
    (tmp_path / "file").touch()
    assert deleted(tmp_path / "file", NAMES) == []
