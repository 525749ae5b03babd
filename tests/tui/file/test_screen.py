import dataclasses
import gzip
import os
import random
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest
from textual import events
from textual.widgets import Input

from layerscope.model.image import Compression, Layer
from layerscope.session.content.open_layers import OpenLayers
from layerscope.session.loaded_image import loaded_image
from layerscope.session.open import open_image
from layerscope.tui.app import DARK
from layerscope.tui.drawing.glyphs import ASCII, UNICODE
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file.text_view import TextView
from layerscope.tui.file_screens import FileScreens
from tests.builders import (
    Members,
    OciStore,
    device,
    directory,
    docker_archive,
    file,
    hardlink,
    image,
    layer,
    oci_archive,
    sparse,
    symlink,
    whiteout,
    write_tar,
)
from tests.tars import TarEntry
from tests.tui.file.file_journeys import WIDE, FileJourney, Host, revision, running, viewing

CODE = '"""A module."""\n\nimport os\n\n\ndef run():\n    # start\n    return os.name\n'
LONG = "".join(f"line {number} of a long text\n" for number in range(1, 5001))
CAPABILITIES = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0).decode("latin-1")


def archive(tmp_path: Path, *layers: Sequence[TarEntry]) -> Path:
    return docker_archive(tmp_path / "image.tar", image(*(layer(*entries) for entries in layers)))


async def test_a_text_is_shown_with_numbers_and_colours(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("app/run.py", CODE.encode())]), "app/run.py") as at:
        assert at.texts() == CODE.splitlines()
        assert at.lines()[5].startswith("  6  def run")
        assert at.marked("comment") == ["# start"]
        assert at.marked("keyword") == ["import", "def", "return"]
        assert at.frame() == ("UTF-8 · LF", "line 1 to 8 of 8")


async def test_colours_are_right_far_into_a_file(tmp_path: Path) -> None:
    code = "x = 1  # one\n" * 3000 + '"""\n' + "text\n" * 300 + '"""\n'
    async with viewing(archive(tmp_path, [file("run.py", code.encode())]), "run.py") as at:
        await at.press("end")
        assert set(at.marked("string")) == {"text", '"""'}, "a string that starts far above the window"
        assert at.marked("comment") == []
        await at.go_to("1500")
        assert set(at.marked("comment")) == {"# one"}


async def test_the_head_describes_the_file(tmp_path: Path) -> None:
    ping = file(
        "bin/ping",
        b"\x7fELF" + bytes(2000),
        mode=0o4755,
        records={"SCHILY.xattr.security.capability": CAPABILITIES},
    )
    async with viewing(archive(tmp_path, [ping]), "bin/ping") as at:
        path, what, mode, story = at.head()
        assert path == "/bin/ping"
        assert "ELF" in what
        assert what.endswith("· 2.0 kB (2,004 bytes)")
        assert mode.startswith("4755 -rwsr-xr-x · setuid: runs as root · root:root · 1970-01-01 00:00:00")
        assert mode.endswith("capabilities cap_net_raw+ep")
        assert story == "written by layer 1: COPY layer-1 /"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ("Grüße\r\naus\r\n".encode("latin-1"), "Latin-1 · CRLF"),
        ("Grüße\r\naus\n".encode(), "UTF-8 · LF and CRLF"),
        ("Grüße\naus".encode("utf-16"), "UTF-16, little-endian · LF · no line feed at the end"),
        ("\ufeffGrüße\naus\n".encode(), "UTF-8 with a byte order mark · LF"),
    ],
)
async def test_encodings_and_line_ends_are_recognized(tmp_path: Path, data: bytes, title: str) -> None:
    async with viewing(archive(tmp_path, [file("f", data)]), "f") as at:
        assert at.frame()[0] == title
        assert at.texts() == ["Grüße", "aus"]


