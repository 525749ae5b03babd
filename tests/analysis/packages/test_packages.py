import json
from io import BufferedIOBase, BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from layerscope.analysis.content import ImageFiles
from layerscope.analysis.packages.apk import parse_installed
from layerscope.analysis.packages.dpkg import is_installed, only_recommended, parse_paths, parse_stanzas
from layerscope.analysis.packages.final_files import LARGEST_FILE, LARGEST_TOTAL, ParseBudget
from layerscope.analysis.packages.languages import is_package_folder, parse_manifest, parse_metadata, parse_record
from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sizes import MANAGERS, PACKAGES, PackageSizes, find_packages, package_sizes
from layerscope.model.entries import FileEntry
from tests.analysis.entries import directory, symlink
from tests.analysis.size.analyzed import SizedImage, Written, sized, written


def packages_of(image: SizedImage) -> PackageSizes:
    return package_sizes(image.files)


def sizes(image: SizedImage) -> dict[str, int]:
    """Return what each package weighs."""
    return {f"{each.package.manager}:{each.package.name}": each.size for each in packages_of(image).packages}


STATUS = """Package: nginx
Status: install ok installed
Architecture: amd64
Version: 1.26
Depends: libc6 (>= 2.4), www-data | other
Description: a server
 with: a colon in its text

Package: gone
Status: deinstall ok config-files
Version: 1
"""


def test_a_dpkg_status_has_stanzas_and_marks_installed_packages() -> None:
    nginx, gone = parse_stanzas(STATUS.encode().splitlines())
    assert (nginx["package"], nginx["version"]) == ("nginx", "1.26")
    assert nginx["depends"] == "libc6 (>= 2.4), www-data | other"
    assert [is_installed(nginx), is_installed(gone)] == [True, False]
    assert list(parse_stanzas([b"\xff", b"no fields at all", b""])) == []


def test_a_dpkg_list_gives_relative_paths() -> None:
    assert parse_paths(b"/.\n/usr\n/usr/sbin/nginx\n\n".splitlines()) == (b"usr", b"usr/sbin/nginx")


def test_a_dpkg_package_owns_the_files_of_its_list_through_a_linked_folder_too() -> None:
    image = sized(
        [
            written("var/lib/dpkg/status", STATUS),
            written("var/lib/dpkg/info/nginx.list", "/.\n/sbin\n/sbin/nginx\n/etc/nginx.conf\n/not/there\n", size=10),
            directory("usr/sbin"),
            symlink("sbin", "usr/sbin"),
            written("usr/sbin/nginx", size=100),
            written("etc/nginx.conf", size=5),
            written("srv/other", size=7),
        ]
    )
    found = packages_of(image)
    assert [(each.package.name, each.package.version, each.size) for each in found.packages] == [("nginx", "1.26", 115)]
    assert found.unowned == len(STATUS) + 7


def test_a_dpkg_list_may_be_named_for_the_architecture() -> None:
    lists = written("var/lib/dpkg/info/nginx:amd64.list", "/f\n", size=0)
    assert sizes(sized([written("var/lib/dpkg/status", STATUS), lists, written("f", size=3)])) == {"dpkg:nginx": 3}


def test_distroless_images_keep_a_file_for_each_package() -> None:
    image = sized(
        [
            written("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\n"),
            written("var/lib/dpkg/status.d/base.md5sums", "0123  etc/issue\n"),
            written("etc/issue", size=9),
        ]
    )
    (base,) = packages_of(image).packages
    assert (base.package.name, base.package.version, base.size) == ("base-files", "12", 9)


def test_an_apk_database_gives_packages_with_their_files() -> None:
    data = (
        b"C:Q1\nP:musl\nV:1.2.5\nF:\nR:root\nF:lib\nR:libc.musl\nR:ld-musl\na:0:0:755\n\nP:empty\nV:1\n\nV:nameless\n"
    )
    assert list(parse_installed(data.splitlines(), ParseBudget())) == [
        Package("apk", "musl", "1.2.5", (b"root", b"lib/libc.musl", b"lib/ld-musl")),
        Package("apk", "empty", "1"),
    ]


