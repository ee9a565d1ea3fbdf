"""A claim about results, and whether they bear it out.

A claim is of an effect: a number that is above 0 if the claim is right. Some claim that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from ablation.results.statistics.paired import holm

REPRODUCED, NOT_REPRODUCED, UNTOLD = "reproduced", "not reproduced", "cannot be told"
ALPHA = 0.05
# The least difference of accuracies that is worth the name: of two published runs on 657 photos each only one
# of 0.053 can be told from none, so that a finding of the report cannot have been a smaller one.
MARGIN = 0.05
# What stands between the figures of one part of a conclusion and the next.
BETWEEN = "; "


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval.

    `freedom` are the degrees of freedom of the Student's quantile in the interval, infinite for the normal
    one. `p` is that of 0, two-sided; None to derive it from the interval.
    """

    value: float
    low: float
    high: float
    freedom: float = math.inf
    p: float | None = None

    @classmethod
    def known(cls, value: float) -> Estimate:
        """Return what is no estimate, but what these very networks did."""
        return cls(value, value, value)

    def less(self, other: Estimate) -> Estimate:
        """Return this number less another that is independent of it.

        The interval is by squaring and adding, which of two accuracies gives method 10 of Newcombe (1998),
        "Interval estimation for the difference between independent proportions", Statistics in Medicine 17;
        of any two: Zou and Donner (2008), "Construction of confidence limits about effect measures", same
        journal, 27. Degrees of freedom are Satterthwaite's (1946) of variances as the intervals have them.
        """
        value = self.value - other.value
        low = value - math.hypot(self.value - self.low, other.high - other.value)
        high = value + math.hypot(self.high - self.value, other.value - other.low)
        variances = [((one.high - one.low) / (2 * one.quantile)) ** 2 for one in (self, other)]
        each = sum(its**2 / one.freedom for its, one in zip(variances, (self, other), strict=True))
        return Estimate(value, low, high, sum(variances) ** 2 / each if each > 0 else math.inf)

    @property
    def quantile(self) -> float:
        """Student's quantile, so many standard errors from the value to an end of the interval."""
        return float(special.stdtrit(self.freedom, 1 - ALPHA / 2))

    def two_sided(self) -> float:
        """Return the p (0..1) of 0; of what is known 0, or 1 if it is 0.

        From the interval as Altman and Bland (2011), "How to obtain the P value from a confidence interval",
        BMJ 343: by the arm that points to 0, so that p = 0.05 where the interval ends at 0.
        """
        if self.p is not None:
            return self.p
        arm = self.value - self.low if self.value > 0 else self.high - self.value
        if self.value == 0 or arm <= 0:
            return float(self.value == 0)
        return float(2 * special.stdtr(self.freedom, -abs(self.value) / arm * self.quantile))


@dataclass(frozen=True)
class Claim:
    """That the effect is above 0; or that there is none worth the name, if `absent`.

    `margin` is the least effect that is worth the name. `sign` is another sign of absence, which counts where
    the interval cannot tell. `text` gives the figures.
    """

    text: str
    effect: Estimate
    margin: float = MARGIN
    absent: bool = False
    sign: bool = False

    def verdict(self, p: float) -> str:
        """Return the verdict by the p of no effect, corrected for the conclusion's other claims.

        An effect is told if p is 5% or less. It is excluded if the interval ends below the margin, also where
        it is above 0, or if the opposite is told.
        """
        told = p <= ALPHA and self.effect.value > 0
        excluded = self.effect.high < self.margin or (p <= ALPHA and self.effect.value < 0)
        if self.absent:
            if excluded or (self.sign and not told):
                return REPRODUCED
            return NOT_REPRODUCED if told else UNTOLD
        if excluded:
            return NOT_REPRODUCED
        return REPRODUCED if told else UNTOLD


@dataclass(frozen=True)
class Fact:
    """What needs no statistics, such as which network has fewer parameters."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Open:
    """What cannot be told; `text` says what would tell."""

    text: str


Part = Claim | Fact | Open


def judge(parts: Sequence[Part]) -> tuple[str, str]:
    """Return the verdict on a conclusion, which claims all of its parts, and the figures that decide it.

    It is reproduced if all parts are, not reproduced if one is not, else it cannot be told. The p are Holm's
    (1979) among the conclusion's claims. A part that is named twice counts once.
    """
    parts = list(dict.fromkeys(parts))
    claims = [one for one in parts if isinstance(one, Claim)]
    ps = iter(holm([one.effect.two_sided() for one in claims]))
    verdicts, texts = [], []
    for part in parts:
        if isinstance(part, Claim):
            p = next(ps)
            verdicts.append(part.verdict(p))
            texts.append(part.text + said(p) if part.effect.low < part.effect.high else part.text)
        else:
            verdicts.append(
                UNTOLD if isinstance(part, Open) else REPRODUCED if part.holds else NOT_REPRODUCED
            )
            texts.append(part.text)
    return together(verdicts), BETWEEN.join(texts)


def together(verdicts: Sequence[str]) -> str:
    """Return the verdict on what claims all of these, one or more."""
    if NOT_REPRODUCED in verdicts:
        return NOT_REPRODUCED
    return UNTOLD if UNTOLD in verdicts else REPRODUCED


def said(p: float) -> str:
    """Say a p behind the figures that it is of."""
    return f", p {p:.2g}" if p >= 0.0001 else ", p < 0.0001"
