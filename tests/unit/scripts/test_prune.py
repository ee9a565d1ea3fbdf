"""Removing what no study has: nothing else, and not without being asked."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from places import SCRIPTS


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of which a study has one, under two names."""
    monkeypatch.chdir(tmp_path)
    for name in ("used", "left"):
        run = Path("results/runs/demo", name, "seed0")
        run.mkdir(parents=True)
        (run / "weights.safetensors").write_bytes(bytes(2_000_000))
    for experiment in ("a", "b"):
        link = Path("results/comparison/demo/default/runs", experiment)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("../../../../runs/demo/used")
    return Path("results/runs/demo")


def prune(monkeypatch: pytest.MonkeyPatch, answer: str, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["prune.py", *words])
    monkeypatch.setattr("builtins.input", lambda asked: print(asked) or answer)
    runpy.run_path(str(SCRIPTS / "prune.py"))["main"]()


@pytest.mark.parametrize(("answer", "words"), [("y", []), ("", ["--yes"])])
def test_what_no_study_has_is_removed(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    words: list[str],
) -> None:
    prune(monkeypatch, answer, *words)
    assert [path.name for path in results.iterdir()] == ["used"]
    assert "removed 1 folder, 2 MB" in capsys.readouterr().out
    prune(monkeypatch, "y")
    assert "nothing to remove" in capsys.readouterr().out
    assert (results / "used/seed0/weights.safetensors").is_file()


def test_no_other_answer_removes(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prune(monkeypatch, "")
    assert len(list(results.iterdir())) == 2
    assert "Remove 1 folder, 2 MB? [y/N]" in capsys.readouterr().out
