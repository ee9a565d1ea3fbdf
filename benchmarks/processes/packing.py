"""Pack photos and say what it took: seconds, and the most memory in MiB, as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
from ablation.photos import packing
from sizes import SIZES

root, manifest_path, output = map(Path, sys.argv[1:])
started = time.perf_counter()
packing.build(root, manifest_path, SIZES.side, output)
seconds = time.perf_counter() - started
# Not getrusage: its peak is at least that of the process which started this one.
status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 2**10
print(json.dumps({"seconds": seconds, "mib": peak}))
