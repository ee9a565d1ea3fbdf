"""The few photos of a smoke test: of each kind that the steps need, the same ones whatever their order."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.few import CLASSES, few
from ablation.photos.manifest import TRAIN, VAL
from ablation.photos.reading import Photo

PHOTOS = st.lists(
    st.builds(
        Photo, st.text("abc/", min_size=1), st.sampled_from("xyz"), st.sampled_from([TRAIN, VAL, None])
    ),
    unique_by=lambda photo: photo.file,
)


def test_two_train_and_one_validates() -> None:
    photos = [Photo(f"{c:02}/{k}.jpg", f"{c:02}", None) for c in range(20) for k in range(10)]
    found = few(photos)
    assert Counter(photo.category for photo in found) == {f"{c:02}": 3 for c in range(CLASSES)}
    given = [Photo(photo.file, photo.category, TRAIN if "0" in photo.file[3:] else VAL) for photo in photos]
    assert Counter(photo.split for photo in few(given)) == {TRAIN: CLASSES, VAL: CLASSES}


@given(PHOTOS, st.randoms())
def test_order_does_not_matter_and_nothing_is_made_up(photos: list[Photo], chance: random.Random) -> None:
    found = few(photos)
    assert set(found) <= set(photos)
    assert {photo.category for photo in found} == {photo.category for photo in photos}
    assert len(found) <= len({photo.category for photo in photos}) * 6
    mixed = list(photos)
    chance.shuffle(mixed)
    assert few(mixed) == found
