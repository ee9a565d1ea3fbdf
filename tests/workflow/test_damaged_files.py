"""Each file that a step reads, damaged in several ways: the step ends well, or with one line that helps."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project

from ablation.running import errors
from places import SCRIPTS

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "the first line": lambda content: content.partition(b"\n")[0] + b"\n",
    "other bytes": lambda content: bytes((one * 7 + 131) % 256 for one in content[:4096]),
    "zeros": lambda content: bytes(len(content)),
    "another file": lambda _content: b"a,b\n1,2\n",
    "other JSON": lambda _content: b'{"a": [1]}',
    "a list": lambda _content: b"[]",
}
DATASET, PACK = "resources/datasets/demo", "resources/packs/demo/64px"
COMPARISON = "results/comparison/demo/tiny"
RUN = f"{COMPARISON}/runs/rung-none/seed0"
INDEXED = ("--photos", f"{DATASET}/photos", "--manifest", f"{DATASET}/manifest.csv")
STEPS = {
    "pack": [*INDEXED, "--size", "64", "--output", "out", "--threads", "1"],
    "check": [*INDEXED, "--way", "64-squash-bilinear", "--output", "out", "--threads", "1"],
    "evaluate": ["--run", RUN, "--pack", PACK],
    "collect": [
        "--runs",
        "results/runs/demo",
        "--manifest",
        f"{DATASET}/manifest.csv",
        "--output",
        "out.csv",
    ],
    "summarize": ["--runs", f"{COMPARISON}/runs.csv", "--output", "out.csv", "--comparisons", "out2.csv"],
    "compare": ["--summary", f"{COMPARISON}/summary.csv", "--figure", "experiments", "--output", "out.png"],
}
READ = {
    "pack": [f"{DATASET}/manifest.csv"],
    "check": [f"{DATASET}/manifest.csv", f"{DATASET}/duplicates.csv", f"{DATASET}/reading.json"],
    "evaluate": [f"{RUN}/history.csv", f"{RUN}/outputs.npy", f"{PACK}/pack.json", f"{PACK}/photos.npy"],
    "collect": [
        f"{DATASET}/manifest.csv",
        *(f"{RUN}/{name}" for name in ("history.csv", "outputs.npy", "record.json")),
    ],
    "summarize": [f"{COMPARISON}/{name}" for name in ("runs.csv", "outcomes.npz", "test_outcomes.npz")],
    "compare": [f"{COMPARISON}/summary.csv"],
}
CASES = [(step, file, damage) for step, files in READ.items() for file in files for damage in DAMAGES]


@pytest.fixture(scope="module")
def made(finished: Project, workshop: Path) -> Project:
    return finished.copy(workshop / "damaged")


@pytest.mark.parametrize(("step", "file", "damage"), CASES)
def test_one_line(made: Project, monkeypatch: pytest.MonkeyPatch, step: str, file: str, damage: str) -> None:
    monkeypatch.chdir(made.folder)
    monkeypatch.setattr(sys, "argv", [f"{step}.py", *STEPS[step]])
    folder = (made.folder / RUN).parent.resolve().name
    study = f'{{"experiment": "rung-none", "folder": "{folder}", "seed": 0, "fold": null, "label": "x"}}\n'
    path = made.folder / file
    content = path.read_bytes()
    path.write_bytes(DAMAGES[damage](content))
    main = runpy.run_path(str(SCRIPTS / f"{step}.py"))["main"]
    with monkeypatch.context() as patch, (made.folder / "stdin").open("w+", encoding="utf-8") as stdin:
        # The families of the study are none here.
        stdin.write(study if step == "collect" else "[]")
        stdin.seek(0)
        patch.setattr(sys, "stdin", stdin)
        try:
            errors.run(main)
        except SystemExit as end:
            told = str(end.code)
            assert told.startswith(errors.ERROR)
            assert "\n" not in told
            assert len(told) < 600
            assert any(word in told for word in ("run again", "run the workflow", "run snakemake")), told
        else:
            assert damage not in ("empty", "other bytes", "zeros"), "a damaged file was read in silence"
        finally:
            path.write_bytes(content)
