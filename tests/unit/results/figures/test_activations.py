"""Photos under maps, drawn pixel by pixel, from difficult photos and difficult names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pictures import picture
from PIL import Image

from ablation.results.figures import activations
from ablation.results.figures.activations import Explained, draw, draw_missing, overlaid, panels, shown

TITLE = "probe/seed0, the winner: 2 of 4 validation photos right. Grad-CAM of layer bn2 (7 x 7 places)."


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def explained(true: str, predicted: str, width: int = 200, height: int = 150, seed: int = 0) -> Explained:
    rng = np.random.default_rng(seed)
    count = 1 if true == predicted else 2
    maps = tuple(rng.random((height, width), dtype=np.float32) for _ in range(count))
    return Explained(true, predicted, 0.876, noise(width, height, seed), maps)


def drawn(path: Path, *some: Explained) -> Path:
    draw(
        [panels(one) for one in some if one.right],
        [panels(one) for one in some if not one.right],
        TITLE,
        path,
    )
    return path


def found_in(path: Path, pixels: np.ndarray) -> bool:
    """Whether a picture has these very pixels somewhere."""
    with Image.open(path) as image:
        all_of_it = np.asarray(image.convert("RGB"))
    height, width = pixels.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(all_of_it, (height, width), axis=(0, 1))
    corner = (windows[:, :, :, 0, 0] == pixels[0, 0]).all(2)
    return any((windows[y, x].transpose(1, 2, 0) == pixels).all() for y, x in np.argwhere(corner))


@pytest.mark.parametrize("shape", [(200, 150), (499, 512), (60, 90), (1100, 700)])
def test_each_pixel_of_a_photo_is_one_of_the_picture(tmp_path: Path, shape: tuple[int, int]) -> None:
    one = explained("rose", "lily", *shape)
    path = drawn(tmp_path / "a.png", explained("rose", "rose", seed=1), one)
    assert found_in(path, shown(one.photo))
    for values in one.maps:
        assert found_in(path, shown(overlaid(one.photo, values)))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((512, 300), (512, 300)), ((1025, 512), (342, 171)), ((80, 40), (160, 80)), ((3, 2), (162, 108))],
)
def test_how_large_a_photo_is_shown(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    pixels = shown(noise(*shape))
    assert (pixels.shape[1], pixels.shape[0]) == expected
    if shape == expected:
        assert (pixels == np.asarray(noise(*shape))).all()


def test_bright_speaks_for_the_class_and_white_was_not_seen() -> None:
    values = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (50, 1))
    values[:, :10] = np.nan
    grey = Image.new("RGB", (100, 50), (128, 128, 128))
    found = np.asarray(overlaid(grey, values).convert("L")).astype(float)
    assert found[:, :10].min() > 200
    assert (np.diff(found[0, 10:]) >= -1).all()
    assert found[:, -1].mean() > 150 > 80 > found[:, 11].mean()
    # Where the map says the same, the photo is still seen.
    photo = noise(100, 50)
    flat = np.asarray(overlaid(photo, np.full((50, 100), 0.5, np.float32))).astype(float)
    assert np.corrcoef(flat.ravel(), np.asarray(photo).ravel())[0, 1] > 0.6


def test_what_stands_above() -> None:
    (_, right), wrong = panels(explained("rose", "rose")), panels(explained("rose", "lily"))
    assert right.text == "rose (88%)"
    assert [one.text for one in wrong] == ["rose", "taken for lily (88%)", "what speaks for rose"]
    # Behind an Arabic name the rest of a line stays where it is.
    assert panels(explained("وردة", "وردة"))[1].text == "\u200eوردة\u200e (88%)"
    nothing = Explained("rose", "rose", 1.0, noise(9, 9), (np.zeros((9, 9), np.float32),))
    assert panels(nothing)[1].text == "rose (100%): nothing in this photo"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name",
    [
        "$5 or $10",
        "$\\frac$",
        "وردة",
        "<script>alert(1)</script>",
        "x" * 200,
        "many words " * 20,
        "été\nrose",
    ],
)
def test_classes_with_difficult_names(tmp_path: Path, name: str) -> None:
    path = drawn(tmp_path / "a.png", explained(name, name), explained("lily", name, 50, 90))
    assert picture(path)[0] > 900
    if name.startswith("$5"):
        assert panels(explained(name, name))[0].text == name


def test_a_name_in_no_installed_font_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Of a script that no font has: letters for private use.
    drawn(tmp_path / "a.png", explained("\U000f1234", "\U000f1234"))
    assert "warning: no installed font has" in capsys.readouterr().out


@pytest.mark.parametrize("kinds", ["right", "wrong", "both"])
def test_right_ones_or_wrong_ones_alone(tmp_path: Path, kinds: str) -> None:
    some = [explained("a", "a"), explained("b", "b")] if kinds != "wrong" else []
    some += [explained("a", "b")] if kinds != "right" else []
    wide, high = picture(drawn(tmp_path / "a.png", *some))
    assert high > (300 if kinds != "wrong" else 150)
    assert wide > {"right": 400, "wrong": 600, "both": 1000}[kinds]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (5000, 20)])
def test_photos_of_extreme_shapes(tmp_path: Path, shape: tuple[int, int]) -> None:
    with Image.open(drawn(tmp_path / "a.png", explained("a", "b", *shape))) as image:
        assert max(image.size) < 2000


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    some = [explained("a", "a"), explained("وردة", "$5", 90, 40)]
    for folder in ("one", "two"):
        drawn(tmp_path / folder / "a.png", *some)
        for number, one in enumerate(some):
            activations.write(one, str(number), tmp_path / folder)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in ("one", "two"))
    assert set(one) == {"a.png", "0-predicted.jpg", "1-predicted.jpg", "1-true.jpg"}
    assert one == two
    with Image.open(tmp_path / "one/1-true.jpg") as image:
        assert image.size == (90, 40)


def test_a_picture_says_why_there_are_no_maps(tmp_path: Path) -> None:
    draw_missing("No class-activation maps of $a: " + "results/runs/x was deleted " * 9, tmp_path / "a.png")
    assert picture(tmp_path / "a.png")[0] == 1080
