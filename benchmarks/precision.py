"""Compare the runs of precision.yaml: bf16 minus fp32, seed by seed, with Student's paired t-test.

snakemake --configfile benchmarks/precision.yaml --config dataset=PHOTOS
.venv-benchmark/bin/python benchmarks/precision.py results/comparison/PHOTOS/default/runs.csv
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from scipy import stats


def compare(runs: pd.DataFrame, network: str, column: str) -> str:
    """Return a line: the mean difference, its 95% interval, the test, and the spread of seeds."""
    fp32, bf16 = (
        runs[runs["experiment"] == f"{network}-{precision}"].set_index("seed")[column]
        for precision in ("fp32", "bf16")
    )
    difference = (bf16 - fp32).dropna()
    test = stats.ttest_rel(bf16, fp32)
    low, high = test.confidence_interval(0.95)
    return (
        f"{network:10} {column:13} fp32 {fp32.mean():.4f}  bf16 {bf16.mean():.4f}  "
        f"difference {difference.mean():+.4f} (95% {low:+.4f} to {high:+.4f}, "
        f"p = {test.pvalue:.2f}, n = {len(difference)})  "
        f"standard deviation of fp32's seeds {fp32.std():.4f}"
    )


def main() -> None:
    runs = pd.read_csv(Path(sys.argv[1]))
    for network in ("alexnet", "resnet50"):
        for column in ("val_accuracy", "val_loss"):
            print(compare(runs, network, column))


if __name__ == "__main__":
    main()
