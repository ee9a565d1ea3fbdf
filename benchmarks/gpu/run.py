"""Measure all that is wanted of a GPU, part by part, in nine minutes at most.

Each part is a process of its own with a limit of time; what a part leaves of its time the later ones may
take. Each row is in the folder OUT before the next is measured, as results.csv and results.md.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow/scripts")]
import sizes

# How much longer a part may take in the smallest form, which rehearses on two cores of a CPU.
REHEARSAL = 4


def main() -> int:
    from gpu.parts import PARTS

    parser = argparse.ArgumentParser(prog="benchmarks/gpu.sh", description=__doc__)
    parser.add_argument("--rehearse", action="store_true", help="in the smallest form, on the CPU if need be")
    parser.add_argument(
        "out", nargs="?", type=Path, default=Path("gpu-results"), help="folder for the results"
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; else all")
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; one of: {', '.join(PARTS)}")
    if args.rehearse:
        os.environ[sizes.VARIABLE] = "smallest"
        # Threads that wait would take the few cores from the processes that compute.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    args.out.mkdir(parents=True, exist_ok=True)
    began, allowed, ends = time.monotonic(), 0.0, {}
    with tempfile.TemporaryDirectory() as scratch:
        # An image may have packages without bytecode: each start would take seconds longer than elsewhere.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{scratch}/bytecode"
        for name in args.parts or PARTS:
            allowed += PARTS[name].seconds * (1 if sizes.chosen() is sizes.FULL else REHEARSAL)
            print(f"\n{name}: {PARTS[name].what}", flush=True)
            ends[name] = run(name, args.out, Path(scratch), began + allowed)
    if (table := args.out / "results.md").exists():
        print("\n" + table.read_text(encoding="utf-8"))
    print(f"In {args.out}, after {time.monotonic() - began:.0f} s: {'; '.join(map(' '.join, ends.items()))}.")
    return int(any(end != "done" for end in ends.values()))


def run(name: str, out: Path, scratch: Path, until: float) -> str:
    """Measure a part until a time on the monotonic clock; say how it ended. None of its processes stays."""
    command = [sys.executable, "-u", str(HERE / "gpu/part.py"), name, str(out.resolve()), str(scratch)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        status = process.wait(max(until - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        return "cut off"
    finally:
        # Its trainings too.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return f"failed with {status}" if status else "done"


if __name__ == "__main__":
    sys.exit(main())
