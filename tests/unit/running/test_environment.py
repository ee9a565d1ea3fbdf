"""The environment in which the stages run: its Python, its screen, its garbage and its GPUs."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.running import environment

# --- this Python, and no screen -----------------------------------------------------------------------


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment that may be changed."""
    found = dict(os.environ)
    monkeypatch.setattr(os, "environ", found)
    return found


def test_jobs_find_this_python_first(tmp_path: Path, variables: dict[str, str]) -> None:
    other = tmp_path / Path(sys.executable).name
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    variables["PATH"] = os.pathsep.join([str(tmp_path), "/nowhere"])
    environment.prepare()
    assert shutil.which(other.name, path=variables["PATH"]) == sys.executable
    # What was found before still is.
    assert variables["PATH"].endswith(f"{os.pathsep}{tmp_path}{os.pathsep}/nowhere")


def test_jobs_find_this_python_without_a_path(variables: dict[str, str]) -> None:
    del variables["PATH"]
    environment.prepare()
    assert shutil.which(Path(sys.executable).name, path=variables["PATH"]) == sys.executable


@pytest.mark.parametrize(("chosen", "expected"), [(None, "Agg"), ("svg", "svg")])
def test_figures_need_no_screen_unless_the_user_wants_one(
    variables: dict[str, str], chosen: str | None, expected: str
) -> None:
    variables.pop("MPLBACKEND", None)
    if chosen:
        variables["MPLBACKEND"] = chosen
    environment.prepare()
    assert variables["MPLBACKEND"] == expected


# --- a plan's garbage ---------------------------------------------------------------------------------


@pytest.fixture
def _garbage() -> Iterator[None]:
    """Put back how Python looks for garbage."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def looks_for_garbage(objects: int) -> int:
    """How often Python looks for garbage while so many objects are made that live on."""
    looks: list[str] = []

    def count(phase: str, _info: dict[str, int]) -> None:
        looks.append(phase)

    gc.callbacks.append(count)
    try:
        living = [[number] for number in range(objects)]
    finally:
        gc.callbacks.remove(count)
    assert len(living) == objects
    return looks.count("start")


@pytest.mark.usefixtures("_garbage")
def test_a_plan_is_made_without_pauses() -> None:
    gc.set_threshold(700, 10, 10)
    assert looks_for_garbage(100_000) > 10
    environment.plan_without_pauses()
    assert looks_for_garbage(100_000) <= 1
    # What there was before is not looked at again.
    assert gc.get_freeze_count() > 10_000
    # What comes after still is, in the end.
    assert gc.isenabled()
    assert looks_for_garbage(1_000_000) > 1


# --- which GPUs there are -----------------------------------------------------------------------------


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like /dev of a machine with three GPUs."""
    for name in ("nvidia0", "nvidia1", "nvidia2", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(environment, "DEVICES", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("devices")
@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ["0", "1", "2"]),
        ("", []),
        ("1", ["1"]),
        ("2, 0", ["2", "0"]),
        # CUDA reads to the first that there is not.
        ("-1", []),
        ("1,-1,0", ["1"]),
        ("0,7,1", ["0"]),
        ("01,1", ["1"]),
        ("9" * 5000, []),
        ("NoDevFiles", []),
        ("GPU-8a3f,GPU-77", ["GPU-8a3f", "GPU-77"]),
        ("MIG-1,MIG-2", ["MIG-1", "MIG-2"]),
    ],
)
def test_visible_gpus(monkeypatch: pytest.MonkeyPatch, visible: str | None, expected: list[str]) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert environment.gpus() == expected


def test_no_gpu_whatever_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "DEVICES", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert environment.gpus() == []


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_any_text_names_gpus_that_are_different(text: str) -> None:
    found = environment.visible(text, 3)
    assert len(found) == len(set(found))
    assert all(name.startswith(("GPU-", "MIG-")) or 0 <= int(name) < 3 for name in found)
