"""Species of flowers: other seeds have others, and none shares its main attributes."""

from __future__ import annotations

import pytest

from ablation.photos.drawn.species import species_of


def test_seeds_give_other_species() -> None:
    assert not {species_of(1, s) for s in range(40)} & {species_of(2, s) for s in range(40)}


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_species_share_no_outline_with_pattern(seed: int) -> None:
    species = [species_of(seed, s) for s in range(30)]
    assert len({(s.petal.outline, s.petal.pattern) for s in species}) == 30
    assert sorted(s.count for s in species) == sorted([3, 4, 5, 6, 7, 8] * 5)
