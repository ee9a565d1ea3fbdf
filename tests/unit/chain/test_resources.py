"""What jobs ask for: enough for a real training, and more where there is more to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ablation.chain import resources
from ablation.networks import edits
from ablation.spec import Optimizer, Spec
from places import ROOT, SCRIPTS

SPEC = Spec(
    backbone="googlenet",
    architecture=edits.ORIGINAL,
    augmentation=(),
    optimizer=Optimizer("adamw", 0.001, 0.9, 0.0, "constant"),
    weights="none",
    image_size=96,
    batch_size=32,
    epochs=10,
    patience=10,
    precision="fp32",
    seed=0,
)
TRAINING = """
import sys, torch
from pathlib import Path
from ablation.networks import build
from ablation.spec import Spec
from ablation.training import memory, reproducibility, state
memory.keep_memory()
spec = Spec.from_json(sys.argv[1])
reproducibility.make_reproducible(0, 1)
net = build.adapt(build.untouched(spec.backbone), spec.backbone, spec.architecture, 12)
training = state.Training(net, spec, 10**6, torch.device("cpu"))
photos = torch.randn(spec.batch_size, 3, spec.image_size, spec.image_size)
for _ in range(2):
    training.step(photos.to(memory_format=torch.channels_last), torch.zeros(len(photos), dtype=torch.int64))
training.keep_weights()
# Not getrusage: its peak is at least that of the process which started this one.
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 10**6)
"""


@pytest.mark.parametrize("backbone", ["alexnet", "resnet50", "mobilenet_v3_small"])
def test_a_real_training_needs_no_more_and_not_much_less(backbone: str) -> None:
    spec = replace(SPEC, backbone=backbone)
    command = [sys.executable, "-c", TRAINING, spec.to_json()]
    env = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    needed = float(subprocess.check_output(command, env=env, text=True))
    asked = resources.memory(spec, cuda=False)
    assert needed < asked < 3 * needed


@pytest.mark.parametrize(
    "larger",
    [{"backbone": "vgg11"}, {"batch_size": 64}, {"image_size": 224}, {"gpus": 2}, {"ema_decay": 0.9}],
    ids=str,
)
def test_more_needs_more_memory(larger: dict[str, object]) -> None:
    more = replace(SPEC, **larger)  # type: ignore[arg-type]
    assert resources.memory(more, cuda=False) > resources.memory(SPEC, cuda=False)
    assert resources.memory(more, cuda=True) > resources.memory(more, cuda=False)


@pytest.mark.parametrize("larger", [{"backbone": "vgg11"}, {"epochs": 1000}, {"image_size": 448}], ids=str)
def test_more_takes_more_minutes(larger: dict[str, object]) -> None:
    more = replace(SPEC, **larger)  # type: ignore[arg-type]
    assert 30 <= resources.minutes(SPEC, 10_000) < resources.minutes(more, 10_000)
    assert resources.minutes(more, 10_000) < resources.minutes(more, 100_000)


def test_what_needs_the_network_or_takes_a_second_is_never_submitted() -> None:
    """A new rule has to be put on one side."""
    root = ROOT
    snakefile = (root / "Snakefile").read_text(encoding="utf-8")
    texts = (path.read_text(encoding="utf-8") for path in root.glob("workflow/rules/*.smk"))
    rules = {"all"}.union(*(re.findall(r"^(?:rule|checkpoint) (\w+):", text, re.M) for text in texts))
    (local,) = re.findall(r"^localrules:\n((?:    \w+,\n)+)", snakefile, re.M)
    submitted = {"draw", "unpack", "index", "pack", "pretrain", "train", "predict", "export"}
    submitted |= {"explain", "explain_run"}
    assert rules - submitted == {name.strip() for name in local.split(",") if name.strip()}


def test_photos_are_counted_in_the_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    assert resources.photos_in(manifest) == resources.PHOTOS
    for number, photos in enumerate((3, 5)):
        manifest.write_text("file,sha256\n" + "1.jpg,0\n" * photos)
        os.utime(manifest, (number, number))
        assert resources.photos_in(manifest) == photos


def test_memory_of_this_machine() -> None:
    assert 0 < resources.machine_memory() <= psutil.virtual_memory().total // 10**6