async def test_control_characters_in_a_file_are_escaped(tmp_path: Path) -> None:
    data = "a\x1b[31mred\x07\u202e\x9b1m [b]bold[/b]\ttab\n".encode() + b"plain text\n" * 9
    async with viewing(archive(tmp_path, [file("f", data)]), "f") as at:
        assert at.texts()[:1] == ["a\\x1b[31mred\\x07\\u202e\\x9b1m [b]bold[/b]        tab"]
        await at.press("I")
        assert at.texts()[:1] == ["a\\x1b[31mred\\x07\\u202e\\x9b1m·[b]bold[/b]→       tab\\n"]


async def test_long_lines_are_scrolled_or_wrapped(tmp_path: Path) -> None:
    data = b"0123456789" * 30 + b"\nshort\n"
    wide = "字" * 27 + "\n" + "字" * 26 + "\n"
    async with viewing(archive(tmp_path, [file("f", wide.encode())]), "f", size=(60, 20)) as at:
        assert at.texts() == ["字" * 26 + "›", "字" * 26], "a line that is cut says so"  # noqa: RUF001
        await at.press("right")
        assert at.texts() == ["‹ " + "字" * 22, "‹ " + "字" * 21]  # noqa: RUF001
    async with viewing(archive(tmp_path, [file("f", data)]), "f", size=(60, 20)) as at:
        assert len(at.lines()) == 2
        await at.press("right")
        assert at.texts()[0].startswith("‹9012345")  # noqa: RUF001
        assert at.texts()[1] == "‹"  # noqa: RUF001
        await at.press("W")
        lines = at.lines()
        assert "".join(line[5:] for line in lines[:-1]).encode() + b"\nshort\n" == data
        assert lines[0].startswith("  1  0123")
        assert lines[1].startswith("     ")
        await at.press("W")
        assert at.texts() == ["0123456789" * 5 + "01›", "short"]  # noqa: RUF001
        assert at.toasts() == []


async def test_switching_the_lines_says_so_where_none_is_long(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"short\n")]), "f") as at:
        await at.press("W", "W")
        assert at.toasts() == [
            "Long lines are wrapped now: there is none on the screen.",
            "Long lines scroll sideways now: there is none on the screen.",
        ]


async def test_a_text_scrolls_by_lines_by_pages_and_to_both_ends(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", LONG.encode())]), "f") as at:
        await at.press("j", "j", "k")
        assert at.texts()[0] == "line 2 of a long text"
        await at.press("end")
        assert at.texts()[-1] == "line 5000 of a long text"
        assert at.frame()[1].endswith("to 5,000 of 5,000")
        await at.press("pageup", "pagedown")
        assert at.texts()[-1] == "line 5000 of a long text"
        await at.press("home", "pagedown")
        assert at.view().top == at.view().size.height - 1


async def test_g_goes_to_a_line_by_its_number(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", LONG.encode())]), "f") as at:
        await at.go_to("1,234")
        assert at.texts()[0] == "line 1234 of a long text"
        await at.go_to("99999")
        assert at.texts()[-1] == "line 5000 of a long text"
        await at.go_to("x")
        assert at.toasts() == ["'x' is not a number."]


async def test_a_search_goes_from_match_to_match(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", LONG.encode())]), "f") as at:
        await at.press("slash")
        await at.press(*"99")
        assert at.marked("match") == [], "none is on the screen"
        await at.write(" of")
        assert at.marked("chosen") == ["99 of"]
        assert at.frame()[1].startswith("1 of 50 matches")
        await at.press("n", "n")
        assert at.frame()[1].startswith("3 of 50 matches")
        assert "line 299 of a long text" in at.texts()
        await at.press("N", "N", "N")
        assert at.frame()[1].startswith("50 of 50 matches"), "the previous match of the first is the last"
        assert "line 4999 of a long text" in at.texts()
        await at.press("escape")
        assert at.frame()[1].startswith("line")
        assert at.marked("chosen") == []


async def test_a_search_without_a_match_says_so(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"text\n")]), "f") as at:
        await at.search("nothing")
        assert at.toasts() == ["There is no match."]
        assert at.frame()[1].startswith("no match")
        await at.search("re:(")
        assert "not a valid regular expression" in at.toasts()[-1]
        await at.press("escape", "escape")
        assert not at.app.is_running or len(at.app.screen_stack) == 1


