"""The page as one HTML file, which needs no network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ablation.results.claims import UNTOLD
from ablation.results.report.contents import Contents

HERE = Path(__file__).parent
# What stands in a cell without a value.
NOTHING = "\N{EN DASH}"
# What the page is made of besides code.
TEXTS = ("page.html", "page.css", "page.js")


@dataclass(frozen=True)
class Column:
    """A column of the ranked table: its name in summary.csv, heading, how values are shown, what they say."""

    name: str
    heading: str
    form: str
    about: str


# Of summary.csv, which has all.
RANKED = (
    Column("experiment", "Experiment", "text", "its name in the configuration"),
    Column("accuracy", "Accuracy", "share", "the share of photos that are right"),
    Column("interval", "95% interval", "interval", "where the accuracy on other photos like these would be"),
    Column("could_be_best", "May be best", "text", "no: told from the best by these photos"),
    Column("backbone", "Backbone", "text", "the network"),
    Column("architecture", "Edit", "text", "the change of its architecture"),
    Column("augmentation", "Augmentation", "text", "how training photos are changed"),
    Column("optimizer", "Optimizer", "text", "the way to train"),
    Column("weights", "Starts from", "text", "the starting weights"),
    Column("train_accuracy", "On training photos", "share", "a higher one than accuracy is overfitting"),
    Column("macro_f1", "Macro F1", "share", "each class counts alike"),
    Column("ece", "Calibration error", "share", "how far what it says of itself and the accuracy are apart"),
    Column("val_loss", "Loss", "number", "cross-entropy in nats"),
    Column("parameters", "Parameters", "count", "that train"),
    Column("train_seconds", "Seconds", "seconds", "of training, of one run"),
    Column("seeds", "Runs", "count", "that are averaged"),
)


def html(contents: Contents) -> str:
    """Return the page of a study."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"shown": shown, "duration": duration, "p": p_value, "signed": signed}
    texts = {name: (HERE / name).read_text(encoding="utf-8") for name in TEXTS if name != "page.html"}
    return environment.get_template("page.html").render(
        it=contents,
        columns=RANKED,
        UNTOLD=UNTOLD,
        css=texts["page.css"],
        js=texts["page.js"],
        runs={run.key: run.data for run in contents.runs},
    )


def shown(row: dict[str, Any], column: Column) -> str:
    """Return a cell of the ranked table; a dash where there is nothing."""
    if column.form == "interval":
        low, high = row["accuracy_low"], row["accuracy_high"]
        return NOTHING if low is None else f"{low:.3f} to {high:.3f}"
    value = row[column.name]
    if value is None:
        return NOTHING
    forms = {
        "share": lambda: f"{value:.3f}",
        "number": lambda: f"{value:.3f}",
        "count": lambda: f"{value:,.0f}",
        "seconds": lambda: duration(value),
        "text": lambda: str(value),
    }
    return forms[column.form]()


def duration(seconds: float | None) -> str:
    """Return seconds for people: 12 s, 4 min 5 s, 3 h 20 min."""
    if seconds is None or math.isnan(seconds):
        return NOTHING
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def p_value(p: float | None) -> str:
    """Return a p for people."""
    return NOTHING if p is None else f"{p:.2g}" if p >= 0.001 else "below 0.001"


def signed(value: float | None) -> str:
    """Return a difference with its sign, in three decimals."""
    return NOTHING if value is None else f"{value:+.3f}"
