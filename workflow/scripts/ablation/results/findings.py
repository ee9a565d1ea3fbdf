"""The report's conclusions, each a rule on a study's results and on the published figures.

To add one, write a function that returns what it claims and add a line to `CONCLUSIONS`. Experiments are
found by what they are, never by their names, and compared where `SETTING` is the same, of a grid those of the
same optimizer, learning rate and batch size; each one that is found has to bear the claim out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from ablation.networks.edits import ORIGINAL
from ablation.results.claims import (
    BETWEEN,
    MARGIN,
    NOT_REPRODUCED,
    REPRODUCED,
    UNTOLD,
    Claim,
    Estimate,
    Fact,
    Open,
    Part,
    judge,
    together,
)
from ablation.results.evidence import Evidence, Experiment, Ours, Published, unusable
from ablation.results.outcomes import Outcomes
from ablation.running import files

FILE = "findings.csv"
PAGE = "findings.md"
# What else two experiments that are compared have in common. Backbones have each an optimizer of its own.
SETTING = ("augmentation", "weights", "image_size", "point")
SAME_BACKBONE = ("optimizer", "weights", "image_size", "point")
LADDER = ("none", "flip", "rotate", "jitter", "gray", "normalize")
# From which rung on the training loss no longer falls.
JITTER = LADDER.index("jitter")
LARGER = ("resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11")
# A loss is that of chance up to this share of it: as of choosing evenly among 167 classes in place of 219.
LOSS_SHARE = 0.05
RULES = (
    "What the report concluded, and what this study's runs say of it. Behind an accuracy stand the photos "
    "and its 95% interval, behind a difference its own in parentheses. A difference is told by a p of 5% or "
    "less, Holm's among the claims of a conclusion, and there is none worth the name if its interval ends "
    f"below {MARGIN}. A conclusion is reproduced if all that it claims is told, not reproduced if some of it "
    "is told to be otherwise, and else cannot be told."
)
# What single runs do that were published with the conclusion.
WORDS = {REPRODUCED: "bear it out", NOT_REPRODUCED: "speak against it", UNTOLD: "cannot tell"}


@dataclass(frozen=True)
class Finding:
    """A conclusion of the report, and what the study says of it: a row of findings.csv."""

    number: int
    """The conclusion's number."""
    conclusion: str
    """What the report concluded."""
    verdict: str
    """`reproduced`, `not reproduced` or `cannot be told`, by the study's own runs."""
    figures: str
    """The figures that decide it, or which experiment would tell. Behind an accuracy stand the photos and its
    95% interval, behind a difference its own in parentheses; p is Holm's among the conclusion's claims."""
    published: str
    """The published figures, judged by the same rules as single runs with intervals of their own. Empty where
    none are published."""


@dataclass(frozen=True)
class Conclusion:
    """What a conclusion says, and what it claims of evidence or the numbers of those that it `follows`.

    Of one that is not `tabled` the published figures are in its words alone.
    """

    says: str
    claims: Callable[[Evidence], list[Part]] | None = None
    follows: tuple[int, ...] = ()
    tabled: bool = True


# --- what the conclusions claim --------------------------------------------------------------------


def overfitting_without_augmentation(evidence: Evidence) -> list[Part]:
    """Of AlexNet on photos as they are the training accuracy is above the validation accuracy."""
    return each(evidence, overfits, backbone="alexnet", architecture=ORIGINAL, augmentation=LADDER[0])


def closing_gap(evidence: Evidence) -> list[Part]:
    """The whole ladder narrows AlexNet's gap, no rung widens it, and from jitter on the loss stays up."""
    rungs: list[dict[str, Any]] = [
        {"backbone": "alexnet", "architecture": ORIGINAL, "augmentation": one} for one in LADDER
    ]
    parts = pairs(evidence, narrows, rungs[0], rungs[-1], SAME_BACKBONE)
    for lower, upper in pairwise(rungs):
        parts += pairs(evidence, does_not_widen, lower, upper, SAME_BACKBONE)
    for rung in rungs[JITTER:]:
        parts += pairs(evidence, stays_up, rungs[JITTER - 1], rung, SAME_BACKBONE)
    return parts


def fewer_layers(evidence: Evidence) -> list[Part]:
    """AlexNet with fewer layers is at chance."""
    return each(evidence, collapses, architecture="fewer_layers")


