"""Stopped anywhere and resumed, a training ends as if nothing had happened."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import CPU, RANDOM, photos, spec
from torch import nn
from trainings import BATCHES, RECIPES, assert_same_training, network, stopping_after, train

from ablation.running import code, files
from ablation.running.errors import UserError
from ablation.running.signals import Requests, Resumable
from ablation.spec import Spec
from ablation.training import checkpoint, loop
from ablation.training.checkpoint import Checkpoint
from places import SCRIPTS

pytestmark = pytest.mark.usefixtures("_one_thread")


# --- resuming ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_stopped_after_any_batch_and_resumed(recipe: Spec, tmp_path: Path) -> None:
    whole = train(recipe)
    assert_same_training(whole, train(recipe))
    for batches in range(1, BATCHES * len(whole.history) + 1):
        keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests())
        with pytest.raises(Resumable, match=f"epoch {(batches - 1) // BATCHES + 1}, after batch"):
            train(recipe, keeper, stopping_after(batches, keeper.requests))
        again = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests())
        assert_same_training(train(recipe, again), whole)
        files.remove(again.path)
        assert not list(tmp_path.iterdir())


def test_recipes_differ_in_how_they_end() -> None:
    ended = {name: train(recipe) for name, recipe in RECIPES.items()}
    assert {name for name, one in ended.items() if one.ended == "early_stop"} == {"patience"}
    # An epoch that was not the best lies between, so that best and current weights are both in a checkpoint.
    assert any(one.best_epoch < len(one.history) for one in ended.values())


def test_stopped_after_every_batch(tmp_path: Path) -> None:
    recipe = RECIPES["one cycle"]
    whole = train(recipe)
    for _ in range(BATCHES * recipe.epochs):
        keeper = Checkpoint(tmp_path / "checkpoint.pt", "this", Requests())
        with pytest.raises(Resumable):
            train(recipe, keeper, stopping_after(1, keeper.requests))
    assert_same_training(train(recipe, Checkpoint(tmp_path / "checkpoint.pt", "this", Requests())), whole)


@pytest.mark.parametrize("name", RECIPES)
def test_killed_after_an_epoch(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on disk after an epoch is enough, whatever happens later."""
    monkeypatch.setattr(checkpoint, "SHARE", 1.0)
    recipe, path = RECIPES[name], tmp_path / "checkpoint.pt"
    left: set[bytes] = set()

    def look() -> None:
        if path.exists():
            left.add(path.read_bytes())

    whole = train(recipe, Checkpoint(path, "this", Requests()), look)
    for content in left:
        path.write_bytes(content)
        assert_same_training(train(recipe, Checkpoint(path, "this", Requests())), whole)
    assert len(left) == len(whole.history) - 1


def test_writing_is_not_counted_as_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def slow(_state: object, _path: Path) -> None:
        clock[0] += 100

    monkeypatch.setattr(checkpoint, "SHARE", 1.0)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(checkpoint, "write", slow)
    found = train(RECIPES["sgd"], Checkpoint(tmp_path / "checkpoint.pt", "this", Requests()))
    assert clock == [300.0]
    assert [epoch.train_seconds + epoch.val_seconds for epoch in found.history] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("epoch", "writing", "written"),
    [(10, 2, [10, 52]), (3, 0.1, [3, 6.1, 9.2, 12.3, 15.4, 18.5, 21.6])],
    ids=["a part of the time", "every epoch where writing is quick"],
)
def test_when_the_state_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: float, writing: float, written: list[float]
) -> None:
    """Eight epochs and each writing of so many seconds."""
    clock, found = [0.0], []

    def write(_state: object, _path: Path) -> None:
        found.append(clock[0])
        clock[0] += writing

    def train_a_batch() -> None:
        clock[0] += epoch / BATCHES

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(checkpoint, "write", write)
    recipe = replace(RECIPES["sgd"], epochs=8)
    train(recipe, Checkpoint(tmp_path / "checkpoint.pt", "this", Requests()), train_a_batch)
    assert found == pytest.approx(written)


