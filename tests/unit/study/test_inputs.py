"""Paths of the user's: those that are there, and those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from configs import change, load, refusal, small

from ablation.running.errors import UserError
from ablation.study import inputs


def test_a_path_that_begins_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-rf").mkdir()
    assert load(small(dataset="-rf")).dataset.path == tmp_path / "-rf"
    assert inputs.usable("-x.pth") == tmp_path / "-x.pth"
    assert inputs.usable("x/-x.pth") == Path("x/-x.pth")


@pytest.mark.parametrize("path", ["/nowhere/photos.zip", "photos.tar.gz", "./photos", "~/no such folder/x"])
def test_a_path_that_is_not_there(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"dataset is {path!r}, but there is no such file" in refusal(small(dataset=path))
    fields = {"source": "local", "path": path}
    datasets = {**small()["datasets"], "mine": fields}
    message = refusal(small(dataset="mine", datasets=datasets))
    assert "datasets.mine.path" in message
    # A data set that is not the study's need not be here.
    load(small(datasets=datasets))


@pytest.mark.parametrize(
    "path", ["x" * 300, "~nobody-of-this-name/x.zip", "a\nb/c.zip", "a\0b.zip", "\ud800/a.zip"]
)
def test_a_path_that_cannot_be(path: str) -> None:
    refusal(small(dataset=path))
    refusal(
        small(dataset="mine", datasets={**small()["datasets"], "mine": {"source": "local", "path": path}})
    )


SIGNS = ["{size}", "a{ x , y}", "{}", "img<v2>", "#2", "a: b", "2024", "[x]", "%s", "*", "$(x)", "~x", "'q'"]


@pytest.mark.parametrize("name", SIGNS)
def test_photos_may_lie_in_a_folder_or_archive_of_any_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / f"{name}.zip").write_bytes(b"")
    for path in (tmp_path / name, tmp_path / f"{name}.zip"):
        assert load(small(dataset=str(path))).dataset.path == path


@pytest.mark.parametrize("name", SIGNS)
def test_so_may_weights(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}-alexnet.pth").write_bytes(b"x")
    sources = small()["weight_sources"]
    sources["own"]["path"] = str(tmp_path / (name + "-{backbone}.pth"))
    load(change(small(weight_sources=sources), ("experiments", 0, "weights"), "own"))


@pytest.mark.parametrize("name", ["{size}", "a{ x , y}", "img<v2>"])
def test_an_input_of_snakemake_may_have_no_sign_of_its_own(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError, match=r"with \{\.\.\.\} or <\.\.\.> in its name, .* rename it$"):
        inputs.require_input(str(tmp_path / name), "datasets.mine.published")


def test_a_weight_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alexnet.pth").write_bytes(b"x")
    monkeypatch.setattr(
        "os.access", lambda path, mode: (str(path), mode) != (str(tmp_path / "alexnet.pth"), 4)
    )
    sources = small()["weight_sources"]
    sources["own"]["path"] = str(tmp_path / "{backbone}.pth")
    message = refusal(change(small(weight_sources=sources), ("experiments", 0, "weights"), "own"))
    assert message.endswith("alexnet.pth', which cannot be read: mend its permissions")


@pytest.mark.parametrize("submits", [False, True])
@pytest.mark.parametrize("folder", ["/home/me/{x}/p", "/home/me/}"])
def test_the_projects_own_folder_may_have_no_braces(folder: str, submits: bool) -> None:
    with pytest.raises(UserError, match="braces: rename that folder"):
        inputs.require_project(folder, submits=submits)


@pytest.mark.parametrize("sign", [*"'\"$`\\!", "\n"])
def test_commands_for_a_cluster_cannot_name_any_folder(sign: str) -> None:
    with pytest.raises(UserError, match="rename that folder") as caught:
        inputs.require_project(f"/home/{sign}", submits=True)
    assert len(str(caught.value).splitlines()) == 1
    inputs.require_project(f"/home/{sign}", submits=False)
    inputs.require_project("/home/me and #2 <v>, (a);b&c|\u7167", submits=True)
