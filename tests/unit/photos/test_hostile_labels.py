"""Hostile label files: each ends in photos of the folder or in one line that says what is wrong."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from folders import indexed
from hostile import _no_hang, refused, write_photos  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos import layouts

FILES = ("a.png", "b.png", "c d.png", "sub/e.png")
NAMES = st.sampled_from(
    [
        *FILES,
        *("./a.png", "sub/./e.png", "missing.png", "notes.txt", ".hidden.png", "sub", ".", "", " "),
        *("/etc/passwd", "/etc/passwd.png", "../a.png", "sub/../a.png", "..", "../../../../etc/passwd.png"),
        *(
            "x" * 300 + ".png",
            "x/" * 3000 + "a.png",
            "a\0.png",
            "a\n.png",
            "\u2028.png",
            "~/a.png",
            "link.png",
        ),
        *(
            "; touch pwned",
            "$(touch pwned).png",
            "`x`.png",
            "-rf",
            '"',
            "'",
            "a.png\\",
            "C:\\a.png",
            "{x}.png",
        ),
    ]
)
CATEGORIES = st.sampled_from(
    ["1", "2", "", " ", "nan", "-1", "../x", "; touch pwned", "\u00e9", "x" * 200_000]
)
TEXTS = st.one_of(
    st.tuples(NAMES, CATEGORIES),
    st.tuples(st.sampled_from(FILES), st.sampled_from(["1", "2"])),
    st.lists(st.text(max_size=6), max_size=4).map(tuple),
)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photos, for a label.csv to be written beside, and what is no photo of this folder."""
    root = write_photos(tmp_path_factory.mktemp("labelled") / "photos", *FILES, ".hidden.png")
    (root / "notes.txt").write_text("x", encoding="utf-8")
    write_photos(root.parent, "a.png")
    return root


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(TEXTS, max_size=8),
    whole=st.booleans(),
    header=st.sampled_from([["filename", "category"], ["category", "filename", "x"], ["file", "class"], []]),
    delimiter=st.sampled_from(",,,;\t"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ending=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    cut=st.integers(-3, 0),
)
def test_near_valid_label_files(
    labelled: Path,
    rows: list[tuple[str, ...]],
    whole: bool,
    header: list[str],
    delimiter: str,
    quoting: Any,
    ending: str,
    encoding: str,
    cut: int,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ending)
    good = [(name, str(number % 2)) for number, name in enumerate(FILES)]
    writer.writerows([header, *(good if whole else []), *rows])
    content = text.getvalue().encode(encoding, "replace")
    (labelled / "label.csv").write_bytes(content[: len(content) + cut])
    indexed(labelled)


@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from([b"", b"filename,category\n", b"\xef\xbb\xbffilename,category\r\na.png,1\r\n"]),
    rest=st.binary(max_size=100),
)
def test_any_bytes_as_a_label_file(labelled: Path, start: bytes, rest: bytes) -> None:
    (labelled / "label.csv").write_bytes(start + rest)
    indexed(labelled)


def test_a_label_file_too_large_to_read(tmp_path: Path) -> None:
    root = write_photos(tmp_path, "a.png", "b.png")
    with (root / "label.csv").open("wb") as file:
        file.truncate(200 * 1024**2)  # without taking the disk
    refused(lambda: layouts.find(root), "label.csv", "more than")


def test_long_words_of_another_encoding_end(tmp_path: Path) -> None:
    """A search that takes the square of a word's length would take hours."""
    root = write_photos(tmp_path, "a.png", "b.png")
    for word in ("x" * 120_000, "7" * 120_000 + "x"):
        lines = ["filename,label,label_name", f"a.png,{word},\xe9", f"b.png,2,{word}"]
        (root / "label.csv").write_bytes("\n".join(lines).encode("cp1252"))
        assert [len(photo.category) > 1000 for photo in layouts.find(root).photos] == [True, False]


@pytest.mark.parametrize(("stored", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_accents_stored_another_way_than_label_csv_writes_them(
    tmp_path: Path, stored: str, written: str
) -> None:
    names = ["\u00e9t\u00e9 1.png", "\u00e9t\u00e9 2.png", "plain.png"]
    on_disk = [unicodedata.normalize(stored, name) for name in names]
    write_photos(tmp_path, *on_disk)
    lines = [f"{unicodedata.normalize(written, name)},{k}" for k, name in enumerate(names)]
    (tmp_path / "label.csv").write_text("filename,category\n" + "\n".join(lines), encoding="utf-8")
    found = layouts.find(tmp_path).photos
    assert {photo.file: photo.category for photo in found} == dict(zip(on_disk, "012", strict=True))


def test_two_files_that_differ_only_in_how_accents_are_stored(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9.png") for form in ("NFC", "NFD")]
    write_photos(tmp_path, *forms)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system stores names in one form")
    both = f"filename,category\n{forms[0]},1\n{forms[1]},2\n"
    (tmp_path / "label.csv").write_text(both, encoding="utf-8")
    assert {photo.file: photo.category for photo in layouts.find(tmp_path).photos} == dict(
        zip(forms, "12", strict=True)
    )
    (tmp_path / "label.csv").write_text(f"filename,category\n{forms[0]},1\n{forms[0]},2\n", encoding="utf-8")
    refused(lambda: layouts.find(tmp_path), "line 3")


def test_two_lines_for_one_file_in_two_forms(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9.png") for form in ("NFC", "NFD")]
    write_photos(tmp_path, forms[1], "b.png")
    text = f"filename,category\n{forms[0]},1\n{forms[1]},2\nb.png,2\n"
    (tmp_path / "label.csv").write_text(text, encoding="utf-8")
    refused(lambda: layouts.find(tmp_path), "line 3", "as 1 and as 2")
