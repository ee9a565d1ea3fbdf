"""The script that exports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flowers import Flowers

from ablation.prediction import trained
from places import SCRIPTS


def test_an_export_is_made_and_predicts(flowers: Flowers, tmp_path: Path) -> None:
    run, out = flowers.runs["squash"], tmp_path / "export"
    command = [SCRIPTS / "export.py", "--run", run.folder, "--pack", run.pack, "--dataset", "my_photos"]
    told = subprocess.check_output([sys.executable, *map(str, command), "--output", str(out)], text=True)
    lines = told.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("model.onnx: within ")
    assert lines[1].startswith("model.pt2: within ")
    assert "# squeezenet1_1 on my_photos" in (out / "README.md").read_text(encoding="utf-8")
    photo = flowers.photos / flowers.files[0]
    again = subprocess.run(
        [sys.executable, str(SCRIPTS / "predict.py"), "--weights", str(out), str(photo)],
        capture_output=True,
        text=True,
        check=True,
    )
    # It has a temperature: nothing is said of confidences that nobody fitted.
    assert again.stderr == ""
    assert trained.load(out).temperature is not None
    assert again.stdout.startswith(f"{photo}: ")
