"""Where photos come from, how they lie on disk, and which of them train."""
