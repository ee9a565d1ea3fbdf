"""Fonts that have the characters of names: matplotlib's own has no Chinese, Korean, Hindi or Thai ones."""

from __future__ import annotations

import logging
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from ablation.photos.wording import printable

# matplotlib's own, by which everything else is drawn.
OWN = "sans-serif"
# Debian's packages of fonts, by how the names of their characters begin; for all other scripts ...
PACKAGES = {("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC"): "fonts-noto-cjk"}
# ... and for signs, such as emoji, that are no letters.
SCRIPTS, SIGNS = "fonts-noto-core", "fonts-symbola"
# Characters that draw nothing, or choose how the one before them is drawn.
INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}
VARIANTS = range(0xFE00, 0xFE10)
SHOWN = 20


@dataclass(frozen=True)
class Font:
    """An installed font: its file and family, whether it is upright and not bold, and what it can draw."""

    path: str
    family: str
    regular: bool
    characters: frozenset[str]


def use(texts: Iterable[str]) -> None:
    """Have what is drawn from now on use fonts that have all characters of these texts.

    matplotlib's own goes first, so that what it has looks as ever. Prints a line about characters that no
    installed font has: they become boxes.
    """
    import matplotlib
    from matplotlib import font_manager

    own = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=[OWN])))
    lacking = drawn(texts) - {chr(code) for code in own.get_charmap()}
    # matplotlib remembers the fonts that there were when it was first used, so the disk is asked.
    fonts = [font for path in sorted(font_manager.findSystemFonts()) if lacking and (font := opened(path))]
    families = [OWN]
    for font in chosen(lacking, fonts):
        lacking -= font.characters
        families.append(font.family)
        if not any(entry.fname == font.path for entry in font_manager.fontManager.ttflist):
            font_manager.fontManager.addfont(font.path)
    matplotlib.rcParams["font.family"] = families
    # A heading in a font that is installed without its bold is as well in the usual weight.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    if lacking:
        print(missing(lacking), flush=True)
        # That says it once; matplotlib would say it of each character again.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")


def drawn(texts: Iterable[str]) -> set[str]:
    """Return the characters of texts that a font needs a picture of."""
    found = {one for text in texts for one in text}
    return {one for one in found if unicodedata.category(one) not in INVISIBLE and ord(one) not in VARIANTS}


def opened(path: str) -> Font | None:
    """Return a font; None if it cannot be read, has no outlines, or has but boxes for all characters."""
    from matplotlib import font_manager

    try:
        font = font_manager.get_font(path)
        characters = frozenset(map(chr, font.get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return None
    if not font.scalable or "lastresort" in font.family_name.replace(" ", "").lower():
        return None
    return Font(path, font.family_name, font.style_name in ("Regular", "Book", "Normal", "Roman"), characters)


def chosen(lacking: set[str], fonts: Iterable[Font]) -> list[Font]:
    """Return few fonts that together have the characters that are lacking, as far as any has them."""

    def rank(font: Font) -> tuple[int, bool, bool]:
        return len(lacking & font.characters), font.regular, "sans" in font.family.lower()

    fonts, taken, lacking = list(fonts), [], set(lacking)
    while lacking and fonts and lacking & (best := max(fonts, key=rank)).characters:
        taken.append(best)
        lacking -= best.characters
    return taken


def missing(lacking: set[str]) -> str:
    """Return the line about characters that no installed font has."""
    shown = printable("".join(sorted(lacking)[:SHOWN])) + ("..." if len(lacking) > SHOWN else "")
    packages = ", ".join(sorted({package(one) for one in lacking}))
    return (
        f"warning: no installed font has {shown}, so pictures show boxes: install {packages} (so Debian "
        "calls it), delete the pictures and run again"
    )


def package(one: str) -> str:
    """Return the package of Debian's that has a font with a character."""
    name = unicodedata.name(one, "")
    for beginnings, its in PACKAGES.items():
        if name.startswith(beginnings):
            return its
    return SCRIPTS if unicodedata.category(one)[0] in "LMN" else SIGNS
