from collections.abc import Sequence
from pathlib import Path

import pytest

from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.tui.drawing.glyphs import ASCII
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.widgets.prompt_line import PromptLine
from tests.builders import directory, docker_archive, file, image, layer, symlink
from tests.tars import TarEntry
from tests.tui.file.file_journeys import comparing, revision

OLD = "".join(f"line {number}\n" for number in range(1, 61))
NEW = OLD.replace("line 20\n", "line twenty\n").replace("line 40\n", "").replace("line 60\n", "line 60\nmore\n")
WIDE = (160, 45)


def session_of(tmp_path: Path, *layers: Sequence[TarEntry], name: str = "image.tar") -> ImageSession:
    return open_image(
        str(docker_archive(tmp_path / name, image(*(layer(*entries) for entries in layers), tags=[name])))
    )


def texts(tmp_path: Path, before: bytes, after: bytes) -> ImageSession:
    return session_of(tmp_path, [file("f", before)], [file("f", after)])


async def test_a_narrow_screen_has_one_column(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 40)) as at:
            assert at.head() == ["/f", "- layer 1: COPY layer-1 /", "+ layer 2: COPY layer-2 /"]
            assert at.frame() == ("+2 -2 lines", "change 1 of 3")
            lines = at.lines()
            assert lines[0].strip() == "… 16 unchanged lines"
            assert [line[:9] + line[9:].strip() for line in lines[3:6]] == [
                " 19  19  line 19",
                " 20     -line 20",
                "     20 +line twenty",
            ]
            assert at.marked("removed-span") == ["20"]
            assert at.marked("added-span") == ["twenty"]


async def test_a_wide_screen_shows_both_versions_side_by_side(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=WIDE) as at:
            old, new = at.lines()[4].split("│")
            assert (old.split(), new.split()) == (["20", "-", "line", "20"], ["20", "+", "line", "twenty"])
            old, new = next(line for line in at.lines() if "line 40" in line).split("│")
            assert (old.split(), new.split()) == (["40", "-", "line", "40"], [])
            await at.press("v")
            assert "│" not in at.lines()[4]
            await at.press("v")
            assert "│" in at.lines()[4]


async def test_lines_that_only_one_column_has_room_for_are_shown_in_one(tmp_path: Path) -> None:
    line = b"a line of more than half the screen, " * 3
    with texts(tmp_path, b"one\n", line + b"\n") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=WIDE) as at:
            assert line.decode().strip() in at.lines()[1]
            await at.press("v")
            assert "│" in at.lines()[0]


async def test_where_every_line_is_near_a_change_c_says_so(tmp_path: Path) -> None:
    with texts(tmp_path, b"one\ntwo\n", b"one\ntwo\nthree\n") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 16)) as at:
            lines = at.lines()
            await at.press("c")
            assert at.lines() == lines
            assert at.toasts() == ["Every line is near a change: there is nothing to hide."]


async def test_n_goes_from_change_to_change(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 16)) as at:
            await at.press("n")
            assert at.frame()[1] == "change 2 of 3"
            assert any("- line 40" in line for line in at.lines())
            await at.press("n")
            assert any("+ more" in line for line in at.lines())
            await at.press("n")
            assert at.toasts() == ["This is the last change."]
            await at.press("N", "N")
            assert at.frame()[1] == "change 1 of 3"


async def test_a_diff_that_fits_the_screen_shows_all_lines(tmp_path: Path) -> None:
    lines = [f"line {number}\n".encode() for number in range(20)]
    after = b"".join([*lines[:10], b"new\n", *lines[10:]])
    with session_of(tmp_path, [file("f", b"".join(lines))], [file("f", after)]) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 40)) as at:
            assert len(at.lines()) == 21
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 24)) as at:
            assert any("unchanged" in line for line in at.lines())


async def test_unchanged_lines_are_unfolded_by_c_or_by_a_click(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 40)) as at:
            await at.press("c")
            await at.press("home")
            assert at.lines()[0].split() == ["1", "1", "line", "1"]
            await at.press("c")
            assert "unchanged" in at.lines()[0]
            await at.pilot.click("TextDiffView", offset=(10, 0))
            await at.press("home")
            assert at.lines()[0].split() == ["1", "1", "line", "1"]
            assert any("unchanged" in line for line in at.lines())


async def test_different_line_ends_are_named_and_shown(tmp_path: Path) -> None:
    with texts(tmp_path, b"a\nb\n", b"a\r\nb\r\n") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            assert at.frame()[0] == "+2 -2 lines · only line ends differ: LF in the old version, CRLF in the new one"
            assert at.lines()[0].endswith("- a\\n")
            assert at.lines()[2].endswith("+ a\\r\\n")


