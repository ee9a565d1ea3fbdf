"""Files that appear whole or not at all, their hashes, and errors in one line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation import errors
from ablation.errors import UserError
from ablation.files import atomic, sha256, write_json, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_replaces_the_old_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with atomic(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent  # the same disk, so that renaming is one step
        assert temporary.suffix == ".csv"
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, UserError])
@pytest.mark.parametrize("begun", [True, False])
def test_a_failure_leaves_the_old_file(tmp_path: Path, raised: type[BaseException], begun: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(raised), atomic(path) as temporary:  # noqa: PT012
        if begun:
            temporary.write_text("half")
        raise raised
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), atomic(tmp_path / "x.npy") as temporary:  # noqa: PT012
        temporary.write_bytes(b"half")
        raise ValueError("no")
    assert names(tmp_path) == []


def test_a_file_that_nobody_wrote_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "x"):
        pass
    assert (tmp_path / "x").read_text() == "old"


def test_the_folder_is_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a/b/c.txt", "é\n")
    assert (tmp_path / "a/b/c.txt").read_bytes() == "é\n".encode()


def test_json(tmp_path: Path) -> None:
    value = {"b": [1, 0.1], "a": None}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text) == value
    assert text.endswith("}\n")


def test_json_that_cannot_be_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", {"x": object()})
    assert json.loads((tmp_path / "x.json").read_text()) == 1
    assert names(tmp_path) == ["x.json"]


@settings(max_examples=20, deadline=None)
@given(content=st.binary(max_size=200))
def test_hash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("hash") / "x"
    path.write_bytes(content * 1000)
    assert sha256(path) == hashlib.sha256(content * 1000).hexdigest()


def test_a_users_error_is_one_line_and_exit_code_1(capfd: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise UserError("photo.jpg is damaged: replace it")

    with pytest.raises(SystemExit) as caught:
        errors.run(main)
    # Python prints a text that it exits with on standard error, and returns 1.
    assert caught.value.code == "error: photo.jpg is damaged: replace it"
    assert capfd.readouterr().out == ""


def test_a_stage_ends_with_one_line(tmp_path: Path) -> None:
    import subprocess
    import sys

    scripts = Path(__file__).parents[2] / "workflow/scripts"
    code = (
        "from ablation import errors\ndef main():\n    raise errors.UserError('x: do y')\nerrors.run(main)\n"
    )
    (tmp_path / "stage.py").write_text(code)
    ended = subprocess.run(
        [sys.executable, tmp_path / "stage.py"],
        env={"PYTHONPATH": str(scripts)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "error: x: do y\n")


def test_other_errors_keep_their_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        errors.run(main)


def test_success_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    errors.run(lambda: None)
    assert capfd.readouterr() == ("", "")
