"""Data sets: their arguments, and which one the study uses."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from configs import change, load, refusal, small
from hypothesis import given
from hypothesis import strategies as st

from ablation.study import datasets


def test_a_data_sets_own_fraction_goes_before_the_studys() -> None:
    found = load(small()).datasets
    assert found["drawn"].split_arguments() == "--train-fraction 0.5 --seed 3"
    assert found["other"].split_arguments() == "--train-fraction 0.9 --seed 3"


def test_which_data_sets_have_a_test_set() -> None:
    """The study's by the study, and any by its own word, which goes before."""
    for own, expected in (({}, 0.25), ({"test_fraction": 0.5}, 0.5), ({"test_fraction": 0}, 0)):
        config = small(split={"train_fraction": 0.5, "seed": 3, "test_fraction": 0.25})
        config["datasets"]["drawn"] |= own
        found = load(config)
        assert found.dataset.name == "drawn"
        assert found.dataset.test_fraction == found.datasets["drawn"].test_fraction == expected
        assert ("--test-fraction" in found.dataset.split_arguments()) == bool(expected)
        assert found.datasets["other"].test_fraction == 0


def test_a_value_with_a_dash_is_no_option() -> None:
    config = change(small(), ("datasets", "other", "id"), "-rf")
    assert load(config).datasets["other"].arguments() == "--id=-rf"


def test_how_much_an_archive_may_unpack_to(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"")
    assert load(small(dataset=str(tmp_path / "x.zip"))).dataset.unpacked_gb == 20
    for fields in ({"source": "drive", "id": "x"}, {"source": "local", "path": "x.zip"}):
        found = load(small(datasets={**small()["datasets"], "x": {**fields, "unpacked_gb": 0.5}}))
        assert found.datasets["x"].unpacked_gb == 0.5
        assert "unpacked" not in found.datasets["x"].arguments()
        for wrong in (0, -1, "1", float("inf")):
            config = small(datasets={**small()["datasets"], "x": {**fields, "unpacked_gb": wrong}})
            assert "datasets.x.unpacked_gb" in refusal(config)


def test_fields_become_arguments() -> None:
    found = load(small()).datasets
    assert found["drawn"].arguments() == "--photos 4 --seed 1 --size 640 480 --species 3"
    assert found["other"].arguments() == "--id abc"
    assert load(small()).datasets_from("drive") == ["other"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("My Photos (2).zip", "my_photos_2"),
        ("leaves.tar.gz", "leaves"),
        ("a.b-c.TGZ.txz", "a_b_c_tgz"),
        ("folder/", "folder"),
        ("été 2024/", "ete_2024"),
        ("照片.zip", "照片"),
        ("Fotos デジカメ \uff03\uff12/", "fotos_デジカメ_2"),
        ("हिन्दी/", "हिन्दी"),
        ("사진 한글/", "사진_한글"),
        ("🌹!/", "photos"),
        ("#.zip", "photos"),
    ],
)
def test_a_data_set_by_its_path(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / file
    if file.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"")
    found = load(small(dataset=str(path)))
    assert found.dataset.name == name
    assert found.dataset.path == path
    assert found.dataset.folder == (path if file.endswith("/") else None)
    assert found.dataset.arguments() == ""
    # A folder is used where it lies, an archive is unpacked.
    assert found.datasets_from("local") == ([] if file.endswith("/") else [name])


def test_a_configured_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    fields = {"source": "local", "path": "~/photos", "published": "x.csv"}
    found = load(small(dataset="mine", datasets={**small()["datasets"], "mine": fields}))
    assert found.dataset.folder == tmp_path / "photos"
    assert found.dataset.arguments() == ""


def test_a_path_named_like_a_configured_data_set(tmp_path: Path) -> None:
    (tmp_path / "Drawn.zip").write_bytes(b"")
    message = refusal(small(dataset=str(tmp_path / "Drawn.zip")))
    assert "'drawn' is configured already" in message


@given(st.text(min_size=1, max_size=200).filter(lambda name: not set("/\0") & set(name)))
def test_files_can_be_called_after_any_path(name: str) -> None:
    found = datasets.named_after(f"/nowhere/{name}/")
    assert 0 < len(found.encode()) <= 100
    assert not re.search(r"[^\w\u0300-\U0010ffff]|[/{}<>\s.]", found), found
    assert found == unicodedata.normalize("NFC", found)
    assert found.lower() == found


def asked(config: dict[str, Any], name: str) -> Any:
    """What a data set's labels are, as the command that indexes it reads them."""
    words = shlex.split(load(config).datasets[name].label_arguments())
    if not words:
        return None
    option, text = words
    assert option == "--labels"
    return json.loads(text)


def test_labels_of_the_study_are_its_data_sets_unless_that_has_its_own(tmp_path: Path) -> None:
    columns = {"file": "it's {x}.csv", "label": "$(touch pwned)"}
    for labels in ("folders", columns):
        config = small(labels=labels)
        assert asked(config, "drawn") == labels
        assert asked(config, "other") is None
        own = change(config, ("datasets", "drawn", "labels"), {"photo": "x"})
        assert asked(own, "drawn") == {"photo": "x"}
        assert load(own).datasets["drawn"].arguments() == load(config).datasets["drawn"].arguments()
        (tmp_path / "mine").mkdir(exist_ok=True)
        assert asked(small(labels=labels, dataset=str(tmp_path / "mine")), "mine") == labels
    assert asked(small(), "drawn") is None


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("folder", "labels is 'folder'; one of: folders"),
        ({"column": "x"}, "labels has an unknown key 'column'; "),
        ({}, "labels is {}; it must be a mapping with at least this many keys: 1"),
        ({"label": 2}, "labels.label is 2, which is an integer; it must be text"),
        ({"label": "a\nb"}, "labels.label is 'a\\nb'; allowed: one line of text"),
        (None, "labels is None, which is empty; it must be text or a mapping"),
        (["x"], "labels is ['x'], which is a list; it must be text or a mapping"),
    ],
)
def test_labels_that_are_refused(labels: Any, message: str) -> None:
    assert message in refusal(small(labels=labels))
    own = refusal(change(small(), ("datasets", "other", "labels"), labels))
    assert "datasets.other." + message in own
