"""A network with its preparation before it and its probabilities behind it: a graph for other programs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ablation.prediction.trained import Trained
from ablation.training import augmentation


class Classifier(nn.Module):
    """uint8 photos N x size x size x 3, square already, become float32 probabilities N x classes.

    Photos are made square outside: nothing that a graph can hold resizes as Pillow does (docs/prediction.md).
    Probabilities are those of the temperature, if the network has one. It computes in fp32.
    """

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.net = trained.net
        self.steps = trained.preparation.steps
        self.temperature = trained.temperature or 1.0
        self.eval()

    def forward(self, photos: Tensor) -> Tensor:
        """Return the probabilities of photos."""
        # Not `augmented`, which takes photo by photo: as many as are in a batch, which a graph leaves open.
        values = augmentation.to_unit(photos)
        for step in self.steps:
            values = step.apply(values, ())
        return torch.softmax(self.net(values).float() / self.temperature, 1)
