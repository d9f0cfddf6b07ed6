"""The drawn shapes: reproducible, independent, balanced, and as hard for raw pixels as intended."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from cs231n_lib.data import load
from cs231n_lib.datasets import shapes

# the first labels of seed 0, a few pixels of its first image, and the mean grey level
LABELS = [9, 6, 2, 2, 1, 4, 0, 0, 8, 4, 3, 4]
ROW = [[224, 24, 133], [255, 244, 180], [182, 177, 100], [150, 11, 229]]
MEAN = 127.183


def test_the_same_seed_draws_the_same_images():
    first = shapes.draw_split("train", 1500, 3)
    shapes.draw_split.cache_clear()
    again = shapes.draw_split("train", 1500, 3)
    assert (first[0] == again[0]).all() and (first[1] == again[1]).all()


def test_what_is_drawn_stays_what_it_is():
    # Grey levels sit on 0..255, so that a last-bit difference of a mathematics library can move
    # a pixel by one level at most; a changed constant or order of draws moves all of them.
    images, labels = shapes.draw_split("train", 1000, 0)
    assert labels[:12].tolist() == LABELS
    np.testing.assert_allclose(images[0, 16, ::8].astype(int), ROW, atol=1)
    assert abs(images.mean() - MEAN) < 0.01


def test_another_seed_and_another_split_draw_other_images():
    base = shapes.draw_split("train", 200, 0)[0]
    for split, seed in (("train", 1), ("val", 0), ("test", 0)):
        other = shapes.draw_split(split, 200, seed)[0]
        assert (
            not (base.reshape(200, -1)[:, None, :50] == other.reshape(200, -1)[None, :, :50])
            .all(-1)
            .any()
        )


def test_blocks_are_not_repeated():
    images = shapes.draw_split("train", 3000, 0)[0].reshape(3000, -1)
    assert len(np.unique(images, axis=0)) == 3000


def test_classes_are_balanced():
    data = load("shapes", seed=5)
    for y, each in ((data.y_train, 500), (data.y_val, 100), (data.y_test, 100)):
        assert np.bincount(y).tolist() == [each] * 10


def test_what_is_kept_in_memory_cannot_be_changed():
    images, labels = shapes.draw_split("val", 10, 0)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 0


def test_every_class_has_its_own_outline(monkeypatch):
    for name in ("SHIFT", "TILT"):
        monkeypatch.setattr(shapes, name, 0.0)
    monkeypatch.setattr(shapes, "RADIUS", (10.0, 10.0))
    masks = shapes._draw_masks(np.arange(10), np.random.default_rng(0))
    assert masks.min() >= 0 and masks.max() <= 1
    area = {name: mask.sum() for name, mask in zip(shapes.CLASS_NAMES, masks)}
    # areas in closed form, radius 10 pixels
    assert area["circle"] == pytest.approx(np.pi * 100, rel=0.02)
    assert area["square"] == pytest.approx(17.2**2, rel=0.02)
    assert area["diamond"] == pytest.approx(2 * 11.5**2, rel=0.02)
    assert area["ring"] == pytest.approx(np.pi * (10.6**2 - 5.8**2), rel=0.02)
    assert area["frame"] == pytest.approx(19.2**2 - 11.2**2, rel=0.02)
    assert area["cross"] == pytest.approx(2 * 21 * 7.2 - 7.2**2, rel=0.02)
    # five-pointed star: ten triangles with sides 12.5 and 5 that enclose 36 degrees
    assert area["star"] == pytest.approx(10 * 0.5 * 12.5 * 5 * np.sin(np.pi / 5), rel=0.05)
    overlap = np.abs(masks[:, None] - masks[None]).sum((2, 3)) + 1000 * np.eye(10)
    assert overlap.min() > 40  # pixels that tell the two most alike outlines apart


def test_raw_pixels_do_badly_but_better_than_chance():
    # A smoke test of the ladder on a third of the data; benchmarks/shapes_ladder.py measures it.
    data = load("shapes", num_train=1500, dtype="float32")
    knn = KNeighborsClassifier(10).fit(data.X_train, data.y_train)
    assert 0.18 < knn.score(data.X_test, data.y_test) < 0.35
    linear = LogisticRegression(C=0.002, max_iter=60)
    linear.fit(data.X_train - data.X_train.mean(0), data.y_train)
    assert 0.24 < linear.score(data.X_test - data.X_train.mean(0), data.y_test) < 0.45
