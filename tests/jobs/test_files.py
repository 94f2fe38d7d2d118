"""Files appear under their names whole or not at all, and only once."""

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, InMemoryStorage

from styletransfer.jobs.files import StorageDownError, delete_quietly, rendition_name, write_once


@pytest.fixture(params=["disk", "other"])
def storage(request, tmp_path):
    return FileSystemStorage(tmp_path / "files") if request.param == "disk" else InMemoryStorage()


def content(storage, name):
    with storage.open(name) as file:
        return file.read()


def test_a_file_is_written_once(storage, monkeypatch):
    write_once(storage, "a/b.jpg", b"one")

    def twice(*args, **kwargs):
        raise AssertionError("written twice")

    monkeypatch.setattr(storage, "save", twice)
    monkeypatch.setattr("pathlib.Path.write_bytes", twice)
    write_once(storage, "a/b.jpg", b"one")
    assert content(storage, "a/b.jpg") == b"one"
    assert storage.listdir("a") == ([], ["b.jpg"])


def test_a_file_cut_short_is_replaced(storage):
    write_once(storage, "a/b.jpg", b"on")
    write_once(storage, "a/b.jpg", b"one")
    assert content(storage, "a/b.jpg") == b"one"


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    storage = FileSystemStorage(tmp_path)

    def no_space(path, data):
        path.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", no_space)
    with pytest.raises(StorageDownError, match="No space left"):
        write_once(storage, "b.jpg", b"one")
    assert list(tmp_path.iterdir()) == []


def test_a_race_for_one_name_leaves_one_file(monkeypatch):
    storage = InMemoryStorage()
    write_once(storage, "b.jpg", b"one")
    looked = []

    def exists(name):
        """At first glance the other worker's file is not there yet."""
        looked.append(name)
        return len(looked) > 1 and InMemoryStorage.exists(storage, name)

    monkeypatch.setattr(storage, "exists", exists)
    write_once(storage, "b.jpg", b"one")
    assert len(looked) > 1
    assert storage.listdir("") == ([], ["b.jpg"])


def test_names_outside_the_storage_are_refused(tmp_path):
    with pytest.raises(SuspiciousFileOperation):
        write_once(FileSystemStorage(tmp_path / "files"), "../b.jpg", b"one")


def test_names_follow_the_bytes():
    assert rendition_name(b"one", 320, "jpeg") == rendition_name(b"one", 320, "jpeg")
    assert rendition_name(b"one", 320, "jpeg") != rendition_name(b"two", 320, "jpeg")
    assert rendition_name(b"one", 320, "jpeg").endswith("-320.jpg")


def test_deleting_never_raises(tmp_path):
    delete_quietly(FileSystemStorage(tmp_path), "nothing.jpg")
    delete_quietly(FileSystemStorage(tmp_path), "")