async def test_a_missing_line_feed_at_the_end_is_noted(tmp_path: Path) -> None:
    with texts(tmp_path, b"a\nb\n", b"a\nx") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            assert at.frame()[0] == "+1 -1 lines · no line feed at the end of the new version"
            assert at.lines()[-1].endswith("x (no line feed)")


async def test_different_metadata_is_listed_in_the_head(tmp_path: Path) -> None:
    before = file("f", b"text\n", mode=0o644, records={"SCHILY.xattr.user.note": "x"})
    with session_of(tmp_path, [before], [file("f", b"text\n", mode=0o4755, uid=1000)]) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            assert at.head()[3:] == [
                "mode: 0644 -rw-r--r-- → 4755 -rwsr-xr-x",
                "owner: root:root → 1000:root",
                "xattrs: xattr user.note → none",
            ]
            assert at.sentence() == "Both versions have the same text."


async def test_links_are_compared_by_their_targets(tmp_path: Path) -> None:
    with session_of(tmp_path, [symlink("f", "a"), directory("d")], [symlink("f", "b")]) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            assert at.head()[-1] == "link: a → b"
            assert at.sentence() == "Neither version has any content: the lines above show what differs."


async def test_an_added_or_removed_file_is_all_added_or_removed_lines(tmp_path: Path) -> None:
    with texts(tmp_path, b"a\nb\n", b"a\n") as session:
        async with comparing(None, revision(session, "f", 1)) as at:
            assert at.head() == ["/f", "- does not exist", "+ layer 1: COPY layer-1 /"]
            assert [line.split() for line in at.lines()] == [["1", "+", "a"], ["2", "+", "b"]]
        async with comparing(revision(session, "f", 1), None, size=WIDE) as at:
            assert at.frame()[0] == "+0 -2 lines"


async def test_files_of_two_images_name_their_images(tmp_path: Path) -> None:
    with (
        session_of(tmp_path, [file("f", b"a\n")], name="v1:1") as old,
        session_of(tmp_path, [file("g", b"b\n")], name="v2:2") as new,
    ):
        async with comparing(revision(old, "f", 1), revision(new, "g", 1)) as at:
            assert at.head() == ["/f → /g", "- v1:1, layer 1: COPY layer-1 /", "+ v2:2, layer 1: COPY layer-1 /"]


async def test_binary_files_are_compared_by_bytes(tmp_path: Path) -> None:
    data = bytes(range(200)) * 2
    with texts(tmp_path, data, data[:300] + b"!" + data[301:] + b"more") as session:
        for size in ((80, 50), WIDE):
            async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=size) as at:
                screen = at.screen()
                assert ", 400 bytes" in screen
                assert ", 404 bytes" in screen
                assert screen.count("sha256") == 2
                assert "The first difference is at byte 300 (0x12c):" in screen
                assert screen.count("00000120") == 2
                assert screen.count("end of file") == 1
                assert "change" not in at.key_line()


async def test_equal_bytes_are_reported_as_equal(tmp_path: Path) -> None:
    with session_of(tmp_path, [file("f", b"\0\1")], [file("f", b"\0\1", mode=0o600)]) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            assert "Both versions have the same bytes." in at.screen()


async def test_both_versions_have_syntax_colours(tmp_path: Path) -> None:
    with session_of(tmp_path, [file("a.py", b"x = 1  # one\n")], [file("a.py", b"x = 2  # two\n")]) as session:
        async with comparing(revision(session, "a.py", 1), revision(session, "a.py", 2)) as at:
            assert "".join(at.marked("comment")) == "# one# two"
            await at.press("question_mark")
            assert "Go to the next change" in at.screen()


async def test_a_comparison_is_shown_in_plain_ascii(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=WIDE, glyphs=ASCII) as at:
            assert at.screen().isascii()


async def test_long_lines_are_scrolled_together(tmp_path: Path) -> None:
    with texts(tmp_path, b"x" * 200 + b"old\n", b"x" * 200 + b"new\n") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 20)) as at:
            await at.press("home")
            assert not any("new" in line for line in at.lines())
            assert [line[-1] for line in at.lines()] == ["›", "›"], "a line that goes on says so"  # noqa: RUF001
            await at.press(*["right"] * 20)
            assert [line[-3:] for line in at.lines()] == ["old", "new"]
            assert [line[10] for line in at.lines()] == ["‹", "‹"], "and one that has begun before"  # noqa: RUF001
            await at.press("y")
            assert at.app.clipboard == "/f"


