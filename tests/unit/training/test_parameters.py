"""Parameters of transforms, as config.yaml gives them."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.training import parameters
from ablation.training.transforms.table import TRANSFORMS


@pytest.mark.parametrize(
    ("name", "given_values", "expected"),
    [
        ("horizontal_flip", {}, {"probability": 0.5}),
        ("rotation", {}, {"degrees": 45.0}),
        ("rotation", {"degrees": 10}, {"degrees": 10.0}),
        ("color_jitter", {"hue": 0.5}, {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.5}),
        ("grayscale", {"probability": 1}, {"probability": 1.0}),
        ("vertical_flip", {}, {"probability": 0.5}),
        ("random_resized_crop", {"ratio": [1, 1]}, {"scale": [0.08, 1.0], "ratio": [1.0, 1.0]}),
        ("rand_augment", {"magnitude": 7.0}, {"num_ops": 2, "magnitude": 7, "num_magnitude_bins": 31}),
        ("trivial_augment_wide", {}, {"num_magnitude_bins": 31}),
        (
            "random_erasing",
            {"value": (1, 0, 0)},
            {"probability": 0.5, "scale": [0.02, 0.33], "ratio": [0.3, 3.3], "value": [1.0, 0.0, 0.0]},
        ),
        ("normalize", {}, {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}),
        ("normalize", {"std": (1, 1, 1)}, {"mean": [0.485, 0.456, 0.406], "std": [1.0, 1.0, 1.0]}),
    ],
)
def test_resolve_fills_defaults(name: str, given_values: dict[str, Any], expected: dict[str, Any]) -> None:
    resolved = parameters.resolve(name, given_values)
    assert repr(resolved) == repr(expected)  # repr tells 10 from 10.0 and a list from a tuple


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("blur", {}, "unknown transform 'blur'; one of: horizontal_flip, "),
        ("rotation", {"angle": 1}, "rotation has no parameter 'angle'; it has: degrees"),
        ("rotation", {"degrees": -1}, "degrees"),
        ("rotation", {"degrees": 180.1}, "degrees"),
        ("rotation", {"degrees": [10, 20]}, "one number"),
        ("rotation", {"degrees": None}, "not a number"),
        ("horizontal_flip", {"probability": 1.01}, "probability"),
        ("horizontal_flip", {"probability": "1e-3"}, "YAML reads 1e-3 as text"),
        ("horizontal_flip", {"probability": True}, "not a number"),
        ("horizontal_flip", {"probability": float("nan")}, "probability"),
        ("grayscale", {"probability": -0.01}, "probability"),
        ("color_jitter", {"brightness": -0.1}, "brightness"),
        ("color_jitter", {"contrast": -0.1}, "contrast"),
        ("color_jitter", {"saturation": False}, "saturation"),
        ("color_jitter", {"saturation": float("inf")}, "saturation"),
        ("color_jitter", {"hue": 0.51}, "hue"),
        ("color_jitter", {"hue": -0.1}, "hue"),
        ("vertical_flip", {"probability": 2}, "probability"),
        ("random_resized_crop", {"scale": 0.5}, "a list of two numbers"),
        ("random_resized_crop", {"scale": [0.5]}, "two values"),
        ("random_resized_crop", {"scale": [0.0, 1]}, "begins at 0"),
        ("random_resized_crop", {"scale": [0.5, 1.1]}, "ends above 1"),
        ("random_resized_crop", {"scale": [0.5, 0.4]}, "does not rise"),
        ("random_resized_crop", {"ratio": [0.0, 1.0]}, "ratio"),
        ("random_resized_crop", {"ratio": [2.0, 1.0]}, "does not rise"),
        ("rand_augment", {"num_ops": 1.5}, "num_ops is 1.5, not a whole number"),
        ("rand_augment", {"num_ops": -1}, "num_ops"),
        ("rand_augment", {"num_ops": [1]}, "one number"),
        ("rand_augment", {"magnitude": 31}, "magnitude 31 is not one of 31 bins"),
        ("rand_augment", {"magnitude": -1}, "magnitude"),
        ("rand_augment", {"num_magnitude_bins": 1}, "num_magnitude_bins"),
        ("trivial_augment_wide", {"num_magnitude_bins": 1}, "num_magnitude_bins"),
        ("random_erasing", {"probability": -0.1}, "probability"),
        ("random_erasing", {"scale": [0.1, 2]}, "ends above 1"),
        ("random_erasing", {"ratio": [-1, 1]}, "does not rise"),
        ("random_erasing", {"ratio": [0, 1]}, "ratio"),
        ("random_erasing", {"value": 0}, "a list of three numbers"),
        ("random_erasing", {"value": [0, 0]}, "three values"),
        ("normalize", {"mean": 0.5}, "a list of three numbers"),
        ("normalize", {"mean": [0.5, 0.5]}, "three values"),
        ("normalize", {"mean": []}, "three values"),
        ("normalize", {"mean": [0.5, float("nan"), 0.5]}, "mean"),
        ("normalize", {"std": [0.5, 0.5, 0]}, "std"),
        ("normalize", {"std": [0.5, float("nan"), 0.5]}, "std"),
        ("normalize", {"std": [0.5, float("inf"), 0.5]}, "std"),
        ("normalize", {"std": ["1e-3", 1, 1]}, "YAML reads 1e-3 as text"),
    ],
)
def test_resolve_refuses(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parameters.resolve(name, values)
    assert "\n" not in str(raised.value)


def test_every_transform_has_defaults_that_it_accepts() -> None:
    for name in TRANSFORMS:
        assert parameters.resolve(name, parameters.resolve(name, {})) == parameters.resolve(name, {})