async def test_a_search_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.analysis.text.search._SECONDS_A_PIECE", 0.1)
    async with viewing(archive(tmp_path, [file("f", b"a" * 60 + b"b\n")]), "f") as at:
        await at.search("re:(a|aa)+$")
        assert "takes too long" in at.toasts()[-1]


async def test_keys_typed_ahead_are_handled_in_order(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", LONG.encode())]), "f") as at:
        for key, character in [("slash", "/"), *zip("99", "99", strict=True), ("enter", "\r"), ("n", "n"), ("n", "n")]:
            at.app.post_message(events.Key(key, character))
        await at.settle()
        assert at.frame()[1].startswith("3 of 95 matches")
        for key, character in [("g", "g"), *zip("1234", "1234", strict=True), ("enter", "\r"), ("j", "j")]:
            at.app.post_message(events.Key(key, character))
        await at.settle()
        assert at.texts()[0] == "line 1235 of a long text"


async def test_the_wheel_scrolls_by_lines(tmp_path: Path) -> None:
    data = b"x" * 2000 + b"\n" + LONG.encode()
    async with viewing(archive(tmp_path, [file("f", data)]), "f", size=(60, 20)) as at:
        await at.press("W")
        await at.pilot._post_mouse_events([events.MouseScrollDown], TextView)
        await at.settle()
        assert (at.view().top, at.view().line) == (0, 3)
        await at.pilot._post_mouse_events([events.MouseScrollUp], TextView)
        await at.settle()
        assert (at.view().top, at.view().line) == (0, 0)
        at.view().scroll_to(y=50, animate=False, immediate=True, force=True)
        assert at.view().top == 50, "the scrollbar counts rows"


async def test_hex_is_scrolled_sideways_where_it_does_not_fit(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"\0" * 15 + b"A")]), "f", size=(60, 20)) as at:
        assert at.lines()[0].endswith("›")  # noqa: RUF001
        await at.press("right", "right", "right", "right")
        assert at.lines()[0].endswith("A")
        assert at.lines()[0].startswith("‹")  # noqa: RUF001


async def test_a_match_outside_the_screen_is_scrolled_to(tmp_path: Path) -> None:
    data = b"." * 5000 + b"needle" + b"." * 5000 + b"\n"
    async with viewing(archive(tmp_path, [file("f", data)]), "f", size=(60, 20)) as at:
        await at.search("needle")
        assert at.marked("chosen") == ["needle"]
        await at.press("W")
        await at.press("n")
        assert "needle" in "".join(at.marked("chosen"))


async def test_bytes_are_shown_in_hex(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8
    async with viewing(archive(tmp_path, [file("f", data)]), "f", size=(80, 24)) as at:
        row = "00000040  40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO"
        assert at.lines()[4] == row
        await at.go_to("0x345")
        assert at.lines()[at.view().size.height // 3].startswith("00000340")
        await at.search("0xfe ff 00")
        assert at.frame()[1].startswith("3 of 7 matches")
        assert at.marked("chosen") == ["fe ff", "..", "00", "."]


async def test_a_text_can_be_seen_as_bytes_and_bytes_as_text(tmp_path: Path) -> None:
    entries = [file("t", b"some text\n"), file("b", b"\0\1strings\0")]
    async with viewing(archive(tmp_path, entries), "t") as at:
        await at.press("b")
        assert at.frame()[0] == "Bytes"
        assert at.lines()[0].endswith("some text.")
        await at.press("b")
        assert at.texts() == ["some text"]
    async with viewing(archive(tmp_path, entries), "b") as at:
        await at.press("b")
        assert at.frame()[0] == "Not text, shown as Latin-1"
        assert at.texts() == ["\\x00\\x01strings\\x00"]


async def test_digits_choose_the_view_and_esc_goes_back_through_them(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("t", b"some text\n")]), "t") as at:
        await at.press("1")
        assert at.texts() == ["some text"], "the view that is shown is no step"
        await at.press("2")
        assert at.frame()[0] == "Bytes"
        await at.press("1", "escape")
        assert at.frame()[0] == "Bytes"
        await at.press("escape")
        assert at.texts() == ["some text"]
        await at.press("escape")
        assert not isinstance(at.app.screen, FileScreen)