@pytest.mark.parametrize("size", [(80, 12), (160, 12)])
async def test_a_search_scrolls_to_its_matches(tmp_path: Path, size: tuple[int, int]) -> None:
    before = [b"%d %s\n" % (number, b"x" * 200) for number in range(20)]
    after = [line.replace(b"x", b"y") for line in before[:-1]] + [b"last %s needle\n" % (b"y" * 200)]
    with texts(tmp_path, b"needle\n" + b"".join(before), b"needle\n" + b"".join(after)) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=size) as at:
            await at.search("needle")
            assert at.frame()[1].startswith("line 1 of 2 lines")
            assert set(at.marked("chosen")) == {"needle"}
            await at.press("n")
            assert at.marked("chosen") == ["needle"]
            await at.press("n")
            assert at.lines()[0].split("│")[0].split()[-2:] == ["1", "needle"]


@pytest.mark.parametrize("size", [(80, 14), (160, 14)])
async def test_a_diff_opens_at_what_differs_and_n_returns_to_it(tmp_path: Path, size: tuple[int, int]) -> None:
    with texts(tmp_path, b"x" * 200 + b" one\n", b"x" * 200 + b" two\n") as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=size) as at:
            assert (at.marked("removed-span"), at.marked("added-span")) == (["one"], ["two"])
            await at.press("home")
            assert not at.marked("removed-span")
            await at.press("n")
            assert at.marked("removed-span") == ["one"]
            assert not at.toasts()
            await at.press("n")
            assert at.toasts() == ["This is the last change."]
            await at.press("home", "v")
            assert at.marked("added-span") == ["two"]


async def test_n_scrolls_to_what_differs_in_a_long_line(tmp_path: Path) -> None:
    lines = [b"line %d\n" % number for number in range(30)]
    before = b"".join([b"one\n", *lines, b"x" * 200 + b" one\n", *lines])
    after = b"".join([b"two\n", *lines, b"x" * 200 + b" two\n", *lines, b"more\n"])
    with texts(tmp_path, before, after) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 14)) as at:
            await at.press("n")
            assert at.marked("removed-span") == ["one"]
            assert at.marked("added-span") == ["two"]
            await at.press("n")
            assert at.lines()[-1].endswith("+ more")


async def test_f_opens_the_new_version_or_the_old_one_of_a_removed_file(tmp_path: Path) -> None:
    with texts(tmp_path, b"old\n", b"new\n") as session:
        before, after = revision(session, "f", 1), revision(session, "f", 2)
        for sides, text in (((before, after), "new"), ((before, None), "old")):
            async with comparing(*sides) as at:
                await at.press("enter")
                assert isinstance(at.app.screen, FileScreen)
                assert at.texts() == [text]


async def test_the_same_text_in_another_encoding_is_not_reported_as_the_same_bytes(tmp_path: Path) -> None:
    with texts(tmp_path, "un mot déjà vu\n".encode("latin-1"), "un mot déjà vu\n".encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=WIDE) as at:
            assert "Both are the same text in different encodings: Latin-1 before, UTF-8 after." in at.screen()
            assert "same bytes" not in at.screen()


async def test_a_search_finds_folded_lines_of_both_versions(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=WIDE) as at:
            await at.search("LINE t")
            assert "There is no match." in at.toasts()
            await at.search("line t")
            assert at.frame()[1] == "line 1 of 1 line with a match · change 1 of 3"
            assert "".join(at.marked("chosen")) == "line t"
            await at.search("re:line (5|20)$")
            assert at.frame()[1].startswith("line 1 of 2 lines with a match")
            assert set(at.marked("chosen")) == {"line 5"}, "it was folded"
            await at.press("n")
            assert at.frame()[1].startswith("line 2 of 2")
            await at.press("n", "N")
            assert at.frame()[1].startswith("line 2 of 2"), "behind the last one is the first"
            await at.press("escape")
            assert at.frame()[1] == "change 1 of 3"
            await at.press("n")
            assert at.frame()[1] == "change 2 of 3"


async def test_c_hides_what_a_search_has_opened_and_n_shows_the_next_match_all_the_same(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2), size=(80, 16)) as at:
            await at.search("line")
            assert at.lines()[0].split() == ["1", "1", "line", "1"]
            await at.press("c", "home")
            assert "unchanged" in at.lines()[0]
            assert not at.toasts()
            await at.press("n")
            assert at.frame()[1].startswith("line 2 of 60 lines")
            assert set(at.marked("chosen")) == {"line"}


async def test_letters_typed_into_a_search_are_not_keys_and_escape_ends_it(tmp_path: Path) -> None:
    with texts(tmp_path, OLD.encode(), NEW.encode()) as session:
        async with comparing(revision(session, "f", 1), revision(session, "f", 2)) as at:
            await at.press("slash", "q", "v", "tab", "n", "shift+tab", "y")
            assert at.app.screen.query_one(PromptLine).value == "qvny"
            await at.press("escape")
            assert at.frame()[1] == "change 1 of 3"
            await at.search("re:(")
            assert at.toasts()[-1].startswith("'(' is not a valid regular expression")
