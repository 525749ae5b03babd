"""The packages that each layer brought, upgraded, downgraded and removed."""

import json
import shutil
import subprocess
from itertools import pairwise

import pytest

from layerscope.analysis.packages.by_layer import PackageHistory, package_history
from layerscope.analysis.packages.final_files import LARGEST_FILE
from layerscope.analysis.packages.versions import version_key
from tests.analysis.entries import opaque, whiteout
from tests.analysis.size.analyzed import Content, Written, sized, written

Events = list[tuple[int, str, str, str | None, str | None, int]]


def history(*layers: list[Content], last: int | None = None) -> PackageHistory:
    image = sized(*layers)
    return package_history(image.tree, image.prefixes, last)


def events(*layers: list[Content], last: int | None = None) -> Events:
    found = history(*layers, last=last).events
    return [
        (each.layer, each.change.value, f"{each.manager}:{each.name}", each.before, each.after, each.dead_size)
        for each in found
    ]


def status(**versions: str) -> Written:
    """Return a dpkg status file of installed packages; underscores in names are hyphens."""
    stanzas = (
        f"Package: {name.replace('_', '-')}\nStatus: install ok installed\nArchitecture: all\nVersion: {version}\n"
        for name, version in versions.items()
    )
    return written("var/lib/dpkg/status", "\n".join(stanzas))


def listed(name: str, *paths: str) -> Written:
    return written(f"var/lib/dpkg/info/{name}.list", "".join(f"/{path}\n" for path in paths), size=1)


def manifest(folder: str, name: str, version: str) -> Written:
    return written(f"{folder}/package.json", json.dumps({"name": name, "version": version}), size=2)


def distribution(name: str, version: str, *paths: str) -> list[Content]:
    folder = f"site/{name}-{version}.dist-info"
    record = "".join(f"{path},,\n" for path in paths)
    return [
        written(f"{folder}/METADATA", f"Name: {name}\nVersion: {version}\n", size=2),
        written(f"{folder}/RECORD", f"{record}{folder.partition('/')[2]}/METADATA,,\n", size=3),
    ]


def test_a_layer_adds_upgrades_downgrades_and_removes_packages_of_one_database() -> None:
    assert events(
        [status(a="1.9", b="2", c="1"), listed("a", "bin/a"), written("bin/a", size=100)],
        [status(a="1.10", b="1", d="1"), listed("a", "bin/a"), written("bin/a", size=110)],
    ) == [
        (1, "added", "dpkg:a", None, "1.9", 0),
        (1, "added", "dpkg:b", None, "2", 0),
        (1, "added", "dpkg:c", None, "1", 0),
        # its program and its list
        (2, "upgraded", "dpkg:a", "1.9", "1.10", 101),
        (2, "downgraded", "dpkg:b", "2", "1", 0),
        (2, "removed", "dpkg:c", "1", None, 0),
        (2, "added", "dpkg:d", None, "1", 0),
    ]


def test_a_removed_package_still_ships_what_its_list_named_before_the_layer() -> None:
    base: list[Content] = [status(a="1", b="1"), listed("a", "bin/a", "etc/a"), written("bin/a", size=100)]
    removal: list[Content] = [status(b="1"), whiteout("bin/a"), whiteout("var/lib/dpkg/info/a.list")]
    assert events([*base, written("etc/a", size=10)], removal)[2:] == [(2, "removed", "dpkg:a", "1", None, 101)]


def test_bytes_that_another_layer_hid_or_that_are_still_shown_are_not_those_of_the_removal() -> None:
    base: list[Content] = [status(a="1"), listed("a", "x", "y"), written("x", size=100), written("y", size=10)]
    assert events(base, [whiteout("x")], [status()])[1:] == [(3, "removed", "dpkg:a", "1", None, 0)]


def test_a_database_that_a_layer_writes_again_with_the_same_packages_is_no_event() -> None:
    assert events([status(a="1")], [status(a="1")]) == [(1, "added", "dpkg:a", None, "1", 0)]


def test_a_package_that_is_removed_and_comes_back_was_brought_by_the_last_layer_that_did() -> None:
    found = history([status(a="1")], [status()], [status(a="1")])
    assert [(event.layer, event.change.value) for event in found.events] == [(1, "added"), (2, "removed"), (3, "added")]
    assert list(found.layers.values()) == [3]


def test_packages_of_one_name_and_two_architectures_are_two() -> None:
    def stanza(architecture: str, version: str) -> str:
        fields = ("Package: libc", "Status: install ok installed", f"Architecture: {architecture}")
        return "\n".join((*fields, f"Version: {version}\n"))

    def both(version: str) -> Written:
        return written("var/lib/dpkg/status", stanza("amd64", version) + "\n" + stanza("i386", version))

    assert [each[1] for each in events([both("1")], [both("2")])] == ["added", "added", "upgraded", "upgraded"]


def test_distroless_files_are_compared_one_by_one() -> None:
    def package(name: str, version: str) -> list[Content]:
        sums = written(f"var/lib/dpkg/status.d/{name}.md5sums", f"0  usr/{name}\n", size=1)
        stanza = f"Package: {name}\nVersion: {version}\n"
        return [written(f"var/lib/dpkg/status.d/{name}", stanza), sums, written(f"usr/{name}", size=int(version))]

    assert events(package("tz", "7"), package("ssl", "3"), package("tz", "8")) == [
        (1, "added", "dpkg:tz", None, "7", 0),
        (2, "added", "dpkg:ssl", None, "3", 0),
        (3, "upgraded", "dpkg:tz", "7", "8", 7),
    ]