async def test_every_version_can_be_stepped_through(tmp_path: Path) -> None:
    layers = ([file("f", b"one\n")], [file("g")], [whiteout("f")], [file("f", b"four\n")])
    async with viewing(archive(tmp_path, *layers), "f") as at:
        assert at.head()[-1] == "version 2 of 2 · written by layer 4: COPY layer-4 /"
        await at.press("less_than_sign")
        assert at.texts() == ["one"]
        assert at.head()[-1] == "version 1 of 2 · written by layer 1: COPY layer-1 / · removed by layer 3"
        await at.press("less_than_sign")
        assert at.toasts() == ["This is the first version."]
        await at.press("greater_than_sign")
        assert at.texts() == ["four"]


async def test_an_instruction_has_the_room_of_a_large_screen_or_beside_a_short_text(tmp_path: Path) -> None:
    steps = [{"created_by": f"RUN {'make all && ' * 40}make install"}]
    files = layer(file("f", b"text\n" * 30), file("short", b"text\n"))
    path = docker_archive(tmp_path / "image.tar", image(files, history=steps))
    async with viewing(path, "short", size=(80, 24)) as at:
        assert at.head()[-1].endswith(" make install")
        assert at.texts() == ["text"]
    async with viewing(path, "f", size=(80, 24)) as at:
        assert at.head()[-1].endswith("…")
        assert at.texts()[0] == "text"
        await at.press("H")
        assert "make install" in at.screen(), "the history shows all of it"
        await at.press("escape")
        await at.pilot.resize_terminal(160, 45)
        await at.settle()
        assert at.head()[-1].endswith(" make install")


async def test_a_file_that_a_later_layer_removed_can_be_read(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"secret\n")], [whiteout("f")]), "f") as at:
        assert at.texts() == ["secret"]
        assert at.head()[-1] == "written by layer 1: COPY layer-1 / · removed by layer 2"


async def test_the_history_lists_every_layer_that_touched_the_path(tmp_path: Path) -> None:
    layers = ([file("f", b"one\n")], [file("f", b"two\n", mode=0o600)], [whiteout("f")])
    async with viewing(archive(tmp_path, *layers), "f") as at:
        await at.press("H")
        screen = at.screen()
        for row in ("1  added", "2  modified  content, mode", "3  removed"):
            assert row in screen
        await at.press("home", "enter")
        assert at.texts() == ["one"]


async def test_a_long_history_leaves_room_for_its_keys_on_a_small_screen(tmp_path: Path) -> None:
    layers = [[file("f", f"{number}\n".encode())] for number in range(40)]
    async with viewing(archive(tmp_path, *layers), "f", size=(80, 24)) as at:
        await at.press("H")
        screen = at.screen()
        assert "40  modified  content" in screen
        assert "COPY layer-40 /" in screen
        assert "with marked" in screen


async def test_any_two_versions_can_be_compared_from_the_history(tmp_path: Path) -> None:
    layers = ([file("f", b"one\n")], [file("f", b"two\n")], [file("f", b"three\n")])
    async with viewing(archive(tmp_path, *layers), "f") as at:
        await at.press("H", "m", "home", "D")
        assert at.head() == ["/f", "- layer 1: COPY layer-1 /", "+ layer 3: COPY layer-3 /"]
        await at.press("escape", "end", "d")
        assert at.head() == ["/f", "- layer 2: COPY layer-2 /", "+ layer 3: COPY layer-3 /"]
        await at.press("escape", "home", "d")
        assert at.toasts() == ["This is the first version: there is no previous one."]


