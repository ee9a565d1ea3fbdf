"""What a study has, as it is listed: a line for each experiment, and a command that makes a run."""

from __future__ import annotations

from typing import Any

import pytest
from configs import DEFAULT, load, one, small

from ablation.chain import listing


def table(config: dict[str, Any]) -> list[list[str]]:
    """The lines between the first and the last, as cells."""
    _, empty, *rows, last = listing.lines(load(config))
    assert (empty, last) == ("", "")
    return [row.split("  ") for row in rows]


def cells(row: list[str]) -> list[str]:
    return [cell.strip() for cell in row if cell.strip()]


def test_a_line_for_each_experiment() -> None:
    config = small(seeds=[0, 5])
    config["experiments"][0]["seeds"] = [7]
    assert [cells(row) for row in table(config)] == [
        ["experiment", "backbone", "augmentation", "optimizer", "seeds"],
        ["one", "alexnet", "plain", "sgd", "7"],
        ["resnet34", "resnet34", "flipped", "adamw", "0 5"],
        ["googlenet", "googlenet", "flipped", "adamw", "0 5"],
    ]
    head = next(listing.lines(load(config)))
    told = (
        "default on drawn: 3 experiments, 5 runs: results/comparison/drawn/default/runs/<experiment>/seed<k>"
    )
    assert head == told


def test_edits_and_weights_are_told_where_they_differ() -> None:
    head, row = table(one(architecture="fewer_layers"))
    assert "architecture" in cells(head)
    assert "fewer_layers" in cells(row)
    config = small()
    config["experiments"][0]["weights"] = "own"
    config["weight_sources"]["own"] = {"source": "none"}
    head, first, *_ = table(config)
    assert cells(head)[-2:] == ["weights", "seeds"]
    assert "own" in cells(first)


def test_all_that_the_table_says_is_what_runs() -> None:
    study = load(DEFAULT)
    head, *rows = map(cells, table(DEFAULT))
    assert [row[0] for row in rows] == list(study.experiments)
    for name, row in zip(study.experiments, rows, strict=True):
        its = study.experiments[name]
        assert dict(zip(head, row, strict=True)) == {
            "experiment": name,
            "backbone": its.spec.backbone,
            "architecture": its.spec.architecture,
            "augmentation": its.augmentation,
            "optimizer": its.optimizer,
            "weights": its.spec.weights,
            "seeds": "0",
        }


def test_columns_are_aligned() -> None:
    _, _, head, *rows, _ = listing.lines(load(DEFAULT))
    for title in ("backbone", "optimizer", "seeds"):
        start = head.index(title)
        assert all(row[start - 2 : start] == "  " and row[start] != " " for row in rows)


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["/bin/snakemake", "list", "--quiet", "all"], "snakemake --config only=one"),
        (
            ["a/snakemake", "list", "--configfile", "b c.yaml"],
            "a/snakemake --configfile 'b c.yaml' --config only=one",
        ),
    ],
)
def test_the_last_line_is_a_command(
    argv: list[str], command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", argv)
    listing.tell(load(small(seeds=[3])))
    assert capsys.readouterr().out.splitlines()[-1] == f"One alone   {command}"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("list", "snakemake --config only=one"),
        ("list --quiet all --config dataset=x", "snakemake --config only=one dataset=x"),
        ("list --config only=two study=quick", "snakemake --config only=one study=quick"),
        ("-C study=quick -- list", "snakemake -C only=one study=quick"),
    ],
)
def test_the_command_of_one_experiment(typed: str, told: str) -> None:
    assert listing.command(["/usr/bin/snakemake", *typed.split()], "one") == told
