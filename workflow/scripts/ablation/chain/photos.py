"""What the rules of data sets ask, by their wildcard `dataset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.chain.contents import stamp
from ablation.photos import origin
from ablation.study.study import Study


def check(study: Study, prefix: str = "") -> None:
    """Raise UserError if the user's photos cannot be read, or results were made from others of that name."""
    for dataset in study.sources():
        if dataset.path:
            folder = Path(prefix + paths.PHOTOS.format(dataset=dataset.photos)).parent
            origin.check(dataset.photos, dataset.path, folder)
            # Snakemake, which asks for it next, would make a paragraph of the error.
            stamp(dataset.path)


class Photos:
    """The data sets of a study, as the rules that make photos into packs see them.

    `prefix` is that of a Snakemake module, before all that the workflow makes. Snakemake puts it before
    inputs and outputs by itself; here it is for what is a parameter.
    """

    def __init__(self, study: Study, prefix: str = "") -> None:
        self.datasets, self.prefix = study.datasets, prefix

    def made(self, wildcards: Any) -> list[str]:
        """Return the folder of photos that an earlier step makes, none for the user's own."""
        dataset = self.datasets[wildcards.dataset]
        return [] if dataset.folder else [paths.PHOTOS.format(dataset=dataset.photos)]

    def stamp(self, wildcards: Any) -> str:
        """Return what tells the user's own folder or archive from others; nothing for other sources."""
        path = self.datasets[wildcards.dataset].path
        return stamp(path) if path else ""

    def root(self, wildcards: Any) -> str:
        """Return the folder in which the photos lie."""
        dataset = self.datasets[wildcards.dataset]
        return str(dataset.folder or self.prefix + paths.PHOTOS.format(dataset=dataset.photos))

    def downloaded(self, wildcards: Any) -> list[str]:
        """Return the archive that an earlier step makes, none for the user's own."""
        return [] if self.datasets[wildcards.dataset].path else [paths.ARCHIVE]

    def archive(self, wildcards: Any) -> str:
        """Return the archive to unpack: the user's own, or the downloaded one."""
        path = self.datasets[wildcards.dataset].path
        return str(path) if path else self.prefix + paths.ARCHIVE.format(dataset=wildcards.dataset)

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