async def test_a_symlink_shows_its_target(tmp_path: Path) -> None:
    entries = [file("usr/lib/os-release", b"ID=debian\n"), symlink("etc/os-release", "../usr/lib/os-release")]
    async with viewing(archive(tmp_path, [*entries, symlink("l", "/etc/os-release")]), "l") as at:
        assert at.head()[0] == "/l → /etc/os-release (that is /usr/lib/os-release)"
        assert at.texts() == ["ID=debian"]
        await at.press("enter")
        assert at.head()[0] == "/usr/lib/os-release"
        await at.press("escape")
        assert at.head()[0].startswith("/l ")


async def test_a_key_that_cannot_act_now_says_why(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"text\n")]), "f") as at:
        await at.press("d", "enter", "n", "less_than_sign")
        assert at.toasts() == [
            "This is the first version: there is no previous one.",
            "The file is open: Esc goes back.",
            "There is no search: / opens one.",
            "This is the only version.",
        ]


async def test_a_hard_link_shows_its_file(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"text\n"), hardlink("l", "f")]), "l") as at:
        assert at.head()[0] == "/l = /f (hard link)"
        assert at.texts() == ["text"]


async def test_entries_without_content_say_so_and_escape_leaves_them(tmp_path: Path) -> None:
    entries = [
        symlink("dangling", "/no[/]where"),
        device("null", 1, 3),
        file("empty"),
        directory("d"),
        symlink("s", "d"),
    ]
    path = archive(tmp_path, entries)
    for name, sentence in (
        ("dangling", "This symlink to /no[/]where leads nowhere after layer 1."),
        ("null", "This is a character device (1, 3), which has no content."),
        ("empty", "This is an empty file."),
        ("s", "This symlink leads to /d, a directory."),
    ):
        async with viewing(path, name) as at:
            assert at.sentence() == sentence
            assert "search" not in at.key_line()
            await at.press("P", "S", "W", "n")
            assert at.toasts() == [
                "There is no content.",
                "Only a text has lines to wrap.",
                "There is no search: / opens one.",
            ]
            for key in ("slash", "g", "b"):
                at.app.clear_notifications()
                await at.press(key)
                assert at.toasts() == ["There is no content."]
            await at.press("escape")
        assert not at.app.is_running


async def test_a_truncated_layer_shows_its_start_and_says_why_the_rest_is_missing(tmp_path: Path) -> None:
    tar = layer(file("text", LONG.encode()), file("bytes", random.Random(1).randbytes(200_000)))  # noqa: S311  # the same
    for cut, name, shown in ((60_000, "text", "line 1 "), (200_000, "bytes", "00000000")):
        path = write_tar(tmp_path / name, truncated(tar, cut))
        async with viewing(path, name) as at:
            assert shown in at.lines()[0]
            await at.press("end")
            assert "the rest cannot be read: the gzip stream ends early" in at.frame()[1]
            await at.press("home")
            assert shown in at.lines()[0]
            await at.press("S", "P")
            assert at.toasts()[0].startswith("The file cannot be read to its end: ")
            assert at.toasts()[1].startswith("The file cannot be copied: ")


async def test_an_unreadable_file_shows_the_reason(tmp_path: Path) -> None:
    tar = layer(file("f", LONG.encode()))
    async with viewing(write_tar(tmp_path / "image.tar", truncated(tar, 600, gzipped=False)), "f") as at:
        assert at.sentence() == "This file cannot be read: the layer ends before this content does."
        await at.press("S", "P", "d")
        assert at.toasts() == ["There is no content.", "This is the first version: there is no previous one."]


def truncated(tar: bytes, size: int, *, gzipped: bool = True) -> Members:
    """Return an image whose only layer ends after so many bytes of its tar."""
    store = OciStore()
    # Without its end mark, the stream yields everything before the cut.
    blob = gzip.compress(tar[:size], mtime=0)[:-8] if gzipped else tar[:size]
    config = store.add(image(tar).config_json, "application/vnd.oci.image.config.v1+json")
    kind = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if gzipped else "")
    return store.files([store.manifest(config, [store.add(blob, kind)])])


