"""The command that makes a study again."""

from __future__ import annotations

import json
import shlex
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ablation.chain.reproduction import VERSION, command, described
from places import ROOT


@pytest.mark.parametrize(
    ("words", "files", "told"),
    [
        ([], ["config.yaml"], "snakemake --cores all"),
        (
            ["study=quick", "dataset=/home/me/my photos.zip"],
            ["config.yaml", "studies/quick.yaml"],
            "snakemake --cores all --config study=quick 'dataset=/home/me/my photos.zip'",
        ),
        (
            ["seeds=3", "photos=/new", "model=one/seed0", "wanted_accuracy=0.9"],
            ["config.yaml", "mine/own.yaml"],
            "snakemake --cores all --configfile mine/own.yaml --config seeds=3",
        ),
    ],
)
def test_what_belongs_to_the_study_is_in_it(words: list[str], files: list[str], told: str) -> None:
    assert command(words, files) == told
    assert shlex.split(told)[0] == "snakemake"


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["study=quick", "seeds=3"], ["studies/quick.yaml"]),
        (["seeds=3", "study=quick"], ["config.yaml", "studies/quick.yaml"]),
        (["seeds=3", "study=studies/quick.yaml"], ["config.yaml", "studies/quick.yaml"]),
        (["seeds=3"], ["config.yaml", "studies/quick.yaml"]),
    ],
)
def test_a_study_of_the_projects_goes_by_its_name(words: list[str], files: list[str]) -> None:
    assert command(words, files) == "snakemake --cores all --config study=quick seeds=3"


@pytest.mark.parametrize("words", [[], ["study=mine/own.yaml"], ["study=./mine/own.yaml"]])
def test_a_study_elsewhere_goes_by_its_file(words: list[str]) -> None:
    assert command(words, ["mine/own.yaml"]) == "snakemake --cores all --configfile mine/own.yaml"
    both = command([], ["studies/quick.yaml", "mine/quick.yaml"])
    assert both == "snakemake --cores all --configfile mine/quick.yaml --config study=quick"
    renamed = command(["study=other"], ["mine/own.yaml"])
    assert renamed == "snakemake --cores all --configfile mine/own.yaml --config study=other"


def test_no_text_is_read_as_a_wildcard() -> None:
    study: Any = SimpleNamespace(
        name="{study}", dataset=SimpleNamespace(name="{x}"), config={"label": "{{run}} {seed}"}
    )
    told = described(study, ["dataset={x}"], [], ["results/{fold}.png"])
    assert told.count("{") == 1
    found = json.loads(told)
    assert (found["study"], found["data_set"], found["figures"]) == ("{study}", "{x}", ["{fold}"])
    assert "{{run}} {seed}" in found["config"]


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["project"]["version"] == cited["version"] == VERSION
