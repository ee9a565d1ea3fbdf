"""The tests that say what a training asks of its device, and what it promises there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from results import Row

ROOT = Path(__file__).parents[2]
MODULES = ("test_gpu.py", "test_on_device.py")


def measure(out: Path, scratch: Path) -> Iterator[Row]:
    """How many pass, fail and are skipped; the whole output is in tests.txt. Ends with 1 if one fails."""
    found = scratch / "tests.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={found}"]
    command += [f"tests/unit/training/{name}" for name in MODULES]
    with (out / "tests.txt").open("w", encoding="utf-8") as log:
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
    suite = next(ElementTree.parse(found).iter("testsuite"))
    failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    skipped = int(suite.attrib["skipped"])
    passed = int(suite.attrib["tests"]) - failed - skipped
    for subject, count in (("passed", passed), ("failed", failed), ("skipped", skipped)):
        yield Row.of("tests", subject, "tests", [count], None)
    if status:
        for line in (out / "tests.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith(("FAILED", "ERROR", "E  ")):
                print(line)
        sys.exit(1)
