import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from layerscope.cache import cache as cache_module
from layerscope.cache.cache import Cache, RecordKind
from layerscope.cache.record import PLACE_VARIABLE, default_folder
from layerscope.model.columns import ColumnWriter

KIND = RecordKind.ENTRIES


def keep(cache: Cache, key: str, body: bytes) -> None:
    def write(file: ColumnWriter) -> None:
        file.write(body)

    cache.keep(KIND, key, f"image of {key}", write)


def body(cache: Cache, key: str) -> bytes:
    record = cache.read(KIND, key)
    assert record is not None
    return bytes(record)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "home" / "cache")


def test_what_was_kept_is_read_by_the_next_run(cache: Cache) -> None:
    keep(cache, "one", b"1")
    assert body(Cache(cache.folder), "one") == b"1"
    assert Cache(cache.folder).read(KIND, "two") is None
    assert Cache(cache.folder).read(RecordKind.TREE, "one") is None


def test_a_look_makes_no_folder(cache: Cache) -> None:
    assert cache.read(KIND, "one") is None
    assert cache.entries() == []
    assert not cache.folder.parent.exists()


def test_only_the_user_can_look_into_the_folder(cache: Cache) -> None:
    keep(cache, "one", b"1")
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_no_cache(cache: Cache) -> None:
    keep(cache, "one", b"1")
    cache.folder.chmod(0o755)
    later = Cache(cache.folder)
    assert later.read(KIND, "one") is None
    keep(later, "two", b"2")
    assert len(list(cache.folder.iterdir())) == 1


def test_a_folder_of_another_user_is_no_cache_and_gets_none(tmp_path: Path, cache: Cache) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    keep(cache, "one", b"1")
    os.chown(cache.folder, 12345, 12345)
    assert Cache(cache.folder).read(KIND, "one") is None
    home = tmp_path / "theirs"
    home.mkdir()
    os.chown(home, 12345, 12345)
    keep(Cache(home / ".cache" / "layerscope"), "one", b"1")
    assert list(home.iterdir()) == []


def test_a_link_to_a_folder_is_no_cache(tmp_path: Path, cache: Cache) -> None:
    keep(cache, "one", b"1")
    link = tmp_path / "link"
    link.symlink_to(cache.folder)
    assert Cache(link).read(KIND, "one") is None


def test_a_home_where_nothing_can_be_written_has_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "cache")
    keep(cache, "one", b"1")
    cache.shrink()
    assert cache.read(KIND, "one") is None
    assert cache.size == 0


def test_the_records_used_last_stay_within_the_bound(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        keep(cache, str(number), bytes(10_000))
        (newest,) = (entry for entry in cache.entries() if entry.head and entry.head.key == f"{KIND} {number}")
        os.utime(newest.path, (1_000_000 + number, 1_000_000 + number))
    assert cache.read(KIND, "0") is not None
    monkeypatch.setattr(cache_module, "LARGEST", 25_000)
    cache.shrink()
    assert [key for key in "01234" if cache.read(KIND, key) is not None] == ["0", "4"]


def test_a_run_that_keeps_nothing_removes_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cache, "one", bytes(10_000))
    monkeypatch.setattr(cache_module, "LARGEST", 1)
    Cache(cache.folder).shrink()
    assert cache.read(KIND, "one") is not None


def test_the_cache_takes_a_fifth_of_the_free_space_at_most(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cache, "one", bytes(10_000))
    monkeypatch.setattr(os, "statvfs", lambda _place: SimpleNamespace(f_bavail=90, f_frsize=1000))
    assert cache.bound == (90_000 + cache.size) // 5


def test_what_a_killed_run_was_writing_is_removed_later(cache: Cache) -> None:
    keep(cache, "one", b"1")
    old, new = cache.folder / "tree-00000001-99-0.new", cache.folder / "tree-00000001-98-0.new"
    old.touch(0o600)
    new.touch(0o600)
    os.utime(old, (1_000_000, 1_000_000))
    cache.shrink()
    assert not old.exists()
    assert new.exists()


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PLACE_VARIABLE, str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv(PLACE_VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_folder().name == "layerscope"
    assert default_folder().is_relative_to(tmp_path)


_FILL = """
import sys
import tempfile
from pathlib import Path
from layerscope.cache.cache import Cache, RecordKind
cache = Cache(Path(sys.argv[1]))
for turn in range(200):
    key = str(turn % 10)
    body = key.encode() * 5_000
    found = cache.read(RecordKind.ENTRIES, key)
    assert found is None or found == body
    cache.keep(RecordKind.ENTRIES, key, "", lambda file: [file.write(body[:9]), file.write(body[9:])])
    cache.shrink()
"""


def test_two_processes_may_fill_one_cache(cache: Cache) -> None:
    command = [sys.executable, "-c", _FILL, str(cache.folder)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1].decode() for process in processes]
    assert errors == ["", ""]
    assert [body(cache, str(key)) for key in range(10)] == [b"%d" % key * 5_000 for key in range(10)]
    assert len(cache.entries()) == 10


def test_a_file_moves_into_the_cache_and_is_private_there(cache: Cache, tmp_path: Path) -> None:
    export = tmp_path / "export.tar"
    export.write_bytes(b"layers")
    place = cache.adopt(export)
    assert place is not None
    assert not export.exists()
    assert place.stat().st_mode & 0o777 == 0o600
    assert cache.adopted(place.name) == place
    assert cache.adopted("../export.tar") is None
    assert [entry.size for entry in cache.entries()] == [6]


def test_a_file_is_copied_from_another_file_system(cache: Cache, tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108  # a file of its own is made there
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        export = Path(folder) / "export.tar"
        export.write_bytes(b"layers")
        place = cache.adopt(export)
    assert place is not None
    assert place.read_bytes() == b"layers"
    assert place.stat().st_mode & 0o777 == 0o600
    assert list(cache.folder.iterdir()) == [place]


def test_exports_go_first_when_the_cache_is_full(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cache, "one", bytes(10_000))
    os.utime(cache.entries()[0].path, (1_000_000, 1_000_000))
    export = tmp_path / "export.tar"
    export.write_bytes(bytes(15_000))
    place = cache.adopt(export)
    assert place is not None
    monkeypatch.setattr(cache_module, "LARGEST", 20_000)
    cache.shrink()
    assert cache.read(KIND, "one") is not None
    assert cache.adopted(place.name) is None