def more_layers(evidence: Evidence) -> list[Part]:
    """With more layers it is at chance if its classifier is fresh; if kept, between chance and original."""
    return [
        *each(evidence, collapses, architecture="more_layers_wide"),
        *each(evidence, learns, architecture="more_layers_narrow"),
        *below_original(evidence, "more_layers_narrow"),
    ]


def softmax(evidence: Evidence) -> list[Part]:
    """With a softmax over the batch, as in the report, it is at chance, and with any below the original."""
    by_classes = "softmax_classes"
    return [
        *each(evidence, collapses, architecture="softmax_output"),
        *below_original(evidence, "softmax_output"),
        # Not in the report, but what it concluded is of this too.
        *(below_original(evidence, by_classes) if evidence.find(architecture=by_classes) else []),
    ]


def larger_backbones(evidence: Evidence) -> list[Part]:
    """Each of the larger overfits; ResNet-101 is not better than ResNet-50, and ResNeXt-50 than both is."""
    parts: list[Part] = []
    for backbone in LARGER:
        parts += each(evidence, overfits, backbone=backbone, architecture=ORIGINAL)
    deep, usual, wide = (
        {"backbone": one, "architecture": ORIGINAL} for one in ("resnet101", "resnet50", "resnext50_32x4d")
    )
    parts += pairs(evidence, not_better, deep, usual, SETTING)
    for other in (usual, deep):
        parts += pairs(evidence, better, wide, other, SETTING)
    return parts


def lightest_is_best(evidence: Evidence) -> list[Part]:
    """GoogLeNet is better than each other backbone of the report, and has fewer parameters."""
    lightest = {"backbone": "googlenet", "architecture": ORIGINAL}
    parts: list[Part] = []
    for backbone in ("alexnet", *LARGER):
        other = {"backbone": backbone, "architecture": ORIGINAL}
        parts += pairs(evidence, better, lightest, other, SETTING)
        # Which is lighter does not depend on how they trained: any will do.
        for one, heavier in zip(evidence.find(**lightest)[:1], evidence.find(**other)[:1], strict=False):
            parts += lighter(evidence, one, heavier)
    return parts


def speed(evidence: Evidence) -> list[Part]:
    """What GoogLeNet's epoch takes here, which tells nothing of another machine."""
    found = each(evidence, its_speed, backbone="googlenet")
    return [*found, Open("the report's GPU is not known to be this machine's")]


CONCLUSIONS = {
    1: Conclusion(
        "AlexNet without augmentation overfits: it is right far more often of photos that trained it.",
        overfitting_without_augmentation,
    ),
    2: Conclusion(
        "Augmentation closes that gap rung by rung, and from colour jitter on the training loss stays up.",
        closing_gap,
    ),
    3: Conclusion("AlexNet with fewer layers collapses to chance.", fewer_layers),
    4: Conclusion(
        "More layers with an untrained classifier collapse too; with the pretrained classifier they learn, "
        "but stay below the unmodified network.",
        more_layers,
    ),
    5: Conclusion(
        "A softmax before the cross-entropy, which has one of its own, is harmful: the loss stays at that of "
        "chance.",
        softmax,
    ),
    6: Conclusion(
        "The larger backbones overfit; ResNet-101 is not better than ResNet-50, ResNeXt-50 is better than "
        "both.",
        larger_backbones,
    ),
    7: Conclusion("GoogLeNet, the lightest backbone, is the best.", lightest_is_best),
    8: Conclusion(
        "A rule of thumb: against bias a larger pretrained network, against overfitting a smaller one, "
        "and no edits of pretrained networks.",
        follows=(3, 4, 5, 6, 7),
    ),
    9: Conclusion(
        "An epoch of GoogLeNet took 12.6 s to train (1,533 photos) and 2.3 s to validate (657) on the "
        "report's GPU.",
        speed,
        tabled=False,
    ),
}


def find(runs: pd.DataFrame, outcomes: Outcomes, published: pd.DataFrame | None = None) -> list[Finding]:
    """Return what a study says of each conclusion, in their order.

    `runs` is the table of `tables.read_runs`; `outcomes` are of those of its runs that have results.
    `published` is a table of published figures as `tables.read` reads it: for each experiment and `point`
    (such as last) its backbone, architecture, augmentation and optimizer, train_loss, train_acc, val_loss,
    val_acc, and val_photos, of which val_acc is a share. Rows without all these figures count as not
    published, and without one of these columns nothing published is judged, which the findings say.

    Raises UserError if a run of the outcomes is not in the table.
    """
    ours = Ours(runs, outcomes)
    unjudged = "" if published is None else unusable(published)
    theirs = None if published is None or unjudged else Published(published, ours.chance)
    found: list[Finding] = []
    verdicts: dict[int, str] = {}
    for number, one in CONCLUSIONS.items():
        verdicts[number], figures = _decided(one, ours, verdicts)
        told = _published(one, theirs) if theirs else unjudged
        found.append(Finding(number, one.says, verdicts[number], figures, told))
    return found


