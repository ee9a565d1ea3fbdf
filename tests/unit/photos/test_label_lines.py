"""Lines of label.csv and other tables, as written by programs and with mistakes; photos are empty files."""

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
        ("", "holds no table: write a header filename,category"),
        ("filename\na.jpg\nb.jpg\n", "has no column of classes: add one called category"),
        ("shape,colour\nround,red\n", r"names no photos of this data set in 2 columns \(shape, colour\)"),
        ("filename,category,category\na.jpg,1,2\n", "more than one column category"),
        ("filename,category\n", "names no photos: add a line for each photo"),
        ("filename,category\nx.jpg,1\n", r"1 line \(line 2 names x\.jpg\) without a photo"),
        ("filename,category\na.jpg,1\nb.jpg,\n", r"line 3 has no category for b\.jpg"),
        ("filename,category\na.jpg,1\nb.jpg,  \n", "line 3 has no category"),
        ("filename,category\n,1\nb.jpg,2\n", "line 2 has no name of a photo"),
        ("filename,category\na.jpg\nb.jpg,2\n", "line 2 has 1 columns"),
        ("filename,category\nb, c.jpg,1\n", "line 2 has 3 columns.* quote"),
        ('filename,category\na.jpg,1\n"b.jpg,2\n', "line 3 has 1 columns"),
        ('filename,category\na.jpg,"1\nb.jpg,2\n', "line break .* unclosed quote"),
        ("filename,category\na.jpg,1\na.jpg,1\nb.jpg,2\n", r"line 3 labels a\.jpg twice: delete one"),
        ("filename,category\na.jpg,1\n./a.jpg,2\n", r"a\.jpg as 1 and as 2 \(here as \./a\.jpg\): keep"),
        ("filename,category\na.jpg,1\nb.jpg,2\n../x.jpg,1\n", r"line 4 names \.\./x\.jpg\) without a photo"),
        ("filename,category\na.jpg,1\nb.jpg,2\n/etc/x.jpg,1\n", "line 4 names /etc/x.jpg"),
        ("filename,category\na.jpg,1\nb.jpg,2\nx/A.jpg,1\n", r"line 4 labels a\.jpg twice"),
        ('filename,category\na.jpg,1\nb.jpg,2\n"..",1\n', r"line 4 names \.\."),
        ("filename,category\na.jpg,1\nb.jpg,1\n", r"only one class \(1\)"),
        ("filename,category\na.jpg,1\n", r"no line with a class for 1 photo \(b\.jpg\): add"),
        (
            "filename,category\na.jpg,1\nb.jpg,2\nx.jpg,1\n",
            r"1 line \(line 4 names x\.jpg\) without a photo in the data set: add the photos or delete the",
        ),
        (
            "filename,category\n" + "".join(f"{n}.jpg,1\n" for n in "abwxyz"),
            r"4 lines \(line 4 names w\.jpg, line 5 names x\.jpg, line 6 names y\.jpg, \.\.\.\) without",
        ),
        ("filename,category\na.jpg,1\nb.jpg,2\nnotes.txt,2\n", r"names notes\.txt\) with a file that cannot"),
        ("filename,category\na.jpg," + "1" * 200_000 + "\n", "not a CSV file"),
    ],
)  # fmt: skip
def test_label_csv_with_mistakes(tmp_path: Path, text: str, match: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "notes.txt", label_csv=text)
    fails(tmp_path, match)


@pytest.mark.parametrize(
    "content", [b"filename,category\n\x81.jpg,1\n", b"\xff\xfef\0i\0", b"\xff\xfef", b"\0\0,\0"]
)
def test_label_csv_of_other_bytes(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, "a.jpg")
    (tmp_path / "label.csv").write_bytes(content)
    fails(tmp_path, "not UTF-8|holds no table|names no photos")


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


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            "file,height,colour\na.jpg,3,red\nb.jpg,4,blue\n",
            r"in 2 columns \(height: 3 and 4, colour: red .*, as labels: {file: t\.csv, label: height}",
        ),
        ("file,class,label\na.jpg,1,x\nb.jpg,1,y\n", r"\(class: 1, label: x and y\).*label: class}"),
        (
            "left,right,same\na.jpg,b.jpg,1\nb.jpg,a.jpg,0\n",
            r"photos in 2 columns .*as labels: {file: t\.csv, photo: left}",
        ),
        ("file,x,y z\na.jpg,1,1\nb.jpg,0,1\n", r"line 2 marks 2 classes \(x, y z\) of one photo"),
        ("file,x,z\na.jpg,1,0\nb.jpg,0,0\n", r"line 3 has no category for b\.jpg"),
        ("file,class,split\na.jpg,1,train\nb.jpg,2,later\n", "line 3 has 'later' in column split: write"),
        ("file,class,is_valid\na.jpg,1,0\nb.jpg,2,maybe\n", "'maybe' in column is_valid: write True or"),
        ("file,class\nA,1\nb.jpg,2\n", r"line 2 names A, which may be any of 2 photos \(a\.jpg, a\.png\)"),
        ("file,class,class\na.jpg,1,2\nb.jpg,1,2\n", "more than one column class"),
    ],
)
def test_doubt_and_mistakes_in_any_table(tmp_path: Path, text: str, match: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg", t_csv=text)
    if "\nA," in text:
        make(tmp_path, "a.png")
    fails(tmp_path, match)
