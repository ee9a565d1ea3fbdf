"""What is done about classes of unlike numbers of training photos."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Balance:
    """Weights of classes in the loss, or of photos when an epoch's are drawn; None leaves all alike.

    `of_classes` is float32, one for each class, on the training's device; `of_photos` is float64, one for
    each training photo, on the CPU.
    """

    of_classes: Tensor | None = None
    of_photos: Tensor | None = None

    @classmethod
    def of(cls, choice: str, labels: Tensor, classes: int) -> Balance:
        """Return what a spec's `balance` makes of the int64 labels of N training photos.

        A class of n photos gets N / (C n), as scikit-learn's "balanced", where C counts the classes that have
        photos: the weights of all photos have the mean 1, so that a loss stays an average over photos.
        """
        if choice == "none":
            return EVEN
        counts = labels.cpu().bincount(minlength=classes).double()
        # Of a class without photos nothing is multiplied, but what label smoothing gives it: with 0.
        weights = (len(labels) / (counts.count_nonzero() * counts)).where(counts > 0, 0)
        if choice == "weights":
            return cls(of_classes=weights.float().to(labels.device))
        return cls(of_photos=weights[labels.cpu()])

    def order(self, photos: int, generator: Generator) -> Tensor:
        """Draw the training photos of an epoch, int64, as many as there are: each once, or by weight."""
        if self.of_photos is None:
            return torch.randperm(photos, generator=generator)
        return self.of_photos.multinomial(photos, replacement=True, generator=generator)


EVEN = Balance()
