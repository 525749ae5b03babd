import sys
from collections.abc import Sequence
from types import FrameType

import pytest

from layerscope.analysis.advice.advice import Advice, AdviceKind
from layerscope.analysis.advice.rules import RULE_NEEDS, advise
from layerscope.analysis.content import ImageFiles, needed_of_image
from layerscope.model.entries import FileEntry, Kind
from tests.analysis.entries import directory, opaque, symlink, whiteout
from tests.analysis.size.analyzed import Content, SizedImage, Written, sized, written

MEGABYTE = 1_000_000
CORE_DUMP = b"\x7fELF" + bytes(12) + b"\4\0"
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n"


def only(advice: Sequence[Advice], kind: AdviceKind) -> Advice:
    """Return the one piece of advice of the kind."""
    (found,) = [each for each in advice if each.kind is kind]
    return found


def kinds(image: SizedImage, *instructions: str | None) -> list[AdviceKind]:
    return [each.kind for each in image.advice(*instructions)]


def test_files_that_a_later_layer_deletes_belong_into_the_run_that_wrote_them() -> None:
    image = sized([written("src/a", size=9), written("src/b/c", size=5), written("app")], [whiteout("src")])
    advice = only(image.advice("RUN make", "RUN rm -rf /src"), AdviceKind.DELETED_LATER)
    assert (advice.layer, advice.instruction, advice.hidden_by, advice.hidden_by_instruction) == (
        1,
        "RUN make",
        2,
        "RUN rm -rf /src",
    )
    assert advice.saves == 14
    assert advice.paths == (b"src",)
    assert "Layer 2 deletes 14 B that this layer wrote. Delete them at the end of this RUN" in advice.text


def test_files_that_were_copied_and_deleted_belong_out_of_the_copy() -> None:
    image = sized([written("src/a")], [opaque("src")])
    advice = only(image.advice("COPY . /src", "RUN true"), AdviceKind.DELETED_LATER)
    assert "Leave them out of what is copied: with a .dockerignore" in advice.text
    assert advice.paths == (b"src/a",)


@pytest.mark.parametrize(("instruction", "base_layers"), [(None, 0), ("RUN make", 1), ("COPY . /", 1)])
def test_advice_on_the_base_image_does_not_ask_to_change_this_dockerfile(
    instruction: str | None, base_layers: int
) -> None:
    image = sized([written("src/a")], [whiteout("src")])
    (advice,) = image.advice(instruction, "RUN rm -rf /src", base_layers=base_layers)
    assert "choose a base image without them" in advice.text


def test_the_topmost_deleted_folders_are_named_largest_first() -> None:
    base = [written("d/small/x/f", size=1), written("d/large/x/y/f", size=7), written("d/large/f", size=2)]
    image = sized(base, [whiteout("d/small"), whiteout("d/large")])
    assert only(image.advice("RUN x", "RUN y"), AdviceKind.DELETED_LATER).paths == (b"d/large", b"d/small")


def test_files_of_one_instruction_get_one_piece_of_advice_whatever_layers_hide_them() -> None:
    image = sized([written("a", size=2), written("b", size=5)], [whiteout("a")], [whiteout("b")])
    (advice,) = image.advice("RUN x", "RUN y", "RUN z")
    assert (advice.layer, advice.hidden_by, advice.saves, advice.paths) == (1, 3, 7, (b"b", b"a"))
    assert advice.text.startswith("Layers 2 and 3 delete 7 B that this layer wrote.")


def test_files_of_many_layers_that_one_layer_deletes_count_together() -> None:
    writers = [[written(f"f{number}", str(number), size=600)] for number in range(14)]
    gone = [whiteout(f"f{number}") for number in range(14)]
    image = sized([written("base", size=100_000)], *writers, gone)
    (advice,) = image.advice("FROM base", *["RUN write"] * 14, "RUN rm f*")
    assert (advice.kind, advice.layer, advice.saves) == (AdviceKind.DELETED_LATER, 16, 14 * 600)
    assert advice.text.startswith("This layer deletes 8.4 kB in files of other layers. Layers 2, 3, ")


