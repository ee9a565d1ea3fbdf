"""What a network that was trained here expects of its input: what its validation photos went through."""

from __future__ import annotations

from ablation.networks.preprocessing import Preprocessing
from ablation.spec import Spec
from ablation.training import augmentation


def expected_input(spec: Spec) -> Preprocessing:
    """Return the size and the filter of the packed photos (photos/packing.py), and the normalisation."""
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    for step in augmentation.build(spec.augmentation, training=False):
        # By its fields: by its class, every run would depend on that one's code.
        fields = vars(step)
        if fields.keys() >= {"mean", "std"}:
            mean, std = tuple(fields["mean"]), tuple(fields["std"])
    return Preprocessing(mean, std, spec.image_size, spec.interpolation)
