"""Check a weight file of the user's and keep it as safetensors."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.networks import given_weights, preprocessing, weight_files
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, help="name of a network")
    parser.add_argument("--given", required=True, type=Path, help="state dict, .pth or .safetensors")
    parser.add_argument("--output", required=True, type=Path, help="weight file")
    args = parser.parse_args()
    state = given_weights.read_given(args.given, args.backbone)
    about = {
        "backbone": args.backbone,
        "source": args.given.name,
        "input": preprocessing.of_network(args.backbone).to_dict(),
    }
    weight_files.write_weights(args.output, state, about)


if __name__ == "__main__":
    errors.run(main)
