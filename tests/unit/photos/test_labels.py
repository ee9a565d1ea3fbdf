"""label.csv as various programs write it, and its mistakes; the photos are empty files."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from folders import fails, make
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos.layouts import find
from ablation.photos.reading import Photo
from ablation.running.errors import UserError


def test_label_csv_beside_the_photos(tmp_path: Path) -> None:
    make(tmp_path, "b.JPG", "a.png", label_csv="filename,category\nb.JPG,2\na.png,10\n")
    assert list(find(tmp_path).photos) == [
        Photo("a.png", "10", None),
        Photo("b.JPG", "2", None),
    ]


def test_label_csv_in_wrapping_folders(tmp_path: Path) -> None:
    make(tmp_path, "x/training/a.jpg", "x/training/b.jpg", ".DS_Store", "__MACOSX/x/._a.jpg", "README.md")
    make(tmp_path, x__training__label_csv="filename,category\na.jpg,cat\nb.jpg,dog\n")
    assert list(find(tmp_path).photos) == [
        Photo("x/training/a.jpg", "cat", None),
        Photo("x/training/b.jpg", "dog", None),
    ]


def test_label_csv_with_photos_in_folders_below(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "images/b.jpg")
    make(tmp_path, label_csv="filename,category\nimages/a.jpg,1\n./images/b.jpg,2\n")
    assert [photo.file for photo in find(tmp_path).photos] == ["images/a.jpg", "images/b.jpg"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufefffilename,category\na.jpg,1\nb c.jpg,2\n",
        "filename,category\r\na.jpg,1\r\nb c.jpg,2\r\n",
        "filename,category\ra.jpg,1\rb c.jpg,2",
        ' FileName , Category \n a.jpg , 1 \n "b c.jpg" , "2" \n',
        '"filename","category"\n"a.jpg","1"\n"b c.jpg","2"',
        '\ufeff"filename", category\r\n\r\n a.jpg,  1\r\n,\r\n b c.jpg,2\r\n\r\n',
        "id,category,filename\n7,1,a.jpg\n8,2,b c.jpg\n",
        "filename,category\na.jpg,1,,\nb c.jpg,2,\n",
    ],
)
def test_label_csv_as_various_programs_write_it(tmp_path: Path, text: str) -> None:
    make(tmp_path, "a.jpg", "b c.jpg", label_csv=text)
    assert list(find(tmp_path).photos) == [
        Photo("a.jpg", "1", None),
        Photo("b c.jpg", "2", None),
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no column filename: make its first line filename,category"),
        ("a.jpg,1\nb.jpg,2\n", "no column filename"),
        ("filename,class\na.jpg,1\nb.jpg,2\n", "no column category"),
        ("filename;category\na.jpg;1\nb.jpg;2\n", "no column filename"),
        ("filename,category,category\na.jpg,1,2\n", "more than one column category"),
        ("filename,category\n", "names no photos"),
        ("filename,category\na.jpg,1\nb.jpg,\n", r"line 3 has no category for b\.jpg"),
        ("filename,category\na.jpg,1\nb.jpg,  \n", "line 3 has no category"),
        ("filename,category\n,1\nb.jpg,2\n", "line 2 has no filename"),
        ("filename,category\na.jpg\nb.jpg,2\n", "line 2 has 1 columns"),
        ("filename,category\nb, c.jpg,1\n", "line 2 has 3 columns.* quote"),
        ('filename,category\na.jpg,1\n"b.jpg,2\n', "line 3 has 1 columns"),
        ('filename,category\na.jpg,"1\nb.jpg,2\n', "line break .* unclosed quote"),
        ("filename,category\na.jpg,1\na.jpg,1\nb.jpg,2\n", r"line 3 labels a\.jpg twice: delete one"),
        ("filename,category\na.jpg,1\n./a.jpg,2\n", r"line 3 labels a\.jpg as 1 and as 2: keep"),
        ("filename,category\n/etc/a.jpg,1\n", "line 2 names /etc/a.jpg"),
        ("filename,category\n../a.jpg,1\n", r"line 2 names \.\./a.jpg"),
        ("filename,category\nx/../a.jpg,1\n", "line 2 names x"),
        ("filename,category\na.jpg,1\nb.jpg,1\n", r"only one class \(1\)"),
        ("filename,category\na.jpg,1\n", r"no line for 1 photo \(b\.jpg\): add"),
        (
            "filename,category\na.jpg,1\nb.jpg,2\nx.jpg,1\n",
            r"names 1 photo \(x\.jpg\) that does not exist: add them or delete their lines",
        ),
        (
            "filename,category\n" + "".join(f"{n}.jpg,1\n" for n in "abwxyz"),
            r"names 4 photos \(w\.jpg, x\.jpg, y\.jpg, \.\.\.\) that do not exist",
        ),
        ("filename,category\na.jpg,1\nb.jpg,2\nnotes.txt,2\n", r"names 1 file \(notes\.txt\) that cannot"),
        ("filename,category\na.jpg," + "1" * 200_000 + "\n", "not a CSV file"),
    ],
)  # fmt: skip
def test_label_csv_with_mistakes(tmp_path: Path, text: str, match: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "notes.txt", label_csv=text)
    fails(tmp_path, match)


@pytest.mark.parametrize("content", [b"filename,category\n\xe4.jpg,1\n", b"\xff\xfef\0i\0", b"\0\0,\0"])
def test_label_csv_of_other_bytes(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, "a.jpg")
    (tmp_path / "label.csv").write_bytes(content)
    fails(tmp_path, "not UTF-8|not a CSV file|no column")


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"), exclude_characters="/\\."),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.dictionaries(NAMES.map(lambda name: name + ".jpg"), NAMES, min_size=2, max_size=6),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    start=st.sampled_from(["", "\ufeff"]),
)
def test_any_label_csv_written_by_the_csv_module_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str], quoting: int, ending: str, start: str
) -> None:
    root = tmp_path_factory.mktemp("labels")
    text = io.StringIO(newline="")
    text.write(start)
    writer = csv.writer(text, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type]
    writer.writerow(["filename", "category"])
    writer.writerows(rows.items())
    (root / "label.csv").write_bytes(text.getvalue().encode())
    for name in rows:
        (root / name).touch()
    # Two ways to write the same letters are one class.
    expected = {file: unicodedata.normalize("NFC", category) for file, category in rows.items()}
    if len(set(expected.values())) < 2:
        fails(root, "only one class")
    else:
        assert {photo.file: photo.category for photo in find(root).photos} == expected


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text('abjpg.,"\n\r \0;/\ufeff', max_size=80).map(str.encode)))
def test_any_bytes_in_label_csv_end_in_photos_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = make(tmp_path_factory.mktemp("labels"), "a.jpg", "b.jpg")
    for header in (b"", b"filename,category\n"):
        (root / "label.csv").write_bytes(header + content)
        try:
            assert len(find(root).photos) == 2
        except UserError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
