"""Which files are photos, which may hold labels, and which are litter. Standard library only."""

from __future__ import annotations

from pathlib import Path

# Of formats that `photo` opens. What a photo is in truth, its content says, not its suffix.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"),
    *(".heic", ".heif", ".hif", ".avif"),
)
TABLES = (".csv", ".tsv", ".tab", ".txt")
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")

# What programs leave beside photos: thumbnails, settings, caches.
_SYSTEM = {
    *("__macosx", ".ds_store", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", "icon\r"),
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("@eadir", "#recycle", "@recycle", ".@__thumb", "@tmp", "#snapshot"),
    *(".ipynb_checkpoints", "__pycache__", ".git", ".gitignore", ".gitattributes", ".gitkeep", ".svn"),
    # Snakemake leaves the first in the folders that it makes.
    *(
        ".snakemake_timestamp",
        ".directory",
        ".thumbnails",
        ".picasa.ini",
        "picasa.ini",
        ".trash-1000",
        "lost+found",
    ),
}
# What the first box of a file says that it holds: photos of libheif's and of libavif's, still or in sequence.
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
# First bytes of a file, where they stand, of other formats that suffixes may hide. Not TIFF, in whose form
# cameras write their raw files, of which Pillow would read a thumbnail.
_MAGIC = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF87a"),
    (0, b"GIF89a"),
    (8, b"WEBP"),
)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Enough for the brands of a first box.
START = 64


def is_system(name: str) -> bool:
    """Tell whether a file or folder of this name is litter: a system's, a camera's or a program's."""
    return name.lower() in _SYSTEM or name.startswith("._")


def is_photo(path: Path) -> bool:
    """Tell by its first bytes whether a file is a photo; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(START)
    except OSError:
        return False
    known = any(start[place:].startswith(magic) for place, magic in _MAGIC)
    return known or not _brands(start).isdisjoint(_HEIF | _AVIF)


def is_heif(start: bytes) -> bool:
    """Tell by its first `START` bytes whether a file is HEIC or HEIF; AVIF, of the same form, is not."""
    brands = _brands(start)
    return brands.isdisjoint(_AVIF) and not brands.isdisjoint(_HEIF)


def is_tiff(start: bytes) -> bool:
    """Tell by its first bytes whether a file has the form of TIFF."""
    return start.startswith(_TIFF)


def _brands(start: bytes) -> set[bytes]:
    """Return the brands of a file in ISO's base media format (ISO/IEC 14496-12, 4.3); none of another."""
    if start[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(start[:4], "big"), len(start))
    return {start[8:12], *(start[place : place + 4] for place in range(16, end, 4))}
