"""Which tables beside the photos say their classes, and in which columns; the photos are empty files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import pytest
import yaml
from folders import fails, make, parts
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos import labels
from ablation.photos.labels import Asked
from ablation.photos.layouts import find
from ablation.photos.matching import Names
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


# --- tables of any name and form -------------------------------------------------------------------


def read(root: Path, **asked: str) -> tuple[dict[str, str], dict[str, str | None], dict[str, str | None]]:
    """The class and the split of each photo, and of the test set each one's class or None."""
    return parts(find(root, Asked(**asked)))


AB = {"images/a.jpg": "1", "images/b.jpg": "2"}


@pytest.mark.parametrize(
    "text",
    [
        "a.jpg,1\nb.jpg,2\n",
        "a,1\nb,2\n",
        "image_id,label\na,1\nb,2\n",
        "Image,Id\nA.JPG,1\nB.JPG,2\n",
        "filename;category\na.png;1\nb.png;2\n",
        "image_path\tbreed\timage_width\nC:\\x\\images\\a.jpg\t1\t30\nC:\\x\\images\\b.jpg\t2\t40\n",
        ",file,class\n0,a.jpg,1\n1,b.jpg,2\n",
        "id,file_name,species\n1,a.jpg,1\n2,b.jpg,2\n",
        "photo,only other\n/data/images/a.jpg,1\n/data/images/b.jpg,2\n",
        "filename,1,2\na.jpg,1,0\nb.jpg,0,1\n",
        "image,1,2,3\na,1.0,0.0,0.0\nb,0.0,1.0,0.0\n",
        "x,label,label_id\na.jpg,1,7\nb.jpg,2,8\n",
        "name,name_of_sort\na.jpg,1\nb.jpg,2\n",
    ],
)
@pytest.mark.parametrize("place", ["what__ever", "images__x", "annotations__sub__labels"])
def test_which_columns_hold_photos_and_classes(tmp_path: Path, text: str, place: str) -> None:
    make(tmp_path, "images/a.jpg", "images/b.jpg", **{place + "_csv": text})
    assert read(tmp_path)[0] == AB


def test_text_goes_before_its_own_numbering(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    for text in (
        "image,label,class_name\na,0,cat\nb,1,dog\nc,0,cat\n",
        "image,species,class_id\na,cat,0\nb,dog,1\nc,cat,0\n",
    ):
        make(tmp_path, train_csv=text)
        assert read(tmp_path)[0] == {"a.jpg": "cat", "b.jpg": "dog", "c.jpg": "cat"}


def test_lists_of_text(tmp_path: Path) -> None:
    make(tmp_path, "images/1.jpg", "images/2.jpg", "README.txt")
    make(tmp_path, list_txt="images/1.jpg 3\nimages/2.jpg 4\n", LICENSE_txt="MIT License\n\n1 2\n")
    found = find(tmp_path)
    assert [photo.category for photo in found.photos] == ["3", "4"]
    assert [one.file for one in found.left_out] == ["LICENSE.txt", "README.txt"]
    assert {one.why for one in found.left_out} == {".txt"}


def test_lines_of_numbers_are_no_labels_of_photos_with_numbers(tmp_path: Path) -> None:
    make(tmp_path, *(f"{kind}/{n}.jpg" for kind in ("cat", "dog") for n in range(3)))
    make(tmp_path, labels__0_txt="0 0.5 0.5 0.2 0.2\n", labels__1_txt="1 0.5 0.5 0.2 0.2\n")
    found = find(tmp_path)
    assert {photo.category for photo in found.photos} == {"cat", "dog"}
    assert [one.file for one in found.left_out] == ["labels/0.txt", "labels/1.txt"]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("split", ["train", "val", "Training", "Validation", "TEST"]),
        ("Set", ["train", "dev", "train", "valid", "testing"]),
        ("subset", ["train", "val", "train", "val", "test"]),
    ],
)
def test_a_column_of_the_split_is_kept(tmp_path: Path, header: str, values: list[str]) -> None:
    make(tmp_path, *(f"{name}.jpg" for name in "abcde"))
    classes = ["x", "x", "y", "y", "x"]
    lines = [f"{a}.jpg,{b},{c}" for a, b, c in zip("abcde", classes, values, strict=True)]
    make(tmp_path, data_csv="\n".join([f"file,class,{header}", *lines]))
    categories, split, waiting = read(tmp_path)
    assert categories == {"a.jpg": "x", "b.jpg": "x", "c.jpg": "y", "d.jpg": "y"}
    assert split == {"a.jpg": "train", "b.jpg": "val", "c.jpg": "train", "d.jpg": "val"}
    assert waiting == {"e.jpg": "x"}


