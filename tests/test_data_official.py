"""Official files: found, verified, fetched, parsed, and refused when they are not what they say."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from data_server import serving

from cs231n_lib.data import fetch, load
from cs231n_lib.datasets import cifar10, mnist, official, places
from cs231n_lib.datasets.errors import DamagedData, DownloadError, MissingData

PROJECT = Path(__file__).resolve().parents[1]
MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def pack_idx(array):
    """Return an IDX file of unsigned bytes, from the format's description."""
    return (
        b"\x00\x00\x08" + struct.pack(f">B{array.ndim}I", array.ndim, *array.shape) + bytes(array)
    )


def pack_batch(X, y):
    """Return a CIFAR-10 batch. Protocol 3, because under 2 Python 3 packs bytes as text."""
    return pickle.dumps({b"data": X, b"labels": [int(label) for label in y]}, protocol=3)


def make_small_mnist(rng):
    """Return {official name: bytes} of a set with 5,030 training and 20 test images."""
    files = {}
    for part, N in (("train", 5030), ("t10k", 20)):
        files[f"{part}-images-idx3-ubyte"] = pack_idx(rng.integers(0, 256, (N, 4, 4), np.uint8))
        files[f"{part}-labels-idx1-ubyte"] = pack_idx(rng.integers(0, 10, N, np.uint8))
    return files


def make_small_cifar(rng):
    """Return {official name: bytes} of a set with 5 x 210 training and 20 test images."""
    files = {"batches.meta": pickle.dumps({b"num_vis": 3072}, protocol=3)}
    for file in cifar10.BATCHES:
        N = 20 if file == "test_batch" else 210
        X, y = rng.integers(0, 256, (N, 3072), np.uint8), rng.integers(0, 10, N)
        files[file] = pack_batch(X, y)
    return files


def pack_archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file, data in {"readme.html": b"<html>", **files}.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{file}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def describe(data):
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


