"""Pack photos and say what it took: seconds, and the most memory in MiB, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))
from ablation import pack

root, manifest_path, output = map(Path, sys.argv[1:])
started = time.perf_counter()
pack.build(root, manifest_path, 224, output)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
print(json.dumps({"seconds": seconds, "mib": peak}))
