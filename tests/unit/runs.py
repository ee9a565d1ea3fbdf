"""Runs of `train.py` as processes, on a pack of random photos."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ablation.networks.weight_files import read_weights
from ablation.photos import pack, packing
from ablation.photos.manifest import Entry
from ablation.running.files import sha256
from ablation.spec import Optimizer, Spec
from places import SCRIPTS

SCRIPT = SCRIPTS / "train.py"
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
SIDE = 64
SPEC = Spec(
    backbone="resnet34",
    architecture="original",
    augmentation=(
        ("horizontal_flip", {"probability": 0.5}),
        ("color_jitter", {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.1}),
        ("normalize", {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}),
    ),
    optimizer=Optimizer("sgd", learning_rate=0.001, momentum=0.9, weight_decay=0.01, schedule="constant"),
    weights="none",
    image_size=SIDE,
    batch_size=4,
    epochs=2,
    patience=9,
    precision="fp32",
    seed=1,
)


def write_pack(folder: Path, train: int, val: int) -> Path:
    """Write a pack of photos of two classes, one brighter than the other."""
    rng = np.random.default_rng(3)
    count = train + val
    labels = np.arange(count) % 2
    photos = (
        rng.integers(0, 156, (count, SIDE, SIDE, 3), dtype=np.uint8)
        + (100 * labels).astype(np.uint8)[:, None, None, None]
    )
    folder.mkdir(parents=True)
    np.save(folder / pack.PHOTOS, photos)
    entries = [
        Entry(f"{k}.png", "0", int(labels[k]), f"class {labels[k]}", "train" if k < train else "val")
        for k in range(count)
    ]
    index = packing.described(entries, "0", sha256(folder / pack.PHOTOS))
    (folder / pack.INDEX).write_text(json.dumps(index), encoding="utf-8")
    return folder


def workers(launcher: subprocess.Popen[str]) -> dict[int, psutil.Process]:
    """The processes of a launched training by their rank."""
    return {int(one.environ()["RANK"]): one for one in psutil.Process(launcher.pid).children()}


@dataclass(frozen=True)
class Run:
    """`train.py` by a spec in a folder of its own."""

    folder: Path
    pack: Path
    spec: Spec = SPEC
    weights: Path | None = None

    def with_spec(self, name: str, **changes: Any) -> Run:
        """The same photos by another spec, in a folder beside this one's."""
        return replace(self, folder=self.folder.with_name(name), spec=replace(self.spec, **changes))

    def start(self, *launcher: str) -> subprocess.Popen[str]:
        arguments = ["--spec", self.spec.to_json(), "--pack", self.pack, "--run", self.folder]
        arguments += ["--weights", self.weights] if self.weights else []
        return subprocess.Popen(
            [sys.executable, *launcher, SCRIPT, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def end(self, *launcher: str) -> tuple[int, str]:
        """Let it run to its end; return its status and what it printed."""
        process = self.start(*launcher)
        output, _ = process.communicate()
        return process.returncode, output

    def finish(self, *launcher: str) -> str:
        """Let it run to a good end."""
        status, output = self.end(*launcher)
        assert status == 0, output
        return output

    def interrupt(
        self, number: signal.Signals, epoch: int, *launcher: str, rank: int | None = None
    ) -> tuple[int, str]:
        """Send a signal when an epoch's line is printed; return the status and what was printed.

        It goes to the launcher, or to the process of a rank alone.
        """
        process = self.start(*launcher)
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith(f"epoch {epoch}:"):
                one = process if rank is None else workers(process)[rank]
                one.send_signal(number)
        return process.wait(), output

    def history(self) -> np.ndarray[Any, Any]:
        """Epochs x losses and accuracies of training and validation."""
        with (self.folder / "history.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        columns = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
        return np.array([[float(row[column]) for column in columns] for row in rows])

    def best(self) -> dict[str, np.ndarray[Any, Any]]:
        state, _ = read_weights(self.folder / "weights.safetensors")
        return {name: value.numpy() for name, value in state.items()}

    def outputs(self) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = np.load(self.folder / "outputs.npy")
        return found
