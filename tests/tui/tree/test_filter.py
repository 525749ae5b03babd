"""The filter: as you type, by text, glob and regular expression, with a tree that stays usable."""

from pathlib import Path

import pytest

from layerscope.tui.tree.filter_bar import FilterBar, FilterLine
from tests.builders import directory, docker_archive, file, image, layer
from tests.tui.journeys import MY_APP, journey

BASE = layer(
    directory("etc/nginx"),
    file("etc/nginx/nginx.conf"),
    file("etc/nginx/Mime.types"),
    file("etc/hosts"),
    file("usr/sbin/nginx"),
    file("usr/share/nginx.d/readme"),
    file("usr/share/other/readme"),
)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "web.tar", image(BASE, layer(file("etc/hosts", b"new")), tags=["web:1"]))


async def test_plain_text_filters_as_it_is_typed(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("ngi")
        assert at.tree()[:4] == ["etc/", "nginx/", "Mime.types", "nginx.conf"], (
            "with all that is in a folder of that name"
        )
        assert at.tree()[4:] == ["usr/", "sbin/", "nginx", "share/", "nginx.d/"]
        assert at.frame("files")[1].endswith("9 rows")
        assert at.matches() == "4 matches, 0 B"
        await at.write("nx.c")
        assert at.tree() == ["etc/", "nginx/", "nginx.conf"]
        assert at.matches() == "1 match, 0 B"
        await at.press(*["backspace"] * 7)
        assert at.tree() == ["etc/", "usr/"]


async def test_the_count_is_at_the_right_end_when_it_grows_and_shrinks(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("hosts")
        for count in ("1 match, 3 B", "4 matches, 0 B", "1 match, 0 B"):
            at.files.query_one(FilterLine).show(count)
            await at.settle()
            line = next(line for line in at.screen().splitlines() if "filter: hosts" in line)
            assert line.endswith(f" {count} │")


async def test_a_folder_that_matches_shows_all_that_is_in_it(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("nginx.d")
        await at.press("enter", "space")
        assert at.tree() == ["usr/", "share/", "nginx.d/", "readme"]


async def test_the_filter_shows_the_sum_of_what_matches_and_folders_have_that_of_their_matches(tmp_path: Path) -> None:
    files = (file("a/x/one.py", b"1" * 2000), file("a/two.py", b"2" * 500), file("a/other", b"3" * 9000))
    whole = layer(*files, file("py/all", b"4" * 100), file("py/more.py", b"5" * 10))
    async with journey(docker_archive(tmp_path / "image.tar", image(whole))) as at:
        await at.filter("py")
        assert at.matches() == "4 matches, 2.6 kB"
        assert "2.5 kB" in at.line_of("+ a/")
        assert "2.0 kB" in at.line_of("+ x/")
        assert "110 B" in at.line_of("+ py/")
        await at.press("escape")
        assert "12 kB" in at.line_of("+ a/")


async def test_a_glob_matches_the_whole_name(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("*.conf")
        assert at.tree() == ["etc/", "nginx/", "nginx.conf"]


async def test_a_regular_expression_searches_the_path(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("re:^/usr/.*me$")
        assert at.tree() == ["usr/", "share/", "nginx.d/", "readme", "other/", "readme"]


async def test_a_broken_regular_expression_says_why(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("re:[")
        assert at.entry().startswith("'[' is not a valid regular expression: ")
        await at.write("ho]sts")
        assert at.tree() == ["etc/", "~ hosts"]


async def test_an_expression_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    unlucky = layer(file("a" * 60 + "b"), file("etc/hosts"))
    async with journey(docker_archive(tmp_path / "unlucky.tar", image(unlucky))) as at:
        await at.filter("re:(a|aa)+$")
        await at.settle()
        assert "takes too long" in at.entry()
        await at.press("escape")
        assert "+ etc/" in at.tree()


async def test_a_capital_letter_makes_the_filter_case_sensitive(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("mime")
        assert at.tree() == ["etc/", "nginx/", "Mime.types"]
        await at.press("escape", "slash", "N", "g")
        assert at.tree() == []
        assert at.entry() == "Nothing matches."


async def test_n_goes_from_match_to_match(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("readme")
        await at.press("enter")
        assert at.focused() == "LayerFileTree"
        assert at.at() == "/usr/share/nginx.d/readme"
        await at.press("n")
        assert at.at() == "/usr/share/other/readme"
        await at.press("n")
        assert at.at() == "/usr/share/nginx.d/readme", "it goes round"
        await at.press("N")
        assert at.at() == "/usr/share/other/readme"


async def test_keys_that_change_nothing_in_a_filtered_tree_say_why(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("hosts")
        await at.press("enter", "n", "Z")
        assert at.toasts() == ["This is the only match.", "The filter unfolds all folders above its matches."]
        await at.press("escape", "slash", *"no", "enter", "n")
        assert at.toasts()[-1] == "Nothing matches."


async def test_a_filtered_tree_stays_usable(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("nginx")
        await at.press("enter", "home", "space")
        assert at.tree() == ["etc/", "usr/", "sbin/", "nginx", "share/", "nginx.d/"]
        await at.press("space", "Z")
        assert at.matches() == "4 matches, 0 B"
        await at.press("s", "a")
        assert at.entry() == "0 here · 4 in other layers · Enter lists them", "layer 2 changed none of them"


async def test_the_filter_is_kept_when_the_layer_changes(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("hosts")
        await at.press("enter")
        assert at.tree() == ["etc/", "~ hosts"]
        await at.press("left_square_bracket")
        assert at.tree() == ["+ etc/", "+ hosts"]
        assert at.at() == "/etc/hosts"


async def test_escape_clears_the_filter_and_keeps_the_cursor(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("mime")
        await at.press("enter")
        assert at.at() == "/etc/nginx/Mime.types"
        await at.press("escape")
        assert at.at() == "/etc/nginx/Mime.types"
        assert at.tree() == ["etc/", "~ hosts", "nginx/", "Mime.types", "nginx.conf", "usr/"]
        assert not at.explorer.query_one(FilterLine).display
        await at.press("slash", "h", "escape", "n")
        assert at.tree()[-1] == "usr/"


async def test_an_empty_filter_shows_everything(web: Path) -> None:
    async with journey(web) as at:
        await at.filter("")
        await at.press("enter")
        assert at.focused() == "LayerFileTree"
        assert at.tree() == ["etc/", "usr/"]
        await at.press("escape")
        assert at.tree() == ["etc/", "usr/"]


async def test_the_key_line_shows_the_keys_of_the_filter(web: Path) -> None:
    async with journey(web) as at:
        assert "match" not in at.key_line()
        await at.filter("a/b")
        assert at.key_line() == "enter go to the match  esc back  ctrl+l all layers  tab pane"
        await at.press("tab")
        assert at.focused() == "LayerFileTree"
        assert "n N match" in at.key_line()
        assert "esc back" in at.key_line()


async def test_keys_right_after_the_slash_go_to_the_filter() -> None:
    async with journey(MY_APP) as at:
        for key in ("slash", "n", "g", "i", "n", "x"):
            at.app.simulate_key(key)
        await at.until(lambda: at.matches().startswith("9 matches"))
        assert at.explorer.query_one(FilterBar).value == "nginx"


async def test_markup_and_odd_bytes_are_text(tmp_path: Path) -> None:
    odd = layer(file("[b]bold[b]"), file("caf\udce9"), file("naïve"))
    async with journey(docker_archive(tmp_path / "image.tar", image(odd))) as at:
        await at.filter("d[b")
        assert at.tree() == ["+ [b]bold[b]"]
        await at.press(*["backspace"] * 3)
        await at.press("n", "a", "ï")
        assert at.tree() == ["+ naïve"]
        await at.press("escape", "slash", "c", "a", "f", "question_mark")
        assert at.tree() == ["+ caf\\xe9"]


async def test_a_name_shown_with_escapes_can_be_typed_back(tmp_path: Path) -> None:
    names = ("d\udce4m", r"d\xe4m", "esch\x1bape", "bi\u202edi", "other")
    async with journey(docker_archive(tmp_path / "names.tar", image(layer(*map(file, names))))) as at:
        for typed, found in (
            (r"d\xe4m", [r"d\\xe4m", r"d\xe4m"]),
            (r"d\xe4*", [r"d\\xe4m", r"d\xe4m"]),
            (r"h\x1b", [r"esch\x1bape"]),
            (r"\u202e", [r"bi\u202edi"]),
        ):
            await at.filter(typed)
            assert [name.removeprefix("+ ") for name in at.tree()] == found
            await at.press("escape")