def test_a_column_that_says_what_validates(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    make(tmp_path, labels_csv="name,label,is_valid\na.jpg,x,False\nb.jpg,x,True\nc.jpg,y,0\nd.jpg,y,1\n")
    assert read(tmp_path)[1] == {"a.jpg": "train", "b.jpg": "val", "c.jpg": "train", "d.jpg": "val"}


def test_a_class_and_its_column_called_as_a_photo_is(tmp_path: Path) -> None:
    make(tmp_path, "0.jpg", "1.jpg", "6.jpg", "7.jpg")
    rows = "x,7,cat\n0.jpg,0,1\n1.jpg,0,1\n6.jpg,1,0\n7.jpg,1,0\n"
    (tmp_path / "classes.csv").write_text(rows)
    assert read(tmp_path)[0] == {"0.jpg": "cat", "1.jpg": "cat", "6.jpg": "7", "7.jpg": "7"}


def test_train_and_test_alone_are_split_by_the_seed(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    make(tmp_path, labels_csv="name,label,split\na.jpg,x,train\nb.jpg,y,train\nc.jpg,,test\n")
    assert read(tmp_path) == ({"a.jpg": "x", "b.jpg": "y"}, {}, {"c.jpg": None})
    assert any("1 photo (c.jpg) of a test set without labels waits" in note for note in find(tmp_path).notes)
    # A line that is missing may be a mistake, also where a column says the split.
    make(tmp_path, "d.jpg")
    fails(tmp_path, r"no line with a class for 1 photo \(d\.jpg\)")


def test_the_plainer_name_of_two_goes_first(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", t_csv="file,class,species\na.jpg,1,x\nb.jpg,2,x\n")
    assert read(tmp_path)[0] == {"a.jpg": "1", "b.jpg": "2"}


def test_the_advice_of_a_doubt_works(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg")
    make(tmp_path, **{"sub dir__t_csv": "file,'which one?',on\na.jpg,3,red\nb.jpg,4,blue\n"})
    with pytest.raises(UserError) as caught:
        find(tmp_path)
    advised = yaml.safe_load(re.search(r"labels: {.*}", str(caught.value))[0])["labels"]  # type: ignore[index]
    assert advised == {"file": "sub dir/t.csv", "label": "'which one?'"}
    assert read(tmp_path, **advised)[0] == {"a.jpg": "3", "b.jpg": "4"}


def test_a_doubt_is_said_where_folders_name_one_class(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "images/b.jpg", t_csv="file,height,colour\na,3,red\nb,4,blue\n")
    fails(tmp_path, "say which column does")
    # Where they name several, a photo outside them is what is wrong.
    make(tmp_path, "more/c.jpg", "d.jpg")
    fails(tmp_path, r"1 photo \(d\.jpg\) outside class folders")


# --- several tables, and folders beside them -------------------------------------------------------


def test_a_form_to_hand_in_labels_nothing(tmp_path: Path) -> None:
    make(tmp_path, "train/1.jpg", "train/2.jpg", "test/3.jpg", "test/4.jpg")
    (tmp_path / "sample_submission.csv").write_text("id,label\n3,x\n4,x\n", encoding="utf-8")
    make(tmp_path, train_csv="id,label\n1,x\n2,y\n", test_csv="id\n3\n4\n")
    assert read(tmp_path) == (
        {"train/1.jpg": "x", "train/2.jpg": "y"},
        {},
        {"test/3.jpg": None, "test/4.jpg": None},
    )
    assert [one.file for one in find(tmp_path).left_out] == ["sample_submission.csv", "test.csv"]


def test_a_list_of_test_photos_in_the_folder_of_all(tmp_path: Path) -> None:
    make(tmp_path, *(f"images/Train_{n}.jpg" for n in range(3)), "images/Test_0.jpg", "images/Test_1.jpg")
    make(tmp_path, train_csv="image_id,healthy,rust\nTrain_0,1,0\nTrain_1,0,1\nTrain_2,0,1\n")
    make(tmp_path, test_csv="image_id\nTest_0\nTest_1\n")
    categories, _, waiting = read(tmp_path)
    assert list(categories.values()) == ["healthy", "rust", "rust"]
    assert list(waiting) == ["images/Test_0.jpg", "images/Test_1.jpg"]
    # Nothing says what becomes of a photo that no table names.
    make(tmp_path, "images/more.jpg")
    fails(tmp_path, r"train\.csv has no line with a class for 1 photo \(images/more\.jpg\)")


def test_a_table_for_each_part(tmp_path: Path) -> None:
    make(tmp_path, *(f"{part}/{n}.jpg" for part in ("train", "valid", "test") for n in (1, 2)))
    for part in ("train", "valid", "test"):
        make(tmp_path, **{f"{part}__labels_csv": "filename,class\n1.jpg,x\n2.jpg,y\n"})
    categories, split, waiting = read(tmp_path)
    assert categories == {f"{part}/{n}.jpg": "xy"[n - 1] for part in ("train", "valid") for n in (1, 2)}
    assert split == {file: "val" if "valid" in file else "train" for file in categories}
    assert waiting == {"test/1.jpg": "x", "test/2.jpg": "y"}


def test_a_table_for_each_part_beside_equal_names(tmp_path: Path) -> None:
    make(tmp_path, *(f"{part}/{n}.jpg" for part in ("train", "val") for n in (1, 2)))
    make(
        tmp_path, train_csv="filename,class\n1.jpg,x\n2.jpg,y\n", val_csv="filename,class\n1.jpg,y\n2.jpg,x\n"
    )
    assert read(tmp_path)[0] == {"train/1.jpg": "x", "train/2.jpg": "y", "val/1.jpg": "y", "val/2.jpg": "x"}


@pytest.mark.parametrize("table", ["train.csv", "labels.csv"])
def test_photos_of_a_test_set_with_the_names_of_training_ones_wait(tmp_path: Path, table: str) -> None:
    make(tmp_path, "train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg")
    (tmp_path / table).write_text("id,label\n1,x\n2,y\n", encoding="utf-8")
    assert read(tmp_path) == (
        {"train/1.jpg": "x", "train/2.jpg": "y"},
        {},
        {"test/1.jpg": None, "test/2.jpg": None},
    )


def test_parts_by_the_names_of_tables_alone(tmp_path: Path) -> None:
    make(tmp_path, *(f"images/{name}.jpg" for name in "abcd"))
    make(tmp_path, train_csv="filename,class\na,x\nb,y\n", validation_csv="filename,class\nc,x\nd,y\n")
    assert read(tmp_path)[1] == {f"images/{name}.jpg": "train" if name in "ab" else "val" for name in "abcd"}


def test_tables_that_contradict_each_other(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", one_csv="file,class\na,x\nb,y\n", other_csv="file,class\na,x\nb,z\n")
    fails(tmp_path, r"other\.csv and one\.csv contradict each other about b\.jpg.*labels: {file: one\.csv}")
    assert read(tmp_path, file="other.csv")[0] == {"a.jpg": "x", "b.jpg": "z"}
    make(tmp_path, labels_csv="file,class\na,p\nb,q\n")
    assert read(tmp_path)[0] == {"a.jpg": "p", "b.jpg": "q"}
    assert "one.csv contradicts labels.csv (a.jpg) and is not used" in find(tmp_path).notes


FOLDERS = ("cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/4.jpg")


def test_a_table_goes_before_folders_if_it_is_clear(tmp_path: Path) -> None:
    make(tmp_path, *FOLDERS, sizes_csv="filename,width,height\n1,3,4\n2,3,4\n3,4,5\n4,4,5\n")
    by_folder = {file: file[:3] for file in FOLDERS}
    assert read(tmp_path)[0] == by_folder
    assert [one.file for one in find(tmp_path).left_out] == ["sizes.csv"]
    make(tmp_path, same_csv="filename,label\n1,cat\n2,cat\n3,dog\n4,dog\n")
    assert read(tmp_path)[0] == by_folder
    assert not any("not taken" in note for note in find(tmp_path).notes)
    make(tmp_path, same_csv="filename,label\n1,x\n2,y\n3,x\n4,y\n")
    assert read(tmp_path)[0] == dict(zip(FOLDERS, "xyxy", strict=True))
    assert (
        "2 folders (cat, dog) not taken for classes (labels: folders in config.yaml would)"
        in find(tmp_path).notes
    )
    assert {photo.file: photo.category for photo in find(tmp_path, Asked(folders=True)).photos} == by_folder


@pytest.mark.parametrize("name", ["test.csv", "sample_submission.csv"])
def test_a_table_that_is_asked_for_labels_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / name).write_text("id,label\na,x\nb,y\n", encoding="utf-8")
    fails(tmp_path, "holds no|outside class folders")
    assert read(tmp_path, file=name)[0] == {"a.jpg": "x", "b.jpg": "y"}


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"file": "x.csv"}, r"holds no table x\.csv, which labels\.file names: there is 1 table \(t\.csv\)"),
        ({"file": "../t.csv"}, "holds no table"),
        ({"file": "t.csv", "label": "z"}, r"no column z \(3 columns \(file, a, b\)\): write one of these"),
        ({"label": "z"}, r"no table that names photos and has a column z, as labels asks: it holds 1 table"),
        ({"photo": "a"}, "no table that names photos and has a column a"),
        ({"file": "t.csv", "photo": "a"}, "t.csv names no photos of this data set"),
        ({"split": "b"}, "line 2 has '3' in column b"),
    ],
)
def test_what_is_asked_for_and_not_there(tmp_path: Path, asked: dict[str, str], match: str) -> None:
    make(tmp_path, "a.jpg", "b.jpg", t_csv="file,a,b\na,1,3\nb,2,4\n")
    with pytest.raises(UserError, match=match) as caught:
        find(tmp_path, Asked(**asked))
    assert "\n" not in str(caught.value)


