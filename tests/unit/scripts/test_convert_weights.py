"""The script that takes a weight file of the user's."""

from __future__ import annotations

import re
from pathlib import Path

from stages import run
from states import assert_same, plain, with_auxiliary_heads
from weights import save

from ablation.networks import preprocessing, weight_files


def test_a_good_file_is_converted(tmp_path: Path) -> None:
    given, output = save(with_auxiliary_heads(), tmp_path / "mine.pth"), tmp_path / "w.safetensors"
    ended = run("convert_weights", "--backbone", "googlenet", "--given", given, "--output", output)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    state, about = weight_files.read_weights(output)
    assert_same(state, plain())
    assert about.pop("input") == preprocessing.of_network("googlenet").to_dict()
    assert about == {"backbone": "googlenet", "source": "mine.pth"}


def test_a_bad_file_is_one_line(tmp_path: Path) -> None:
    given, output = tmp_path / "mine.pth", tmp_path / "w.safetensors"
    given.write_text("hello\n", encoding="utf-8")
    ended = run("convert_weights", "--backbone", "googlenet", "--given", given, "--output", output)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(rf"error: {re.escape(str(given))} [^\n]+\n", ended.stderr)
    assert list(tmp_path.iterdir()) == [given]
