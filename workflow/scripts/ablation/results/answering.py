"""The answer of a study in a few sentences, of which every figure is in summary.csv or comparisons.csv."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ablation.results.judging import FOLDS, ONE, TEST
from ablation.results.statistics.best import ALPHA

# Of sentences of one kind; the tables have all.
MOST = 5


def answer(summary: pd.DataFrame, comparisons: pd.DataFrame) -> str:
    """Return the answer as Markdown, a sentence a line, of a study's two tables.

    Raises nothing: a study without results, or without a manifest, has an answer that says so.
    """
    done = summary[summary["accuracy"].notna()]
    if done.empty:
        return "Nothing can be said: no run has results on photos whose labels are known.\n"
    best = done.iloc[int(done["accuracy"].argmax())]
    sentences = [
        take(best, chosen=len(done) > 1),
        *others(done, best),
        *effects(comparisons),
        *untold(comparisons),
    ]
    return "\n".join([*sentences, basis(done, best), ""])


def take(best: pd.Series, *, chosen: bool) -> str:
    """Say which experiment to take and how good it is, corrected where it was `chosen` of several."""
    accuracy, low, high = (best[f"corrected_{name}"] for name in ("accuracy", "low", "high"))
    if pd.isna(accuracy):
        return f"Take {best['experiment']}, which is right of {best['accuracy']:.2f} of the photos."
    why = ", and was chosen for that" if chosen else ""
    return (
        f"Take {best['experiment']}: expect it to be right of {accuracy:.2f} of new photos (95% interval "
        f"{low:.2f} to {high:.2f}). Here it reached {best['accuracy']:.2f}{why}."
    )


def others(done: pd.DataFrame, best: pd.Series) -> list[str]:
    """Say which others may be the best."""
    may = done[(done["could_be_best"] == "yes") & (done["experiment"] != best["experiment"])]
    names = list(may.sort_values("accuracy", ascending=False, kind="stable")["experiment"])
    if not names:
        return [] if len(done) == 1 else ["None of the others is as good."]
    if len(names) == len(done) - 1 and len(names) > MOST:
        return [f"Each of the other {len(names)} may be as good."]
    return [f"{listed(names)} may be as good."]


def effects(comparisons: pd.DataFrame) -> list[str]:
    """Say what helps and what harms, the largest differences first: what is told from none."""
    told = comparisons[(comparisons["p_holm"] < ALPHA) & builds_on(comparisons)]
    told = told.reindex(told["difference"].abs().sort_values(ascending=False, kind="stable").index)
    return [
        f"{row['experiment']} {'is better' if row['difference'] > 0 else 'is worse'} than {row['reference']} "
        f"({row['difference']:+.2f}, {shown_p(row['p_holm'])})."
        for _, row in told.head(MOST).iterrows()
    ] + ([f"And {len(told) - MOST} more differences: comparisons.csv."] if len(told) > MOST else [])


def untold(comparisons: pd.DataFrame) -> list[str]:
    """Say of what nothing can be said, and how many photos would tell."""
    left = comparisons[(comparisons["p_holm"] >= ALPHA) & builds_on(comparisons)]
    names = list(dict.fromkeys(left["experiment"]))
    if not names:
        return []
    told = f"Nothing can be said of {listed(names)}"
    needed = left["photos_needed"].dropna().astype(int)
    if needed.empty:
        return [f"{told}: no difference at all was seen."]
    fewest, most = int(needed.min()), int(needed.max())
    span = f"{rounded(fewest)}" if len(needed) == 1 else f"{rounded(fewest)} to {rounded(most)}"
    return [f"{told}: {span} photos would tell differences of this size."]


def builds_on(comparisons: pd.DataFrame) -> pd.Series:
    """Tell which comparisons are of an experiment with what it builds on, and not with the best."""
    return comparisons["varies"].isin(["augmentation", "architecture", "named"])


def basis(done: pd.DataFrame, best: pd.Series) -> str:
    """Say on how many photos and runs this rests."""
    seeds = sorted(set(done["seeds"].astype(int)))
    counts = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    runs = "1 run" if seeds == [1] else f"{counts} runs"
    on = {TEST: "photos of the test set", FOLDS: "photos, each judged by a network that has not seen it"}
    photos = on.get(str(best["judged_on"]), "photos that also chose the epoch")
    whose = f"each of {len(done)} experiments" if len(done) > 1 else "one experiment"
    told = f"This rests on {int(best['photos']):,} {photos}, {runs} of {whose}."
    more = " One run tells of this very network; more (seeds=3) tell what to expect when it is trained again."
    return told + more if best["interval"] == ONE else told


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence has them; of many the first."""
    names = list(names)
    if len(names) > MOST:
        return f"{', '.join(names[:MOST])} and {len(names) - MOST} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def shown_p(p: float) -> str:
    """Return a p for people."""
    return f"p {p:.2g}" if p >= 0.001 else "p below 0.001"


def rounded(photos: int) -> str:
    """Return a number of photos that is no more exact than the difference that it comes from: two digits."""
    digits = 10 ** max(len(str(photos)) - 2, 0)
    return f"{round(photos / digits) * digits:,}"
