"""A grammar of data sets as people have them: any layout, table, encoding, names and archive, truth known.

`data_sets()` draws what one is, `DataSet.lay` writes it to a folder. Photos are real, of 12 x 10 pixels.
"""

from __future__ import annotations

import csv
import io
import tarfile
import unicodedata
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

TRAIN_WORDS = ("train", "Train", "training", "TRAINING")
VAL_WORDS = ("val", "valid", "Validation", "VAL", "dev")
TEST_WORDS = ("test", "Test", "Testing")
# None of them is a word for a split, a table's column or an image folder. Two in no code page of Windows.
CLASSES = (
    "cat",
    "dog",
    "Gänseblümchen",
    "b c",
    "7",
    "42",
    "no tumor",
    "it's",
    "#1",
    "a{x}b",
    "a<b>",
    "菊",
    "кот",
)
LATIN = tuple(name for name in CLASSES if name not in ("菊", "кот"))
STEMS = ("IMG_{}", "photo {}", "ä{}", "x#{}", "a{{b}}{}", "img<v{}>", "{}", "IMG.{}", "it's {}", "=1+{}")
LITTER = (
    *("Thumbs.db", ".DS_Store", "__MACOSX/._a.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg"),
    *(".ipynb_checkpoints/a-checkpoint.jpg", "desktop.ini"),
)
LEFT_OUT = ("README.md", "notes.docx", "clip.mp4", "LICENSE.txt")


