"""The reference: it is what the code says, with every key, transform, edit and column."""

from __future__ import annotations

import csv
import re
from dataclasses import fields
from typing import Any

import pytest
import yaml

import study_files
import write_reference
from ablation.networks.edits import EDITS
from ablation.networks.heads import HEADS
from ablation.photos.resizing import WAYS
from ablation.results.columns import RUNS, SUMMARY, Columns
from ablation.study.recipes import resolved_augmentation
from ablation.training import parameters
from ablation.training.transforms.table import TRANSFORMS
from places import ROOT, SCHEMA

PAGE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
# As a docstring says which values a parameter, or each of its values, may have.
RANGE = re.compile(r"in ([\[(])(-?[\d.]+|-inf), ([\d.]+|inf)([\])])")
STEP = 1e-3


def test_the_page_is_what_the_code_says() -> None:
    """Else: python tools/write_reference.py > docs/reference.md"""
    assert write_reference.page() == PAGE


def test_every_row_of_every_table_is_on_the_page() -> None:
    for name in (*TRANSFORMS, *EDITS, *WAYS, parameters.STANDARDIZE):
        assert f"\n| `{name}` | " in PAGE
    for name in HEADS:
        assert f"\n| {name} | " in PAGE


def test_tables_are_whole() -> None:
    """As many cells in each row as in its head, and no cell broken by a bar of its own."""
    for block in PAGE.split("\n\n"):
        if block.startswith("|"):
            assert len({len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block[:200]


# --- columns ---------------------------------------------------------------------------------------


def test_the_columns_of_both_tables_are_those_that_are_described() -> None:
    assert set(RUNS) | set(SUMMARY) == {one.name for one in fields(Columns)}
    assert list(study_files.fields(Columns)) == [one.name for one in fields(Columns)]
    assert len(set(RUNS)) == len(RUNS)
    assert len(set(SUMMARY)) == len(SUMMARY)


def test_a_text_stands_under_a_field() -> None:
    told = study_files.fields(Columns)
    assert told["experiment"] == "The experiment's name."
    assert told["commonest_class"] == "The class of `commonest_accuracy`."
    with pytest.raises(KeyError, match="colour"):
        study_files.fields(Columns, ["colour"])


@pytest.mark.parametrize("file", study_files.FILES, ids=lambda file: file.path)
def test_every_file_and_each_of_its_columns_is_on_the_page(file: study_files.File) -> None:
    assert f"| `{file.path}` | {file.what}" in PAGE
    for name, text in file.columns.items():
        assert text
        assert f"\n| `{name}` | " in PAGE


def test_the_sample_is_the_summary_of_the_demo() -> None:
    with write_reference.SAMPLE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == list(SUMMARY)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert rows[-1]["experiment"] == config["experiments"][-1]["name"]
    for row in rows:
        assert PAGE.count(f"\n| {row['experiment']} | ") == write_reference.PARTS


# --- transforms ------------------------------------------------------------------------------------

PARAMETERS = [(name, one.name) for name, cls in TRANSFORMS.items() for one in fields(cls)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("transform", "parameter"), PARAMETERS)
def test_a_parameters_range_is_its_range(transform: str, parameter: str) -> None:
    """Its ends are accepted where they belong to it; what is beyond is refused, and named."""
    cls = TRANSFORMS[transform]
    found = RANGE.search(study_files.fields(cls)[parameter])
    assert found, f"{transform}.{parameter} has no range"
    left, low, high, right = found.groups()
    default = next(one.default for one in fields(cls) if one.name == parameter)  # type: ignore[arg-type]
    # Of bins there must be more than the magnitude, which is another parameter.
    others = {"magnitude": 0} if (transform, parameter) == ("rand_augment", "num_magnitude_bins") else {}
    step: float = 1 if isinstance(default, int) else STEP
    for end, closed, outward in ((float(low), left == "[", -step), (float(high), right == "]", step)):
        if abs(end) == float("inf"):
            assert accepted(transform, {**others, parameter: like(default, 1e6 if end > 0 else -1e6)})
            continue
        if isinstance(default, int):
            end = int(end)
        assert accepted(transform, {**others, parameter: like(default, end)}) == closed
        assert not accepted(transform, {**others, parameter: like(default, end + outward)})
        assert accepted(transform, {**others, parameter: like(default, end - outward)})


def like(default: Any, value: float) -> Any:
    """The value as a parameter with this default has it: alone, or so many times."""
    return [value] * len(default) if isinstance(default, (list, tuple)) else value


def accepted(transform: str, values: dict[str, Any]) -> bool:
    try:
        parameters.resolve(transform, values)
    except ValueError as error:
        assert next(reversed(values)) in str(error)  # noqa: PT017
        return False
    return True


def test_defaults_are_those_of_a_transform_by_its_name() -> None:
    for name, cls in TRANSFORMS.items():
        config = {"augmentations": {"one": [name]}}
        ((_, resolved),) = resolved_augmentation(config, "one", ((0.5,) * 3, (0.5,) * 3))
        for one in fields(cls):  # type: ignore[arg-type]
            told = write_reference.flow(write_reference.rounded(one.default))
            assert write_reference.flow(write_reference.rounded(resolved[one.name])) in (told, f"{told}.0")
            assert f"\n|  | `{one.name}` | {study_files.fields(cls)[one.name]} | `{told}` |" in PAGE


def test_keys_whose_default_is_elsewhere_have_that() -> None:
    from ablation.networks.edits import ORIGINAL
    from ablation.spec import Optimizer
    from ablation.study.datasets import UNPACKED_GB

    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    optimizer = schema["properties"]["optimizers"]["additionalProperties"]["properties"]
    assert optimizer["step_factor"]["x-otherwise"] == f"`{Optimizer.step_factor}`"
    for source in ("drive", "local"):
        unpacked = schema["$defs"]["datasets"][source]["properties"]["unpacked_gb"]
        assert unpacked["x-otherwise"] == f"`{UNPACKED_GB:g}`"
    experiment = schema["properties"]["experiments"]["items"]["properties"]
    assert experiment["architecture"]["x-otherwise"] == f"`{ORIGINAL}`"
