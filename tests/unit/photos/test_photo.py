"""Opening photos of every pixel kind, upright, and damaged ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hostile_photos import png
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from ablation.photos.photo import BadPhoto, opened, photo
from ablation.running.errors import UserError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (7, 5, 3), dtype=np.uint8)


def pixels(image: Image.Image) -> np.ndarray:
    assert image.mode == "RGB"
    return np.asarray(image)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def jpeg(size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", **options)  # type: ignore[arg-type]
    return buffer.getvalue()


# --- pixel kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "tiff"])
def test_rgb_is_kept(tmp_path: Path, suffix: str) -> None:
    path = saved(Image.fromarray(PIXELS), tmp_path / f"a.{suffix}")
    assert np.array_equal(pixels(photo(path)), PIXELS)


@pytest.mark.parametrize(("suffix", "options"), [("jpg", {}), ("webp", {"lossless": True}), ("gif", {})])
def test_other_formats_open(tmp_path: Path, suffix: str, options: dict[str, object]) -> None:
    flat = Image.new("RGB", (9, 4), (250, 10, 10))
    found = pixels(photo(saved(flat, tmp_path / f"a.{suffix}", **options)))
    assert found.shape == (4, 9, 3)
    assert np.abs(found.astype(int) - (250, 10, 10)).max() <= 4


def test_one_pixel_is_a_photo(tmp_path: Path) -> None:
    assert photo(saved(Image.new("RGB", (1, 1)), tmp_path / "a.png")).size == (1, 1)


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey(tmp_path: Path, mode: str) -> None:
    grey = PIXELS[..., 0] if mode == "L" else (PIXELS[..., 0] > 127) * np.uint8(255)
    path = saved(Image.fromarray(grey).convert(mode), tmp_path / "a.png")
    assert np.array_equal(pixels(photo(path)), np.repeat(grey[..., None], 3, axis=2))


def test_palette(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([1, 2, 3, 40, 50, 60, 255, 0, 0])
    image.putdata([0, 1, 2])
    found = pixels(photo(saved(image, tmp_path / "a.png")))
    assert found.tolist() == [[[1, 2, 3], [40, 50, 60], [255, 0, 0]]]


def test_palette_with_a_transparent_entry(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 40, 50, 60])
    image.putdata([0, 1])
    for suffix in ("png", "gif"):
        found = pixels(photo(saved(image, tmp_path / f"a.{suffix}", transparency=1)))
        assert found.tolist() == [[[1, 2, 3], [255, 255, 255]]]


def test_cmyk(tmp_path: Path) -> None:
    image = Image.new("CMYK", (16, 8), (0, 0, 0, 0))
    image.paste((0, 255, 255, 0), (8, 0, 16, 8))
    for suffix in ("jpg", "tif"):
        found = pixels(photo(saved(image, tmp_path / f"a.{suffix}"))).astype(int)
        assert np.abs(found[:, :8] - 255).max() <= 3
        assert np.abs(found[:, 8:] - (255, 0, 0)).max() <= 6


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_alpha_is_laid_on_white(tmp_path: Path, suffix: str) -> None:
    alpha = RNG.integers(0, 256, (7, 5, 1), dtype=np.uint8)
    image = Image.fromarray(np.concatenate([PIXELS, alpha], axis=2))
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    found = pixels(photo(saved(image, tmp_path / f"a.{suffix}", **options))).astype(float)
    expected = PIXELS * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(found - expected).max() <= 1


def test_grey_alpha_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("LA", (2, 1))
    image.putdata([(10, 255), (10, 0)])
    found = pixels(photo(saved(image, tmp_path / "a.png")))
    assert found.tolist() == [[[10, 10, 10], [255, 255, 255]]]


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_transparent_colour_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGB", (2, 1), (10, 10, 10))
    image.putpixel((1, 0), (77, 77, 77))
    image = image.convert(mode)
    found = pixels(photo(saved(image, tmp_path / "a.png", transparency=image.getpixel((1, 0)))))
    assert found.tolist() == [[[10, 10, 10], [255, 255, 255]]]


WIDE = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], dtype=np.uint16)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_is_scaled(tmp_path: Path, suffix: str) -> None:
    image = Image.fromarray(WIDE)
    assert image.mode == "I;16"
    found = pixels(photo(saved(image, tmp_path / f"a.{suffix}")))
    assert np.array_equal(found[..., 0], np.rint(WIDE / 65535 * 255))
    assert np.array_equal(found[..., 0], found[..., 2])


def test_16_bit_grey_of_either_byte_order(tmp_path: Path) -> None:
    image = Image.frombytes("I;16B", (8, 1), WIDE.astype(">u2").tobytes())
    found = pixels(photo(saved(image, tmp_path / "a.tif")))
    assert np.array_equal(found[..., 0], np.rint(WIDE / 65535 * 255))


def test_32_bit_grey_of_16_bit_values_is_scaled(tmp_path: Path) -> None:
    path = saved(Image.fromarray(WIDE.astype(np.int32)), tmp_path / "a.tif")
    with Image.open(path) as image:
        assert image.mode == "I"
    assert np.array_equal(pixels(photo(path))[..., 0], np.rint(WIDE / 65535 * 255))


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_in_every_channel_of_a_png(tmp_path: Path, colour: int, channels: int) -> None:
    """Against the values as the format has them: lines of big-endian numbers, each behind a filter of 0."""
    values = RNG.integers(0, 65536, (7, 5, channels), dtype=np.uint16)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    (tmp_path / "a.png").write_bytes(png(5, 7, 16, colour, zlib.compress(lines)))
    alpha = values[..., -1:] / 65535 if channels in (2, 4) else 1
    wanted = 255 * (values[..., : 1 if channels < 3 else 3] / 65535 * alpha + 1 - alpha)
    found = opened(tmp_path / "a.png")
    assert np.abs(pixels(found.image) - wanted).max() <= 2
    assert found.bits == 16


@pytest.mark.parametrize("largest", [0, 1, 255, 256, 1023, 1024, 4095, 4096, 32767, 32768, 65535])
@pytest.mark.parametrize("kind", ["grey", "rgb", "grey.tif", "planes.tif"])
def test_how_many_of_16_bits_are_used(tmp_path: Path, largest: int, kind: str) -> None:
    values = np.full((4, 4, 3), largest, np.uint16)
    path = tmp_path / "a"
    if kind == "rgb":
        lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
        path.write_bytes(png(4, 4, 16, 2, zlib.compress(lines)))
    elif kind == "planes.tif":
        tifffile.imwrite(path, np.moveaxis(values, -1, 0).copy(), photometric="rgb", planarconfig="separate")
    else:
        Image.fromarray(values[..., 0]).save(path, "TIFF" if kind == "grey.tif" else "PNG")
    # Of colours in a PNG Pillow keeps the upper 8 bits, which do not tell apart what is below.
    assert opened(path).bits == (max(largest.bit_length(), 8) if kind == "rgb" else largest.bit_length())


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_8_bits_are_all_used(tmp_path: Path, mode: str) -> None:
    assert opened(saved(Image.new(mode, (3, 3)), tmp_path / "a.png")).bits is None


@pytest.mark.parametrize(
    ("kind", "name", "animated"),
    [*((kind, kind, True) for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF")), ("MPO", "JPEG", False)],
)
def test_whether_more_pictures_follow(tmp_path: Path, kind: str, name: str, animated: bool) -> None:
    """Behind a phone's photo (MPO) are previews and maps, not frames."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    frames[0].save(tmp_path / "many", kind, save_all=True, append_images=frames[1:])
    found = opened(tmp_path / "many")
    assert (found.kind, found.animated) == (name, animated)
    assert np.abs(pixels(found.image).astype(int) - (255, 0, 0)).max() <= 4
    frames[0].save(tmp_path / "one", name)
    assert not opened(tmp_path / "one").animated


