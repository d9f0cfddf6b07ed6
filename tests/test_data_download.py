"""Downloads against a local server that cuts, lies and fails: right bytes or nothing."""

import errno
import hashlib
import io
import os
import socket

import pytest
from data_server import serving

from cs231n_lib.datasets import download as module
from cs231n_lib.datasets.download import download
from cs231n_lib.datasets.errors import DownloadError

# 300,000 bytes that are not all alike, so that a shifted or repeated piece changes the hash
GOOD = bytes(i * i % 251 for i in range(300_000))
SIZE, HASH = len(GOOD), hashlib.sha256(GOOD).hexdigest()


@pytest.fixture
def site():
    with serving({"file": GOOD, "mirror": GOOD}) as pair:
        yield pair


def bring(base, folder, *names, **options):
    options = {"progress": False, "wait": 0.0} | options
    urls = [base + name for name in names or ("file",)]
    return download(urls, folder / "file", SIZE, HASH, **options)


def assert_complete(folder):
    assert (folder / "file").read_bytes() == GOOD
    assert os.listdir(folder) == ["file"]


def test_a_good_server_gives_the_file_and_leaves_nothing_else(site, tmp_path):
    server, base = site
    assert bring(base, tmp_path) == base + "file"
    assert_complete(tmp_path)
    assert server.requests == [("file", None)]


def test_a_cut_connection_is_resumed_where_it_ended(site, tmp_path):
    server, base = site
    server.behave("file", "cut", "cut", "good")
    bring(base, tmp_path)
    assert_complete(tmp_path)
    assert [asked for _, asked in server.requests] == [None, "bytes=150000-", "bytes=225000-"]


def test_progress_counts_as_hope_however_often_the_connection_is_cut(site, tmp_path):
    server, base = site
    server.behave("file", *["cut"] * 12, "good")
    bring(base, tmp_path, tries=2)
    assert_complete(tmp_path)
    assert len(server.requests) == 13


def test_a_server_that_ignores_ranges_is_taken_from_the_start(site, tmp_path):
    server, base = site
    server.behave("file", "cut", "deaf")
    bring(base, tmp_path)
    assert_complete(tmp_path)


def test_a_server_that_ignores_ranges_and_always_cuts_is_given_up(site, tmp_path):
    server, base = site
    server.behave("file", "deaf cut")
    with pytest.raises(DownloadError, match="cut after 150,000 of 300,000 bytes"):
        bring(base, tmp_path, tries=3)
    assert len(server.requests) == 4  # one that made progress, three that made none
    assert not (tmp_path / "file").exists()


def test_an_interrupted_download_goes_on_in_the_next_call(site, tmp_path):
    server, base = site
    server.behave("file", "cut", "500")
    with pytest.raises(DownloadError, match="150,000 of 300,000 bytes are here; run this again"):
        bring(base, tmp_path)
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.part").stat().st_size == 150_000
    server.requests.clear()
    server.behave("file", "good")
    bring(base, tmp_path)
    assert_complete(tmp_path)
    assert server.requests == [("file", "bytes=150000-")]


def test_garbage_never_becomes_the_file(site, tmp_path):
    server, base = site
    server.behave("file", "garbage")
    with pytest.raises(DownloadError, match="other bytes than the official file"):
        bring(base, tmp_path)
    assert os.listdir(tmp_path) == []


def test_garbage_that_is_always_cut_ends_as_well(site, tmp_path):
    server, base = site
    server.behave("file", *["garbage cut", "garbage"] * 20)
    with pytest.raises(DownloadError, match="other bytes"):
        bring(base, tmp_path)
    assert len(server.requests) == 4  # two whole transfers, the second in case it was our part
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kept", [b"wrong" * 1000, GOOD[:-1] + b"x", GOOD + b"more", GOOD])
def test_whatever_an_earlier_attempt_left_the_file_is_right(site, tmp_path, kept):
    (tmp_path / "file.part").write_bytes(kept)
    bring(site[1], tmp_path)
    assert_complete(tmp_path)


def test_a_mirror_is_asked_when_the_first_address_fails(site, tmp_path):
    server, base = site
    server.behave("file", "404")
    assert bring(base, tmp_path, "file", "mirror") == base + "mirror"
    assert_complete(tmp_path)
    assert server.requests == [("file", None), ("mirror", None)]  # a 404 is not asked again


