"""Which files are photos, which may hold labels, and which are litter. Standard library only."""

from __future__ import annotations

from pathlib import Path

# Of formats that `photo` opens. What a photo is in truth, its content says, not its suffix.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"),
    *(".heic", ".heif", ".hif", ".avif"),
)
TABLES = (".csv", ".tsv", ".tab", ".txt")

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
# First bytes of a file, where they stand, of formats that other suffixes may hide. Not TIFF, in whose form
# cameras write their raw files, of which Pillow would read a thumbnail.
_MAGIC = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF87a"),
    (0, b"GIF89a"),
    (8, b"WEBP"),
    *((4, b"ftyp" + brand) for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")),
)


def is_system(name: str) -> bool:
    """Tell whether a file or folder of this name is litter: a system's, a camera's or a program's."""
    return name.lower() in _SYSTEM or name.startswith("._")


def is_photo(path: Path) -> bool:
    """Tell by its first bytes whether a file is a photo; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return False
    return any(start[place:].startswith(magic) for place, magic in _MAGIC)