def test_apk_packages_are_read_from_both_paths_of_the_database() -> None:
    database = "P:musl\nV:1\nF:lib\nR:libc\n"
    image = sized(
        [written("usr/lib/libc", size=8), symlink("lib", "usr/lib"), written("usr/lib/apk/db/installed", database)]
    )
    assert sizes(image) == {"apk:musl": 8}


def test_python_metadata_ends_at_the_first_empty_line() -> None:
    assert parse_metadata(b"Metadata-Version: 2.1\nName: flask\nVersion: 3.0\n\nName: other\n".splitlines()) == (
        "flask",
        "3.0",
    )
    assert parse_metadata(b"".splitlines()) == ("", "")


def test_a_python_record_is_relative_to_its_folder() -> None:
    record = b'flask/app.py,sha256=x,10\n../../../bin/flask,,\n"a, b.py",,\n/opt/abs.py,,\n\n'
    assert tuple(parse_record(record.splitlines(), b"usr/lib/python3/site/flask.dist-info/RECORD")) == (
        b"usr/lib/python3/site/flask/app.py",
        b"usr/bin/flask",
        b"usr/lib/python3/site/a, b.py",
        b"opt/abs.py",
    )


def test_python_distributions_own_their_recorded_files_or_else_their_metadata() -> None:
    site = "usr/lib/python3/site-packages"
    image = sized(
        [
            written(f"{site}/flask-3.dist-info/METADATA", "Name: flask\nVersion: 3\n", size=1),
            written(f"{site}/flask-3.dist-info/RECORD", "flask/app.py,,\nflask-3.dist-info/RECORD,,\n", size=2),
            written(f"{site}/flask/app.py", size=40),
            written(f"{site}/bare-1.dist-info/METADATA", "Name: bare\nVersion: 1\n", size=4),
            written("srv/METADATA", "Name: none\nVersion: 1\n", size=8),
        ]
    )
    assert sizes(image) == {"pip:flask": 42, "pip:bare": 4}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"name": "@types/node", "version": "20.1.0"}', ("@types/node", "20.1.0")),
        (b'{"name": 1, "version": []}', ("", "")),
        (b"[]", ("", "")),
        (b"\xff{", ("", "")),
        (b"[" * 100_000, ("", "")),
    ],
)
def test_a_node_manifest_has_a_name_and_a_version(data: bytes, expected: tuple[str, str]) -> None:
    assert parse_manifest(data) == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (b"app/node_modules/express", True),
        (b"node_modules/@types/node", True),
        (b"app/node_modules/express/lib", False),
        (b"app/node_modules/.bin", False),
        (b"app/node_modules/@types", False),
        (b"app", False),
    ],
)
def test_node_packages_lie_right_below_node_modules(folder: bytes, expected: bool) -> None:
    assert is_package_folder(folder) is expected


def test_a_node_package_owns_everything_below_it_except_nested_packages() -> None:
    modules = "app/node_modules"
    image = sized(
        [
            written(f"{modules}/a/package.json", '{"name": "a", "version": "1"}', size=1),
            written(f"{modules}/a/lib/index.js", size=10),
            written(f"{modules}/a/node_modules/b/package.json", '{"name": "b", "version": "2"}', size=2),
            written(f"{modules}/a/node_modules/b/index.js", size=20),
            written("app/package.json", '{"name": "app"}', size=5),
        ]
    )
    assert sizes(image) == {"npm:a": 11, "npm:b": 22}


def test_a_file_counts_for_one_package_only() -> None:
    image = sized(
        [
            written("var/lib/dpkg/status", STATUS),
            written("var/lib/dpkg/info/nginx.list", "/node_modules/a/index.js\n", size=0),
            written("node_modules/a/package.json", '{"name": "a"}', size=1),
            written("node_modules/a/index.js", size=10),
        ]
    )
    assert sizes(image) == {"dpkg:nginx": 10, "npm:a": 1}


