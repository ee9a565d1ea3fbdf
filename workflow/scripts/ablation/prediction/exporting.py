"""Write a network's graph for other programs, as torch.export and ONNX have it, and compare it."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ablation.photos.pack import Pixels
from ablation.prediction.classifier import Classifier
from ablation.running.errors import UserError

# The graphs' input, and ONNX's entry that says how photos come to it and what comes out.
INPUT, OUTPUT, ABOUT = "photos", "probabilities", "about"
# Photos are compared in batches of this many: the last one may be shorter, which a graph must take too.
BATCH = 32


def exported(classifier: Classifier, size: int) -> torch.export.ExportedProgram:
    """Return the graph of a classifier for any number of photos; raises UserError where PyTorch cannot.

    It is traced in inference only, with photos of `size` pixels.
    """
    # Two: of one photo PyTorch would take the number for a constant.
    example = torch.zeros((2, size, size, 3), dtype=torch.uint8)
    shapes = {"photos": {0: torch.export.Dim("photos", min=1)}}
    with _refused_in_one_line("torch.export"), torch.no_grad():
        return torch.export.export(classifier, (example,), dynamic_shapes=shapes)


def write_onnx(program: torch.export.ExportedProgram, about: dict[str, Any], path: Path) -> None:
    """Write a graph as ONNX with its weights; `about` becomes JSON in its metadata."""
    with _refused_in_one_line("ONNX"):
        made = torch.onnx.export(
            program,
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
            external_data=False,
        )
    assert made is not None  # it is None only for the older exporter
    made.model.metadata_props[ABOUT] = json.dumps(about)
    made.save(path)


def largest_difference(
    one: Callable[[Pixels], np.ndarray], other: Callable[[Pixels], np.ndarray], photos: Pixels
) -> float:
    """Return by how much the probabilities (0..1) of two classifiers differ at most on some photos."""
    parts = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
    return max(float(np.abs(one(some) - other(some)).max()) for some in parts)


def of_module(module: Callable[[Tensor], Tensor]) -> Callable[[Pixels], np.ndarray]:
    """Return what gives PyTorch's probabilities of uint8 arrays."""

    def probabilities(photos: Pixels) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(photos)).numpy()

    return probabilities


def of_onnx(path: Path) -> Callable[[Pixels], np.ndarray]:
    """Return what gives the probabilities of a file by onnxruntime, on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def probabilities(photos: Pixels) -> np.ndarray:
        found: np.ndarray = session.run([OUTPUT], {INPUT: photos})[0]
        return found

    return probabilities


@contextmanager
def _refused_in_one_line(form: str) -> Iterator[None]:
    """Turn whatever PyTorch's exporters raise (some ten kinds) into one line, and keep their notes quiet."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImportError as error:
        raise UserError(f"{form} needs a package ({error}): pip install -r requirements.txt") from error
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise UserError(
            f"PyTorch {torch.__version__} cannot write this network as {form} ({lines[0].strip()}): "
            "use its weights.safetensors with predict.py"
        ) from error
    finally:
        logging.disable(level)
