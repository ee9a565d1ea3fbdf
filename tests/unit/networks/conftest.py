"""Weight files that several modules' tests read."""

from __future__ import annotations

from pathlib import Path

import pytest
from light import LIGHT, weights

from ablation.networks import weight_files


@pytest.fixture(scope="module")
def pretrained_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    for backbone in LIGHT:
        weight_files.write_weights(folder / f"{backbone}.safetensors", weights(backbone), {"from": backbone})
    return {backbone: folder / f"{backbone}.safetensors" for backbone in LIGHT}
