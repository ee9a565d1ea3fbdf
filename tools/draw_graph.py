"""Draw the workflow's graph, which rule needs what of which, for the page of a study: draw_graph.py.

Needs Graphviz (`dot`; in Debian the package graphviz). The graph is that of the demo, in which all kinds of
steps are but for those of other data sets.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "workflow/scripts/ablation/results/report/graph.svg"
ARROW = re.compile(r"^\s*(\d+) -> (\d+)$", re.M)
TITLE = re.compile(r"<title>(\w+&#45;&gt;\w+)</title>")
NODE = re.compile(r'^\s*(\d+)\[label = "(\w+)"', re.M)


def edges(text: str) -> list[tuple[str, str]]:
    """Return from Snakemake's graph which rule is needed by which, without `all`."""
    names = dict(NODE.findall(text))
    found = {(names[one], names[other]) for one, other in ARROW.findall(text)}
    return sorted((one, other) for one, other in found if other != "all")


def rulegraph(project: Path) -> str:
    """Return what Snakemake says of a project's rules."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "--forceall"]
    return subprocess.run(command, cwd=project, stdout=subprocess.PIPE, text=True, check=True).stdout


def drawn(picture: str) -> list[tuple[str, str]]:
    """Return the edges of a picture that Graphviz made, in which each is named."""
    return sorted(tuple(html.unescape(title).split("->")) for title in TITLE.findall(picture))  # type: ignore[misc]


def dot(arrows: list[tuple[str, str]]) -> str:
    """Return a graph as Graphviz reads it."""
    lines = [f'  "{one}" -> "{other}"' for one, other in arrows]
    style = (
        '  graph [rankdir=TB, nodesep=0.25, ranksep=0.35]\n  edge [color="#595961"]\n'
        '  node [shape=box, style="rounded,filled", fillcolor="#f2f3f7", color="#595961", fontname=sans]'
    )
    return "\n".join(["digraph workflow {", style, *lines, "}\n"])


def main() -> None:
    made = subprocess.run(
        ["dot", "-Tsvg"], input=dot(edges(rulegraph(ROOT))), stdout=subprocess.PIPE, text=True, check=True
    )
    # Without the comment that names the version.
    PICTURE.write_text(re.sub(r"<!--.*?-->\n?", "", made.stdout, flags=re.S), encoding="utf-8")
    print(PICTURE.relative_to(ROOT), file=sys.stderr)


if __name__ == "__main__":
    main()