def _published(one: Conclusion, evidence: Published) -> str:
    """Say whether published figures bear a conclusion out; nothing of one of which there are none."""
    if not one.claims or not one.tabled:
        return ""
    verdict, figures = judge(one.claims(evidence))
    return f"{WORDS[verdict]}: {figures}"


def _decided(one: Conclusion, evidence: Evidence, verdicts: dict[int, str]) -> tuple[str, str]:
    if one.claims:
        return judge(one.claims(evidence))
    its = {number: verdicts[number] for number in one.follows}
    return together(list(its.values())), BETWEEN.join(
        f"{number} {verdict}" for number, verdict in its.items()
    )


# --- claims of one experiment, and of two ----------------------------------------------------------

OfOne = Callable[[Evidence, Experiment], Iterator[Part]]
OfTwo = Callable[[Evidence, Experiment, Experiment], Iterator[Part]]


def each(evidence: Evidence, claims: OfOne, **its: Any) -> list[Part]:
    """Return what is claimed of each experiment that has these values."""
    found = evidence.find(**its)
    return [part for one in found for part in claims(evidence, one)] if found else [Open(evidence.lack(its))]


def pairs(
    evidence: Evidence, claims: OfTwo, first: dict[str, Any], second: dict[str, Any], alike: tuple[str, ...]
) -> list[Part]:
    """Return what is claimed of each two experiments that have these values and are `alike`.

    Of several that are alike, as in a grid of learning rates, those are taken that are trained alike too.
    """
    ones, others = evidence.find(**first), evidence.find(**second)
    by_setting: dict[tuple[Any, ...], list[Experiment]] = {}
    for other in others:
        by_setting.setdefault(tuple(getattr(other, name) for name in alike), []).append(other)
    found = []
    for one in ones:
        there = by_setting.get(tuple(getattr(one, name) for name in alike), [])
        closest = [other for other in there if other.trained == one.trained] or there
        found += [part for other in closest for part in claims(evidence, one, other)]
    if found:
        return found
    if not ones or not others:
        return [Open(evidence.lack(its)) for its, there in ((first, ones), (second, others)) if not there]
    same = {name: getattr(ones[0], name) for name in alike if getattr(ones[0], name)}
    return [Open(f"beside {ones[0]}, {evidence.lack({**second, **same})}")]


def below_original(evidence: Evidence, architecture: str) -> list[Part]:
    """Return the claims that networks without an edit are better than with it."""
    edited = evidence.find(architecture=architecture)
    if not edited:
        return [Open(evidence.lack({"architecture": architecture}))]
    parts: list[Part] = []
    for backbone in dict.fromkeys(one.backbone for one in edited):
        original = {"backbone": backbone, "architecture": ORIGINAL}
        edit = {"backbone": backbone, "architecture": architecture}
        parts += pairs(evidence, worse, edit, original, (*SAME_BACKBONE, "augmentation"))
    return parts


def overfits(evidence: Evidence, one: Experiment) -> Iterator[Part]:
    """Its training accuracy is above its validation accuracy."""
    training = evidence.training(one)
    gap = training.less(evidence.accuracy(one))
    yield Claim(f"{evidence.said(one)}, training {training.value:.4f}: {around(gap)}", gap)


def collapses(evidence: Evidence, one: Experiment) -> Iterator[Part]:
    """Its accuracy is not above chance; if few photos cannot tell, a loss at chance does."""
    yield versus_chance(evidence, one, absent=True)


def learns(evidence: Evidence, one: Experiment) -> Iterator[Part]:
    """Its accuracy is above chance."""
    yield versus_chance(evidence, one, absent=False)


