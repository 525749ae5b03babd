"""``layerscope find``: the layers that hold a path."""

import json
import os
import unicodedata
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.search.found_paths import Wanted, found_files
from layerscope.analysis.text.search import parse_search
from layerscope.analysis.tree.change import ChangeKind
from layerscope.cli.opening import opened
from layerscope.session.content.content_search import find_content
from layerscope.session.image_session import ImageRequest
from layerscope.sources.stream.compression import DecompressedSpan
from tests.builders import (
    blob_name,
    docker_archive,
    docker_files,
    file,
    hardlink,
    image,
    layer,
    sha256,
    sparse,
    whiteout,
    write_tar,
)
from tests.cli.runner import MY_APP, ask
from tests.oracle import State, items_of_tar, restacked
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]

IMAGES = ["my-app.tar", "my-app-v2.tar", "my-app-v2.oci.tar", "my-app-v2-zstd", "opaque.oci.tar", "odd-names.tar"]


def matches(capsys: Capture, *arguments: str | Path) -> list[dict[str, Any]]:
    outcome = ask(capsys, "find", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    document = json.loads(outcome.out)
    assert document["schema_version"] == 2
    found: list[dict[str, Any]] = document["matches"]
    return found


def places(capsys: Capture, *arguments: str | Path) -> list[tuple[str, int]]:
    return [(match["path"], match["layer"]) for match in matches(capsys, MY_APP, *arguments)]


def plain_layers(path: Path) -> list[bytes]:
    with opened(ImageRequest(str(path)), no_cache=True) as session:
        layers = []
        for each in session.image.layers:
            assert each.blob is not None
            assert each.compression is not None
            with closing(DecompressedSpan(each.blob, each.compression)) as stream:
                tar = b"".join(iter(partial(stream.read1, 1 << 20), b""))
            # a sample ends as buildah may end one, without the padding that tarfile insists on
            layers.append(tar + bytes(-len(tar) % 512))
    return layers


def expected(states: list[State]) -> list[dict[str, Any]]:
    found = []
    for number, (before, after) in enumerate(pairwise(states), 1):
        for path, change in after.changes.items():
            if change is ChangeKind.UNCHANGED:
                continue
            is_removal = change is ChangeKind.REMOVED
            entry = (before if is_removal else after).shown[path]
            later = next((at for at, state in enumerate(states) if at > number and state.change(path)), None)
            match = {
                "path": "/" + path.decode("utf-8", "surrogateescape"),
                "layer": number,
                "change": change.word,
                "kind": entry.kind.word,
                "size": entry.size,
                "mode": f"{entry.mode:04o}",
                "uid": entry.uid,
                "gid": entry.gid,
                "live": later is None and not is_removal,
                "hidden_by": None if is_removal else later,
            }
            found.append(match)
    return sorted(found, key=lambda match: (match["path"], match["layer"]))


@pytest.mark.parametrize("name", IMAGES)
def test_every_layer_of_a_sample_agrees_with_tarfile(capsys: Capture, name: str) -> None:
    states = restacked([items_of_tar(tar).items for tar in plain_layers(SAMPLES / name)])
    found = matches(capsys, SAMPLES / name, "re:.")
    assert [match | {"instruction": None} for match in found] == [
        match | {"instruction": None} for match in expected(states)
    ]


def test_text_globs_and_expressions_are_searched_as_in_the_filter(capsys: Capture) -> None:
    archive = "/var/cache/apt/archives/nginx.deb"
    assert places(capsys, "nginx.deb") == places(capsys, "*.deb") == places(capsys, r"re:\.deb$")
    assert places(capsys, "nginx.deb") == [(archive, 3), (archive, 4)]
    assert places(capsys, "archives/nginx") == places(capsys, "/var/**/*.deb") == [(archive, 3), (archive, 4)]
    assert places(capsys, "*.deb", "mini-httpd.conf") == [
        ("/etc/mini-httpd/mini-httpd.conf", 1),
        ("/etc/mini-httpd/mini-httpd.conf", 3),
        (archive, 3),
        (archive, 4),
    ]
    assert ask(capsys, "find", MY_APP, "*.DEB").status == 1, "case counts if there is a capital letter"


def test_options_say_what_is_found(capsys: Capture) -> None:
    assert places(capsys, "--mode", "setuid") == places(capsys, "--mode", "4755") == [("/usr/bin/passwd", 1)]
    assert (
        places(capsys, "--mode", "-4001")
        == places(capsys, "--mode", "/4010", "--type", "file", "passwd")
        == [("/usr/bin/passwd", 1)]
    )
    assert places(capsys, "--owner", "33") == places(capsys, "--owner", "33:33") == places(capsys, "--owner", ":33")
    assert {layer for _, layer in places(capsys, "--owner", "33")} == {5}
    linked = matches(capsys, MY_APP, "--type", "link")
    assert {match["kind"] for match in linked} == {"symlink", "hardlink"}
    assert len(linked) == len(places(capsys, "--type", "symlink, hardlink"))
    assert all(match["size"] > 10_000 for match in matches(capsys, MY_APP, "--size", "+10k"))
    small = matches(capsys, MY_APP, "--size", "-1k")
    assert {match["kind"] for match in small} == {"file"}
    assert all(match["size"] < 1000 for match in small)
    assert {match["size"] for match in matches(capsys, MY_APP, "--size", "59")} == {59}
    assert all(match["live"] for match in matches(capsys, MY_APP, "--only", "live"))
    assert all(match["hidden_by"] for match in matches(capsys, MY_APP, "--only", "hidden"))
    assert {layer for _, layer in places(capsys, "--layer", "4", "--type", "file")} == {4}


def test_world_writable_leaves_out_symlinks(capsys: Capture) -> None:
    assert all(int(match["mode"], 8) & 2 for match in matches(capsys, MY_APP, "--mode", "world-writable"))
    assert "symlink" not in {match["kind"] for match in matches(capsys, MY_APP, "--mode", "world-writable")}


def test_lines_say_who_wrote_a_path_and_who_hid_it(capsys: Capture) -> None:
    outcome = ask(capsys, "find", MY_APP, "nginx.deb", "/etc/hosts")
    assert (outcome.status, outcome.err) == (0, "")
    archive = "/var/cache/apt/archives/nginx.deb"
    assert outcome.out.splitlines() == [
        f"+ -rw-r--r--    0:0    61 B  1  live         {'/etc/hosts':<{len(archive)}}  ADD rootfs.tar /",
        f"+ -rw-r--r--    0:0   18 kB  3  hidden by 4  {archive}  RUN apt-get install -y nginx",
        f"- -rw-r--r--    0:0   18 kB  4  removed      {archive}  RUN rm -rf /var/lib/apt/lists/* /var/cache/apt",
    ]


def test_no_odd_name_can_steer_the_terminal(capsys: Capture) -> None:
    outcome = ask(capsys, "find", SAMPLES / "odd-names.tar", "re:.")
    assert outcome.status == 0
    # controls, formats (bidirectional ones among them), surrogates
    assert {c for c in outcome.out if unicodedata.category(c).startswith("C")} == {"\n"}


def test_nothing_found_is_status_1_and_not_sure_is_status_2(capsys: Capture, tmp_path: Path) -> None:
    outcome = ask(capsys, "find", MY_APP, "no-such-name")
    assert (outcome.status, outcome.out, outcome.err) == (1, "", "nothing matches\n")
    assert json.loads(ask(capsys, "find", MY_APP, "no-such-name", "--json").out)["matches"] == []
    base, top = layer(file("a", b"1")), layer(file("b", b"2"), whiteout("c"))
    files = docker_files(image(base, top))
    del files[blob_name(sha256(base))]
    broken = write_tar(tmp_path / "broken.tar", files)
    outcome = ask(capsys, "find", broken, "a")
    assert outcome.status == 2
    assert outcome.err.splitlines()[-1] == "layerscope: nothing matches in what could be read of the layers"
    assert ask(capsys, "find", broken, "b").status == 0


MISTAKES = {
    (): "name a pattern, or an option that says what to find (see layerscope find --help)",
    ("",): "an empty text is no pattern",
    ("re:[",): "'[' is not a valid regular expression: unterminated character set at position 1",
    ("--type", "file,x\x1b"): "--type takes a comma list of file, dir, symlink, hardlink, fifo, char, block, link,"
    " not x\\x1b",
    ("--size", "+"): "--size takes a size such as +10M, -1k or 512, not +",
    ("--owner", "root"): "--owner takes numbers such as 0, 0:42 or :42, not root",
    ("--owner", ":"): "--owner takes numbers such as 0, 0:42 or :42, not :",
    ("--mode", "888"): "--mode takes setuid, setgid, sticky, world-writable, or octal bits such as 644, -4000 or /222,"
    " not 888",
    ("--binary",): "name a pattern, or an option that says what to find (see layerscope find --help)",
    ("a", "--binary"): "--binary goes with --content",
    ("--content", ""): "an empty text cannot be searched for",
    ("--content", "re:["): "'[' is not a valid regular expression: unterminated character set at position 1",
    ("a", "--layer", "7"): f"{MY_APP} has no layer 7: it has 6 layers",
}


@pytest.mark.parametrize("arguments", MISTAKES)
def test_a_wrong_option_ends_in_a_sentence(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert ask(capsys, "find", MY_APP, *arguments).complaint == MISTAKES[arguments]


def test_a_path_that_came_back_is_hidden_no_more(capsys: Capture, tmp_path: Path) -> None:
    layers = layer(file("a", b"1")), layer(whiteout("a")), layer(file("a", b"1"))
    found = matches(capsys, docker_archive(tmp_path / "image.tar", image(*layers)), "a")
    assert [(match["change"], match["live"], match["hidden_by"]) for match in found] == [
        ("added", False, 2),
        ("removed", False, None),
        ("added", True, None),
    ]


WORDS = b"one\r\nTwo secrets: \x1b[2J\nthree \xc3\xa4 secret secret\n"


def contents(capsys: Capture, path: Path, *arguments: str) -> dict[tuple[str, int], list[tuple[int, str]]]:
    return {
        (match["path"], match["layer"]): [(line["line"], line["text"]) for line in match["lines"]]
        for match in matches(capsys, path, *arguments)
    }


def test_text_is_found_in_the_files_of_every_layer_with_its_lines(capsys: Capture, tmp_path: Path) -> None:
    layers = (
        layer(file("a", WORDS), file("b", b"nothing"), file("data", b"\0secret")),
        layer(file("a", "sécret\n".encode("utf-16"))),
        layer(whiteout("a"), hardlink("c", "b"), file("d", b"x" * 5000 + b"secret" + b"y" * 5000 + b"\nsecret")),
    )
    path = docker_archive(tmp_path / "image.tar", image(*layers))
    found = contents(capsys, path, "--content", "secret")
    assert found.pop(("/d", 3))[1] == (2, "secret")
    assert found == {("/a", 1): [(2, "Two secrets: \x1b[2J"), (3, "three ä secret secret")]}, "each line once"
    assert contents(capsys, path, "--content", "sécret") == {("/a", 2): [(1, "sécret")]}
    assert contents(capsys, path, "--content", "re:^o.e") == {("/a", 1): [(1, "one")]}
    assert contents(capsys, path, "--content", "two") == {("/a", 1): [(2, "Two secrets: \x1b[2J")]}
    assert contents(capsys, path, "--content", "nothing").keys() == {("/b", 1), ("/c", 3)}
    assert contents(capsys, path, "c", "--content", "nothing") == {("/c", 3): [(1, "nothing")]}
    assert contents(capsys, path, "--content", "one", "--only", "hidden") == {("/a", 1): [(1, "one")]}
    assert ask(capsys, "find", path, "--content", "Secret").status == 1
    lines = ask(capsys, "find", path, "a", "--content", "secrets").out.splitlines()
    assert lines[1] == "    2: Two secrets: \\x1b[2J"


def test_data_that_is_not_text_is_searched_by_bytes_if_asked(capsys: Capture, tmp_path: Path) -> None:
    layers = layer(file("data", b"\0\x01Secret\0secret"), sparse("holes", 1 << 40, (1 << 30, b"a secret")))
    path = docker_archive(tmp_path / "image.tar", image(layers))
    assert ask(capsys, "find", path, "--content", "secret").status == 1
    data, holes = matches(capsys, path, "--content", "secret", "--binary")
    assert [(match["path"], match["lines"]) for match in (data, holes)] == [
        ("/data", [{"line": None, "text": None, "offset": 2}, {"line": None, "text": None, "offset": 9}]),
        ("/holes", [{"line": None, "text": None, "offset": (1 << 30) + 2}]),
    ]
    (in_hex,) = matches(capsys, path, "--content", "0x00 01", "--binary")
    assert in_hex["lines"] == [{"line": None, "text": None, "offset": 0}]
    assert ask(capsys, "find", path, "data", "--content", "secret", "--binary").out.splitlines()[1:] == [
        "    byte 2",
        "    byte 9",
    ]


@pytest.mark.parametrize("name", IMAGES)
def test_content_agrees_with_tarfile(capsys: Capture, name: str) -> None:
    expected_lines = {}
    for number, tar in enumerate(plain_layers(SAMPLES / name), 1):
        for member, content in items_of_tar(tar).contents.items():
            try:
                text = content.decode()
            except UnicodeDecodeError:
                continue
            lines = [(at, line) for at, line in enumerate(text.split("\n"), 1) if "e" in line.lower()]
            if lines:
                expected_lines["/" + member.decode("utf-8", "surrogateescape"), number] = lines[:1000]
    found = contents(capsys, SAMPLES / name, "--content", "e", "--type", "file")
    assert found == expected_lines


def test_only_the_first_thousand_matches_in_a_file_are_listed(capsys: Capture, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a", b"x\n" * 1001), file("b", b"x\n" * 1000))))
    many, all_of_them = matches(capsys, path, "--content", "x")
    assert (len(many["lines"]), many["more_lines"]) == (1000, True)
    assert (len(all_of_them["lines"]), "more_lines" in all_of_them) == (1000, False)
    assert ask(capsys, "find", path, "a", "--content", "x").out.endswith("    1000: x\n    and more\n")


def test_a_blob_that_is_two_layers_is_searched_for_both(capsys: Capture, tmp_path: Path) -> None:
    twice = layer(file("a", b"secret"))
    path = docker_archive(tmp_path / "image.tar", image(twice, twice))
    assert contents(capsys, path, "--content", "secret").keys() == {("/a", 1), ("/a", 2)}


def test_content_that_cannot_be_read_names_its_layer(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a", b"x" * 100_000)), layer(file("b"))))
    with opened(ImageRequest(str(path)), no_cache=True) as session:
        loaded, search = session.load(), parse_search("no such text")
        assert search is not None
        files = set(found_files(loaded.tree, Wanted()).values())
        assert not find_content(loaded, search, files, binary=False).unread
        os.truncate(path, 10_000)
        assert 1 in find_content(loaded, search, files, binary=False).unread
