"""Draw what a terminal showed of a study at a moment: python tools/draw_view.py FOLDER SECONDS > view.svg

FOLDER is where the study ran, whose journal and logs are read; SECONDS are those since it began.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from functools import partial
from pathlib import Path

# The library lies beside the scripts, which find it by their own folder.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.text import Text

from ablation.chain.progress import events
from ablation.chain.progress.live import STYLES, Region, Seen
from ablation.chain.progress.state import State
from ablation.running import console as logs

COLUMNS, ROWS = 92, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    os.chdir(args.folder)
    with events.JOURNAL.open(encoding="utf-8") as journal:
        print(picture(list(events.read(journal)), args.seconds))


def picture(happened: list[events.Event], seconds: float) -> str:
    """Return the picture, SVG, of what had happened so many seconds after the first event."""
    began = next(one for one in happened if isinstance(one, events.Began))
    now = began.time + seconds
    terminal = Console(file=io.StringIO(), record=True, width=COLUMNS, height=ROWS, force_terminal=True)
    state = State()
    for one in happened:
        # What is said has no time of its own: it belongs to the event before it.
        if getattr(one, "time", 0.0) > now:
            break
        state.apply(one)
        if isinstance(one, events.Said):
            terminal.print(Text(one.text, STYLES[one.style]))
    terminal.print(Region(state, now, partial(seen_at, now)))
    # Without the fonts that it would fetch from elsewhere.
    begin, _, rest = CONSOLE_SVG_FORMAT.partition("    @font-face")
    template = begin + rest[rest.index("    .{unique_id}-matrix") :]
    return terminal.export_svg(title="snakemake", code_format=template, unique_id="view")


def seen_at(now: float, step: events.Started) -> Seen:
    """Return what a training's log, which now is whole, showed then: epochs follow each other at once."""
    found, ended = [], step.time
    for line in logs.last_epochs(Path(step.log)):
        if ended + line.seconds > now:
            break
        ended += line.seconds
        found.append(line)
    return Seen(found, ended)


if __name__ == "__main__":
    main()