def versus_chance(evidence: Evidence, one: Experiment, absent: bool) -> Claim:
    """Return the claim that an accuracy is above chance, or is not."""
    accuracy, chance, losses = evidence.accuracy(one), evidence.chance, evidence.losses(one)
    # Chance is no estimate: it is of these photos.
    effect = accuracy.less(Estimate.known(chance.accuracy))
    loss = sum(losses) / len(losses)
    return Claim(
        f"{evidence.said(one)}, chance {chance.accuracy:.4f}, loss {loss:.3f}, chance {chance.loss:.3f}",
        effect,
        absent=absent,
        sign=all(abs(its - chance.loss) <= LOSS_SHARE * chance.loss for its in losses),
    )


def better(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The first is better."""
    yield compared(evidence, one, other)


def worse(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The first is worse."""
    yield compared(evidence, other, one)


def not_better(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The first is not better by what is worth the name."""
    yield compared(evidence, one, other, absent=True)


def compared(evidence: Evidence, one: Experiment, other: Experiment, absent: bool = False) -> Claim:
    """Return the claim that the first is better than the second, or is not."""
    effect = evidence.difference(one, other)
    return Claim(
        f"{evidence.said(one)}, against {evidence.said(other)}: {around(effect)}", effect, absent=absent
    )


def narrows(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The gap of the second, of training above validation accuracy, is smaller than that of the first."""
    gaps = [evidence.training(its).value - evidence.accuracy(its).value for its in (one, other)]
    effect = evidence.training_difference(one, other, "train_accuracy").less(evidence.difference(one, other))
    yield Claim(
        f"training above validation accuracy by {gaps[0]:.3f} of {one} and by {gaps[1]:.3f} of {other}: "
        f"narrower by {around(effect)}",
        effect,
    )


def does_not_widen(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The gap of the second is not larger than that of the first by what is worth the name."""
    effect = evidence.training_difference(other, one, "train_accuracy").less(evidence.difference(other, one))
    yield Claim(f"from {one} to {other} the gap changes by {around(effect)}", effect, absent=True)


def stays_up(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The training loss of the second is above that of the first."""
    losses = [evidence.training_loss(its) for its in (one, other)]
    effect = evidence.training_difference(other, one, "train_loss")
    yield Claim(
        f"training loss {losses[0]:.3f} of {one}, {losses[1]:.3f} of {other}",
        effect,
        margin=LOSS_SHARE * evidence.chance.loss,
    )


def its_speed(evidence: Evidence, one: Experiment) -> Iterator[Part]:
    """How fast it trained; nothing where that is not known."""
    if told := evidence.speed(one):
        yield Open(told)


def lighter(evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
    """The first has fewer parameters; nothing where that is not known."""
    its, others = evidence.parameters(one), evidence.parameters(other)
    if its is not None and others is not None:
        yield Fact(f"{one} {its:,.0f} parameters, {other} {others:,.0f}", its < others)


def around(effect: Estimate) -> str:
    """Return a difference and its interval: +0.084 (+0.030 to +0.137)."""
    interval = f" ({effect.low:+.3f} to {effect.high:+.3f})" if effect.low < effect.high else ""
    return f"{effect.value:+.3f}{interval}"


# --- the files -------------------------------------------------------------------------------------


def write(findings: list[Finding], path: Path) -> None:
    """Write one row a conclusion, whole or not at all."""
    files.write_rows(path, Finding, findings)


def page(findings: list[Finding], drawn: bool, weights: str) -> str:
    """Return the findings as a page of Markdown.

    `weights` says what the networks start from, as 'the weights are' goes on, such as "not ImageNet's". The
    first line says it if the photos are `drawn` by the program. Where nothing can be told, that is all.
    """
    lines = ["# Findings", "", RULES, ""]
    if all(one.verdict == UNTOLD and not one.published for one in findings):
        told = f"None of the report's {len(findings)} conclusions can be told by this study's experiments"
        return f"# Findings\n\n{told}; {FILE} says what would tell each.\n"
    if drawn:
        warning = (
            f"The photos are drawn and the weights {weights}: nothing here is about the report's photos."
        )
        lines = [warning, "", *lines]
    for one in findings:
        lines += [f"## {one.number}. {one.conclusion}", "", f"**{one.verdict}**", "", *bullets(one.figures)]
        if one.published:
            verdict, _, figures = one.published.partition(": ")
            lines += [f"The published figures {verdict}.", "", *(bullets(figures) if figures else [])]
    return "\n".join(lines).rstrip() + "\n"


def bullets(figures: str) -> list[str]:
    """Return figures as the lines of a list."""
    return [*(f"- {one}" for one in figures.split(BETWEEN)), ""]