class Place:
    """A course's folder of its own, whose registry describes small stand-ins for the originals."""

    def __init__(self, root, base, server, rng):
        self.root, self.base, self.server = root, base, server
        self.mnist, self.cifar10 = make_small_mnist(rng), make_small_cifar(rng)
        archive = pack_archive(self.cifar10)
        packed = {f"{file}.gz": gzip.compress(data, 1) for file, data in self.mnist.items()}
        downloads = {"mnist": packed, "cifar10": {"cifar-10-python.tar.gz": archive}}
        registry = {"registry": places.MARK}
        for name, contents in (("mnist", self.mnist), ("cifar10", self.cifar10)):
            registry[name] = {
                "urls": [base],
                "downloads": {file: describe(data) for file, data in downloads[name].items()},
                "contents": {file: describe(data) for file, data in contents.items()},
            }
            server.files.update(downloads[name])
        self.datasets = root / "datasets"
        self.datasets.mkdir(parents=True)
        (self.datasets / "registry.json").write_text(json.dumps(registry))

    def put(self, folder, files, packed=False):
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            (folder / (file + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)
        return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.delenv(places.ENV, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving({}) as (server, base):
        made = Place(tmp_path / "course", base, server, np.random.default_rng(0))
        monkeypatch.chdir(made.root)
        yield made


# --- where files are looked for --------------------------------------------------------------


def test_the_copy_of_the_registry_in_the_package_is_the_same():
    ours = (PROJECT / "datasets" / "registry.json").read_bytes()
    assert (PROJECT / "cs231n_lib" / "datasets" / "registry.json").read_bytes() == ours


def test_the_registry_has_the_published_md5s():
    # as published on the CIFAR-10 page and used by torchvision for both sets
    registry = json.loads((PROJECT / "datasets" / "registry.json").read_text())
    archive = registry["cifar10"]["downloads"]["cifar-10-python.tar.gz"]
    assert archive["md5"] == "c58f30108f718f92721af3b95e74349a"
    assert archive["bytes"] == 170_498_071
    assert registry["mnist"]["downloads"]["train-images-idx3-ubyte.gz"]["md5"] == (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873"
    )


def test_the_root_is_found_from_a_folder_below_it(place):
    below = place.root / "notebooks" / "04_backprop"
    below.mkdir(parents=True)
    assert places.find_root(below) == place.root


def test_another_projects_registry_is_not_ours(place, tmp_path):
    other = tmp_path / "other"
    (other / "datasets").mkdir(parents=True)
    (other / "datasets" / "registry.json").write_text('{"mnist": "elsewhere"}')
    assert places.find_root(other) == PROJECT  # on to the folder that holds the package


@pytest.mark.parametrize("inside", ["", "mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_in_the_environment_is_used(place, tmp_path, monkeypatch, inside, packed):
    place.put(tmp_path / "mine" / inside, place.mnist, packed)
    monkeypatch.setenv(places.ENV, str(tmp_path / "mine"))
    assert len(load("mnist").y_train) == 30
    assert fetch("mnist", progress=False) == tmp_path / "mine" / inside
    assert place.server.requests == []


def test_the_environment_comes_before_the_courses_folder(place, tmp_path, monkeypatch):
    files = dict(place.mnist)
    place.put(place.datasets / "mnist", {**files, MNIST_FILES[3]: b"damaged"})
    place.put(tmp_path / "mine", files)
    monkeypatch.setenv(places.ENV, str(tmp_path / "mine"))
    load("mnist")
    monkeypatch.delenv(places.ENV)
    with pytest.raises(DamagedData):
        load("mnist")


def test_files_unpacked_under_dotted_names_are_used(place):
    files = {file.replace("-idx", ".idx"): data for file, data in place.mnist.items()}
    place.put(place.datasets, files)
    assert len(load("mnist").y_test) == 20


@pytest.mark.parametrize("inside", [".", "cifar10"])
@pytest.mark.parametrize("loose", [".", "cifar-10-batches-py"])
def test_cifar10_is_found_unpacked_or_packed(place, tmp_path, inside, loose):
    place.put(tmp_path / "unpacked" / inside / loose, place.cifar10)
    unpacked = load("cifar10", folder=tmp_path / "unpacked")
    archive = tmp_path / "packed" / inside / "cifar-10-python.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(pack_archive(place.cifar10))
    packed = load("cifar10", folder=tmp_path / "packed")
    assert (packed.X_train == unpacked.X_train).all() and (packed.y_val == unpacked.y_val).all()
    assert os.listdir(archive.parent) == [archive.name]  # reading unpacks nothing to disk


def test_a_missing_set_says_where_was_looked_and_what_to_do(place, tmp_path, monkeypatch):
    monkeypatch.setenv(places.ENV, str(tmp_path / "nowhere"))
    with pytest.raises(MissingData) as raised:
        load("cifar10")
    text = str(raised.value)
    for words in (
        f"{tmp_path / 'nowhere'}: no such folder",
        f"{place.datasets}: nothing of it",
        "cs231n data cifar10",
        places.ENV,
        str(tmp_path / "nowhere" / "cifar10"),
        'load("digits")',
    ):
        assert words in text
    assert place.server.requests == []  # load never downloads


def test_a_set_that_is_there_in_part_names_what_is_missing(place):
    files = dict(place.mnist)
    del files[MNIST_FILES[2]]
    place.put(place.datasets / "mnist", files)
    with pytest.raises(MissingData, match=f"mnist: without {MNIST_FILES[2]}"):
        load("mnist")


# --- verified --------------------------------------------------------------------------------


@pytest.mark.parametrize("name, file", [("mnist", MNIST_FILES[0]), ("cifar10", "data_batch_3")])
@pytest.mark.parametrize("fault", ["flip", "cut", "longer", "empty"])
def test_a_changed_file_is_refused(place, name, file, fault):
    files = dict(getattr(place, name))
    data = files[file]
    files[file] = {
        "flip": data[:500] + bytes([data[500] ^ 1]) + data[501:],
        "cut": data[:-1],
        "longer": data + b"x",
        "empty": b"",
    }[fault]
    place.put(place.datasets / name, files)
    with pytest.raises(DamagedData, match=f"{file} .*Delete it and run `cs231n data {name}`"):
        load(name)


def test_a_truncated_gz_is_refused(place):
    folder = place.put(place.datasets / "mnist", place.mnist, packed=True)
    path = folder / f"{MNIST_FILES[0]}.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedData, match="end-of-stream"):
        load("mnist")


def test_a_gz_that_unpacks_without_end_is_not_unpacked_to_the_end(place, monkeypatch):
    folder = place.put(place.datasets / "mnist", place.mnist, packed=True)
    (folder / f"{MNIST_FILES[3]}.gz").write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(DamagedData, match="has 29 bytes, the official file 28"):
        load("mnist")


@pytest.mark.parametrize("data", [b"no archive", b""])
def test_something_else_under_the_archives_name_is_refused(place, data):
    (place.datasets / "cifar-10-python.tar.gz").write_bytes(data)
    with pytest.raises(DamagedData, match="cifar-10-python.tar.gz"):
        load("cifar10")


def test_a_truncated_archive_is_refused(place):
    data = pack_archive(place.cifar10)
    (place.datasets / "cifar-10-python.tar.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedData, match="cifar-10-python.tar.gz"):
        load("cifar10")


def test_an_archive_without_a_batch_is_refused(place):
    files = {file: data for file, data in place.cifar10.items() if file != "data_batch_5"}
    (place.datasets / "cifar-10-python.tar.gz").write_bytes(pack_archive(files))
    with pytest.raises(DamagedData, match="has no data_batch_5"):
        load("cifar10")


def test_a_file_that_may_not_be_read_is_said(place, monkeypatch):
    place.put(place.datasets / "cifar10", place.cifar10)

    def refuse(*args):
        raise PermissionError(13, "Permission denied", "data_batch_1")
        yield

    monkeypatch.setattr(cifar10, "_read_folder", refuse)
    with pytest.raises(DamagedData, match="data_batch_1 cannot be read"):
        load("cifar10")


# --- fetched ---------------------------------------------------------------------------------


@pytest.fixture
def no_wait(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_fetch_mnist_downloads_once_and_load_reads_it(place, no_wait):
    place.server.behave(f"{MNIST_FILES[0]}.gz", "cut", "good")
    folder = fetch("mnist", progress=False)
    assert folder == place.datasets / "mnist"
    assert sorted(os.listdir(folder)) == sorted(f"{file}.gz" for file in MNIST_FILES)
    assert len(load("mnist").y_train) == 30
    place.server.requests.clear()
    assert fetch("mnist", progress=False) == folder and place.server.requests == []


def test_fetch_cifar10_unpacks_and_drops_the_archive(place, no_wait):
    place.server.behave("cifar-10-python.tar.gz", "cut", "deaf")
    folder = fetch("cifar10", progress=False)
    assert os.listdir(folder) == ["cifar-10-batches-py"]
    assert sorted(os.listdir(folder / "cifar-10-batches-py")) == sorted(place.cifar10)
    assert len(load("cifar10").y_train) == 50
    place.server.requests.clear()
    fetch("cifar10", progress=False)
    assert place.server.requests == []


def test_fetch_goes_to_the_folder_given_and_load_reads_it_there(place, tmp_path):
    assert fetch("mnist", tmp_path / "disk", progress=False) == tmp_path / "disk" / "mnist"
    assert len(load("mnist", folder=tmp_path / "disk").y_val) == 5000
    assert len(load("mnist", folder=tmp_path / "disk" / "mnist").y_val) == 5000
    assert fetch("mnist", tmp_path / "disk" / "mnist") == tmp_path / "disk" / "mnist"


def test_fetch_brings_only_what_is_missing(place):
    files = dict(place.mnist)
    del files[MNIST_FILES[1]]
    for file, data in files.items():
        (place.datasets / "mnist").mkdir(exist_ok=True)
        (place.datasets / "mnist" / f"{file}.gz").write_bytes(gzip.compress(data, 1))
    fetch("mnist", progress=False)
    assert place.server.requests == [(f"{MNIST_FILES[1]}.gz", None)]


def test_fetch_mends_a_damaged_file_where_downloads_go(place):
    for name in ("mnist", "cifar10"):
        fetch(name, progress=False)
    for path in (f"mnist/{MNIST_FILES[0]}.gz", "cifar10/cifar-10-batches-py/test_batch"):
        (place.datasets / path).write_bytes(b"damaged")
    for name in ("mnist", "cifar10"):
        fetch(name, progress=False)
        load(name)


def test_fetch_leaves_a_damaged_file_elsewhere_alone(place, tmp_path):
    folder = place.put(tmp_path / "mine", place.mnist)
    (folder / MNIST_FILES[0]).write_bytes(b"damaged")
    with pytest.raises(DamagedData, match="mine"):
        fetch("mnist", folder, progress=False)
    assert (folder / MNIST_FILES[0]).read_bytes() == b"damaged"
    assert place.server.requests == []


def test_the_server_that_worked_is_asked_first_for_the_next_file(place):
    path = place.datasets / "registry.json"
    registry = json.loads(path.read_text())
    registry["mnist"]["urls"] = [place.base + "gone/", place.base]
    path.write_text(json.dumps(registry))
    fetch("mnist", progress=False)
    assert [name.startswith("gone/") for name, _ in place.server.requests] == [True] + 4 * [False]


def test_a_failed_fetch_never_looks_complete(place, no_wait):
    place.server.behave(f"{MNIST_FILES[2]}.gz", "cut", "500")
    with pytest.raises(DownloadError):
        fetch("mnist", progress=False)
    with pytest.raises(MissingData, match=f"without {MNIST_FILES[2]}, {MNIST_FILES[3]}"):
        load("mnist")
    place.server.behave(f"{MNIST_FILES[2]}.gz", "good")
    fetch("mnist", progress=False)
    load("mnist")


def test_a_disk_that_fills_while_unpacking_leaves_no_half_file(place, monkeypatch):
    real, room = Path.write_bytes, [3]

    def write(path, data):
        room[0] -= 1
        if room[0] < 0:
            real(path, data[:100])
            raise OSError(28, "No space left on device")
        return real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        with pytest.raises(DownloadError, match="disk .* is full"):
            fetch("cifar10", progress=False)
    for path in (place.datasets / "cifar10" / "cifar-10-batches-py").iterdir():
        assert path.read_bytes() == place.cifar10[path.name]
    place.server.requests.clear()
    load("cifar10")  # from the archive, which is whole
    assert place.server.requests == []


def test_fetch_of_an_embedded_set_needs_nothing(place):
    assert fetch("digits").is_dir() and fetch("shapes").is_dir()
    assert place.server.requests == []


# --- parsed ----------------------------------------------------------------------------------


def test_idx_gives_back_the_array_that_was_packed():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert (mnist.parse_idx(pack_idx(array), "file") == array).all()


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "got an empty file"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "got 1f 8b 08 00"),  # still packed
        (b"\x00\x00\x0d\x01" + bytes(8), "got 00 00 0d 01"),  # floats
        (b"\x00\x00\x08\x09" + bytes(40), "1 to 3"),
        (b"\x00\x00\x08\x03" + bytes(4), "ends within its header, after 8 of 16"),
        (pack_idx(np.zeros((2, 3, 4), np.uint8))[:-1], "40 bytes with its header, got 39"),
        (pack_idx(np.zeros(5, np.uint8)) + b"x", "got 14"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "got 16"),  # 2**96 bytes announced
    ],
)
def test_a_file_that_is_no_whole_idx_is_refused(data, words):
    with pytest.raises(DamagedData, match=words):
        mnist.parse_idx(data, "file")


def test_mnist_parts_that_do_not_fit_are_refused():
    images, labels = np.zeros((3, 2, 2), np.uint8), np.zeros(3, np.uint8)
    with pytest.raises(DamagedData, match="swapped"):
        mnist.pair(labels, images)
    with pytest.raises(DamagedData, match="3 images but 2 labels"):
        mnist.pair(images, labels[:2])
    with pytest.raises(DamagedData, match="Labels must be 0 to 9, got 10"):
        mnist.pair(images, np.array([0, 10, 9], np.uint8))


def test_cifar10_planes_become_pixels():
    X = np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8)
    images, labels = cifar10.parse_batch(pack_batch(X, [3, 9]), "batch")
    assert images.shape == (2, 32, 32, 3) and labels.tolist() == [3, 9]
    for n, row, column, colour in ((0, 0, 0, 0), (1, 31, 5, 2), (0, 7, 30, 1)):
        assert images[n, row, column, colour] == X[n, colour * 1024 + row * 32 + column]


GOOD_X = np.zeros((2, 3072), np.uint8)


@pytest.mark.parametrize(
    "batch, words",
    [
        ([1, 2], "must hold a dict"),
        ({b"data": GOOD_X}, "must hold a dict"),
        ({b"data": GOOD_X.astype(float), b"labels": [0, 1]}, "uint8 array"),
        ({b"data": GOOD_X[:, :10].copy(), b"labels": [0, 1]}, "uint8 array"),
        ({b"data": b"bytes", b"labels": [0, 1]}, "uint8 array"),
        ({b"data": GOOD_X, b"labels": [0]}, "2 images but 1 labels"),
        ({b"data": GOOD_X, b"labels": [0, 10]}, "integers from 0 to 9"),
        ({b"data": GOOD_X, b"labels": [0, -1]}, "integers from 0 to 9"),
        ({b"data": GOOD_X, b"labels": [0, True]}, "integers from 0 to 9"),
        ({b"data": GOOD_X, b"labels": {0: 1, 1: 2}}, "integers from 0 to 9"),
    ],
)
def test_a_batch_of_another_form_is_refused(batch, words):
    with pytest.raises(DamagedData, match=words):
        cifar10.parse_batch(pickle.dumps(batch, protocol=3), "batch")


class _Runs:
    """An object whose pickle writes a file when it is loaded without care."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_malicious_pickle_is_refused_and_does_not_run(tmp_path):
    mark = tmp_path / "ran"
    command = f"touch {mark}"
    for attack in (
        _Runs(os.system, command),
        _Runs(eval, f"open({str(mark)!r}, 'w')"),
        _Runs(np.save, str(mark), 1),
        _Runs(np.frompyfunc, eval, 1, 1),
        {b"data": GOOD_X, b"labels": [0, _Runs(os.system, command)]},
    ):
        for protocol in (0, 2, 4):
            data = pickle.dumps(attack, protocol=protocol)
            with pytest.raises(DamagedData, match="asks for"):
                cifar10.parse_batch(data, "batch")
            assert os.listdir(tmp_path) == []
    # the same bytes do run in an ordinary unpickler: the attack is a real one
    pickle.loads(pickle.dumps(_Runs(os.system, command)))
    assert mark.exists()


@pytest.mark.parametrize("data", [b"", b"garbage", pack_batch(GOOD_X, [0, 1])[:-50]])
def test_a_pickle_that_is_none_is_refused(data):
    with pytest.raises(DamagedData, match="batch is refused"):
        cifar10.parse_batch(data, "batch")


# --- the real files, where they are ----------------------------------------------------------


@contextlib.contextmanager
def real(name):
    """Yield the folder with the originals, or skip the test and say why."""
    shared = PROJECT.parent / "shared" / "data"
    folder = os.environ.get(places.ENV) or shared
    try:
        found = official.find(name, {"mnist": mnist, "cifar10": cifar10}[name].locate, folder)
    except MissingData:
        pytest.skip(f"no {name} in {places.ENV} or {shared}: the real files are not tested")
    yield folder, found


def test_the_real_mnist_is_the_one_that_the_world_knows():
    with real("mnist") as (folder, _):
        data = load("mnist", folder=folder, dtype="float32")
    assert [len(y) for y in (data.y_train, data.y_val, data.y_test)] == [55_000, 5_000, 10_000]
    assert data.image_shape == (28, 28, 1) and data.X_train.shape == (55_000, 784)
    assert data.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # 0.1307 and 0.3081 are the mean and spread that everybody normalises with
    X = np.concatenate([data.X_train, data.X_val])
    assert abs(X.mean(dtype=float) - 0.1307) < 1e-4 and abs(X.std(dtype=float) - 0.3081) < 1e-4


def test_the_real_mnist_agrees_with_a_reader_of_our_own_format_knowledge():
    with real("mnist") as (folder, found):
        data = load("mnist", folder=folder, num_train=50, num_test=50)
    path = found.path / "t10k-images-idx3-ubyte.gz"
    if not path.is_file():
        pytest.skip("the real MNIST is unpacked here")
    raw = np.frombuffer(gzip.decompress(path.read_bytes())[16:], np.uint8).reshape(-1, 784)
    np.testing.assert_array_equal(data.X_test, raw[:50] / 255)


@pytest.mark.slow
def test_the_real_cifar10_is_the_one_that_the_world_knows():
    with real("cifar10") as (folder, _):
        data = load("cifar10", folder=folder, dtype="float32")
    assert [len(y) for y in (data.y_train, data.y_val, data.y_test)] == [49_000, 1_000, 10_000]
    assert data.image_shape == (32, 32, 3) and data.class_names[6] == "frog"
    assert data.y_train[:5].tolist() == [6, 9, 9, 4, 1]  # frog, truck, truck, deer, automobile
    assert data.y_test[:5].tolist() == [3, 8, 8, 0, 6]
    assert np.bincount(data.y_test).tolist() == [1000] * 10
    both = np.bincount(data.y_train) + np.bincount(data.y_val)
    assert both.tolist() == [5000] * 10
    # 0.4914, 0.4822, 0.4465 are the channel means that everybody normalises with
    means = (49 * data.images("train").mean((0, 1, 2), dtype=float)
             + data.images("val").mean((0, 1, 2), dtype=float)) / 50  # fmt: skip
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-4)