@pytest.mark.parametrize("compression", [Compression.GZIP, Compression.ZSTD])
async def test_compressed_layers_are_read_in_the_background(tmp_path: Path, compression: Compression) -> None:
    recipe = image(layer(file("f", LONG.encode() * 40)))
    async with viewing(oci_archive(tmp_path / "image.tar", recipe, compression=compression), "f") as at:
        assert at.texts()[0] == "line 1 of a long text"
        await at.press("end")
        assert at.texts()[-1] == "line 5000 of a long text"
        await at.go_to("100001")
        assert at.texts()[0] == "line 1 of a long text"
        await at.press("b", "end")
        assert at.lines()[-1].endswith("  ng text.")


async def test_s_computes_and_copies_the_digest(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"abc")]), "f") as at:
        assert "sha256" not in " ".join(at.head())
        await at.press("S")
        digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert at.head()[3] == f"sha256 {digest}"
        assert at.app.clipboard == digest


async def test_path_and_text_go_to_the_clipboard(tmp_path: Path) -> None:
    entries = [file("f\x1b", "Grüße\n".encode("utf-16")), file("large", b"text\n" * 30_000), file("b", b"\0")]
    path = archive(tmp_path, entries)
    async with viewing(path, "f\x1b") as at:
        await at.press("y")
        assert at.app.clipboard == "/f\\x1b"
        await at.press("Y")
        assert at.app.clipboard == "Grüße\n"
    async with viewing(path, "large") as at:
        await at.press("Y")
        assert at.toasts() == ["Only a text of up to 100 kB can be copied to the clipboard."]
    async with viewing(path, "b") as at:
        assert "content" not in at.key_line()
        await at.press("Y")
        assert at.app.clipboard == ""


async def test_a_terminal_that_cannot_be_suspended_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PAGER", sys.executable)
    monkeypatch.setenv("EDITOR", "'unbalanced")
    monkeypatch.delenv("VISUAL", raising=False)
    path = archive(tmp_path, [file("f", b"text\n")])
    async with viewing(path, "f") as at:
        await at.press("P")
        assert at.toasts() == ["Another program cannot use this terminal."]
        await at.press("E")
        assert at.toasts()[-1].startswith("$EDITOR cannot be read as a command")
    assert names_in(tmp_path) == [path.name], "no copy is left"


async def test_binary_data_goes_to_a_pager_other_than_less_only_when_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path, [file("f", b"\0\x1b[2J"), file("text", b"text\n")], [file("f", b"\0second")])
    question = "cat may send binary data to the terminal: repeat the command to open it anyway."
    opened = "Another program cannot use this terminal."
    monkeypatch.setenv("PAGER", "/bin/cat -v")
    async with viewing(path, "f") as at:
        await at.press("P")
        assert at.toasts() == [question]
        await at.press("P")
        assert at.toasts() == [question, opened]
        await at.press("left_square_bracket", "P")
        assert at.toasts()[-1] == question, "the other version is another file"
    async with viewing(path, "text") as at:
        await at.press("P")
        assert at.toasts() == [opened]
    monkeypatch.setenv("PAGER", "/usr/bin/less -S")
    async with viewing(path, "f") as at:
        await at.press("P")
        assert at.toasts() == [opened], "less asks itself"


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_key_line_has_the_keys_that_work_and_the_help_has_all(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"text\n")]), "f", size=(160, 60)) as at:
        assert "version" not in at.key_line()
        assert "wrap" in at.key_line()
        await at.press("slash")
        assert at.key_line() == "enter go  esc cancel"
        await at.press("tab", "q")
        assert at.key_line() == "enter go  esc cancel", "Tab does not leave the prompt, so that q is a letter"
        await at.press("escape", "question_mark")
        assert "Open a copy in $VISUAL or $EDITOR" in at.screen()
        assert "Wrap long lines, or scroll sideways" in at.screen()