def test_small_savings_on_one_instruction_count_together() -> None:
    small = [written("var/log/x", size=600), written("a/__pycache__/b.pyc", size=600)]
    image = sized([written("base", size=100_000)], small)
    assert sorted(kinds(image, "FROM base", "RUN x")) == [AdviceKind.BYTECODE, AdviceKind.LOGS]
    assert kinds(sized([written("base", size=100_000), small[0]], [small[1]]), "FROM base", "RUN x") == []


def test_files_that_became_another_kind_are_replaced_and_not_deleted() -> None:
    image = sized([written("d/f", size=9), written("g", size=3)], [written("d"), directory("g")])
    advice = only(image.advice("RUN x", "RUN y"), AdviceKind.DELETED_LATER)
    assert advice.text.startswith("Layer 2 replaces 12 B that this layer wrote. Do not write them here")


def test_a_copy_of_a_later_layer_is_attributed_to_the_layer_that_wrote_the_file() -> None:
    pyc = "usr/lib/python3/__pycache__/os.pyc"
    image = sized([written("base", size=9)], [written(pyc, size=MEGABYTE)], [written(pyc, size=MEGABYTE, mode=0o600)])
    (advice,) = image.advice("FROM base", "RUN apt-get install -y python3", "RUN chmod -R go= /usr/lib/python3")
    assert (advice.kind, advice.layer, advice.saves, advice.hidden_by) == (AdviceKind.BYTECODE, 2, 2 * MEGABYTE, None)
    assert "1.0 MB of it are dead copies, because layer 3 stores the files again" in advice.text
    assert "Delete the `__pycache__` folders at the end of this RUN." in advice.text
    assert "pip" not in advice.text


def test_what_was_copied_by_a_chmod_and_then_deleted_is_attributed_to_its_first_writer() -> None:
    image = sized([written("f", size=5)], [written("f", size=5, mode=0o600)], [whiteout("f")])
    (advice,) = image.advice("RUN x", "RUN chmod", "RUN rm")
    assert (advice.kind, advice.layer, advice.saves) == (AdviceKind.DELETED_LATER, 1, 10)


@pytest.mark.parametrize("other", [written("b", "x", size=MEGABYTE, mode=0o4755), written("b", "x", MEGABYTE, uid=1)])
def test_links_between_files_of_another_mode_or_owner_are_never_advised(other: Written) -> None:
    image = sized([written("a", "x", size=MEGABYTE), other])
    assert len(image.duplicates) == 1
    assert image.advice("COPY . /") == ()


def test_a_later_chown_is_an_option_of_the_copy() -> None:
    image = sized(
        [written("m", size=3 * MEGABYTE), written("n", size=MEGABYTE)],
        [written("m", size=3 * MEGABYTE, uid=33), written("n", size=MEGABYTE, uid=33)],
    )
    advice = only(image.advice("COPY m n /", "RUN chown 33 /m /n"), AdviceKind.METADATA_COPY)
    assert (advice.layer, advice.hidden_by, advice.saves, advice.paths) == (1, 2, 4 * MEGABYTE, (b"m", b"n"))
    assert "only to change their owner. Write `COPY --chown=33:0` here" in advice.text


def test_a_later_chmod_to_several_modes_names_the_option_without_a_value() -> None:
    image = sized([written("m"), written("n", "y")], [written("m", mode=0o755), written("n", "y", mode=0o600)])
    advice = only(image.advice("ADD m n /", "RUN chmod"), AdviceKind.METADATA_COPY)
    assert "only to change their mode. Write `ADD --chmod=…` here" in advice.text


