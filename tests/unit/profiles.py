"""Colour profiles (ICC.1:2001-04), and what their colours are in sRGB by the formulas of the standards."""

from __future__ import annotations

import struct

import numpy as np

# X, Y and Z under D50 of red, green and blue, as the profiles of these names say.
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
D50 = (0.9642, 1.0, 0.82491)
ADOBE_GAMMA = 563 / 256


def srgb_decoded(values: np.ndarray) -> np.ndarray:
    """Values 0..1 as amounts of light 0..1 (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def in_srgb(xyz: np.ndarray) -> np.ndarray:
    """N x 3 of X, Y and Z under D50 as values 0..255 of sRGB."""
    return srgb_encoded(xyz @ np.linalg.inv(np.array(SRGB))) * 255


def _number(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_number, values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def srgb_curve() -> bytes:
    light = srgb_decoded(np.arange(1024) / 1023)
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + np.rint(light * 65535).astype(">u2").tobytes()


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50)} | tags
    place, index, data = 128 + 4 + 12 * len(tags), b"", b""
    for tag, content in tags.items():
        index += struct.pack(">4sII", tag, place + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s", place + len(data), bytes(4), 0x02400000, kind, space, connection)
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + b"".join(map(_number, D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + data


def rgb(primaries: tuple[tuple[float, float, float], ...], curve: bytes) -> bytes:
    tags = {f"{c}XYZ".encode(): _xyz(one) for c, one in zip("rgb", primaries, strict=True)}
    return _profile(b"RGB ", b"XYZ ", tags | {f"{c}TRC".encode(): curve for c in "rgb"})


def grey(curve: bytes) -> bytes:
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": curve})


def cmyk(corners: np.ndarray) -> bytes:
    """Of Lab (16 x 3) where each ink is none or full: C, M, Y, K as the bits of the number, C the highest."""
    identity = bytes(range(256))
    lab = np.rint(corners * (255 / 100, 1, 1) + (0, 128, 128)).astype(np.uint8).tobytes()
    matrix = b"".join(_number(float(i == j)) for i in range(3) for j in range(3))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + identity * 4 + lab + identity * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": table})


def lab_in_srgb(lab: np.ndarray) -> np.ndarray:
    """N x 3 of L, a and b under D50 as values 0..255 of sRGB (CIE 15)."""
    y = (lab[:, 0] + 16) / 116
    ratios = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    cubes = np.where(ratios > 6 / 29, ratios**3, 3 * (6 / 29) ** 2 * (ratios - 4 / 29))
    return in_srgb(cubes * D50)
