"""The data sets of a configuration, and which of them the study uses."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ablation.photos import archive
from ablation.running.errors import UserError
from ablation.study.inputs import exists, missing, require, require_input, usable
from ablation.study.names import known
from ablation.study.wording import shown

# In GB of 10^9 bytes.
UNPACKED_GB = archive.MAX_BYTES / 10**9
# Of Latin, Greek and Cyrillic letters, once they are apart from them.
ACCENTS = re.compile("[\u0300-\u036f]")
# What is said of a data set beside the fields of its source.
_OTHERS = ("source", "train_fraction", "test_fraction", "labels")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tbz2", ".txz")


@dataclass(frozen=True)
class Dataset:
    """A data set: its `source`, the fields of that source, how it is split, what is said of its labels."""

    name: str
    source: str
    fields: dict[str, Any]
    train_fraction: float
    split_seed: int
    labels: str | dict[str, str] | None = None
    test_fraction: float = 0
    """Set apart before it is split; of data sets without their own, the study's alone has the study's."""
    few_of: str | None = None
    """The data set of which this one is a few photos, for a smoke test."""

    def few(self, name: str) -> Dataset:
        """Return a few of its photos as a data set of that name."""
        return replace(self, name=name, few_of=self.name)

    @property
    def photos(self) -> str:
        """The name under which its photos lie."""
        return self.few_of or self.name

    def arguments(self) -> str:
        """Return the fields of the source as command-line arguments, quoted for a shell."""
        words = []
        for key, value in sorted(self.fields.items()):
            if key not in ("path", "published", "unpacked_gb"):
                values = [str(item) for item in (value if isinstance(value, list) else [value])]
                # Alone, a value that begins with a dash would be read as an option.
                words += [f"--{key}={values[0]}"] if values[0].startswith("-") else [f"--{key}", *values]
        return shlex.join(words)

    def split_arguments(self) -> str:
        """Return how the photos are split, as command-line arguments."""
        few = " --few" if self.few_of else ""
        test = f" --test-fraction {self.test_fraction}" if self.test_fraction else ""
        return f"--train-fraction {self.train_fraction} --seed {self.split_seed}{test}{few}"

    def label_arguments(self) -> str:
        """Return where the photos' labels are, as command-line arguments, quoted for a shell."""
        words = [] if self.labels is None else ["--labels", json.dumps(self.labels, sort_keys=True)]
        return shlex.join(words)

    @property
    def folder(self) -> Path | None:
        """The user's own folder of photos, which is used where it lies; None for other sources."""
        path = self.path
        return path if path is not None and path.is_dir() else None

    @property
    def path(self) -> Path | None:
        """The user's own archive or folder; None for other sources."""
        return usable(self.fields["path"]) if self.source == "local" else None

    @property
    def unpacked_gb(self) -> float:
        """How many GB the archive may unpack to."""
        found: float = self.fields.get("unpacked_gb", UNPACKED_GB)
        return found


def resolved_datasets(config: dict[str, Any]) -> dict[str, Dataset]:
    """Return the configured data sets with their splits."""
    return {name: dataset(config, name, fields) for name, fields in config["datasets"].items()}


def dataset(config: dict[str, Any], name: str, fields: dict[str, Any]) -> Dataset:
    """Return one data set; its own fractions go before the study's."""
    split = config["split"]
    fraction = fields.get("train_fraction", split["train_fraction"])
    own = {key: value for key, value in fields.items() if key not in _OTHERS}
    if fields["source"] == "local":
        exists(fields["path"], f"datasets.{name}.path")
    test = fields.get("test_fraction", 0)
    return Dataset(name, fields["source"], own, fraction, split["seed"], fields.get("labels"), test)


def chosen_dataset(config: dict[str, Any], datasets: dict[str, Dataset]) -> Dataset:
    """Return the data set of the study: a configured one, or an archive or folder given by its path.

    What it says of its labels goes before what the study says.
    """
    name = config["dataset"]
    if name in datasets:
        chosen = datasets[name]
    else:
        if not exists(name, "dataset"):
            if "/" in name or name.endswith(ARCHIVES):
                raise UserError(f"config: dataset is {shown(name)}, {missing(name)}")
            known(name, datasets, "dataset", "data set or path of an archive or folder")
        chosen = dataset(config, named_after(name), {"source": "local", "path": name})
        if chosen.name in datasets:
            raise UserError(
                f"config: dataset is {name!r}, and a data set {chosen.name!r} is configured already; "
                "rename the folder or archive, or give it another name under datasets of config.yaml"
            )
    if chosen.path is not None:
        require(str(chosen.path), f"datasets.{chosen.name}.path")
    labels = config.get("labels") if chosen.labels is None else chosen.labels
    own = "test_fraction" in config["datasets"].get(name, {})
    test = chosen.test_fraction if own else config["split"].get("test_fraction", 0)
    return replace(chosen, labels=labels, test_fraction=test)


def named_after(path: str) -> str:
    """Return a data set's name from the path of its archive or folder: of a long one, the beginning.

    Of letters in any script, without their accents, and digits; `photos` where there are none.
    """
    stem = Path(path).expanduser().resolve().name
    for suffix in sorted(ARCHIVES, key=len, reverse=True):
        stem = stem.removesuffix(suffix)
    plain = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFKD", stem).lower()))
    # By category, for a vowel's sign in Hindi is no letter to isalnum.
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in plain)
    # Files are called after it, and their names end at 255 bytes.
    return "_".join(kept.split()).encode()[:100].decode(errors="ignore").strip("_") or "photos"


def published(dataset: Dataset, project: Path) -> list[str]:
    """Return the file of published figures that stand beside a data set's, as a list of one or none."""
    if "published" not in dataset.fields:
        return []
    where = f"datasets.{dataset.name}.published"
    path = str(usable(str(project / dataset.fields["published"])))
    require_input(path, where)
    if not Path(path).is_file():
        raise UserError(f"config: {where} is {path!r}, a folder; name a CSV file")
    return [path]
