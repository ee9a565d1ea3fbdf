"""The rows of tables that a spec names: those that decide a training, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from tiny import spec

from ablation.networks import backbones
from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS
from ablation.running import code
from ablation.training import provenance
from ablation.training.transforms.table import TRANSFORMS

ROTATION, FLIP = ("rotation", {"degrees": 30.0}), ("horizontal_flip", {"probability": 0.5})


def rows(**tables: list[str]) -> list[tuple[str, str]]:
    """Rows with their hashes, sorted."""
    return sorted(code.of_row(table, key) for table, keys in tables.items() for key in keys)


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        ({}, {"BACKBONES": ["alexnet"], "HEADS": ["replace_last_layer"]}),
        ({"backbone": "googlenet"}, {"BACKBONES": ["googlenet"], "HEADS": ["extend_fc"]}),
        (
            {"architecture": "fewer_layers"},
            {"BACKBONES": ["alexnet"], "HEADS": ["replace_last_layer"], "EDITS": ["fewer_layers"]},
        ),
        (
            {"architecture": "softmax_output", "backbone": "vgg11", "augmentation": (ROTATION, FLIP)},
            {
                "BACKBONES": ["vgg11"],
                "HEADS": ["replace_last_layer"],
                "EDITS": ["softmax_output"],
                "TRANSFORMS": ["rotation", "horizontal_flip"],
            },
        ),
        (
            {"backbone": "resnet34", "augmentation": (ROTATION, FLIP, ("rotation", {"degrees": 5.0}))},
            {
                "BACKBONES": ["resnet34"],
                "HEADS": ["extend_fc"],
                "TRANSFORMS": ["rotation", "horizontal_flip"],
            },
        ),
    ],
    ids=["original", "other head", "edit", "all", "a transform twice"],
)
def test_a_run_is_decided_by_the_rows_that_its_spec_names(
    changes: dict[str, Any], tables: dict[str, list[str]]
) -> None:
    found = provenance.of_run(spec(**changes))
    assert sorted(found) == rows(**tables)
    # A pretraining has neither a head nor an edit.
    without = {table: keys for table, keys in tables.items() if table not in ("HEADS", "EDITS")}
    assert sorted(provenance.of_pretraining(spec(**changes))) == rows(**without)


def test_rows_stand_in_one_order_whatever_that_of_the_transforms() -> None:
    for of in (provenance.of_run, provenance.of_pretraining):
        assert of(spec(augmentation=(ROTATION, FLIP))) == of(spec(augmentation=(FLIP, ROTATION)))


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"epochs": 9}, {"weights": "net"}, {"image_size": 64}], ids=str
)
def test_numbers_name_no_rows(changes: dict[str, Any]) -> None:
    assert provenance.of_run(spec(**changes)) == provenance.of_run(spec())


def test_every_row_has_a_hash_of_its_own() -> None:
    specs = [spec(backbone=name) for name in BACKBONES]
    specs += [spec(architecture=name) for name in EDITS]
    specs += [spec(augmentation=((name, {}),)) for name in TRANSFORMS]
    found = {row for one in specs for row in provenance.of_run(one)}
    names = {name for name, _ in found}
    assert len(names) == len(found) == len({its for _, its in found})
    assert names == {
        *(f"ablation/networks/backbones.py[{name}]" for name in BACKBONES),
        *(f"ablation/networks/heads.py[{name}]" for name in ("extend_fc", "replace_last_layer")),
        *(f"ablation/networks/edits.py[{name}]" for name in EDITS),
        *(f"ablation/training/transforms[{name}]" for name in TRANSFORMS),
    }


def test_of_the_table_of_networks_the_line_of_the_network_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = "vit_tiny_patch16_224", "resnet18"

    def row(name: str) -> tuple[str, str]:
        found = provenance.of_run(spec(backbone=name, head="linear"))
        assert code.of_row("HEADS", "linear") in found
        return found[0]

    before = row(ours), row(other)
    assert before[0][0] == f"ablation/networks/networks.csv[{ours}]"
    monkeypatch.setitem(backbones.lines(), ours, backbones.line(ours).replace("bicubic", "bilinear"))
    monkeypatch.setitem(backbones.lines(), "new", backbones.line(other))
    assert row(other) == before[1]
    assert row(ours)[0] == before[0][0]
    assert row(ours)[1] != before[0][1]


def test_the_head_is_the_one_that_the_spec_names() -> None:
    assert code.of_row("HEADS", "linear") in provenance.of_run(spec(head="linear"))
