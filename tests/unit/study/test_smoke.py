"""A smoke test of a study: few photos, few epochs, and nothing of the study's own touched."""

from __future__ import annotations

from configs import DEFAULT, change, load, one, refusal, small

from ablation.chain import paths
from ablation.spec import Spec


def smoke(spec: Spec) -> tuple[int, int, int]:
    return spec.epochs, spec.head_epochs, spec.optimizer.step_epochs


def test_an_epoch_of_each_phase_with_the_first_seed() -> None:
    full = load(DEFAULT)
    found = load({**DEFAULT, "smoke": True, "seeds": [4, 5]})
    assert list(found.experiments) == list(full.experiments)
    assert all(one.spec.epochs == 1 and one.seeds == (4,) for one in found.experiments.values())
    both = one(trains="head_then_all", head_epochs=3, epochs=5, schedule="step", step_epochs=2)
    assert smoke(load(both).experiments["one"].spec) == (5, 3, 2)
    assert smoke(load({**both, "smoke": True}).experiments["one"].spec) == (2, 1, 1)


def test_its_photos_runs_weights_and_tables_lie_apart() -> None:
    config = small(weights="learned")
    full, found = load(config), load({**config, "smoke": True})
    assert found.dataset.name == "drawn-smoke"
    assert found.dataset.photos == "drawn"
    assert found.dataset.split_arguments().endswith(" --few")
    assert not full.dataset.split_arguments().endswith(" --few")
    assert {one.name for one in found.sources()} == {"drawn-smoke", "other-smoke"}
    assert not set(full.runs()) & set(found.runs())
    assert full.weights("learned", "alexnet") != found.weights("learned", "alexnet")
    assert paths.comparison(found.dataset.name, found.name) != paths.comparison(full.dataset.name, full.name)
    assert not found.whole
    # Photos are drawn and downloaded once.
    assert found.datasets_from("drawn", "drive") == full.datasets_from("drawn", "drive")


def test_what_it_cannot_do_is_still_refused() -> None:
    wrong = change(DEFAULT, ("recipe", "image_size"), 33)
    assert "image_size is 33" in refusal(wrong) == refusal({**wrong, "smoke": True})
