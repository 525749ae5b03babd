import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.reading.background import (
    BackgroundReader,
    LayerRead,
    LayerReader,
    LayersStacked,
    ReadEvent,
    ReadingFailed,
    read_in_background,
)
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, whiteout, write_tar

SMALL = [
    layer(file("etc/hosts", b"one"), file("srv/app", b"x" * 100)),
    layer(file("etc/hosts", b"three"), file("top", b"")),
    layer(whiteout("srv/app")),
]
LARGE = layer(*(file(f"many/file-{number}") for number in range(8_000)))
"""Its table is more than a pipe takes: the reader waits until somebody listens."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ImageSession]:
    with open_image(str(docker_archive(tmp_path / "small.tar", image(*SMALL)))) as session:
        yield session


@pytest.fixture
def large(tmp_path: Path) -> Iterator[ImageSession]:
    with open_image(str(docker_archive(tmp_path / "large.tar", image(*SMALL, LARGE)))) as session:
        yield session


def process_for(session: ImageSession, first: int) -> BackgroundReader:
    reader = read_in_background(session, first)
    assert isinstance(reader, BackgroundReader)
    return reader


def at_its_first_layer(large: ImageSession) -> BackgroundReader:
    """Return a reader that hands over the table of the large layer, and is stuck in it until somebody listens."""
    reader = process_for(large, 4)
    reader._answers.peek(1)  # type: ignore[attr-defined]  # it is a buffered reader
    return reader


def all_events(reader: LayerReader) -> list[ReadEvent]:
    events = list(reader.events())
    reader.close()
    return events


def order_of(events: list[ReadEvent]) -> list[int]:
    return [event.layer for event in events if isinstance(event, LayerRead)]


def last_of(events: list[ReadEvent]) -> LayersStacked:
    event = events[-1]
    assert isinstance(event, LayersStacked)
    assert event.last
    return event


def test_the_chosen_layer_is_read_first_and_then_the_others_from_the_base(small: ImageSession) -> None:
    assert order_of(all_events(read_in_background(small, 3))) == [3, 1, 2]
    assert order_of(all_events(read_in_background(small, 1))) == [1, 2, 3]


def test_a_layer_is_read_before_it_is_stacked(small: ImageSession) -> None:
    seen: set[int] = set()
    for event in all_events(read_in_background(small, 2)):
        if isinstance(event, LayerRead):
            seen.add(event.layer)
        elif isinstance(event, LayersStacked):
            assert set(event.tree.layers) == seen
            assert event.last == (seen == {1, 2, 3})


def test_a_layer_above_an_unread_one_has_no_tally_yet(small: ImageSession) -> None:
    first = next(event for event in all_events(read_in_background(small, 2)) if isinstance(event, LayersStacked))
    assert first.tree.layers == (2,)
    assert first.tallies.layers == {}
    assert first.tallies.dead is None


def test_the_reader_process_returns_what_this_process_reads(small: ImageSession) -> None:
    last = last_of(all_events(read_in_background(small, 2)))
    assert last.tree.layers == (1, 2, 3)
    assert last.tallies == small.tallies
    for number in last.tree.layers:
        assert list(last.tree.rows(number)) == list(small.load().tree.rows(number))


def test_an_image_without_layers_is_complete_immediately(tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "empty.tar", image()))) as session:
        events = all_events(read_in_background(session, 0))
        assert last_of(events).tallies.layers == {}


def test_a_preferred_layer_is_read_next(large: ImageSession) -> None:
    reader = at_its_first_layer(large)
    reader.prefer(3)
    assert order_of(all_events(reader)) == [4, 3, 1, 2]


def test_the_last_preference_wins_and_a_missing_layer_is_ignored(large: ImageSession) -> None:
    reader = at_its_first_layer(large)
    reader.prefer(2)
    reader.prefer(9)
    assert order_of(all_events(reader)) == [4, 1, 2, 3]


def test_a_broken_layer_is_reported_and_the_part_before_the_break_is_kept(tmp_path: Path) -> None:
    files = docker_files(image(*SMALL))
    name = blob_name(sha256(SMALL[0]))
    whole = files[name]
    assert isinstance(whole, bytes)
    files[name] = whole[:1536]
    with open_image(str(write_tar(tmp_path / "broken.tar", files))) as session:
        last = last_of(all_events(read_in_background(session, 3)))
        assert last.tallies.layers[1].error
        assert last.tallies.layers[2].error is None
        assert last.tallies.layers[2].rests_on_incomplete
        assert last.tallies.dead is None
        assert "etc/hosts" in [row.entry.path.decode() for row in last.tree.rows(1)]


def test_closing_ends_the_process_immediately(large: ImageSession) -> None:
    reader = process_for(large, 4)
    reader.close()
    assert reader._process.returncode == -9
    reader.close()


def test_closing_unblocks_a_waiting_thread(large: ImageSession) -> None:
    reader = read_in_background(large, 4)
    events = reader.events()
    next(events)
    listener = Thread(target=lambda: list(events))
    listener.start()
    reader.close()
    listener.join(10)
    assert not listener.is_alive()


def test_nothing_is_read_after_closing(large: ImageSession) -> None:
    reader = process_for(large, 4)
    reader.close()
    assert all_events(reader) == []


def test_closing_after_the_last_event_leaves_no_process(small: ImageSession) -> None:
    reader = process_for(small, 3)
    list(reader.events())
    reader.close()
    assert reader._process.returncode is not None


def test_a_process_that_dies_in_the_middle_of_a_frame_is_reported(large: ImageSession) -> None:
    reader = at_its_first_layer(large)
    reader._process.kill()
    assert all_events(reader)[-1] == ReadingFailed("the process that reads the layers ended early (killed by signal 9)")


def many_layers(tmp_path: Path, count: int) -> ImageSession:
    """Open an image with one layer many times, at a long path: its order is longer than a pipe holds."""
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    recipe = image(*[layer(file("a", b"1"))] * count)
    return open_image(str(docker_archive(folder / "image.tar", recipe)))


@pytest.mark.parametrize("count", [600, 2_000])
def test_an_order_longer_than_a_pipe_is_read_whole(tmp_path: Path, count: int) -> None:
    with many_layers(tmp_path, count) as session:
        last = last_of(all_events(read_in_background(session, count)))
    assert last.tree.layers == tuple(range(1, count + 1))


def test_a_reader_that_dies_before_its_order_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with many_layers(tmp_path, 600) as session:
        reader = process_for(session, 3)
        failed = all_events(reader)[-1]
    assert failed == ReadingFailed("the process that reads the layers ended early (status 7)")
    assert reader.failure == failed.reason


def test_a_preference_after_the_end_is_ignored(small: ImageSession) -> None:
    reader = process_for(small, 3)
    reader._process.kill()
    reader._process.wait()
    reader.prefer(1)
    reader.close()
    reader.prefer(2)


_POLICY = """
import os
import subprocess
from layerscope.session.reading import reader_process

reader_process._yield_to_screen()
print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.nice(0) > 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such policy")
def test_the_reader_process_has_less_of_the_processors_than_the_screen() -> None:
    run = subprocess.run([sys.executable, "-c", _POLICY], capture_output=True, text=True, check=True)
    assert run.stdout == "True True\n"