def test_no_option_of_copy_is_advised_for_extended_attributes() -> None:
    capable = FileEntry(b"ping", Kind.FILE, 1, 0o755, 0, 0, 0, xattrs=((b"security.capability", b"x"),))
    image = sized([written("ping")], [Written(capable, b"x")])
    advice = only(image.advice("COPY ping /", "RUN chmod 755 /ping && setcap"), AdviceKind.METADATA_COPY)
    assert "their mode and extended attributes. Change as few of them as you can" in advice.text


def test_a_later_chmod_of_files_that_a_run_made_belongs_into_that_run() -> None:
    image = sized([written("m")], [written("m", mode=0o755, uid=1)])
    advice = only(image.advice("RUN make", "RUN chmod"), AdviceKind.METADATA_COPY)
    assert "only to change their owner and mode. Change them at the end of this RUN." in advice.text
    (inherited,) = image.advice(None, "RUN chmod")
    assert "Change as few of them as you can" in inherited.text


def test_rewritten_files_are_separated_by_whether_their_bytes_changed() -> None:
    image = sized([written("a", "old"), written("b", "same!")], [written("a", "new"), written("b", "same!", mtime=9)])
    copied, changed = image.advice("RUN x", "RUN y")
    assert (changed.kind, changed.saves, changed.paths) == (AdviceKind.REWRITTEN, 3, (b"a",))
    assert "Layer 2 overwrites 1 file of this layer, 3 B in all" in changed.text
    assert (copied.kind, copied.saves, copied.paths) == (AdviceKind.REWRITTEN, 5, (b"b",))
    assert "a second time, 5 B in all, although at most their modification times differ" in copied.text


@pytest.mark.parametrize("path", ["var/lib/dpkg/status", "var/log/dpkg.log", "lib/apk/db/installed", "etc/ld.so.cache"])
def test_package_bookkeeping_that_each_installation_rewrites_gets_no_advice(path: str) -> None:
    image = sized([written(path, "old" * 9)], [written(path, "new" * 9)])
    assert AdviceKind.REWRITTEN not in kinds(image, "RUN x", "RUN y")


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("var/lib/apt/lists/x_Packages", "rm -rf /var/lib/apt/lists/*"),
        ("var/cache/apt/archives/x.deb", "rm -rf /var/lib/apt/lists/*"),
        ("var/cache/apk/APKINDEX.tar.gz", "apk add --no-cache"),
        ("var/cache/dnf/x/y.solv", "dnf clean all"),
        ("root/.cache/pip/http/x", "pip install --no-cache-dir"),
        ("home/me/.cache/uv/x", "uv --no-cache"),
        ("root/.npm/_cacache/x", "npm cache clean --force"),
        ("usr/local/share/.cache/yarn/v6/x", "yarn cache clean"),
        ("usr/local/cargo/registry/cache/x.crate", "target=/usr/local/cargo/registry"),
        ("root/.cache/go-build/00/x", "target=/go/pkg/mod"),
        ("go/pkg/mod/cache/x", "target=/go/pkg/mod"),
    ],
)
def test_a_cache_of_a_package_manager_is_named_with_its_remedy(path: str, remedy: str) -> None:
    image = sized([written(path, size=2 * MEGABYTE)])
    advice = only(image.advice("RUN install"), AdviceKind.PACKAGE_CACHE)
    assert advice.saves == 2 * MEGABYTE
    assert remedy in advice.text
    assert path.encode().startswith(advice.paths[0] + b"/")


def test_a_cache_counts_once_with_what_is_live_and_what_is_dead_of_it() -> None:
    lists = [written(f"var/lib/apt/lists/{name}", size=size) for name, size in (("a", 4), ("b", 2))]
    image = sized(lists, [whiteout("var/lib/apt/lists/a"), written("var/cache/apt/p")])
    first, second = image.advice("RUN apt-get update", "RUN apt-get install x")
    assert (first.kind, first.layer, first.saves, first.hidden_by) == (AdviceKind.PACKAGE_CACHE, 1, 6, 2)
    assert "6 B of apt's lists and cache come from this layer, 4 B of them dead." in first.text
    assert (second.kind, second.layer, second.saves, second.hidden_by) == (AdviceKind.PACKAGE_CACHE, 2, 1, None)


