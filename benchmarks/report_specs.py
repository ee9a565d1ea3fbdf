"""Write the report's study as specs, one a line, for machines that cannot read a configuration.

.venv/bin/python benchmarks/report_specs.py > benchmarks/report_specs.jsonl
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))
import grid
from ablation.study import study


def lines() -> list[str]:
    """Return a name, a tab and JSON for each experiment of studies/orchids.yaml, from random weights."""
    texts = ((ROOT / name).read_text(encoding="utf-8") for name in ("config.yaml", "studies/orchids.yaml"))
    config = grid.merged(*map(yaml.safe_load, texts)) | {"weights": "none", "dataset": "demo"}
    found = study.load(config, ROOT / "workflow/schemas/config.schema.yaml")
    return [f"{name}\t{one.runs()[0].to_json()}" for name, one in found.experiments.items()]


if __name__ == "__main__":
    print("\n".join(lines()))
