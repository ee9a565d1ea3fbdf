"""The contents of the user's files: whatever changes is noticed, and nothing is read twice."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.chain import contents
from ablation.running import files
from ablation.running.errors import UserError
from ablation.study import inputs

LONG_AGO = 1_000_000_000


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.chdir(tmp_path)
    yield
    inputs.look.cache_clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read. Whatever was changed just now counts as changed long ago."""
    names: list[str] = []

    def sha256(path: Path) -> str:
        names.append(path.name)
        return files.sha256(path)

    monkeypatch.setattr(contents, "sha256", sha256)
    monkeypatch.setattr(contents, "COARSE", -LONG_AGO * 10**9)
    return names


def put(path: Path, content: bytes, time: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


def hashes(path: Path) -> dict[str, str]:
    """As a process that starts anew finds them."""
    inputs.look.cache_clear()
    return contents.hashes(path)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def folder(tmp_path: Path) -> Path:
    root = tmp_path / "mine"
    for number, name in enumerate(("b/2.jpg", "a/1{x}<v>.JPG", "label.csv")):
        put(root / name, bytes([number]))
    return root


def test_photos_and_tables_of_a_folder_count(tmp_path: Path) -> None:
    root = folder(tmp_path)
    put(root / "a/.DS_Store", b"x")
    put(root / "notes.doc", b"x")
    found = {"b/2.jpg": digest(b"\0"), "a/1{x}<v>.JPG": digest(b"\1"), "label.csv": digest(b"\2")}
    assert hashes(root) == found
    assert hashes(root / "label.csv") == {"": digest(b"\2")}


@pytest.mark.parametrize("kept", [True, False])
def test_what_did_not_change_is_not_read_again(tmp_path: Path, read: list[str], kept: bool) -> None:
    if not kept:
        (tmp_path / ".snakemake").rmdir()
    root = folder(tmp_path)
    first = hashes(root)
    assert sorted(read) == ["1{x}<v>.JPG", "2.jpg", "label.csv"]
    assert hashes(root) == first
    assert len(read) == (3 if kept else 6)


def test_what_was_damaged_is_read_again(tmp_path: Path, read: list[str]) -> None:
    root = folder(tmp_path)
    first = hashes(root)
    (kept,) = contents.KEPT.iterdir()
    for damage in (b"", b"{}", b"[1]", b"[[1]]", b'{"a": 1}', b"\xff", kept.read_bytes()[:-9]):
        kept.write_bytes(damage)
        read.clear()
        assert hashes(root) == first
        assert len(read) == 3


def replaced(root: Path) -> None:
    put(root / "b/2.jpg", b"x", LONG_AGO + 3600)


def replaced_by_an_older_one(root: Path) -> None:
    put(root / "b/2.jpg", b"x", LONG_AGO - 3600)


def replaced_by_one_of_the_same_size_and_time(root: Path) -> None:
    put(root / "b/2.jpg", b"x")


def moved_into_place(root: Path) -> None:
    put(root.parent / "other.jpg", b"x").rename(root / "b/2.jpg")


def added(root: Path) -> None:
    put(root / "b/3.jpg", b"x", LONG_AGO - 3600)


def added_without_a_suffix(root: Path) -> None:
    put(root / "b/3", b"\xff\xd8\xff", LONG_AGO - 3600)


def removed(root: Path) -> None:
    (root / "b/2.jpg").unlink()


def renamed(root: Path) -> None:
    (root / "b/2.jpg").rename(root / "b/3.jpg")


def names_exchanged(root: Path) -> None:
    (root / "b/2.jpg").rename(root / "x")
    (root / "a/1{x}<v>.JPG").rename(root / "b/2.jpg")
    (root / "x").rename(root / "a/1{x}<v>.JPG")


def a_class_renamed(root: Path) -> None:
    (root / "b").rename(root / "c")


def table_replaced(root: Path) -> None:
    put(root / "label.csv", b"x")


CHANGES = [
    *(replaced, replaced_by_an_older_one, replaced_by_one_of_the_same_size_and_time, moved_into_place),
    *(added, added_without_a_suffix, removed, renamed, names_exchanged, a_class_renamed, table_replaced),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("read")
def test_every_change_is_noticed(tmp_path: Path, change: object) -> None:
    root = folder(tmp_path)
    first = hashes(root)
    assert callable(change)
    change(root)
    after = hashes(root)
    assert after != first
    (kept,) = contents.KEPT.iterdir()
    kept.unlink()
    assert hashes(root) == after


def touched(root: Path) -> None:
    for path in root.rglob("*"):
        path.touch()


def copied(root: Path) -> None:
    copy = root.with_name("copy")
    shutil.copytree(root, copy, copy_function=shutil.copyfile)
    shutil.rmtree(root)
    copy.rename(root)


def linked(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    root.symlink_to("elsewhere")


def protected(root: Path) -> None:
    (root / "b/2.jpg").chmod(0o444)


@pytest.mark.parametrize("change", [touched, copied, linked, protected])
@pytest.mark.usefixtures("read")
def test_what_changes_nothing_changes_nothing(tmp_path: Path, change: object) -> None:
    root = folder(tmp_path)
    first = hashes(root)
    assert callable(change)
    change(root)
    assert hashes(root) == first


def test_a_file_that_changed_just_now_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the same tick of the clock it can change once more, and show the same times."""
    path = folder(tmp_path) / "b/2.jpg"
    changed = path.stat().st_ctime_ns
    monkeypatch.setattr(contents, "sight", lambda _file: (1, 0, changed))
    for seconds, noticed in ((1, True), (3, False)):
        monkeypatch.setattr(contents.time, "time_ns", lambda after=seconds: changed + after * 10**9)
        put(path, b"x")
        first = hashes(path)
        put(path, b"y")
        assert (hashes(path) != first) == noticed


@pytest.mark.usefixtures("read")
def test_what_takes_long_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder(tmp_path)
    monkeypatch.setattr(contents, "TOLD", 3)
    hashes(root)
    told = f"Reading {root} (3 files, 0.0 GB), to notice from now on what changes there\n"
    assert capsys.readouterr() == ("", told)
    hashes(root)
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder(tmp_path)

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(contents, "sha256", refuse)
    with pytest.raises(
        UserError, match=r"mine/.* cannot be read \(Permission denied\): mend its permissions"
    ):
        hashes(root)


def test_a_stamp_tells_names_and_contents(tmp_path: Path) -> None:
    def stamp(**made: bytes) -> str:
        root = tmp_path / "stamped"
        shutil.rmtree(root, ignore_errors=True)
        for name, content in made.items():
            put(root / f"{name}.jpg", content)
        inputs.look.cache_clear()
        contents.stamp.cache_clear()
        return contents.stamp(root)

    one = stamp(a=b"1", b=b"2")
    assert one == stamp(b=b"2", a=b"1")
    assert len({one, stamp(a=b"2", b=b"1"), stamp(a=b"1"), stamp(a=b"1", c=b"2"), stamp(a=b"1", b=b"3")}) == 5


@pytest.mark.usefixtures("read")
def test_a_text_counts_only_if_it_may_hold_labels(tmp_path: Path) -> None:
    root = folder(tmp_path)
    first = hashes(root)
    put(root / "readme.txt", b"Photos of roses.\nTaken by me in May.\n")
    assert hashes(root) == first | {"readme.txt": ""}
    put(root / "list.txt", b"b/2.jpg 1\n1{x}<v>.JPG 2\n")
    assert hashes(root)["list.txt"] == digest(b"b/2.jpg 1\n1{x}<v>.JPG 2\n")
    assert hashes(root)["readme.txt"] == ""
    stamps = []
    for name in ("list.txt", "readme.txt"):
        contents.stamp.cache_clear()
        stamps.append(contents.stamp(root))
        (root / name).unlink()
        inputs.look.cache_clear()
    contents.stamp.cache_clear()
    assert stamps[0] != stamps[1] == contents.stamp(root)


NAMES = st.text("ab{}<>#: \u00e9\u7167", min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.binary(max_size=3), max_size=6))
def test_the_hashes_are_those_of_sha256sum(made: dict[str, bytes]) -> None:
    root = Path("given")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    names = [f"{name}.jpg" for name in made]
    for name, content in zip(names, made.values(), strict=True):
        put(root / name, content)
    expected = {}
    if names:
        told = subprocess.run(["sha256sum", "-z", "--", *names], cwd=root, capture_output=True, check=True)
        expected = {line[66:]: line[:64] for line in told.stdout.decode().split("\0")[:-1]}
    assert hashes(root) == expected
