"""Fetch a backbone's published torchvision weights and keep them as safetensors."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.networks import published_weights, weight_files
from ablation.networks.backbones import BACKBONES
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, choices=BACKBONES)
    parser.add_argument("--version", required=True, help="enum name, as IMAGENET1K_V1")
    parser.add_argument("--output", required=True, type=Path, help="weight file")
    args = parser.parse_args()
    state = published_weights.fetch(args.backbone, args.version)
    about = {"backbone": args.backbone, "source": args.version}
    weight_files.write_weights(args.output, state, about)


if __name__ == "__main__":
    errors.run(main)
