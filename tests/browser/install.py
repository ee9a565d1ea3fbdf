"""Install what the tests in a real browser need: Debian's chromium with fonts of many scripts, and axe-core.

Needs root. npm brings axe-core, and comes from Debian where there is none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGES = ("chromium", "chromium-driver", "fonts-noto-core", "fonts-noto-cjk")
AXE = "axe-core@4.14.1"
# Git ignores it.
CACHE = Path(__file__).parents[2] / ".browser_cache"
AXE_FILE = CACHE / "axe.min.js"


def main() -> None:
    subprocess.run(["apt-get", "--quiet", "update"], check=True)
    subprocess.run(
        [
            "apt-get",
            "--quiet",
            "install",
            "--yes",
            "--no-install-recommends",
            *PACKAGES,
            *([] if shutil.which("npm") else ["npm"]),
        ],
        check=True,
    )
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", AXE, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as packed:
            script = packed.extractfile("package/axe.min.js")
            assert script
            AXE_FILE.write_bytes(script.read())


if __name__ == "__main__":
    main()
