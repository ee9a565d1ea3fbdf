"""Ultralytics' `classify train` on class folders, photos cached in memory, with its own augmentations.

It has no GoogLeNet. The nearest of its own networks, YOLO11s-cls, has as many parameters (6.7 million) and
half of the arithmetic.
"""

import sys
from pathlib import Path

import torch
from ultralytics.models.yolo.classify import ClassificationTrainer

folder, (epochs, side, batch) = sys.argv[1], map(int, sys.argv[2:])

if __name__ == "__main__":
    ClassificationTrainer(
        overrides={
            "model": "yolo11s-cls.yaml",
            "pretrained": False,
            "data": folder,
            "epochs": epochs,
            "imgsz": side,
            "batch": batch,
            "optimizer": "AdamW",
            "lr0": 0.001,
            "weight_decay": 0.00001,
            "cache": "ram",
            "workers": 2,
            "amp": True,
            "plots": False,
            "device": 0 if torch.cuda.is_available() else "cpu",
            "project": str(Path.cwd() / "ultralytics"),
        }
    ).train()
