"""`load` and the record it returns, on the sets that need no files."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cs231n_lib.data import Dataset, fetch, load
from cs231n_lib.datasets.errors import DataError, UnknownDataset


@pytest.fixture(params=["digits", "shapes"])
def data(request):
    return load(request.param)


def test_every_set_is_the_same_record(data):
    assert isinstance(data, Dataset)
    D = int(np.prod(data.image_shape))
    for split in ("train", "val", "test"):
        X, y = getattr(data, f"X_{split}"), getattr(data, f"y_{split}")
        assert X.shape == (len(y), D) and X.dtype == np.float64 and X.flags.writeable
        assert 0 <= X.min() and X.max() <= 1 and X.max() > 0.9
        assert y.dtype == np.int64 and set(y) == set(range(len(data.class_names)))
        assert data.images(split).shape == (len(y), *data.image_shape)
        assert np.shares_memory(data.images(split), X)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.X_train = None


def test_digits_are_those_of_scikit_learn_each_once():
    ours, theirs = load("digits"), load_digits()
    X = np.concatenate([ours.X_train, ours.X_val, ours.X_test]) * 16
    y = np.concatenate([ours.y_train, ours.y_val, ours.y_test])
    rows = sorted(map(tuple, np.column_stack([X, y])))
    assert rows == sorted(map(tuple, np.column_stack([theirs.data, theirs.target])))


def test_digits_are_split_as_promised():
    data = load("digits")
    assert [len(y) for y in (data.y_train, data.y_val, data.y_test)] == [1297, 250, 250]
    assert data.image_shape == (8, 8, 1)
    for y in (data.y_val, data.y_test):
        assert np.bincount(y).tolist() == [25] * 10
    # shuffled: no long run of classes in order, as scikit-learn has them (0, 1, 2, ... 9, 0, 1)
    assert np.mean(np.diff(data.y_train) == 1) < 0.2


def test_changing_what_was_loaded_changes_no_later_load(data):
    before = data.X_train.copy(), data.y_train.copy()
    data.X_train[:] = -1
    data.y_train[:] = -1
    again = load(data.name)
    assert (again.X_train == before[0]).all() and (again.y_train == before[1]).all()


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_fewer_images_are_the_first_ones(name):
    data, few = load(name), load(name, num_train=120, num_val=30, num_test=7)
    assert (few.X_train == data.X_train[:120]).all() and (few.y_val == data.y_val[:30]).all()
    assert len(few.y_test) == 7
    same = data.subsample(120, num_test=7)
    assert (same.X_train == few.X_train).all() and len(same.y_val) == len(data.y_val)
    assert same.name == name and same.image_shape == data.image_shape


def test_float32_is_the_same_to_rounding(data):
    single = load(data.name, dtype="float32")
    assert single.X_train.dtype == np.float32
    np.testing.assert_allclose(single.X_train, data.X_train, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "wrong, near",
    [("digit", "digits"), ("minst", "mnist"), ("CIFAR-10", "cifar10"), ("shape", "shapes")],
)
def test_an_unknown_name_is_answered_with_the_nearest(wrong, near):
    for ask in (load, fetch):
        with pytest.raises(UnknownDataset, match=f"Did you mean '{near}'"):
            ask(wrong)


def test_a_name_like_no_other_is_answered_with_the_list():
    with pytest.raises(DataError, match="there are digits, shapes, mnist, cifar10.$"):
        load("imagenet")


@pytest.mark.parametrize(
    "name, options, words",
    [
        ("digits", {"num_train": 1298}, "has only 1,297"),
        ("digits", {"num_val": 0}, "num_val must be an integer of at least 1"),
        ("digits", {"num_test": 2.5}, "num_test must be an integer"),
        ("shapes", {"num_train": -1}, "num_train must be an integer"),
        ("shapes", {"num_train": True}, "num_train must be an integer"),
        ("shapes", {"seed": -1}, "seed must be an integer of at least 0"),
        ("digits", {"seed": 1}, "seed is only for 'shapes'"),
        ("digits", {"folder": "."}, "folder is only for"),
        ("digits", {"dtype": "uint8"}, "dtype must be float32 or float64"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(name, options, words):
    with pytest.raises(ValueError, match=words):
        load(name, **options)
    if "num" in words and name == "digits":
        with pytest.raises(ValueError, match=words):
            load(name).subsample(**options)


def test_a_split_that_does_not_exist_is_refused(data):
    with pytest.raises(ValueError, match="'training'"):
        data.images("training")


def test_the_record_prints_in_one_line(data):
    assert "\n" not in repr(data) and data.name in repr(data)


def test_importing_and_loading_digits_needs_neither_network_nor_download_libraries():
    code = (
        "import sys, socket; socket.socket = None; import cs231n_lib.data as d; d.load('digits'); "
        "d.load('shapes', num_train=10, num_val=10, num_test=10); "
        "print([m for m in ('pooch', 'requests', 'tqdm', 'matplotlib') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
