"""Hostile names of folders and files, folders without end, links, and what is no file."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from pathlib import Path

import pytest
from folders import indexed
from hostile import FOUR, _no_hang, refused, write_photos  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.chain import contents
from ablation.photos import classes, indexing, layouts, tree

HOSTILE = [
    *(
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "-rf",
        "--help",
        "a'b",
        'a"b',
        "a\\b",
        "{x}",
        "%s",
        "$x",
    ),
    *("a\nb", "a\tb", "\u202eabc", "\u00a0", " ", "x" * 250, "nan", "CON", "*", "?", "~", "#", "=1+1"),
    os.fsdecode(b"\xe4\xff"),
]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(HOSTILE)
        | st.text(
            st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=10
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_names_of_folders_and_files(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    root = write_photos(tmp_path_factory.mktemp("names") / "photos", *FOUR)
    for name in names:
        if name not in (".", ".."):
            folder = root / name
            folder.mkdir(exist_ok=True)
            for number in range(2):
                (folder / f"{number}{name[:100]}.png").write_bytes((root / FOUR[number]).read_bytes())
    indexed(root)


@pytest.mark.parametrize("depth", [31, 400, 1500])
def test_folders_without_end(tmp_path: Path, depth: int) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):  # step by step, since a path ends at 4096 bytes
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    refused(lambda: layouts.find(root), "folders in one another")
    subprocess.run(["rm", "-rf", root], check=True)


def test_links_that_lead_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten folders that each link to the others have millions of paths."""
    monkeypatch.setattr(tree, "_MOST_FOLDERS", 500)
    names = [f"c{number}" for number in range(10)]
    root = write_photos(tmp_path / "photos", *(f"{name}/0.png" for name in names))
    for name in names:
        for other in names:
            if other != name:
                (root / name / other).symlink_to(root / other)
    refused(lambda: layouts.find(root), "links that lead back")


def test_the_users_own_links_may_lead_out(tmp_path: Path) -> None:
    write_photos(tmp_path / "elsewhere", "a/0.png", "a/1.png", "x.png")
    root = write_photos(tmp_path / "photos", "b/0.png")
    (root / "a").symlink_to(tmp_path / "elsewhere/a")
    (root / "b/x.png").symlink_to(tmp_path / "elsewhere/x.png")
    found = [entry.file for entry in indexing.index(root, 0.5, 0).entries]
    assert found == ["a/0.png", "a/1.png", "b/0.png", "b/x.png"]
    # What is watched is what is used.
    assert sorted(contents.hashes(root)) == found


def test_what_is_no_file_is_no_photo(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    os.mkfifo(root / "a/pipe.png")
    (root / "a/device.png").symlink_to("/dev/zero")
    (root / "a/round.png").symlink_to("round.png")
    (root / "a/gone.png").symlink_to("nowhere")
    assert [photo.file for photo in layouts.find(root).photos] == list(FOUR)


def test_a_class_written_in_two_forms_is_one_class(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")]
    write_photos(tmp_path, f"train/{forms[0]}/0.png", f"val/{forms[1]}/0.png", "train/b/0.png", "val/b/0.png")
    assert classes.ordered(photo.category for photo in layouts.find(tmp_path).photos) == ["b", forms[0]]
