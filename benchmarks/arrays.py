"""Take a large study through SLURM as job arrays; a stand-in takes the place of its trainings.

    .venv/bin/python benchmarks/arrays.py 1000

The argument is the number of runs, a multiple of 100; the smallest form (sizes.py) takes its own. Needs SLURM
and root, as the tests on SLURM do, and uses the cluster that they start. Prints how long it took, and the
most memory of Snakemake on the head node.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
import grid
from commands import watched
from copies import ROOT, project, snakemake
from sizes import SIZES, say

sys.path.insert(0, str(ROOT / "tests/slurm"))
from cluster import Cluster, missing

from ablation.photos import pack

OPTIONS = [
    *("--workflow-profile", "profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "5"),
    *("--slurm-array-jobs", "train", "--slurm-array-limit", "50"),
]
STAND_IN = """
import argparse, shutil
from pathlib import Path
parser = argparse.ArgumentParser()
for name in ("spec", "pack"):
    parser.add_argument(f"--{name}")
parser.add_argument("--weights", nargs="?")
parser.add_argument("--run")
args = parser.parse_args()
shutil.copytree("prepared", args.run, dirs_exist_ok=True)
"""


def main(runs: int) -> None:
    runs = SIZES.arrays or runs
    say()
    if reason := missing():
        sys.exit(f"error: {reason}")
    with tempfile.TemporaryDirectory() as folder:
        own = project(Path(folder, "project"))
        (own / "workflow/scripts/train.py").write_text(STAND_IN, encoding="utf-8")
        config = own / "grid.yaml"
        config.write_text(yaml.safe_dump(grid.overlay(runs)), encoding="utf-8")
        packed, log = "resources/packs/demo/64px", Path(tempfile.gettempdir(), "arrays.log")
        watched(snakemake(own, f"{packed}/photos.npy", "--cores", "1", "--configfile", config), own, log)
        (own / "prepared").mkdir()
        grid.write_run(own / "prepared", pack.load_index(own / packed))
        cluster = Cluster(Path(folder, "cluster"))
        cluster.start()
        try:
            os.environ |= cluster.environment
            study = snakemake(
                own, "results/summary.csv", "--verbose", *OPTIONS, "--jobs", str(runs), "--configfile", config
            )
            seconds, mib = watched(study, own, log)
        finally:
            cluster.stop()
        with (own / "results/comparison/demo/grid/runs.csv").open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == runs
    submitted = log.read_text(encoding="utf-8").count("Submitted array job")
    print(f"{runs:,} runs in {submitted} arrays: {seconds / 60:.1f} min, {mib:.0f} MiB on the head node")


if __name__ == "__main__":
    main(int(sys.argv[1]))
