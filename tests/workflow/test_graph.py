"""The picture of the workflow in a study's page is that of the rules."""

from __future__ import annotations

from project import Project

import draw_graph


def test_it_has_every_step_and_no_other(fresh: Project) -> None:
    found = draw_graph.drawn(draw_graph.PICTURE.read_text(encoding="utf-8"))
    assert found == draw_graph.edges(draw_graph.rulegraph(fresh.folder))
    assert ("train", "collect") in found
    assert len(found) > 20
