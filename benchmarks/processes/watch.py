"""Run a command and print the most memory that a process of it took, in MiB.

This is a small process of its own, because the system counts for a new one what the one had that started it.
"""

import resource
import subprocess
import sys

with open(sys.argv[1], "w", encoding="utf-8") as log:  # noqa: PTH123  # pathlib takes memory and time
    status = subprocess.run(sys.argv[2:], stdout=log, stderr=subprocess.STDOUT, check=False).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10)
sys.exit(status)
