"""Fonts are found for the characters of names, and what none has is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from PIL import Image

from ablation.results.figures import fonts
from ablation.results.figures.canvas import canvas, save
from ablation.results.figures.fonts import Font, chosen
from places import SCRIPTS

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    with matplotlib.rc_context():
        yield


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a font whose characters are all a rectangle of the given width, in 1000 a line."""
    installed: list[str] = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(installed))

    def install(name: str, characters: str, width: int = 500, style: str = "Regular") -> Path:
        glyphs = {".notdef": TTGlyphPen(None).glyph()}
        for one in characters:
            pen = TTGlyphPen(None)
            pen.moveTo((0, 0))
            for corner in ((0, 700), (width, 700), (width, 0)):
                pen.lineTo(corner)
            pen.closePath()
            glyphs[f"u{ord(one):05X}"] = pen.glyph()
        font = FontBuilder(1000, isTTF=True)
        font.setupGlyphOrder(list(glyphs))
        font.setupCharacterMap({ord(one): f"u{ord(one):05X}" for one in characters})
        font.setupGlyf(glyphs)
        font.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
        font.setupHorizontalHeader(ascent=800, descent=-200)
        font.setupNameTable({"familyName": name, "styleName": style})
        font.setupOS2()
        font.setupPost()
        path = tmp_path / f"{name}{style}.ttf"
        font.save(path)
        installed.append(str(path))
        return path

    return install


def drawn(text: str, path: Path) -> np.ndarray:
    figure, axes = canvas(2, 1)
    axes.axis("off")
    axes.text(0, 0.5, text)
    save(figure, path)
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


@pytest.mark.filterwarnings("error")
def test_what_matplotlib_has_is_drawn_as_ever(
    tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    before = drawn("Gänseblümchen Роза 😀", tmp_path / "a.png")
    install("Tiny", "Ga")
    fonts.use(["Gänseblümchen", "Роза 😀\u200d\ufe0f\n"])
    np.testing.assert_array_equal(drawn("Gänseblümchen Роза 😀", tmp_path / "b.png"), before)
    assert matplotlib.rcParams["font.family"] == [fonts.OWN]
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("error")
def test_a_font_that_was_installed_is_used(
    tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that matplotlib, which remembers what there was, has not heard of."""
    install("Tiny Sans", "照片", width=900)
    fonts.use(["照片 rose"])
    assert matplotlib.rcParams["font.family"] == [fonts.OWN, "Tiny Sans"]
    assert capsys.readouterr().out == ""
    picture = drawn("照片", tmp_path / "a.png")
    # Two rectangles, where a box would be hollow: at 120 dots an inch and 10 points 15 x 12 dots each.
    dark = picture < 128
    assert 0.8 < dark.sum() / (2 * 0.9 * 0.7 * (10 * 120 / 72) ** 2) < 1.2


def test_what_no_font_has_is_said_once(
    tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    install("Tiny", "照")
    fonts.use(["照片 gulab गुलाब", "🌹"])
    line = capsys.readouterr().out
    assert line == (
        "warning: no installed font has गबलाु片🌹, so pictures show boxes: install fonts-noto-cjk, "
        "fonts-noto-core, fonts-symbola (so Debian calls it), delete the pictures and run again\n"
    )
    drawn("照片 गुलाब 🌹", tmp_path / "a.png")
    assert not [one for one in recwarn if "Glyph" in str(one.message)]


def test_few_of_many_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    fonts.use(["".join(map(chr, range(0x4E00, 0x4F00)))])
    (line,) = capsys.readouterr().out.splitlines()
    assert "".join(map(chr, range(0x4E00, 0x4E00 + fonts.SHOWN))) + "..., so" in line


def test_damaged_fonts_are_passed_over(tmp_path: Path, install: Install) -> None:
    install("Tiny", "照")
    install("Cut", "照片").write_bytes(b"")
    install("Last Resort", "照片")
    install("Torn", "照片").write_bytes((tmp_path / "TinyRegular.ttf").read_bytes()[:300])
    install("Gone", "照片").unlink()
    fonts.use(["照"])
    assert matplotlib.rcParams["font.family"] == [fonts.OWN, "Tiny"]


def font(family: str, characters: str, *, regular: bool = True) -> Font:
    return Font(f"{family}.ttf", family, regular, frozenset(characters))


def test_the_choice() -> None:
    found = [
        font("A", "xy"),
        font("B", "xyz", regular=False),
        font("C", "xyz"),
        font("D Sans", "xyz"),
        font("E", "w"),
    ]
    assert [one.family for one in chosen(set("xyzw?"), found)] == ["D Sans", "E"]
    assert chosen(set("?"), found) == []
    assert chosen(set(), found) == []


@given(st.sets(st.sampled_from("abcdef")), st.lists(st.text("abcdef"), max_size=5))
def test_the_choice_has_what_any_has_and_no_font_for_nothing(lacking: set[str], having: list[str]) -> None:
    found = [font(str(number), characters) for number, characters in enumerate(having)]
    taken = chosen(lacking, found)
    some = set().union(*(one.characters for one in taken))
    assert some & lacking == set("".join(having)) & lacking
    assert len(taken) <= len(lacking)


def test_the_snakefile_loads_none_of_it() -> None:
    code = "import sys; from ablation.results.figures import fonts, run, study; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert "matplotlib" not in done.stdout.split()
