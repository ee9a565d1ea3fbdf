"""Hostile label files, names, configuration files and weights at every entrance.

Each must end in success or in one line that says what is wrong: no traceback, no hang, nothing half made
and nothing executed. What each module does with good and with plainly bad input is in its own tests.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import pickle
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
import yaml
from hostile import FOUR, _no_hang, outcome, refused, write_photos  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.networks import backbones
from ablation.photos import layouts, manifest
from ablation.running.errors import UserError
from ablation.study import schema, study
from places import ROOT, SCHEMA

# What Pillow says about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::DeprecationWarning:PIL")


# --- label files -----------------------------------------------------------------------------------

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


def indexed(root: Path) -> None:
    """Look into a folder, which succeeds with photos of that folder alone or fails with one line."""
    found = outcome(lambda: layouts.find(root))
    if isinstance(found, UserError):
        assert str(root) in str(found)
        refused(lambda: manifest.build(root, 0.5, 0))
        return
    for photo in found:
        assert photo.category
        assert ".." not in Path(photo.file).parts
        assert (root / photo.file).is_file()
        assert not Path(photo.file).is_absolute()
    outcome(lambda: manifest.build(root, 0.5, 0))


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


@pytest.mark.parametrize(("stored", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_accents_stored_another_way_than_label_csv_writes_them(
    tmp_path: Path, stored: str, written: str
) -> None:
    names = ["\u00e9t\u00e9 1.png", "\u00e9t\u00e9 2.png", "plain.png"]
    on_disk = [unicodedata.normalize(stored, name) for name in names]
    write_photos(tmp_path, *on_disk)
    lines = [f"{unicodedata.normalize(written, name)},{k}" for k, name in enumerate(names)]
    (tmp_path / "label.csv").write_text("filename,category\n" + "\n".join(lines), encoding="utf-8")
    found = layouts.find(tmp_path)
    assert {photo.file: photo.category for photo in found} == dict(zip(on_disk, "012", strict=True))


def test_two_files_that_differ_only_in_how_accents_are_stored(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9.png") for form in ("NFC", "NFD")]
    write_photos(tmp_path, *forms)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system stores names in one form")
    both = f"filename,category\n{forms[0]},1\n{forms[1]},2\n"
    (tmp_path / "label.csv").write_text(both, encoding="utf-8")
    assert {photo.file: photo.category for photo in layouts.find(tmp_path)} == dict(
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


def test_a_class_written_in_two_forms_is_one_class(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")]
    write_photos(tmp_path, f"train/{forms[0]}/0.png", f"val/{forms[1]}/0.png", "train/b/0.png", "val/b/0.png")
    assert layouts.categories(layouts.find(tmp_path)) == ["b", forms[0]]


# --- folders ---------------------------------------------------------------------------------------

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
    monkeypatch.setattr(layouts, "_MOST_FOLDERS", 500)
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
    found = [entry.file for entry in manifest.build(root, 0.5, 0)]
    assert found == ["a/0.png", "a/1.png", "b/0.png", "b/x.png"]
    # What Snakemake is told to watch is what is used.
    assert study.photo_files(root) == [str(root / file) for file in found]


def test_what_is_no_file_is_no_photo(tmp_path: Path) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    os.mkfifo(root / "a/pipe.png")
    (root / "a/device.png").symlink_to("/dev/zero")
    (root / "a/round.png").symlink_to("round.png")
    (root / "a/gone.png").symlink_to("nowhere")
    assert [photo.file for photo in layouts.find(root)] == list(FOUR)


# --- configurations --------------------------------------------------------------------------------

DEFAULT = (ROOT / "config.yaml").read_text(encoding="utf-8")
LAUGHS = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9)
]


@pytest.mark.parametrize(
    "text",
    [
        "seeds: &a [*a]",
        "seeds: &a [*a, *a]",
        "recipe: &a {epochs: *a}",
        "datasets: &a {demo: *a}",
        "weights: " + "[" * 60 + "]" * 60,
        "seeds: [" + ", ".join(map(str, range(200_000))) + "]",
        "\n".join([*LAUGHS, "seeds: *a9"]),
    ],
    ids=["list in itself", "twice", "mapping in itself", "data set in itself", "deep", "long", "laughs"],
)
def test_a_configuration_that_would_never_end(text: str) -> None:
    overlay = yaml.load(text, yaml.CSafeLoader)
    refused(lambda: study.load({**yaml.safe_load(DEFAULT), **overlay}, SCHEMA), "config: ")


def repeated(tmp_path: Path, text: str, name: str = "config.yaml") -> Any:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return outcome(lambda: schema.refuse_repeated_keys([path]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: 1\nb: 2\na: 3\n", ["lines 1 and 3", "'a'"]),
        ("recipe: {epochs: 1, epochs: 2}", ["line 1", "'epochs'"]),
        ("recipe:\n  epochs: 1\n  'epochs': 2\n", ["lines 2 and 3", "'epochs'"]),
        ("x:\n- {}\n- a: 1\n  a: 1\n", ["lines 3 and 4"]),
        ("x: &x {b: 1}\ny: {<<: *x, c: {d: 1, d: 2}}\n", ["line 2", "'d'"]),
        ('{"a": {\n\t"b": 1,\n\t"b": 2}}', ["lines 2 and 3", "'b'"]),
    ],
)
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str, parts: list[str]) -> None:
    error = repeated(tmp_path, text)
    assert isinstance(error, UserError)
    assert str(error).startswith(f"config: {tmp_path / 'config.yaml'}, ")
    assert all(part in str(error) for part in parts), str(error)


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")], ids=str)
def test_no_key_of_ours_is_given_twice(path: Path) -> None:
    schema.refuse_repeated_keys([path])


@pytest.mark.parametrize(
    "text",
    [
        *("", "- a\n- a\n", "{a: 1, b: {a: 2}}", "x: &a [*a, *a]\ny: *a\n", "a: 1\n'1': 2\n1: 3\n"),
        *(
            "a: [",
            "a: \x00",
            "[" * 5000,
            "a: !!python/object/apply:os.system [touch pwned]",
            "\n".join(LAUGHS),
        ),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_holds_no_repeated_key_passes(tmp_path: Path, text: str) -> None:
    assert repeated(tmp_path, text) is None
    (tmp_path / "config.yaml").write_bytes(b"a: \xff")
    schema.refuse_repeated_keys([tmp_path / "config.yaml", tmp_path / "nowhere.yaml", tmp_path])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text("ab:{}[],&*- \n\t'\"#|>!?", max_size=40))
def test_any_text_as_a_configuration_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    repeated(tmp_path_factory.mktemp("config"), text)
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    refused(lambda: study.load(config, SCHEMA), "config: ")


# --- weights ---------------------------------------------------------------------------------------


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_downloaded_weights_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool, zipped: bool
) -> None:
    marker = tmp_path / "pwned"
    state = {"conv1.conv.weight": Touch(marker)}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue() if zipped else pickle.dumps(state, 2)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    site = tmp_path / "torch/hub/checkpoints" if cached else tmp_path / "site"
    site.mkdir(parents=True)
    path = site / f"googlenet-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.write_bytes(content)
    value = torchvision.models.get_model_weights("googlenet")["IMAGENET1K_V1"].value
    monkeypatch.setattr(value, "url", path.as_uri())
    refused(lambda: backbones.fetch("googlenet", "IMAGENET1K_V1"), str(path))
    assert not marker.exists()
    pickle.loads(pickle.dumps(state, 2))
    assert marker.exists()
