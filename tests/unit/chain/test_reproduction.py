"""The command that makes a study again."""

from __future__ import annotations

import shlex

import pytest

from ablation.chain.reproduction import command


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
