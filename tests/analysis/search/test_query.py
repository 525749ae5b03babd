from fnmatch import fnmatchcase
from itertools import chain, compress, count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.analysis.search import name_flags
from layerscope.analysis.search import query as query_module
from layerscope.analysis.search.query import Query, parse_query
from layerscope.analysis.tree.index_building import build_path_index
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.errors import UsageError
from tests.analysis.entries import file, layer, stacked
from tests.analysis.search.indexes import index_of


def query(text: str) -> Query:
    parsed = parse_query(text)
    assert parsed is not None
    return parsed


def hits(text: str, index: PathIndex) -> list[int]:
    return [*compress(count(), chain.from_iterable(query(text).flags(index)))]


def found(text: str, *paths: str) -> list[str]:
    """Return the paths, folders among them, that the query hits."""
    index = index_of(*paths)
    return [index.path(node).decode() for node in hits(text, index)]


WEB = ["etc/nginx/nginx.conf", "etc/nginx/Mime.types", "etc/hosts", "usr/sbin/nginx", "usr/share/doc/README"]


def test_plain_text_is_looked_for_in_names() -> None:
    assert found("ngin", *WEB) == ["etc/nginx", "etc/nginx/nginx.conf", "usr/sbin/nginx"]
    assert found("x.c", *WEB) == ["etc/nginx/nginx.conf"]
    assert found("nothing", *WEB) == []


def test_plain_text_with_a_slash_is_looked_for_in_paths() -> None:
    assert found("nginx/", *WEB) == ["etc/nginx/Mime.types", "etc/nginx/nginx.conf"]
    assert found("/etc/h", *WEB) == ["etc/hosts"]
    assert found("c/nginx/n", *WEB) == ["etc/nginx/nginx.conf"]


def test_no_hit_straddles_two_names() -> None:
    assert found("bc", "ab", "cd") == []
    assert found("bc", "ab", "cd", "xbc") == ["xbc"]
    assert found("aa", "a", "aa", "aaa", "b/a") == ["aa", "aaa"]


def test_a_name_is_hit_once() -> None:
    assert found("a", "aaa", "ba") == ["aaa", "ba"]


def test_case_counts_only_where_a_capital_is_typed() -> None:
    assert found("readme", *WEB) == ["usr/share/doc/README"]
    assert found("README", *WEB) == ["usr/share/doc/README"]
    assert found("Readme", *WEB) == []
    assert found("*.TYPES", *WEB) == []
    assert found("re:mime", *WEB) == ["etc/nginx/Mime.types"]
    assert found("re:mimE", *WEB) == []


def test_a_glob_is_for_the_whole_name() -> None:
    assert found("*.conf", *WEB) == ["etc/nginx/nginx.conf"]
    assert found("nginx*", *WEB) == ["etc/nginx", "etc/nginx/nginx.conf", "usr/sbin/nginx"]
    assert found("host?", *WEB) == ["etc/hosts"]
    assert found("hosts?", *WEB) == []


def test_a_glob_with_a_slash_is_for_the_end_of_a_path() -> None:
    assert found("nginx/*", *WEB) == ["etc/nginx/Mime.types", "etc/nginx/nginx.conf"]
    assert found("sbin/*", *WEB) == ["usr/sbin/nginx"]
    assert found("usr/*", *WEB) == ["usr/sbin", "usr/share"], "a star stays within a name"


def test_a_glob_that_starts_with_a_slash_is_for_the_whole_path() -> None:
    assert found("/etc/*", *WEB) == ["etc/hosts", "etc/nginx"]
    assert found("/nginx/*", *WEB) == []


def test_two_stars_go_across_folders() -> None:
    assert found("/usr/**", *WEB) == [
        "usr/sbin",
        "usr/sbin/nginx",
        "usr/share",
        "usr/share/doc",
        "usr/share/doc/README",
    ]
    assert found("/**/nginx", *WEB) == ["etc/nginx", "usr/sbin/nginx"]
    assert found("usr/**/nginx", *WEB) == ["usr/sbin/nginx"]
    assert found("sbin/**/nginx", *WEB) == ["usr/sbin/nginx"], "across none as well"


def test_signs_that_mean_something_to_a_regular_expression_are_text() -> None:
    names = ["a.b", "axb", "a+b", "[x]", "(", "$"]
    assert found("a.b", *names) == ["a.b"]
    assert found("[x]*", *names) == ["[x]"]
    assert found("(", *names) == ["("]
    assert found("?+b", *names) == ["a+b"]


def test_a_question_mark_is_one_character_of_any_length() -> None:
    assert found("caf?", "café", "cafe", "caf", "caff\u00e9") == ["cafe", "café"]
    assert found("??", "é", "éa", "ab") == ["ab", "éa"]


def test_a_regular_expression_is_for_the_path() -> None:
    assert found("re:^/etc/[^/]*$", *WEB) == ["etc/hosts", "etc/nginx"]
    assert found("re:(s|doc)$", *WEB) == ["etc/hosts", "etc/nginx/Mime.types", "usr/share/doc"]


@pytest.mark.parametrize("text", ["re:[", "re:(", "re:*", "re:(?P<a", "re:a{99999999999999}", r"re:\u", "re:[z-a]"])
def test_an_invalid_regular_expression_is_reported(text: str) -> None:
    with pytest.raises(UsageError):
        parse_query(text)