def test_a_mirror_goes_on_where_the_first_address_ended(site, tmp_path):
    server, base = site
    server.behave("file", "cut", "403")
    bring(base, tmp_path, "file", "mirror")
    assert_complete(tmp_path)
    assert server.requests[-1] == ("mirror", "bytes=150000-")


@pytest.mark.parametrize("how", ["500", "503", "429", "416", "shifted", "noise"])
def test_a_passing_fault_is_tried_again(site, tmp_path, how):
    server, base = site
    server.behave("file", "crumb", how, "good")
    bring(base, tmp_path)
    assert_complete(tmp_path)


@pytest.mark.parametrize(
    "how, words",
    [
        ("404", "HTTP 404"),
        ("500", "HTTP 500"),
        ("page", "offers 42 bytes; the official file has 300,000"),
        ("endless", "sent more than the 300,000 bytes"),
        ("noise", "hung up without an answer"),
    ],
)
def test_a_lasting_fault_is_named_and_leaves_nothing(site, tmp_path, how, words):
    server, base = site
    server.behave("file", how)
    with pytest.raises(DownloadError, match=words):
        bring(base, tmp_path)
    assert os.listdir(tmp_path) == []


def test_offline_says_what_to_do_instead(tmp_path):
    with socket.socket() as free:  # a port that nobody listens on
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(DownloadError) as raised:
            bring(base, tmp_path, "file", "mirror")
    text = str(raised.value)
    assert text.count("could not be reached") == 2
    for advice in ('load("digits")', "copy the official files", str(tmp_path), "CS231N_DATA"):
        assert advice in text
    assert os.listdir(tmp_path) == []


def test_an_old_file_stays_until_the_new_one_is_right(site, tmp_path):
    server, base = site
    (tmp_path / "file").write_bytes(b"old")
    server.behave("file", "garbage")
    with pytest.raises(DownloadError):
        bring(base, tmp_path)
    assert (tmp_path / "file").read_bytes() == b"old"


class _FullDisk(io.FileIO):
    """A file on a disk with room for 100,000 bytes."""

    def write(self, data):
        room = 100_000 - self.seek(0, os.SEEK_END)
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data[:room])


def test_a_full_disk_is_said_and_gets_its_room_back(site, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "open", lambda p, *a, **k: _FullDisk(p, "a+"), raising=False)
    with pytest.raises(DownloadError, match="full.*Nothing half-written is left.*CS231N_DATA"):
        bring(site[1], tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_disk_too_small_is_said_before_the_download(site, tmp_path, monkeypatch):
    class Usage:
        free = SIZE - 1

    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(DownloadError, match="MB free, the download needs"):
        bring(site[1], tmp_path)
    assert site[0].requests == [] and os.listdir(tmp_path) == []


def test_a_disk_too_small_to_unpack_is_said_before_the_download(site, tmp_path, monkeypatch):
    class Usage:
        free = SIZE + 99

    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(DownloadError, match="MB free, the download needs"):
        bring(site[1], tmp_path, room=100)
    assert site[0].requests == []
    bring(site[1], tmp_path, room=99)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_said(site, tmp_path, monkeypatch, number):
    # simulated: the tests may run as root, who may write everywhere
    def refuse(path, *args, **kwargs):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(module, "open", refuse, raising=False)
    with pytest.raises(DownloadError, match="cannot be written.*--folder.*CS231N_DATA"):
        bring(site[1], tmp_path)
    assert site[0].requests == []


def test_a_file_in_the_folders_place_is_said(site, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(DownloadError, match="Writing to .*taken failed"):
        bring(site[1], tmp_path / "taken")


@pytest.mark.skipif(module.fcntl is None, reason="file locks are POSIX")
def test_two_downloads_at_once_do_not_mix(site, tmp_path):
    with open(tmp_path / "file.part", "a+b") as other:
        module.fcntl.flock(other, module.fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="Another download"):
            bring(site[1], tmp_path)
    bring(site[1], tmp_path)
    assert_complete(tmp_path)


def test_the_bar_shows_the_bytes_that_count(site, tmp_path, capsys):
    site[0].behave("file", "cut", "deaf")  # the second transfer starts again from zero
    bring(site[1], tmp_path, progress=True)
    last = capsys.readouterr().err.rstrip().rpartition("\r")[2]
    assert "file: 100%" in last and "300k/300k" in last
