"""What the rules of data sets ask, by their wildcard `dataset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.chain.stamps import stamp
from ablation.photos import origin
from ablation.study.datasets import Dataset
from ablation.study.inputs import photo_files
from ablation.study.study import Study


def check_origin(dataset: Dataset) -> None:
    """Raise UserError if a data set's results were made from another archive or folder than it now names."""
    if dataset.path:
        folder = Path(paths.PHOTOS.format(dataset=dataset.name)).parent
        origin.check(dataset.name, dataset.path, folder)


class Photos:
    """The data sets of a study, as the rules that make photos into packs see them."""

    def __init__(self, study: Study) -> None:
        self.datasets = study.datasets

    def files(self, wildcards: Any) -> list[str] | str:
        """Return the files of a user's folder, so that a replaced one is noticed; else the unpacked one."""
        folder = self.datasets[wildcards.dataset].folder
        return photo_files(folder) if folder else paths.PHOTOS

    def stamp(self, wildcards: Any) -> str:
        """Return what tells the files of the user's folder from others."""
        folder = self.datasets[wildcards.dataset].folder
        return stamp(photo_files(folder) if folder else [])

    def root(self, wildcards: Any) -> str:
        """Return the folder in which the photos lie."""
        folder = self.datasets[wildcards.dataset].folder
        return str(folder) if folder else paths.PHOTOS.format(dataset=wildcards.dataset)

    def archive(self, wildcards: Any) -> str:
        """Return the archive to unpack: the user's own, or the downloaded one."""
        path = self.datasets[wildcards.dataset].path
        return str(path) if path else paths.ARCHIVE

    def archive_stamp(self, wildcards: Any) -> str:
        """Return what tells the user's own archive from another."""
        path = self.datasets[wildcards.dataset].path
        return stamp([path] if path else [])

    def unpacked_gb(self, wildcards: Any) -> float:
        """Return how many GB of 10^9 bytes the archive may unpack to."""
        return self.datasets[wildcards.dataset].unpacked_gb

    def way(self, wildcards: Any) -> str:
        """Return how photos are made square, as command-line arguments; none for the usual way."""
        _, *way = wildcards.way.split("-")
        return "--resize {} --interpolation {}".format(*way) if way else ""

    def fields(self, wildcards: Any) -> str:
        """Return the fields of the source as command-line arguments."""
        return self.datasets[wildcards.dataset].arguments()

    def split(self, wildcards: Any) -> str:
        """Return how the photos are split, as command-line arguments."""
        return self.datasets[wildcards.dataset].split_arguments()

    def labels(self, wildcards: Any) -> str:
        """Return where the photos' labels are, as command-line arguments."""
        return self.datasets[wildcards.dataset].label_arguments()