async def test_a_file_is_shown_in_plain_ascii(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"a\tb\n")]), "f", glyphs=ASCII, theme=DARK.name) as at:
        await at.press("I")
        assert at.screen().isascii()
        await at.press("H")
        assert at.screen().isascii()


async def test_text_and_bytes_show_the_same_place(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", LONG.encode())]), "f") as at:
        await at.go_to("3000")
        await at.press("b")
        offset = LONG.index("line 3000 ")
        assert at.lines()[0].startswith(f"{offset // 16 * 16:08x}")
        await at.press("b")
        assert at.texts()[0].startswith("line 2999 ") or at.texts()[0].startswith("line 3000 ")


async def test_x_extracts_the_version_that_is_shown(tmp_path: Path) -> None:
    async with viewing(archive(tmp_path, [file("f", b"one")], [file("f", b"two")]), "f") as at:
        await at.press("less_than_sign", "x")
        at.app.screen.query_one(Input).value = str(tmp_path / "out")
        await at.press("enter")
    assert (tmp_path / "out/f").read_bytes() == b"one"


async def test_the_head_names_the_layers_of_a_link_and_of_its_target(tmp_path: Path) -> None:
    path = archive(tmp_path, [symlink("l", "f"), file("f", b"1")], [file("f", b"2")])
    async with viewing(path, "l") as at:
        assert at.head()[-1] == "the link was written by layer 1 · the file by layer 2: COPY layer-2 /"


async def test_a_sparse_file_of_exabytes_is_shown_as_bytes_to_its_end(tmp_path: Path) -> None:
    end = 1 << 62
    text = b"a line of text\n" * 5000
    async with viewing(archive(tmp_path, [sparse("f", end, (0, text), (end - 4, b"tail"))]), "f") as at:
        assert at.frame()[0] == "Bytes"
        assert "sparse, not read to its end" in at.frame()[1]
        assert at.lines()[0].endswith("a line of text.a")
        await at.press("end")
        assert at.lines()[-1].endswith("tail")
        await at.press("up", "up", "down")
        assert at.lines()[0].startswith(f"{end - 16 * (at.view().size.height + 1):x}")
        await at.press("slash", "S", "b")
        assert at.toasts() == [
            "A sparse file of this size cannot be searched.",
            "A sparse file of this size is not read to its end.",
            "A sparse file of this size is only shown as bytes.",
        ]
        await at.press("escape")
    assert not at.app.is_running


async def test_a_file_of_an_archive_that_was_truncated_says_so(tmp_path: Path) -> None:
    path = archive(tmp_path, [file("f", LONG.encode())])
    with open_image(str(path)) as session:
        shown = revision(session, "f", 1)
        os.truncate(path, 1000)
        async with running(FileScreen(shown, FileScreens()), WIDE, DARK.name, UNICODE) as at:
            assert at.sentence() == "This file cannot be read: its file has changed since it was opened."
            await at.press("escape")
    assert not at.app.is_running


async def test_content_that_takes_long_is_said_to_be_read(tmp_path: Path) -> None:
    may_come = Event()

    class Slow(OpenLayers):
        def readable(self, number: int) -> Layer:
            may_come.wait()
            return super().readable(number)

    with open_image(str(archive(tmp_path, [file("a.txt", b"hello")]))) as session:
        loaded = loaded_image(Slow(session.image), session.load().tree, session.tallies)
        shown = dataclasses.replace(revision(session, "a.txt", 1), opened=loaded)
        app = Host(FileScreen(shown, FileScreens()))
        async with app.run_test(size=WIDE) as pilot:
            at = FileJourney(app, pilot)
            await at.until(lambda: at.sentence() == "The content is being read.")
            may_come.set()
            await at.until(lambda: not at.sentence())
            await at.settle()
            assert at.texts() == ["hello"]