def test_an_apk_upgrade_leaves_the_old_files_dead() -> None:
    def database(version: str) -> Written:
        return written("lib/apk/db/installed", f"P:musl\nV:{version}\nF:lib\nR:libc\nR:kept\n")

    base: list[Content] = [database("1.2.5-r10"), written("lib/libc", size=50), written("lib/kept", size=8)]
    assert events(base, [database("1.2.5-r9"), written("lib/libc", size=51)]) == [
        (1, "added", "apk:musl", None, "1.2.5-r10", 0),
        (2, "downgraded", "apk:musl", "1.2.5-r10", "1.2.5-r9", 50),
    ]


def test_a_python_upgrade_goes_from_one_metadata_folder_to_another() -> None:
    old = [*distribution("Flask", "2.9", "flask/app.py", "flask/old.py"), written("site/flask/app.py", size=100)]
    new = [*distribution("flask", "2.10rc1", "flask/app.py"), written("site/flask/app.py", size=105)]
    hidden = [whiteout("site/Flask-2.9.dist-info/METADATA"), whiteout("site/Flask-2.9.dist-info/RECORD")]
    assert events([*old, written("site/flask/old.py", size=40)], [*new, *hidden]) == [
        (1, "added", "pip:Flask", None, "2.9", 0),
        (2, "upgraded", "pip:flask", "2.9", "2.10rc1", 102),
    ]


def test_a_removed_node_module_and_the_one_inside_it_own_their_files() -> None:
    inner = [manifest("node_modules/a/node_modules/b", "b", "1"), written("node_modules/a/node_modules/b/i.js", size=9)]
    outer = [manifest("node_modules/a", "a", "1"), written("node_modules/a/index.js", size=50)]
    assert events([*outer, *inner], [opaque("node_modules")])[2:] == [
        (2, "removed", "npm:a", "1", None, 52),
        (2, "removed", "npm:b", "1", None, 11),
    ]


def test_a_node_module_that_moves_is_no_event() -> None:
    assert events([manifest("node_modules/a/node_modules/b", "b", "1")], [
        manifest("node_modules/b", "b", "1"), whiteout("node_modules/a")
    ]) == [(1, "added", "npm:b", None, "1", 0)]  # fmt: skip


def test_many_copies_of_one_package_take_linear_time() -> None:
    count = 3_000
    layers: list[list[Content]] = [
        [manifest(f"{number}/node_modules/a", "a", f"{major}.0.{number}") for number in range(count)] for major in "12"
    ]
    assert [each[1] for each in events(*layers)] == ["added"] * count + ["upgraded"] * count


def test_events_end_at_the_last_layer_that_is_asked_for() -> None:
    layers: tuple[list[Content], ...] = ([status(a="1")], [status(a="2")], [status()])
    assert [event[:2] for event in events(*layers, last=2)] == [(1, "added"), (2, "upgraded")]


def test_a_database_that_is_too_large_is_reported_and_counts_as_unchanged() -> None:
    large = written("var/lib/dpkg/status", "Package: b\n", size=LARGEST_FILE + 1)
    found = history([status(a="1")], [large], [status(a="2")])
    assert [(event.layer, event.change.value) for event in found.events] == [(1, "added"), (3, "upgraded")]
    assert found.unread == (b"var/lib/dpkg/status",)


def test_all_databases_of_all_layers_are_asked_for_at_once() -> None:
    image = sized([status(a="1"), listed("a", "x")], [status(a="2"), *distribution("f", "1")], [status()])
    package_history(image.tree, image.prefixes)
    assert len(image.asked) == 1


DEBIAN = ["1.0~rc1", "1.0", "1.0a", "1.0+dfsg", "1.0.1-1", "1.9-3", "1.10-1", "1.10-1+b2", "1.10-1.1", "1:0.5"]


@pytest.mark.parametrize(
    ("manager", "versions"),
    [
        ("dpkg", DEBIAN),
        ("rpm", ["1.0~beta-1", "1.0-1.el9", "1.0-2.el9", "1.0.1-1.el9", "2:0.1-1"]),
        ("apk", ["1.2.0_alpha1-r0", "1.2.0_rc2-r0", "1.2.0-r0", "1.2.0-r10", "1.2.1-r0"]),
        ("pip", ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.10", "1!0.1"]),
        ("npm", ["1.0.0-alpha.1", "1.0.0-canary.2", "1.0.0", "1.2.0", "1.10.0"]),
        ("pip", ["9" * 5_000, "1" + "0" * 5_000]),
    ],
)
def test_versions_have_the_order_of_their_manager(manager: str, versions: list[str]) -> None:
    assert all(version_key(older, manager) < version_key(newer, manager) for older, newer in pairwise(versions))


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg compares versions itself")
def test_debian_versions_have_the_order_that_dpkg_gives_them() -> None:
    for older, newer in pairwise(DEBIAN):
        subprocess.run(["dpkg", "--compare-versions", older, "lt", newer], check=True)