def test_a_cache_that_is_deleted_too_late_names_the_layer_that_tries() -> None:
    image = sized([written("var/cache/apk/x")], [whiteout("var/cache/apk")])
    (advice,) = image.advice("RUN apk add x", "RUN rm -rf /var/cache/apk")
    assert "layer 2 hides them too late" in advice.text
    assert advice.hidden_by == 2


def test_build_tools_belong_into_a_stage_of_their_own() -> None:
    image = sized([written("usr/lib/gcc/x/14/cc1", size=30 * MEGABYTE), written("usr/include/stdio.h", size=MEGABYTE)])
    advice = only(image.advice("RUN apt-get install -y --no-install-recommends gcc"), AdviceKind.BUILD_TOOLS)
    assert advice.saves == 31 * MEGABYTE
    assert advice.paths == (b"usr/lib/gcc", b"usr/include")
    assert "COPY --from=build" in advice.text


def test_a_few_headers_of_an_interpreter_get_no_advice() -> None:
    image = sized([written("usr/include/node/v8.h", size=2 * MEGABYTE), written("app", size=100 * MEGABYTE)])
    assert kinds(image, "RUN x") == []


def test_duplicates_are_attributed_to_the_layer_that_made_the_last_copy() -> None:
    image = sized(
        [written("a", "model", size=2 * MEGABYTE)],
        [written("b", "model", size=2 * MEGABYTE)],
        [written("a", "model", size=2 * MEGABYTE, mtime=1)],
    )
    advice = only(image.advice("COPY a /", "RUN cp a b", "RUN touch a"), AdviceKind.DUPLICATES)
    assert (advice.layer, advice.saves, advice.paths) == (2, 2 * MEGABYTE, (b"a", b"b"))


def test_a_git_repository_of_any_size_gets_advice_and_a_mere_folder_does_not() -> None:
    rest = written("app", size=100 * MEGABYTE)
    image = sized([written("src/.git/HEAD"), written("src/.git/objects/x", size=9), rest])
    advice = only(image.advice("COPY . /src"), AdviceKind.VERSION_CONTROL)
    assert (advice.saves, advice.paths) == (10, (b"src/.git",))
    assert kinds(sized([written("src/.git/config"), rest]), "COPY . /") == []


def test_bytecode_gets_advice_if_it_is_large() -> None:
    pyc = written("usr/lib/python3/__pycache__/os.pyc", size=2 * MEGABYTE)
    assert kinds(sized([pyc]), "RUN x") == [AdviceKind.BYTECODE]
    assert kinds(sized([written("a/__pycache__/b.pyc", size=900), written("x", size=MEGABYTE)]), "RUN x") == []


def test_logs_get_advice_if_they_are_large() -> None:
    advice = only(sized([written("var/log/build.log", size=MEGABYTE)]).advice("RUN x"), AdviceKind.LOGS)
    assert (advice.saves, advice.paths) == (MEGABYTE, (b"var/log",))


@pytest.mark.parametrize("name", ["core", "core.4711", "app.core"])
def test_core_dumps_are_recognised_by_name_and_bytes(name: str) -> None:
    rest = written("x", size=100 * MEGABYTE)
    advice = only(sized([written(f"srv/{name}", CORE_DUMP), rest]).advice("RUN x"), AdviceKind.CORE_DUMP)
    assert (advice.saves, advice.paths) == (len(CORE_DUMP), (f"srv/{name}".encode(),))
    assert kinds(sized([written(f"srv/{name}", "a text about cores"), rest]), "RUN x") == []


def test_other_names_with_core_in_them_are_not_even_looked_at() -> None:
    image = sized([written("usr/lib/libcore.so", CORE_DUMP), written("core.js", CORE_DUMP + b"s")])
    assert kinds(image, "RUN x") == []