@pytest.mark.parametrize("values", [np.int32([[65536]]), np.int32([[-1]]), np.float32([[0.5]])])
def test_pixels_without_one_meaning_are_refused(tmp_path: Path, values: np.ndarray) -> None:
    with pytest.raises(UserError, match=r"a\.tif cannot be read as a photo .*(16 bits|floating)"):
        photo(saved(Image.fromarray(values), tmp_path / "a.tif"))


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (3, 3), colour) for colour in ("red", "blue")]
    found = photo(saved(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:]))
    assert found.getpixel((1, 1)) == (255, 0, 0)


# --- orientation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [*range(1, 9), 0, 9])
@pytest.mark.parametrize("wide", [False, True])
def test_orientation(tmp_path: Path, orientation: int, wide: bool) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    array = PIXELS[..., 0].astype(np.uint16) * 257 if wide else PIXELS
    path = saved(Image.fromarray(array), tmp_path / "a.png", exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    expected = np.repeat((expected // 257)[..., None], 3, axis=2) if wide else expected
    assert np.array_equal(pixels(photo(path)), expected)


def test_a_known_turn(tmp_path: Path) -> None:
    """Orientation 6, a phone held upright: the stored left column is the top row."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    found = pixels(photo(saved(Image.fromarray(PIXELS), tmp_path / "a.png", exif=exif)))
    assert np.array_equal(found[0], PIXELS[::-1, 0])


@pytest.mark.parametrize("block", [b"garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"])
def test_garbled_exif_does_not_cost_the_photo(tmp_path: Path, block: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(exif=block))
    assert photo(path).size == (64, 48)


# --- damage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"no photo", jpeg()[:400], jpeg()[:-300], b"\x89PNG\r\n\x1a\n" + bytes(20)]
)
def test_damaged_photos_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"a\.jpg cannot be read as a photo .*remove it or replace it"
    ) as caught:
        photo(path)
    assert "\n" not in str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(BadPhoto, match=r"a\.jpg is empty: remove it or replace it") as caught:
        photo(tmp_path / "a.jpg")
    assert caught.value.reason == "is empty"


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(24, "Too many open files")]
)
def test_what_the_system_refuses_says_nothing_about_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    path = saved(Image.fromarray(PIXELS), tmp_path / "a.png")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=rf"a\.png cannot be read \({error.strerror}\): restore") as caught:
        photo(path)
    assert not isinstance(caught.value, BadPhoto)


def test_a_lack_of_memory_says_nothing_about_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    path = saved(Image.fromarray(PIXELS), tmp_path / "a.png")
    monkeypatch.setattr(Image.Image, "convert", fail)
    with pytest.raises(
        UserError, match=r"a\.png needs more memory than there is: give --cores fewer"
    ) as caught:
        photo(path)
    assert not isinstance(caught.value, BadPhoto)


def test_a_truncated_png(tmp_path: Path) -> None:
    path = saved(Image.fromarray(RNG.integers(0, 256, (50, 50, 3), dtype=np.uint8)), tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UserError, match="cannot be read"):
        photo(path)


def test_a_missing_photo_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.jpg does not exist"):
        photo(tmp_path / "a.jpg")
    with pytest.raises(UserError, match="cannot be read"):
        photo(tmp_path)


def test_a_decompression_bomb(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))
    with pytest.raises(UserError, match=r"too many pixels .*make it smaller"):
        photo(path)


def opens_or_fails(folder: Path, content: bytes) -> None:
    path = folder / "a.jpg"
    path.write_bytes(content)
    try:
        image = photo(path)
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert image.mode == "RGB"


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), progressive=st.booleans())
def test_jpegs_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, share: float, progressive: bool
) -> None:
    content = jpeg(progressive=progressive)
    opens_or_fails(tmp_path_factory.mktemp("cut"), content[: int(share * len(content))])


@settings(max_examples=100, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=20),
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"]),
)
def test_photos_with_changed_bytes(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], kind: str
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind)
    content = bytearray(buffer.getvalue())
    for place, value in changes:
        content[place % len(content)] = value
    opens_or_fails(tmp_path_factory.mktemp("bytes"), bytes(content))


@settings(max_examples=50, deadline=None)
@given(
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"RIFF"]),
    rest=st.binary(),
)
def test_random_bytes(tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes) -> None:
    opens_or_fails(tmp_path_factory.mktemp("random"), start + rest)
