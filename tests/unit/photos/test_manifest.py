"""The manifest: what is written is read back, and damage is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos.manifest import Entry, read, write
from ablation.running.errors import UserError


def entry(file: str, label: int, category: str, split: str) -> Entry:
    return Entry(file, hashlib.sha256(file.encode()).hexdigest(), label, category, split)


ENTRIES = [
    entry('1/a,"b".jpg', 0, "2", "train"),
    entry("1/\u00e4 .jpg", 0, "2", "val"),
    entry("2/a.jpg", 1, "10", "train"),
    entry("2/b.jpg", 1, "10", "val"),
]


def test_written_entries_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "manifest.csv"
    write(ENTRIES, path)
    assert read(path) == ENTRIES
    assert path.read_bytes().startswith(b"file,sha256,label,category,split\n")
    assert [file.name for file in path.parent.iterdir()] == ["manifest.csv"]


def test_a_failing_write_leaves_the_older_manifest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    write(ENTRIES, path)
    with pytest.raises(UnicodeEncodeError):
        write([entry("a", 0, "\udce4", "train")], path)
    assert read(path) == ENTRIES


def test_a_missing_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.csv does not exist: run"):
        read(tmp_path / "manifest.csv")
    with pytest.raises(UserError, match="is damaged"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("file,sha256", "file,sha"),
        ("2/a.jpg,", "../a.jpg,"),
        ("2/a.jpg,", "/a.jpg,"),
        ("2/a.jpg,", "2/b.jpg,"),
        ("2/a.jpg,", "2/c.jpg,"),
        ("2/a.jpg,", ","),
        (",0,2,train", ",1,2,train"),
        (",1,10,train", ",2,10,train"),
        (",1,10,train", ",0,10,train"),
        (",1,10,train", ",one,10,train"),
        (",1,10,train", ",-1,10,train"),
        (",1,10,train", "," + "9" * 5000 + ",10,train"),
        (",1,10,train", ",1,1000,train"),
        (",1,10,train", ",1,,train"),
        (",1,10,train", ",1,10,val"),
        (",1,10,train", ",1,10,test"),
        (",1,10,train", ",1,10"),
        (",1,10,train", "0,1,10,train"),
        (",1,10", ",1,1"),
        ('"1/a', '1/a'),
        ("val\n2/a", "val\n\n2/a"),
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "manifest.csv"
    write(ENTRIES, path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=r"manifest\.csv is damaged .*delete it and run again"):
        read(path)


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(0, 400), noise=st.binary(max_size=40))
def test_a_manifest_cut_or_overwritten_ends_in_entries_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("manifest") / "manifest.csv"
    write(ENTRIES, path)
    path.write_bytes(path.read_bytes()[:cut] + noise)
    try:
        assert len(read(path)) >= 4
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
