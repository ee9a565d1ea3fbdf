"""Fetch a backbone's published weights, torchvision's or timm's, and keep them as safetensors."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.networks import hub_weights, published_weights, weight_files
from ablation.running import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--torchvision", metavar="VERSION", help="enum name, as IMAGENET1K_V1")
    which.add_argument("--timm", metavar="NAME", help="timm's name, as resnet50.a1_in1k")
    parser.add_argument("--revision", default="", help="timm's: a commit of the file's repository")
    parser.add_argument("--sha256", default="", help="timm's: the file's hash")
    parser.add_argument("--output", required=True, type=Path, help="weight file")
    args = parser.parse_args()
    if args.torchvision:
        state, about = published_weights.fetch(args.backbone, args.torchvision)
    else:
        state, about = hub_weights.fetch(args.backbone, args.timm, args.revision, args.sha256)
    weight_files.write_weights(args.output, state, about)


if __name__ == "__main__":
    errors.run(main)