# Names of photos without suffix that no other's name ends with, and how a table may write a path.
STEMS = st.text(st.sampled_from("abcdäöé_-() 0123456789."), min_size=1, max_size=8).map(
    lambda stem: f"p{stem.strip()}x"
)
FORMS: list[Callable[[str], str]] = [
    lambda path: path,
    lambda path: "./" + path,
    lambda path: path.replace("/", "\\"),
    lambda path: "C:\\Users\\me\\" + path.replace("/", "\\"),
    lambda path: "/home/me/" + path,
    lambda path: PurePosixPath(path).name,
    lambda path: PurePosixPath(path).stem,
    str.upper,
    lambda path: str(PurePosixPath(path).with_suffix(".png")),
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_small_data_sets_in_any_form_are_read_as_they_were_meant(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("any")
    draw = data.draw
    stems = draw(st.lists(STEMS, min_size=3, max_size=6, unique_by=lambda stem: stem.casefold()))
    folder = draw(st.sampled_from(["", "images/", "data/photos/"]))
    labels = [draw(st.sampled_from(["rose", "Gänseblümchen", "7"])) for _ in stems]
    labels[:2] = ["rose", "Gänseblümchen"]
    suffix = draw(st.sampled_from([".jpg", ".PNG", ".jpeg"]))
    make(root, *(f"{folder}{stem}{suffix}" for stem in stems))
    form: Callable[[str], str] = draw(st.sampled_from(FORMS))
    names = [form(f"{folder}{stem}{suffix}") for stem in stems]
    kind = draw(st.sampled_from(["usual", "split", "one-hot", "extra", "no header"]))
    header, rows = ["image", "label"], [list(row) for row in zip(names, labels, strict=True)]
    if kind == "split":
        header.append("split")
        rows = [[*row, "test" if number == 2 else "train"] for number, row in enumerate(rows)]
    elif kind == "one-hot":
        header = ["image", *sorted(set(labels))]
        rows = [[name, *(str(int(label == one)) for one in header[1:])] for name, label in rows]
    elif kind == "extra":
        header, rows = ["width", "label", "path"], [["640", label, name] for name, label in rows]
    elif kind == "no header":
        header = []
    order = draw(st.permutations(range(len(rows))))
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=draw(st.sampled_from(",;\t|")), lineterminator=draw(st.sampled_from(["\n", "\r\n"]))
    )
    writer.writerows([*([header] if header else []), *(rows[number] for number in order)])
    table = draw(st.sampled_from(["labels.csv", "x.tsv", "annotations/what ever.csv"]))
    (root / table).parent.mkdir(exist_ok=True)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]))
    (root / table).write_bytes(text.getvalue().encode(encoding))
    expected = {f"{folder}{stem}{suffix}": label for stem, label in zip(stems, labels, strict=True)}
    waiting = dict([list(expected.items())[2]]) if kind == "split" else {}
    waiting = {
        file: label if label in [*labels[:2], *labels[3:]] else None for file, label in waiting.items()
    }  # type: ignore[misc]
    found = read(root)
    assert found == ({file: label for file, label in expected.items() if file not in waiting}, {}, waiting)


def test_photos_are_listed_once_for_all_tables_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, *(f"{kind}/{n}.jpg" for kind in ("cat", "dog") for n in range(2)))
    make(tmp_path, **{f"boxes__{n}_txt": "0 0.5 0.5\n" for n in range(30)})
    made: list[PurePosixPath] = []

    def counted(photos: Iterable[PurePosixPath], folder: PurePosixPath) -> Names:
        made.append(folder)
        return Names(photos, folder)

    monkeypatch.setattr(labels, "Names", counted)
    assert len(find(tmp_path).left_out) == 30
    assert made == [PurePosixPath("boxes")]