STATUS = """Package: app
Status: install ok installed

Package: extra
Status: install ok installed
"""
INSTALLED: list[Content] = [
    written("var/lib/dpkg/status", STATUS),
    written("var/lib/apt/extended_states", "Package: extra\nAuto-Installed: 1\n"),
    written("var/lib/dpkg/info/extra.list", "/usr\n/usr/share/extra\n"),
    written("usr/share/extra", size=7 * MEGABYTE),
]


@pytest.mark.parametrize(
    "command", ["apt-get install -y app", "apt install app -y", "apt-get -qq update; apt-get -y install app"]
)
def test_recommended_packages_get_advice_with_their_size(command: str) -> None:
    advice = only(sized([], INSTALLED).advice(None, f"RUN {command}"), AdviceKind.RECOMMENDED_PACKAGES)
    assert (advice.layer, advice.saves, advice.paths) == (2, 7 * MEGABYTE, (b"var/lib/dpkg/info/extra.list",))
    assert "(extra). Install with `--no-install-recommends`" in advice.text


@pytest.mark.parametrize(
    "instruction",
    [
        "RUN apt-get install -y --no-install-recommends app",
        "RUN apt-get -o APT::Install-Recommends=false install app",
        "RUN apt-get update && make install",
        "COPY . /",
        None,
    ],
)
def test_an_instruction_that_asks_for_no_recommended_packages_gets_no_advice_on_them(instruction: str | None) -> None:
    assert kinds(sized(INSTALLED), instruction) == []


def test_recommended_packages_of_another_layer_get_no_advice() -> None:
    assert kinds(sized(INSTALLED, [written("a")]), "ADD rootfs /", "RUN apt-get install app") == []


def test_a_clean_image_gets_no_advice() -> None:
    base: list[Content] = [
        written("usr/bin/bash", size=MEGABYTE),
        written("var/lib/dpkg/status", "old", size=100_000),
        written("etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----", size=9000),
        written("usr/share/doc/a/copyright", "license", size=3000),
        written("usr/share/doc/b/copyright", "license", size=3000),
        directory("var/lib/apt/lists"),
        symlink("bin", "usr/bin"),
    ]
    image = sized(base, [written("usr/sbin/nginx", size=60 * MEGABYTE), written("var/lib/dpkg/status", "new", 101_000)])
    assert image.advice("ADD rootfs.tar /", "RUN apt-get update && apt-get install -y nginx") == ()


def test_an_empty_image_gets_no_advice() -> None:
    assert sized().advice() == ()
    assert sized([]).advice("RUN true") == ()


def test_all_files_that_rules_read_are_announced() -> None:
    hidden = [written("root/.ssh/id_rsa", PRIVATE_KEY), written("core", CORE_DUMP), written("etc/a.pem", "public")]
    image = sized([*hidden, *INSTALLED], [whiteout("root/.ssh/id_rsa")])
    instructions = {1: "RUN apt-get install app", 2: "RUN rm"}
    image.advice(*instructions.values())
    assert image.secrets
    assert needed_of_image(RULE_NEEDS, ImageFiles(image.tree, image.live, instructions)) == image.looked_into()


def calls_for(folders: int) -> int:
    """Return how many functions are called to give advice where each layer deletes one folder of ten files."""
    base = [written(f"d{folder}/deep/f{n}") for folder in range(folders) for n in range(10)]
    image = sized(base, *([whiteout(f"d{folder}")] for folder in range(folders)))
    evidence = image.evidence("COPY . /", *("RUN rm" for _ in range(folders)))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        advise(evidence)
    finally:
        sys.setprofile(None)
    return calls


def test_the_cost_of_advice_grows_with_the_entries_and_not_with_layers_times_entries() -> None:
    assert calls_for(120) < 3.5 * calls_for(40)