@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages.db", "Packages"])
def test_an_rpm_database_that_cannot_be_read_is_reported(name: str) -> None:
    found = packages_of(sized([written(f"var/lib/rpm/{name}", size=4096)]))
    assert found.packages == ()
    assert found.unread == (f"var/lib/rpm/{name}".encode(),)


def test_older_python_distributions_have_an_egg_info_folder_or_file() -> None:
    image = sized(
        [
            written("site/six-1.egg-info/PKG-INFO", "Name: six\nVersion: 1\n", size=3),
            written("site/six-1.egg-info/top_level.txt", size=1),
            written("site/old-2.egg-info", "Name: old\nVersion: 2\n", size=5),
        ]
    )
    assert sizes(image) == {"pip:old": 5, "pip:six": 4}


GEM = """# -*- encoding: utf-8 -*-
# stub: rack 2.2.3 ruby lib

Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "2.2.3"
  s.metadata = { "changelog_uri" => "x" } if s.respond_to? :metadata=
  s.add_runtime_dependency(%q<x>.freeze, ["1.0"])
"""


def test_a_gem_owns_its_folder_and_its_specification() -> None:
    image = sized(
        [
            written("var/gems/3.3/specifications/rack-2.2.3.gemspec", GEM, size=1),
            written("var/gems/3.3/gems/rack-2.2.3/lib/rack.rb", size=20),
            written("var/gems/3.3/gems/rack-2.2.3/rack.gemspec", GEM, size=2),
            written("var/gems/3.3/specifications/default/json-2.7.gemspec", GEM.replace("rack", "json"), size=4),
            written("var/gems/3.3/specifications/broken.gemspec", "s.name = name", size=8),
        ]
    )
    assert sizes(image) == {"gem:rack": 23, "gem:json": 4}
    assert {each.package.version for each in packages_of(image).packages} == {"2.2.3"}


class _Unseekable(BufferedIOBase):
    def __init__(self, buffer: BytesIO) -> None:
        self._buffer = buffer

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._buffer.write(data)


def jar(entries: dict[str, str], compression: int = ZIP_DEFLATED, *, is_streamed: bool = False) -> bytes:
    """Return an archive; the headers in a streamed one do not have the sizes, as those of Java's own tool."""
    buffer = BytesIO()
    target = _Unseekable(buffer) if is_streamed else buffer
    with ZipFile(target, "w", compression) as archive:
        # with a fixed time, because the bytes name tests, which each process has to collect alike
        archive.writestr(ZipInfo("META-INF/"), "")
        for name, text in entries.items():
            archive.writestr(ZipInfo(name), text, compression)
    return buffer.getvalue()


MANIFEST = {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Version: 1.4\r\nBundle-Version: 2\r\n"}


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("guava-32.0.1-jre.jar", jar({}), ("guava", "32.0.1-jre")),
        ("slf4j-api-2.0.jar", jar(MANIFEST), ("slf4j-api", "2.0")),
        ("app.jar", jar(MANIFEST), ("app", "1.4")),
        ("app.jar", jar(MANIFEST, ZIP_STORED), ("app", "1.4")),
        ("app.jar", jar(MANIFEST, is_streamed=True), ("app", "1.4")),
        ("log4j-1.2-api.jar", jar(MANIFEST), ("log4j", "1.2-api")),
        ("app.jar", jar({"first": "x" * 100, **MANIFEST}), ("app", "1.4")),
        ("app.jar", jar({"first": "x" * 100, **MANIFEST}, is_streamed=True), ("app", "1.4")),
        ("app.jar", jar(MANIFEST)[:80], ("app", "")),
        ("app.jar", jar({"Main.class": "x"}), ("app", "")),
    ],
)
def test_a_jar_is_named_by_its_file_and_its_manifest(name: str, data: bytes, expected: tuple[str, str]) -> None:
    (package,) = packages_of(sized([written(f"opt/{name}", data, size=50_000_000)])).packages
    assert (package.package[1:3], package.size) == (expected, 50_000_000)


