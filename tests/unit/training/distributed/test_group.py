"""Which rows each process of a group takes."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ablation.training.distributed import launch
from ablation.training.distributed.group import Group
from ablation.training.distributed.layers import wrap


@given(count=st.integers(0, 1000), size=st.integers(1, 9))
def test_shards_are_the_rows_in_order_and_differ_by_one_at_most(count: int, size: int) -> None:
    group = Group(0, size)
    shards = [list(range(count))[group.shard(count, rank)] for rank in range(size)]
    assert [row for shard in shards for row in shard] == list(range(count))
    lengths = {len(shard) for shard in shards}
    assert max(lengths) - min(lengths) <= 1
    assert shards == [list(range(count))[Group(rank, size).shard(count)] for rank in range(size)]


def test_one_process_is_a_group_in_which_nothing_happens() -> None:
    values, net = torch.rand(3, 2), nn.BatchNorm2d(2)
    group = Group()
    assert group.first
    assert group.sum(values) is values
    assert group.gather(values, 3) is values
    assert wrap(net, group) is net
    assert (group.any(True), group.any(False)) == (True, False)
    assert group.shard(7) == slice(0, 7)
    with launch.joined(1) as alone:
        assert alone.size == 1
        assert not torch.distributed.is_initialized()
