"""Mixed photos and labels, against torchvision's and timm's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from states import assert_same
from timm.data import mixup as timms
from tiny import CLASSES, CPU, RANDOM, SIDE, photos, spec
from torch import Generator, Tensor
from torchvision.transforms import v2

from ablation.training import mixing
from ablation.training.distributed.group import Group
from ablation.training.inputs import Augmented
from ablation.training.mixing import Drawn, Mixing
from ablation.training.streams import Streams

BOTH = Mixing(mixup=1.0, cutmix=1.0, classes=4)


def batch(count: int = 5, side: int = 6) -> tuple[Tensor, Tensor]:
    torch.manual_seed(count)
    return torch.rand(count, 3, side, side), torch.randint(4, (count,))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.77, 1.0])
def test_mixup_is_torchvisions(share: float) -> None:
    pixels, labels = batch()
    ours, shares = BOTH.mixed(pixels, labels, Drawn(share), len(pixels))
    reference = v2.MixUp(num_classes=4)
    common = {"lam": share, "labels": labels, "batch_size": len(pixels)}
    torch.testing.assert_close(ours, reference.transform(pixels, common))
    torch.testing.assert_close(shares, reference.transform(labels, common))
    assert shares.dtype == torch.float32


@pytest.mark.parametrize("box", [(0, 6, 0, 6), (1, 4, 2, 3), (2, 2, 3, 3), (3, 6, 0, 4)])
def test_cutmix_is_torchvisions(box: tuple[int, int, int, int]) -> None:
    pixels, labels = batch()
    top, bottom, left, right = box
    share = 1 - (bottom - top) * (right - left) / 36
    ours, shares = BOTH.mixed(pixels, labels, Drawn(share, box), len(pixels))
    reference = v2.CutMix(num_classes=4)
    common = {"box": (left, top, right, bottom), "lam_adjusted": share, "labels": labels, "batch_size": 5}
    assert torch.equal(ours, reference.transform(pixels, common))
    torch.testing.assert_close(shares, reference.transform(labels, common))


@given(
    share=st.floats(0, 1), sides=st.tuples(st.integers(1, 40), st.integers(1, 40)), where=st.floats(0, 0.999)
)
def test_boxes_and_their_shares_are_timms(share: float, sides: tuple[int, int], where: float) -> None:
    height, width = sides
    y, x = int(where * height), int(where * width)
    with pytest.MonkeyPatch.context() as patch:
        middles = iter((y, x))
        patch.setattr(timms.np.random, "randint", lambda *_args, **_options: next(middles))
        box, expected = timms.cutmix_bbox_and_lam((3, height, width), share)
    found = mixing.cut(share, y, x, height, width)
    assert found.box == box
    assert found.share == pytest.approx(expected, abs=1e-12)


def drawn(ways: Mixing, count: int = 4000) -> list[Drawn]:
    generator = Generator().manual_seed(7)
    return [ways.draw(64, 64, generator) for _ in range(count)]


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_of_mixup_are_distributed_as_numpys_beta(alpha: float) -> None:
    found = np.sort([one.share for one in drawn(Mixing(alpha, 0.0, 4))])
    expected = np.sort(np.random.default_rng(1).beta(alpha, alpha, len(found)))
    both = np.concatenate([found, expected])
    gap = np.abs(
        np.searchsorted(found, both, "right") - np.searchsorted(expected, both, "right")
    ).max() / len(found)
    # Kolmogorov and Smirnov's limit for a chance of 0.001 that equal distributions differ by more.
    assert gap < 1.95 * (2 / len(found)) ** 0.5


def test_cutmix_draws_boxes_all_over_the_photo() -> None:
    found = drawn(Mixing(0.0, 1.0, 4))
    covered = torch.zeros(64, 64)
    for one in found:
        assert one.box is not None
        top, bottom, left, right = one.box
        covered[top:bottom, left:right] += 1 / len(found)
    # By symmetry, and most in the middle, where no edge cuts boxes off.
    for other in (covered.flip(0), covered.flip(1), covered.T):
        assert (covered - other).abs().max() < 0.05
    assert covered[32, 32] > 2 * covered[0, 0] > 0


def test_of_both_each_batch_is_mixed_by_one_with_equal_chance() -> None:
    boxes = sum(one.box is not None for one in drawn(BOTH))
    # Four standard deviations of 4000 tosses of a coin.
    assert abs(boxes - 2000) < 4 * 31.7
    assert all(one.box is None for one in drawn(Mixing(1.0, 0.0, 4), 50))
    assert all(one.box is not None for one in drawn(Mixing(0.0, 1.0, 4), 50))


def test_the_same_generator_draws_the_same() -> None:
    assert drawn(BOTH, 20) == drawn(BOTH, 20)


@pytest.mark.parametrize("count", [1, 2, 5, 7])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_processes_have_the_photos_of_one(count: int, size: int) -> None:
    """To the byte, each with its part of them, which may be empty."""
    pack, recipe = photos(train=count), spec(augmentation=RANDOM, mixup=0.4, cutmix=1.0)
    inputs = Augmented.of(pack, recipe, training=True, device=CPU)
    index = torch.randperm(count)

    def found(group: Group) -> tuple[Tensor, Tensor]:
        streams = Streams.of(2)
        parts = [each[1:] for _ in range(4) for each in inputs.batches([index], streams, group)]
        return torch.stack([part[0] for part in parts]), torch.stack([part[1] for part in parts])

    whole = found(Group())
    assert whole[0].shape == (4, count, 3, SIDE, SIDE)
    assert whole[1].shape == (4, count, CLASSES)
    torch.testing.assert_close(whole[1].sum(2), torch.ones(4, count))
    shards = [found(Group(rank, size)) for rank in range(size)]
    for one, position in ((whole[0], 0), (whole[1], 1)):
        assert torch.equal(torch.cat([shard[position] for shard in shards], 1), one)


def test_a_photo_alone_is_mixed_with_itself() -> None:
    pixels, labels = batch(1)
    for way in (Drawn(0.3), Drawn(0.5, (0, 3, 0, 6))):
        ours, shares = BOTH.mixed(pixels, labels, way, 1)
        torch.testing.assert_close(ours, pixels)
        assert torch.equal(shares, torch.nn.functional.one_hot(labels, 4).float())


@pytest.mark.parametrize("way", [Drawn(0.3), Drawn(0.5, (0, 3, 0, 6))])
def test_mixed_photos_lie_channels_last_as_those_that_are_mixed(way: Drawn) -> None:
    pixels, labels = batch()
    last = pixels.to(memory_format=torch.channels_last)
    before = last.clone()
    ours, _ = BOTH.mixed(last, labels, way, len(last))
    assert ours.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(last, before)


@pytest.mark.parametrize("mixed", [{"mixup": 1.0}, {"cutmix": 1.0}, {"mixup": 1.0, "cutmix": 1.0}])
def test_photos_that_validate_are_not_mixed(mixed: dict[str, float]) -> None:
    pack = photos()
    validation, plain = (
        Augmented.of(pack, recipe, training=False, device=CPU) for recipe in (spec(**mixed), spec())
    )
    assert validation.mixing is None
    assert plain.mixing is None
    training = Augmented.of(pack, spec(**mixed), training=True, device=CPU)
    assert training.mixing
    # So no features of them are computed once.
    assert not training.repeats
    assert Augmented.of(pack, spec(), training=True, device=CPU).repeats


def test_what_is_off_draws_nothing() -> None:
    inputs = Augmented.of(photos(), spec(), training=True, device=CPU)
    streams = Streams.of(3)
    before = streams.state_dict()
    list(inputs.batches([torch.arange(3)], streams))
    assert_same(streams.state_dict(), before)