def test_only_the_start_of_a_jar_is_read_and_a_file_that_is_none_is_left_out() -> None:
    image = sized([written("opt/app.jar", jar(MANIFEST), size=100_000), written("opt/text.jar", "none")])
    assert sizes(image) == {"jar:app": 100_000}
    assert packages_of(image).unread == ()
    assert set(image.looked_into().values()) == {8 * 1024}
    assert PACKAGES.of_image(ImageFiles(image.tree, image.live, {})) == image.looked_into()
    assert PACKAGES.of_file(b"opt/app.jar", 100_000_000) == 8 * 1024


def test_a_conda_package_owns_its_files_below_the_environment() -> None:
    record = '{"name": "zlib", "version": "1.3", "files": ["lib/libz.so", "include/zlib.h"], "depends": ["x"]}'
    image = sized(
        [
            written("opt/conda/conda-meta/zlib-1.3-0.json", record, size=1),
            written("opt/conda/lib/libz.so", size=30),
            written("opt/conda/conda-meta/broken.json", '{"name": 1}'),
            written("lib/libz.so", size=100),
        ]
    )
    assert sizes(image) == {"conda:zlib": 31}
    assert packages_of(image).unread == (b"opt/conda/conda-meta/broken.json",)


def test_an_image_without_packages_has_none() -> None:
    found = packages_of(sized([written("app", size=3)]))
    assert (found.packages, found.unowned, found.unread) == ((), 3, ())
    assert packages_of(sized()).packages == ()


@pytest.mark.parametrize(
    ("link", "path", "found"),
    [
        (symlink("lib", "usr/lib"), b"lib/f", True),
        (symlink("lib", "/usr/lib"), b"lib/f", True),
        (symlink("a/lib", "../usr/./lib"), b"a/lib/f", True),
        (symlink("lib", "../../usr/lib"), b"lib/f", True),
        (symlink("lib", "lib"), b"lib/f", False),
        (symlink("lib", "nowhere"), b"lib/f", False),
        (symlink("lib", "usr/lib/f"), b"lib/f", False),
    ],
)
def test_files_are_found_through_linked_folders(link: FileEntry, path: bytes, found: bool) -> None:
    image = sized([written("usr/lib/f", "here"), link])
    assert (image.files.position(path) is not None) is found
    assert image.files.read([path]) == ({path: b"here"} if found else {})


def needs(*packages: str, automatic: str = "") -> list[str]:
    """Return the packages that are only recommended, given stanzas without their status, and the marks of apt."""
    status = "\n\n".join(f"{package}\nStatus: install ok installed" for package in packages)
    marks = "\n\n".join(f"Package: {name}\nAuto-Installed: 1" for name in automatic.split())
    image = sized([written("var/lib/dpkg/status", status), written("var/lib/apt/extended_states", marks)])
    return [stanza["package"] for stanza in only_recommended(image.files)]


def test_packages_installed_by_name_and_their_dependencies_are_needed() -> None:
    assert needs(
        "Package: app\nDepends: lib (>= 2) | other-lib, data:any\nRecommends: extra",
        "Package: lib\nPre-Depends: deep",
        "Package: deep",
        "Package: data",
        "Package: extra\nDepends: extra-lib",
        "Package: extra-lib",
        automatic="lib deep data extra extra-lib",
    ) == ["extra", "extra-lib"]


def test_a_package_may_be_needed_by_a_name_that_it_provides() -> None:
    assert (
        needs("Package: app\nDepends: mail-agent", "Package: postfix\nProvides: mail-agent (= 1)", automatic="postfix")
        == []
    )


def test_without_marks_everything_was_asked_for() -> None:
    assert needs("Package: app", "Package: extra") == []