def test_leaving_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes while the state is being written finds it written."""
    monkeypatch.setattr(checkpoint, "SHARE", 1.0)
    recipe, path = RECIPES["adamw"], tmp_path / "checkpoint.pt"
    keeper, write, written = Checkpoint(path, "this", Requests()), checkpoint.write, []

    def write_and_be_asked(state: dict[str, object], to: Path) -> None:
        write(state, to)
        written.append(to)
        keeper.requests.leave = True

    monkeypatch.setattr(checkpoint, "write", write_and_be_asked)
    with pytest.raises(Resumable, match="epoch 2, after batch 0 of 3"):
        train(recipe, keeper)
    assert written == [path]
    monkeypatch.undo()
    assert_same_training(train(recipe, Checkpoint(path, "this", Requests())), train(recipe))


def test_leaving_while_validating(tmp_path: Path) -> None:
    recipe = RECIPES["adamw"]
    whole, path = train(recipe), tmp_path / "checkpoint.pt"
    keeper = Checkpoint(path, "this", Requests())
    net = network()
    torch.manual_seed(recipe.seed)

    def leave(_net: nn.Module, _inputs: object, _outputs: object) -> None:
        keeper.requests.leave |= not net.training and len(net.seen) > 6

    hook = net.register_forward_hook(leave)
    with pytest.raises(Resumable, match=f"epoch 2, after batch {BATCHES} of {BATCHES}"):
        loop.train(net, recipe, photos(), CPU, checkpoint=keeper)
    hook.remove()
    assert_same_training(train(recipe, Checkpoint(path, "this", Requests())), whole)


# --- other trainings --------------------------------------------------------------------------------


def test_another_training_starts_afresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "checkpoint.pt"
    keeper = Checkpoint(path, "this", Requests())
    with pytest.raises(Resumable):
        train(RECIPES["sgd"], keeper, stopping_after(4, keeper.requests))
    other = train(RECIPES["adamw"], Checkpoint(path, "other", Requests()))
    assert_same_training(other, train(RECIPES["adamw"]))
    assert "starting afresh" in capsys.readouterr().out


def forget() -> None:
    for known in (code.read, code.path_of, code.of_own_row):
        known.cache_clear()


def edited(scripts: Path, name: str) -> Path:
    """A copy of the scripts in which one module is another."""
    shutil.copytree(SCRIPTS, scripts)
    path = scripts / name / "table.py" if (scripts / name).is_dir() else scripts / name
    text = path.read_text(encoding="utf-8")
    # A statement of a table's module that does more than define a name is of every row.
    path.write_text(f"{text}\nprint()\n", encoding="utf-8")
    return scripts


CODE = sorted({path for script in checkpoint.CODE for path, _ in code.of(script) if "[" not in path})


# No training has a figure.
TABLES = [table for table in code.TABLES.values() if "figures" not in table]


@pytest.mark.parametrize("name", [*CODE, *TABLES])
def test_other_code_is_another_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """Of the tables, what the spec names."""
    recipe, pack = spec(augmentation=RANDOM, architecture="softmax_output"), replace(photos(), sha256="a")
    before = checkpoint.fingerprint(recipe, pack, None, CPU)
    monkeypatch.setattr(code, "SCRIPTS", edited(tmp_path / "scripts", name))
    forget()
    after = checkpoint.fingerprint(recipe, pack, None, CPU)
    monkeypatch.undo()
    forget()
    assert after != before


def test_fingerprints_tell_trainings_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, pack = spec(), replace(photos(), sha256="a")
    same = checkpoint.fingerprint(recipe, pack, None, CPU)
    assert checkpoint.fingerprint(spec(), replace(photos(), sha256="a"), None, CPU) == same
    others = [
        checkpoint.fingerprint(spec(seed=1), pack, None, CPU),
        checkpoint.fingerprint(recipe, replace(pack, sha256="b"), None, CPU),
        checkpoint.fingerprint(recipe, pack, "c", CPU),
        checkpoint.fingerprint(spec(threads=2), pack, None, CPU),
    ]
    gpus = {checkpoint.fingerprint(recipe, pack, None, torch.device("cuda", one)) for one in range(2)}
    others += gpus
    assert len(gpus) == 1
    # "auto" is one spec, but another precision on another machine.
    for native in (True, False):
        monkeypatch.setattr("ablation.training.precision.native_bf16", lambda _device, native=native: native)
        others.append(checkpoint.fingerprint(spec(precision="auto"), pack, None, CPU))
    monkeypatch.undo()
    assert len({same, *others}) == 1 + len(others)


# --- damaged files ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoint")


@pytest.fixture(scope="module")
def written(folder: Path) -> bytes:
    path = folder / "checkpoint.pt"
    keeper = Checkpoint(path, "this", Requests())
    with pytest.raises(Resumable):
        train(RECIPES["adamw"], keeper, stopping_after(4, keeper.requests))
    return path.read_bytes()


@settings(deadline=None, max_examples=200)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_an_altered_file_is_not_used(
    written: bytes, place: float, change: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("altered") / "checkpoint.pt"
    content = bytearray(written)
    content[int(place * len(content))] ^= change
    path.write_bytes(content)
    assert checkpoint.read(path) is None


@settings(deadline=None, max_examples=50)
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_not_used(
    written: bytes, part: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "checkpoint.pt"
    path.write_bytes(written[: int(part * len(written))])
    assert checkpoint.read(path) is None


def test_a_damaged_file_means_starting_afresh(
    written: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(written[:-100])
    found = train(RECIPES["adamw"], Checkpoint(path, "this", Requests()))
    assert_same_training(found, train(RECIPES["adamw"]))
    assert capsys.readouterr().out.splitlines()[0].endswith("starting afresh")


class Executes:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("executed",)


def test_no_code_in_a_checkpoint_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint.write({"fingerprint": "this", "training": Executes()}, Path("checkpoint.pt"))
    assert checkpoint.read(Path("checkpoint.pt")) is None
    assert not Path("executed").exists()


def test_without_space_a_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    found = train(RECIPES["sgd"], Checkpoint(tmp_path / "file/checkpoint.pt", "this", Requests()))
    assert_same_training(found, train(RECIPES["sgd"]))
    assert "warning: no checkpoint" in capsys.readouterr().out
    keeper = Checkpoint(tmp_path / "file/checkpoint.pt", "this", Requests())
    with pytest.raises(UserError, match="cannot write"):
        train(RECIPES["sgd"], keeper, stopping_after(2, keeper.requests))
