"""A model card: what a network is, what it learned from, how good it is, what it is for and what it is not.

The header is Hugging Face's (https://github.com/huggingface/hub-docs, modelcard.md), the sections those of
Mitchell et al. (2019), "Model cards for model reporting".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from huggingface_hub import EvalResult, ModelCardData

from ablation.networks.edits import ORIGINAL
from ablation.results import calibration, metrics
from ablation.results.calibration import Calibration
from ablation.results.metrics import Labels
from ablation.results.outputs import Outputs
from ablation.results.statistics.wilson import wilson_interval
from ablation.spec import Spec


@dataclass(frozen=True)
class Figures:
    """How good a network is on its `photos` of validation; all but `loss` (nats) are 0..1.

    `low` and `high` are the 95% interval of the accuracy (Wilson's).
    """

    photos: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    macro_f1: float
    loss: float
    calibration: Calibration

    @classmethod
    def of(cls, outputs: Outputs, labels: Labels) -> Figures:
        """Compute them from a run's outputs and its validation photos' labels."""
        guessed = outputs.argmax(1).astype(np.int64)
        right = calibration.probabilities(outputs)[np.arange(len(labels)), labels]
        accuracy = metrics.accuracy(labels, guessed)
        low, high = wilson_interval(accuracy * len(labels), len(labels))
        return cls(
            len(labels),
            accuracy,
            low,
            high,
            metrics.balanced_accuracy(labels, guessed),
            metrics.macro_f1(labels, guessed),
            float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean()),
            Calibration.of(outputs, labels),
        )


@dataclass(frozen=True)
class Check:
    """By how much (of probabilities 0..1) an exported file differs at most from PyTorch on so many photos."""

    file: str
    difference: float
    photos: int


@dataclass(frozen=True)
class Card:
    """All that a card says. `record` is the run's record.json, `classes` are in the order of the outputs."""

    dataset: str
    classes: list[str]
    spec: Spec
    record: Mapping[str, Any]
    best_epoch: int
    figures: Figures
    checks: list[Check]

    @property
    def title(self) -> str:
        """The network and the data set."""
        edit = "" if self.spec.architecture == ORIGINAL else f" ({self.spec.architecture})"
        return f"{self.spec.backbone}{edit} on {self.dataset}"

    def text(self) -> str:
        """Return README.md."""
        parts = (self._figures(), self._data(), self._recipe(), self._files(), self._use())
        lines = [line for part in parts for line in part]
        return f"---\n{self.header()}\n---\n\n" + "\n".join(lines) + "\n"

    def header(self) -> str:
        """Return the metadata as YAML. It names no licence: that is the owner's to say."""
        values = {
            "accuracy": ("Accuracy", self.figures.accuracy),
            "f1": ("Macro F1", self.figures.macro_f1),
        }
        results = [
            EvalResult(
                task_type="image-classification",
                dataset_type=self.dataset,
                dataset_name=self.dataset,
                dataset_split="validation",
                metric_type=kind,
                metric_name=name,
                metric_value=value,
            )
            for kind, (name, value) in values.items()
        ]
        its = ModelCardData(
            model_name=self.title,
            eval_results=results,
            library_name="pytorch",
            pipeline_tag="image-classification",
            tags=["image-classification", "onnx", self.spec.backbone],
            metrics=list(values),
        )
        return str(its.to_yaml())

    def _figures(self) -> Iterator[str]:
        figures, fitted = self.figures, self.figures.calibration
        yield from (
            f"# {self.title}",
            "",
            f"Classifies a photo as one of {len(self.classes)} classes (listed below).",
            "",
            "## Figures",
            "",
            f"On the {figures.photos} validation photos, which chose the epoch ({self.best_epoch}) and "
            "fitted the temperature: expect a little less of new photos.",
            "",
            "| | |",
            "|---|---|",
            f"| accuracy | {figures.accuracy:.4f}, 95% interval {figures.low:.4f} to {figures.high:.4f} "
            "(Wilson) |",
            f"| balanced accuracy | {figures.balanced_accuracy:.4f} |",
            f"| macro-F1 | {figures.macro_f1:.4f} |",
            f"| cross-entropy | {figures.loss:.4f} nats |",
            f"| expected calibration error, {calibration.BINS} bins | {fitted.ece:.4f}; with the temperature "
            f"{fitted.calibrated_ece:.4f} |",
            f"| temperature | {fitted.temperature:.4f} |",
            "",
        )

    def _data(self) -> Iterator[str]:
        record, way = self.record, f"{self.spec.resize}, {self.spec.interpolation}"
        yield from (
            "## Data",
            "",
            f"`{self.dataset}`: {record['train_photos']} photos trained it, {record['val_photos']} "
            "validated. The manifest, which names each with its SHA-256, has the SHA-256",
            f"`{record['manifest_sha256']}`.",
            "",
            f"Photos become upright sRGB, and {self.spec.image_size} x {self.spec.image_size} pixels "
            f"({way}). Values are 0 to 1, then: "
            + (", ".join(f"{name} {parameters}" for name, parameters in self.spec.augmentation) or "nothing")
            + ". Of these, what is random is for training alone.",
            "",
        )

    def _recipe(self) -> Iterator[str]:
        record = self.record
        yield from (
            "## Recipe",
            "",
            f"Trained on {record['device']} in {record['precision']} with PyTorch {record['torch']}; it "
            f"ended by `{record['ended']}`. {record['parameters']:,} parameters were trained.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in _values(self.spec)),
            "",
        )

    def _files(self) -> Iterator[str]:
        yield from (
            "## Files",
            "",
            "| | |",
            "|---|---|",
            "| `weights.safetensors` | the network; in its header classes, preparation and temperature |",
            "| `model.onnx` | uint8 `photos`, N x size x size x 3 and square already, to float32 "
            "`probabilities`, N x classes |",
            "| `model.pt2` | the same, for `torch.export.load` |",
            "| `predict_onnx.py` | classifies photos by `model.onnx` with onnxruntime, numpy and Pillow "
            "alone; it heeds neither colour profiles nor transparency, opens no HEIC, refuses grey "
            "photos of 16 bits |",
            "",
            "Largest difference of a probability from PyTorch's in fp32:",
            "",
            *(f"- `{one.file}`: {one.difference:.2g} on {one.photos} photos" for one in self.checks),
            "",
        )

    def _use(self) -> Iterator[str]:
        yield from (
            "## Intended use",
            "",
            "Photos of the classes below, taken as those of the data set were.",
            "",
            "## Limits",
            "",
            "- It gives every photo one of its classes, also one that shows none of them.",
            "- Its confidence was fitted to the validation photos: of others it may say too much.",
            f"- {self.figures.photos} validation photos cannot tell accuracies apart within one interval.",
            "- Nobody has examined which people, places or things its mistakes concern.",
            "",
            "## Classes",
            "",
            *(f"{number}. {_plain(name)}" for number, name in enumerate(self.classes)),
        )


def _values(spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield the fields of a spec, the optimizer's among them, without what the card says elsewhere."""
    fields = vars(spec) | {f"optimizer: {name}": value for name, value in vars(spec.optimizer).items()}
    for name in ("optimizer", "augmentation", "image_size", "resize", "interpolation"):
        del fields[name]
    for name, value in fields.items():
        yield name.replace("_", " "), "" if value is None else str(value)


def _plain(text: str) -> str:
    """Return a name as Markdown shows it, whatever signs are in it."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>()#+-.!|~&" else one for one in text)
