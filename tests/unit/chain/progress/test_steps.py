"""The words for steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from chained import wildcards
from configs import load, small
from runs import SPEC

from ablation.chain import paths
from ablation.chain.progress import plan, steps
from ablation.chain.resources import PHOTOS
from ablation.chain.runs import Runs
from ablation.chain.weights import Weights
from ablation.networks import needs
from ablation.photos import manifest
from ablation.running import code
from places import ROOT


def test_every_rule_has_words() -> None:
    rules = {
        line.split()[1].rstrip(":")
        for path in (ROOT / "workflow/rules").glob("*.smk")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(("rule ", "checkpoint "))
    }
    # What `make check` and `make list` print is said by hooks.
    assert set(steps.VERBS) == rules - {"check", "list"}
    assert {f"{name}.py" for name in ("train", "pretrain")} <= {
        path.name for path in code.SCRIPTS.glob("*.py")
    }


def test_a_trained_run_is_told_with_its_best_epoch(tmp_path: Path) -> None:
    """The one with the lowest validation loss, as the training keeps it: the first of equals."""
    history = tmp_path / "history.csv"
    history.write_text(
        "epoch,val_loss,val_accuracy\n1,2.0,0.25\n2,1.0,0.9444\n3,1.0,0.99\n", encoding="utf-8"
    )
    told = steps.done("train", "resnet50 seed 0", None, [str(history), "weights.safetensors"], 15.2)
    assert told == "trained resnet50 seed 0: 0.944 at epoch 2 of 3, 15 s"


@pytest.mark.parametrize(
    "content", ["", "epoch,val_loss,val_accuracy\n", "epoch\n1\n", "epoch,val_loss\n1,x\n"]
)
def test_a_damaged_history_is_for_others_to_tell(tmp_path: Path, content: str) -> None:
    history = tmp_path / "history.csv"
    history.write_text(content, encoding="utf-8")
    assert steps.done("train", "one", None, [str(history)], 2.0) == "trained one, 2 s"
    assert steps.done("index", "none", wildcards(dataset="none"), [], 2.0) == "indexed none, 2 s"


def test_what_follows_within_seconds_is_not_told() -> None:
    assert steps.done("evaluate", "one", None, [], 1.0) is None
    assert steps.done("a_rule_of_another_workflow", "one", None, [], 1.0) is None
    assert steps.done("pack", "demo at 64 pixels", wildcards(), [], 0.2) == (
        "packed demo at 64 pixels, less than a second"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "less than a second"), (59.6, "60 s"), (130, "2 min"), (5999, "1 h 40 min"), (7300, "2 h 02 min")],
)
def test_duration(seconds: float, told: str) -> None:
    assert steps.duration(seconds) == told


def test_changed_parameters() -> None:
    """Snakemake keeps them as Python writes them."""
    code = [(f"ablation/training/{name}.py", "5a154d9f1b57") for name in ("rates", "loop", "a", "b", "c")]
    changed = [(name, "0" * 12) for name, _ in code]
    for before, now, told in [
        ([code[0]], [changed[0]], "its code was changed: rates.py"),
        (["{}", code[0]], ["{'epochs': 3}", changed[0]], "its code was changed: rates.py"),
        ([], code, "its code was changed: a.py, b.py, c.py, loop.py, ..."),
        (["--seed 1"], ["--seed 2"], "its configuration was changed"),
    ]:
        assert plan.parameters(set(map(repr, before)), set(map(repr, now))) == told


@pytest.fixture
def names() -> steps.Names:
    checked = load(small())
    return steps.Names(checked, Runs(checked, gpus=0), Weights(checked, cuda=False))


def test_work_goes_by_the_photos_that_train(
    names: steps.Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until they are counted by a guess. Those of a test set are no work, those that validate a third."""
    monkeypatch.chdir(tmp_path)
    spec = replace(SPEC, batch_size=5, epochs=3)
    assert steps.photos("drawn") == (PHOTOS, 0)
    counts = {"a": (4, 2, 5), "b": (4, 1, 4)}
    entries = [
        manifest.Entry(f"{name}/{part}{k}.png", 64 * "0", label, name, part)
        for label, (name, its) in enumerate(counts.items())
        for part, count in sorted(zip((manifest.TRAIN, manifest.VAL, manifest.TEST), its, strict=True))
        for k in range(count)
    ]
    path = Path(paths.MANIFEST.format(dataset="drawn"))
    path.parent.mkdir(parents=True)
    manifest.write(entries, path)
    assert steps.photos("drawn") == (8, 3)
    each = needs.multiplications("resnet34", spec.image_size)
    expected = 3 * (each * (8 + 1) + 2 * steps.STEP * needs.parameters("resnet34", "original"))
    assert names.work(spec, "drawn") == pytest.approx(expected)


def test_a_head_trains_on_features_that_are_computed_once(names: steps.Names) -> None:
    every, head, both = (
        names.work(replace(SPEC, epochs=10, trains=trains, head_epochs=head_epochs), "none")
        for trains, head_epochs in (("all", 0), ("head", 0), ("head_then_all", 4))
    )
    assert (head, both) == (pytest.approx(every / 10), pytest.approx(every * 7 / 10))