def test_all_package_files_that_are_read_are_announced() -> None:
    image = sized(
        [
            written("var/lib/dpkg/status", STATUS),
            written("var/lib/dpkg/info/nginx.list", "/f\n"),
            written("var/lib/dpkg/status.d/base", "Package: base\n"),
            written("usr/lib/apk/db/installed", "P:musl\n"),
            symlink("lib", "usr/lib"),
            written("opt/x-1.dist-info/METADATA", "Name: x\n"),
            written("opt/x-1.dist-info/RECORD", "x.py,,\n"),
            written("opt/node_modules/@a/b/package.json", "{}"),
            written("opt/package.json", "{}"),
        ]
    )
    packages_of(image)
    assert PACKAGES.of_image(ImageFiles(image.tree, image.live, {})) == image.looked_into()


def test_a_database_of_very_many_lines_is_read_within_a_budget_and_reported() -> None:
    packages = packages_of(sized([written("lib/apk/db/installed", b"P:a\n\n" * 100_000)]))
    assert 40_000 < len(packages.packages) < 50_000
    assert packages.unread == (b"lib/apk/db/installed",)


def test_a_database_that_is_too_large_or_claims_to_be_is_not_read_but_reported() -> None:
    image = sized([written("var/lib/dpkg/status", STATUS, size=LARGEST_FILE + 1)])
    assert packages_of(image).packages == ()
    assert packages_of(image).unread == (b"var/lib/dpkg/status",)
    assert PACKAGES.of_image(ImageFiles(image.tree, image.live, {})) == {}


def test_many_large_databases_together_are_read_within_a_budget() -> None:
    metadata = [written(f"p{number}.dist-info/METADATA", size=LARGEST_FILE) for number in range(50)]
    image = sized(metadata)
    assert len(PACKAGES.of_image(ImageFiles(image.tree, image.live, {}))) == LARGEST_TOTAL // LARGEST_FILE
    assert len(packages_of(image).unread) == 50 - LARGEST_TOTAL // LARGEST_FILE


FOLDER = "f" * 4_000


@pytest.mark.parametrize(
    "database",
    [
        written("lib/apk/db/installed", f"P:a\nF:{FOLDER}\n" + "R:x\n" * 60_000),
        written(f"{FOLDER}/conda-meta/a.json", json.dumps({"name": "a", "files": ["x"] * 60_000})),
        written(f"{FOLDER}/a.dist-info/METADATA", "Name: a\n"),
    ],
)
def test_paths_that_take_much_more_memory_than_their_database_end_the_reading(database: Written) -> None:
    record = written(f"{FOLDER}/a.dist-info/RECORD", "x,,\n" * 60_000)
    image = sized([database, record])
    (manager,) = (each for each in MANAGERS if any(find_packages(image.files, each)))
    files = image.files
    (package,) = find_packages(files, manager)
    assert 50_000_000 < sum(map(len, package.paths)) < 150_000_000
    assert files.unread


def test_a_path_that_no_image_can_hold_is_not_put_together() -> None:
    lines = [b"P:a", b"F:" + b"f" * 5_000, *[b"R:x"] * 1_000, b"F:usr", b"R:bin"]
    assert list(parse_installed(lines, ParseBudget())) == [Package("apk", "a", "", (b"usr/bin",))]


def test_packages_that_all_provide_and_need_one_name_take_linear_time() -> None:
    stanzas = [f"Package: p{number}\nProvides: x\nDepends: {'x, ' * 100}y" for number in range(3_000)]
    assert needs(*stanzas) == []
    assert len(needs(*stanzas[1:], automatic=" ".join(f"p{number}" for number in range(3_000)))) == 2_999


def test_a_node_manifest_of_megabytes_is_not_parsed() -> None:
    assert parse_manifest(b'{"name": "a", "x": [' + b"1," * 1_000_000 + b"1]}") == ("", "")
