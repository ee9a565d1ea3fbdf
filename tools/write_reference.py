"""Write the reference: python tools/write_reference.py > docs/reference.md

From the schema of config.yaml, the tables of what a configuration chooses by name, and the declared columns.
"""

from __future__ import annotations

import csv
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

# The library lies beside the scripts, which find it by their own folder.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

import config_keys
import study_files
from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS
from ablation.networks.heads import HEADS
from ablation.networks.needs import minimum_size
from ablation.photos.resizing import WAYS
from ablation.results.columns import RUNS, SUMMARY, Columns
from ablation.training.parameters import STANDARDIZE
from ablation.training.transforms.table import TRANSFORMS
from config_keys import Key

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SAMPLE = ROOT / "docs/samples/summary.csv"
TABLES = {"summary": SUMMARY, "runs": RUNS}
# The table of the sample is too wide for a page: its columns come in so many parts.
PARTS = 3
INTRODUCTION = """# Reference

Written by `python tools/write_reference.py > docs/reference.md` from the schema, the code and its docstrings:
edit those, for a test compares. How to think about it all is in [configuration.md](configuration.md), and
questions are answered in [questions.md](questions.md).

Photos are stretched to a square, whatever their shape, unless `resize` says otherwise.

"""
KEYS = ("key", "meaning", "allowed", "if not given", "example")


def lines() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from INTRODUCTION.splitlines()
    yield from keys()
    yield from transforms()
    yield from edits()
    yield from heads()
    yield from ways()
    yield from files()
    yield from sample()


def keys() -> Iterator[str]:
    """Yield the tables of config.yaml's keys: one for what stands at the top, and one for each section."""
    yield from heading("Keys of config.yaml")
    found = list(config_keys.keys(schema()))
    sections = dict.fromkeys((one.place[0], one.source) for one in found if len(one.place) > 1)
    yield from table(KEYS, [row(one, str(one)) for one in found if len(one.place) == 1])
    for section, source in sections:
        inner = [
            one for one in found if (one.place[0], one.source) == (section, source) and len(one.place) > 1
        ]
        yield from heading(f"{section}: {source}" if source else section, 3)
        yield from table(
            KEYS,
            [
                row(one, str(one).removeprefix(section).removeprefix(config_keys.ENTRY).removeprefix("."))
                for one in inner
            ],
        )


def row(key: Key, name: str) -> tuple[str, ...]:
    """Return what the tables of keys say of one."""
    meaning = key.part["description"]
    if key.place[0] == "experiments" and key.lists:
        where = (
            "recipe" if key.name in schema()["properties"]["recipe"]["properties"] else "optimizers.<name>"
        )
        meaning = f"As `{where}.{key.name}`."
    elif key.part.get("enumDescriptions"):
        named = zip(key.part["enum"], key.part["enumDescriptions"], strict=True)
        meaning = f"{meaning.removesuffix('.')}. {'; '.join(f'`{value}`: {text}' for value, text in named)}."
    if key.required:
        otherwise = "required"
    elif "default" in key.part:
        otherwise = f"`{flow(key.part['default'])}`"
    else:
        otherwise = key.part["x-otherwise"]
    examples = "<br>".join(f"`{key.name}: {flow(example)}`" for example in key.part["examples"])
    return f"`{name}`", meaning, config_keys.allowed(key), otherwise, examples


def transforms() -> Iterator[str]:
    """Yield what augmentations are made of."""
    yield from heading("Transforms")
    after = ", ".join(f"`{name}`" for name, its in TRANSFORMS.items() if its.takes_any_values)
    yield (
        "Of an augmentation, in order, on photos with values from 0 to 1. Parameters are drawn anew for each "
        "photo and epoch; while validating, only `normalize` or `standardize` is applied, which comes last: "
        f"only {after} may follow. In a range [ and ] belong to it, ( and ) do not."
    )
    yield ""
    rows = []
    for name, cls in TRANSFORMS.items():
        told = study_files.fields(cls)
        defaults = {one.name: one.default for one in fields(cls)}  # type: ignore[arg-type]
        rows.append((f"`{name}`", "", document(cls), ""))
        for parameter, default in defaults.items():
            rows.append(("", f"`{parameter}`", told[parameter], f"`{flow(rounded(default))}`"))
    rows.append(
        (
            f"`{STANDARDIZE}`",
            "",
            "The `normalize` by what the starting weights expect; of a file of yours, a pretraining and "
            "none, by what the backbone's usual weights do. Takes the parameters of `normalize` as well.",
            "",
        )
    )
    yield from table(("transform", "parameter", "what", "default"), rows)