@cache
def picture(form: str, number: int) -> bytes:
    """A photo of a colour of its own."""
    rng = np.random.default_rng(number)
    image = Image.fromarray(rng.integers(0, 256, (10, 12, 3), np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


# A suffix, and the format that is in the file: not always the one that it says.
FILES = (
    *((".jpg", "JPEG"), (".JPG", "JPEG"), (".jpeg", "JPEG"), (".jfif", "JPEG"), (".jpe", "JPEG")),
    *(
        (".png", "PNG"),
        (".webp", "WEBP"),
        (".bmp", "BMP"),
        (".tif", "TIFF"),
        (".gif", "GIF"),
        (".avif", "AVIF"),
    ),
    *((".png", "JPEG"), (".jpg", "PNG"), (".jpg_large", "JPEG"), ("", "PNG")),
)
SUFFIXES = {suffix for suffix, _ in FILES}


@dataclass(frozen=True)
class Photo:
    """Where a photo lies, what is in it, its class, and its split: train, val, test or None."""

    path: PurePosixPath
    form: str
    category: str
    split: str | None


@dataclass(frozen=True)
class TableForm:
    """How a table is written, and how it names photos."""

    file: str
    delimiter: str
    encoding: str
    photo: str
    label: str
    names: str
    one_hot: bool
    split: str | None
    extra: bool


class Files(dict[PurePosixPath, bytes]):
    """Files by their path, shown without what is in them."""

    def __repr__(self) -> str:
        return str(sorted(map(str, self)))


@dataclass(frozen=True)
class DataSet:
    """A data set: files with their bytes, what is right of them, or the words of the line that refuses it."""

    files: Files
    truth: dict[str, tuple[str, str | None]]
    waiting: dict[str, str | None]
    # The photos of a test set; those with a class judge, the others wait.
    left_out: set[str]
    refused: str | None = None
    archive: str = "folder"
    tables: tuple[str, ...] = ()

    def lay(self, where: Path) -> Path:
        """Write it under a folder; return the folder or archive."""
        if self.archive == "folder":
            for path, content in self.files.items():
                (where / path).parent.mkdir(parents=True, exist_ok=True)
                (where / path).write_bytes(content)
            return where
        where.mkdir(parents=True, exist_ok=True)
        path = where / f"data.{self.archive}"
        if self.archive.startswith("zip"):
            with zipfile.ZipFile(path, "w") as file:
                for name, content in self.files.items():
                    info = zipfile.ZipInfo(str(name))
                    if self.archive == "zip without the flag":
                        # As macOS' Finder and a C locale's `zip -r` write names.
                        info = _Plain(str(name))
                    file.writestr(info, content)
            return path
        mode: Any = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[self.archive]
        with tarfile.open(path, mode) as tar:
            for name, content in self.files.items():
                member = tarfile.TarInfo(str(name))
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return path


class _Plain(zipfile.ZipInfo):
    """A member whose name is UTF-8 without the flag that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


ARCHIVES = ("folder", "folder", "zip", "zip without the flag", "tar", "tar.gz", "tar.bz2", "tar.xz")


LAYOUTS = (
    *("classes", "splits", "splits within", "table", "split column", "table beside splits", "kaggle"),
    # A table of columns of 0 and 1 in the folder of each part.
    "roboflow",
)


@st.composite
def data_sets(draw: Any) -> DataSet:
    """A data set that is right, or wrong in one way that its `refused` names."""
    layout = draw(st.sampled_from(LAYOUTS))
    latin = draw(st.booleans())
    categories = draw(
        st.lists(st.sampled_from(LATIN if latin else CLASSES), min_size=2, max_size=4, unique=True)
    )
    wrapped = PurePosixPath(*draw(st.lists(st.sampled_from(("data", "my photos", "x")), max_size=2)))
    stem = draw(st.sampled_from(STEMS))
    form = draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3))
    decomposed = draw(st.booleans())
    photos, form_of = _photos(draw, layout, categories, wrapped, stem, form, decomposed)
    files = Files({photo.path: picture(photo.form, number) for number, photo in enumerate(photos)})
    left_out: set[str] = set()
    refused = None
    shown: list[str] = []
    if form_of is not None:
        for where, members in form_of.items():
            kind = _form(draw, layout, latin, members)
            flaw = draw(st.sampled_from((None,) * 6 + ("no line", "no photo", "twice")))
            # One is enough: which of several is told is not said here.
            flaw = None if refused else flaw
            refused = _table(draw, files, where, members, wrapped, kind, flaw, shown) or refused
    for name in draw(st.lists(st.sampled_from(LITTER), max_size=2, unique=True)):
        files[wrapped / name] = b"litter"
    for name in draw(st.lists(st.sampled_from(LEFT_OUT), max_size=2, unique=True)):
        files[wrapped / name] = b"Read me first.\nThen look.\n"
        left_out.add(str(wrapped / name))
    labelled = layout not in ("kaggle",)
    return DataSet(
        files,
        {str(one.path): (one.category, one.split) for one in photos if one.split != "test"},
        {str(one.path): one.category if labelled else None for one in photos if one.split == "test"},
        left_out,
        refused,
        draw(st.sampled_from(ARCHIVES)),
        tuple(shown),
    )


def _photos(
    draw: Any,
    layout: str,
    categories: list[str],
    wrapped: PurePosixPath,
    stem: str,
    forms: list[tuple[str, str]],
    decomposed: bool,
) -> tuple[list[Photo], dict[PurePosixPath, list[Photo]] | None]:
    """The photos of a layout; and where tables lie, with what each names, where there are some."""
    words = {
        "train": draw(st.sampled_from(TRAIN_WORDS)),
        "val": draw(st.sampled_from(VAL_WORDS)),
        "test": draw(st.sampled_from(TEST_WORDS)),
    }
    has_val, has_test = draw(st.booleans()), draw(st.booleans())
    images = draw(st.sampled_from(("images", "", "img/all")))
    depth = draw(st.sampled_from(((), ("patient",), ("a", "b"))))
    photos: list[Photo] = []
    number = 0
    splits: tuple[str | None, ...] = (None,)
    if layout in ("splits", "table beside splits", "splits within", "split column", "roboflow"):
        splits = ("train", *(["val"] if has_val or not has_test else []), *(["test"] if has_test else []))
    elif layout == "kaggle":
        splits = ("train", "test")
    for category in categories:
        for split in splits:
            for _ in range(draw(st.integers(2, 3))):
                suffix, form = forms[number % len(forms)]
                name = stem.format(number) + suffix
                if decomposed:
                    name = unicodedata.normalize("NFD", name)
                number += 1
                folder = wrapped
                if layout == "classes":
                    folder = folder.joinpath(category, *depth)
                elif layout == "splits":
                    folder = folder.joinpath(words[str(split)], category, *depth)
                elif layout == "splits within":
                    folder = folder.joinpath(category, words[str(split)])
                elif layout in ("table", "split column"):
                    folder = folder / images
                else:
                    folder = folder / words[str(split)]
                # Without validation photos the training ones are split by the seed.
                kept = None if split == "train" and "val" not in splits else split
                photos.append(Photo(folder / name, form, category, kept))
    if layout in ("table", "split column"):
        where = draw(st.sampled_from((wrapped, wrapped / "annotations", wrapped / images)))
        return photos, {where: photos}
    if layout == "roboflow":
        return photos, {
            wrapped / words[split]: [photo for photo in photos if photo.path.parent == wrapped / words[split]]
            for split in splits
            if split
        }
    if layout == "table beside splits":
        return photos, {wrapped: photos}
    if layout == "kaggle":
        return photos, {wrapped: [photo for photo in photos if photo.split != "test"]}
    return photos, None


def _form(draw: Any, layout: str, latin: bool, photos: list[Photo]) -> TableForm:
    """How a table is written."""
    encodings = ["utf-8", "utf-8-sig", "utf-16"]
    if latin and not any(set(str(one.path)) - set(map(chr, range(256))) for one in photos):
        encodings.append("cp1252")
    roboflow = layout == "roboflow"
    extra = draw(st.booleans())
    columns = ("label", "Class", "category", "species")
    # A column of any name, where it is the only other one.
    usual = extra or layout in ("split column", "table beside splits")
    files = ("label.csv", "train.csv", "labels.tsv", "my_data.csv", "annotations.csv")
    return TableForm(
        file="_classes.csv" if roboflow else draw(st.sampled_from(files)),
        delimiter=draw(st.sampled_from(",;\t")),
        encoding=draw(st.sampled_from(encodings)),
        photo=draw(st.sampled_from(("filename", "image", "Image", "img_path", "x"))),
        label=draw(st.sampled_from(columns if usual else (*columns, "what", "y2"))),
        names=draw(st.sampled_from(("name", "stem", "path", "backslashes", "elsewhere", "upper"))),
        one_hot=roboflow or draw(st.sampled_from((False, False, True))),
        split=draw(st.sampled_from(("split", "Set", "subset"))) if layout == "split column" else None,
        extra=extra,
    )


def _table(
    draw: Any,
    files: dict[PurePosixPath, bytes],
    where: PurePosixPath,
    photos: list[Photo],
    wrapped: PurePosixPath,
    form: TableForm,
    flaw: str | None,
    shown: list[str],
) -> str | None:
    """Add a table; return the words by which it is refused if it is made wrong."""
    rows = [[_named(form.names, photo, wrapped), photo.category] for photo in photos]
    refused = None
    if flaw == "no line" and photos[-1].split != "test":
        rows.pop()
        refused = "no line with a class"
    elif flaw == "no photo":
        rows.append(["nowhere_to_be_found.jpg", photos[0].category])
        refused = "nowhere_to_be_found"
    elif flaw == "twice" and len({photo.category for photo in photos}) > 1:
        other = next(photo.category for photo in photos if photo.category != rows[0][1])
        rows.append([rows[0][0], other])
        refused = "labels .* as "
    header = [form.photo, form.label]
    if form.one_hot:
        header = [form.photo, *sorted({photo.category for photo in photos})]
        rows = [[name, *(str(int(category == one)) for one in header[1:])] for name, category in rows]
    elif form.extra:
        header.append("width")
        rows = [[*row, "640"] for row in rows]
    if form.split:
        header.append(form.split)
        parts = {_named(form.names, photo, wrapped): photo.split or "train" for photo in photos}
        rows = [[*row, parts.get(row[0], "train")] for row in rows]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=draw(st.sampled_from(("\n", "\r\n"))))
    writer.writerows([header, *rows])
    files[where / form.file] = text.getvalue().encode(form.encoding)
    shown.append(f"{where / form.file}: {text.getvalue()!r} in {form.encoding}")
    return refused


def _named(names: str, photo: Photo, wrapped: PurePosixPath) -> str:
    inner = photo.path.relative_to(wrapped)
    return {
        "name": photo.path.name,
        "stem": photo.path.stem if photo.path.suffix in SUFFIXES else photo.path.name,
        "path": str(inner),
        "backslashes": str(inner).replace("/", "\\"),
        "elsewhere": f"C:\\Users\\me\\data\\{str(inner).replace('/', chr(92))}",
        "upper": photo.path.name.upper(),
    }[names]