def test_a_regular_expression_of_doubtful_style_is_taken_without_a_warning() -> None:
    assert found("re:[[]x", "[x") == ["[x"]
    assert found("re:[[a]", "[", "b") == ["["]


@pytest.mark.parametrize("text", ["", "re:"])
def test_nothing_is_no_query(text: str) -> None:
    assert parse_query(text) is None


def test_names_that_are_no_utf_8() -> None:
    paths = [b"caf\xe9", b"caf\xc3\xa9", b"\xff/b"]
    overlay = stacked(layer()).overlay
    entries = layer()
    for path in paths:
        entries.table.append(file("x"))
        entries.paths.append(path)
    overlay.apply(2, entries)
    index = build_path_index(overlay)

    def hit(text: str) -> list[bytes]:
        return [index.path(node) for node in hits(text, index)]

    assert hit("caf") == [b"caf\xc3\xa9", b"caf\xe9"]
    assert hit("caf\udce9") == [b"caf\xe9"]
    assert hit("caf?") == [b"caf\xc3\xa9", b"caf\xe9"]
    assert hit("\udcff/b") == [b"\xff/b"]
    assert hit("re:\udcff$") == [b"\xff"]


def test_a_long_search_without_a_hit_comes_up_for_air() -> None:
    index = index_of(*(f"file-{number}" for number in range(10_000)))
    for text in ("zzz*", "a/z", "re:zzz"):
        assert len([*query(text).flags(index)]) >= 2


def test_a_plain_text_search_misses_no_name_between_its_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_flags, "_NODES_A_BATCH", 3)
    index = index_of(*(f"file-{number}" for number in range(10)))
    assert [len(flags) for flags in query("e-").flags(index)] == [1, 3, 3, 3, 1]
    assert hits("e-", index) == [*range(1, 11)]


def test_a_glob_of_many_stars_is_quick_on_an_unlucky_name() -> None:
    assert found("*a" * 20 + "*b", "a" * 255) == []
    assert found("*a" * 20 + "*b", "a" * 254 + "b") == ["a" * 254 + "b"]


ENDLESS = "re:(a|aa)+$"


def test_an_expression_that_takes_too_long_is_given_up_in_one_sentence() -> None:
    index = index_of("short", "a" * 200 + "!")
    with pytest.raises(UsageError, match=r"the expression '\(a\|aa\)\+\$' takes too long"):
        list(query(ENDLESS).flags(index))


def test_matches_before_the_time_limit_are_kept() -> None:
    batches = query(ENDLESS).flags(index_of("a", "b" + "a" * 200 + "!"))
    assert next(batches) == b"\0\1"


def test_an_expression_that_is_slow_on_each_path_comes_up_for_air(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_module, "_SECONDS_A_BATCH", 0)
    index = index_of("b", "c", "d")
    assert len([*query("re:a").flags(index)]) > 1


alphabet = "aAbB.é"
names = st.text(alphabet, min_size=1, max_size=4)
all_paths = st.lists(st.lists(names, min_size=1, max_size=3).map("/".join), min_size=1, max_size=8)


@given(all_paths, names)
@example(["a", "b"], "ab")
@example(["aé", "b"], "éb")
def test_a_plain_text_search_matches_the_same_names_as_a_loop(paths: list[str], text: str) -> None:
    index = index_of(*paths)

    def fits(name: str) -> bool:
        return text in name if any(map(str.isupper, text)) else text in name.lower()

    expected = [node for node in range(1, len(index)) if fits(index.name(node).decode())]
    assert hits(text, index) == expected


@given(all_paths, st.text(alphabet + "/", min_size=1, max_size=5))
@example(["a/b/c"], "/")
@example(["a/b/c"], "//")
@example(["a/a/a/a"], "/a/a/")
@example(["ab/b/c", "b/b/c"], "b/b/")
@example(["ab/c", "b/ab/c/d"], "/ab/c")
def test_a_text_with_a_slash_matches_the_same_paths_as_a_loop(paths: list[str], text: str) -> None:
    index = index_of(*paths)

    def fits(path: str) -> bool:
        return text in path if any(map(str.isupper, text)) else text in path.lower()

    texts = [f"/{index.path(node).decode()}" for node in range(1, len(index))]
    if "/" in text:
        assert hits(text, index) == [node for node, path in enumerate(texts, 1) if fits(path)]


@given(all_paths, st.lists(st.sampled_from(["a", "B", "é", ".", "*", "?"]), min_size=1, max_size=5).map("".join))
def test_a_glob_matches_the_same_names_as_a_loop(paths: list[str], text: str) -> None:
    index = index_of(*paths)
    ignore_case = not any(map(str.isupper, text))
    cased = [index.name(node).decode() for node in range(1, len(index))]
    names = [name.encode().lower().decode() if ignore_case else name for name in cased]
    if "*" in text or "?" in text:
        assert hits(text, index) == [node for node, name in enumerate(names, 1) if fnmatchcase(name, text)]


@given(all_paths, st.text(alphabet + "*?/", min_size=1, max_size=5))
def test_the_batches_have_a_flag_for_each_node(paths: list[str], text: str) -> None:
    index = index_of(*paths)
    flags = b"".join(query(text).flags(index))
    assert len(flags) == len(index)
    assert not flags[0]