def edits() -> Iterator[str]:
    """Yield the edits of networks."""
    yield from heading("Architecture edits")
    yield "None has parameters. `original` is the network as it is."
    yield ""
    rows = [
        (
            f"`{name}`",
            document(edit.apply),
            ", ".join(f"`{one}`" for one in edit.backbones),
            least(name, edit.backbones),
        )
        for name, edit in EDITS.items()
    ]
    yield from table(("architecture", "what it does", "of", "least image_size"), rows)


def least(edit: str, backbones: Iterable[str]) -> str:
    """Say how small the photos of an edited network may be, by the schema too."""
    smallest = schema()["$defs"]["image_size"]["minimum"]
    sizes = dict.fromkeys(max(smallest, minimum_size(backbone, edit)) for backbone in backbones)
    return ", ".join(map(str, sizes))


def heads() -> Iterator[str]:
    """Yield the heads, and which backbones have which."""
    yield from heading("Heads")
    rows = []
    for name, replace in HEADS.items():
        own = [f"`{backbone}`" for backbone, its in BACKBONES.items() if its.head == name]
        of = f"`head: report` of {', '.join(own)}" if own else "`head: linear` of any network"
        rows.append((name, document(replace), of))
    yield from table(("head", "what it does", "where"), rows)


def ways() -> Iterator[str]:
    """Yield the ways to make photos square."""
    yield from heading("Ways to make photos square")
    usual = schema()["properties"]["recipe"]["properties"]["resize"]["default"]
    yield f"`{usual}` if not given: photos are stretched. Pretrainings always squash, by the bilinear filter."
    yield ""
    yield from table(("resize", "as"), [(f"`{name}`", document(way)) for name, way in WAYS.items()])


def files() -> Iterator[str]:
    """Yield the files that a study leaves, and the columns of each."""
    yield from heading("Files")
    yield "What a step makes appears whole or not at all. Names in <> stand for yours."
    yield ""
    yield from table(
        ("file", "what"),
        [
            (f"`{one.path}`", one.what + (" Gone when the run is done." if one.passing else ""))
            for one in study_files.FILES
        ],
    )
    yield from heading("summary.csv and runs.csv", 3)
    yield "Losses are cross-entropies in nats; accuracies and `macro_f1` are from 0 to 1."
    yield ""
    told = study_files.fields(Columns)
    order = [*SUMMARY, *(name for name in RUNS if name not in SUMMARY)]
    where = {name: " and ".join(its for its, names in TABLES.items() if name in names) for name in order}
    yield from table(("column", "of", "what"), [(f"`{name}`", where[name], told[name]) for name in order])
    for one in study_files.FILES:
        name = one.path.rpartition("/")[2]
        # The history of a pretraining has the columns of a run's.
        if one.columns and name not in ("summary.csv", "runs.csv", "<backbone>.csv"):
            yield from heading(name, 3)
            head = "key" if name.endswith(".json") else "column"
            yield from table((head, "what"), [(f"`{key}`", text) for key, text in one.columns.items()])


def sample() -> Iterator[str]:
    """Yield the sample table, in parts and with rounded numbers."""
    yield from heading("A sample summary.csv")
    yield (
        "The demo's (`make run`), on 2 cores of an EPYC without a GPU, on 2026-11-27; 360 photos of the test "
        "set judge, 30 of each of 12 classes. On such a processor all but the times repeats. In the file "
        "([samples/summary.csv](samples/summary.csv)) numbers have all their digits."
    )
    yield ""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first, *others = SUMMARY
    size = -(-len(others) // PARTS)
    for start in range(0, len(others), size):
        part = [first, *others[start : start + size]]
        yield from table(part, [[short(row[column]) for column in part] for row in rows])


def schema() -> dict[str, Any]:
    """Read the schema."""
    found: dict[str, Any] = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return found


def short(cell: str) -> str:
    """Return a number with four digits, and anything else as it is."""
    try:
        return f"{float(cell):.4g}" if "." in cell else cell
    except ValueError:
        return cell


def rounded(value: Any) -> Any:
    """Return a default as it would be written: 1.3333, not 4 / 3."""
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def document(described: Callable[..., Any] | type[Any]) -> str:
    """Return a docstring as one line."""
    return " ".join((inspect.getdoc(described) or "").split())


def flow(value: Any) -> str:
    """Return a value as it stands on one line of config.yaml."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def heading(text: str, level: int = 2) -> Iterator[str]:
    """Yield a heading."""
    yield from (f"{'#' * level} {text}", "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for one in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in one)} |"
    yield ""


def page() -> str:
    """Return the page."""
    return "\n".join(lines()).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
