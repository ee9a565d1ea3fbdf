"""Export a run: weights with a model card, ONNX, torch.export, and a script that needs none of this."""

from __future__ import annotations

import argparse
from pathlib import Path

from ablation.photos import pack
from ablation.prediction import folder
from ablation.running import console, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--pack", required=True, type=Path, help="folder of the packed photos it trained on")
    parser.add_argument("--dataset", required=True, help="what the card calls these photos")
    parser.add_argument("--output", required=True, type=Path, help="folder of the export")
    args = parser.parse_args()
    for one in folder.write(args.run, pack.load(args.pack), args.dataset, args.output):
        console.line(f"{one.file}: within {one.difference:.2g} of PyTorch on {one.photos} photos")


if __name__ == "__main__":
    errors.run(main)
