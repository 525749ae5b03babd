import pytest

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.edits import InstructionEdit, combined_edits, diff_lines, new_instructions
from tests.analysis.entries import whiteout
from tests.analysis.size.analyzed import Content, sized, written

MEGABYTE = 1_000_000
LISTS = written("var/lib/apt/lists/x", size=MEGABYTE)
GONE = whiteout("var/lib/apt/lists/x")


def changes(advice: Advice) -> dict[int, str]:
    """Return the new text of each instruction that the advice changes one time, by layer."""
    texts = {edit.layer: edit.after for edit in advice.edits}
    assert len(texts) == len(advice.edits)
    return texts


def test_lists_that_are_deleted_too_late_are_deleted_at_the_end_of_the_run() -> None:
    (advice,) = sized([LISTS], [GONE]).advice("RUN apt-get update && apt-get install -y x", "RUN rm -rf /var/lib/apt")
    assert advice.cause == "apt's lists and cache, deleted too late in layer 2"
    assert changes(advice) == {
        1: "RUN apt-get update && apt-get install -y x \\\n && rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
    }
    assert [edit.before for edit in advice.edits] == ["RUN apt-get update && apt-get install -y x"]


def test_an_update_of_its_own_moves_to_the_installation_that_needs_its_lists() -> None:
    (advice,) = sized([LISTS], [written("app")]).advice("RUN apt-get -qq update", "RUN apt-get install -y x")
    moved, joined, cleaned = advice.edits
    assert (moved.layer, moved.after) == (1, "")
    assert (joined.layer, joined.after) == (2, "RUN apt-get -qq update && apt-get install -y x")
    assert (cleaned.layer, cleaned.old, cleaned.new) == (2, "", " \\\n && rm -rf /var/lib/apt/lists/* /var/cache/apt/*")


def test_lists_that_a_later_installation_needs_are_not_deleted_before_it() -> None:
    image = sized([LISTS], [written("app")])
    (advice,) = image.advice("RUN apt-get update && apt-get install -y x", "RUN apt-get install -y y")
    assert advice.edits == ()
    (advice,) = image.advice("RUN apt-get update && apt-get install -y x", "RUN apt-get update && apt install -y y")
    assert set(changes(advice)) == {1}


@pytest.mark.parametrize(
    ("path", "instruction", "after"),
    [
        ("root/.cache/pip/http/x", "RUN pip install app", "RUN pip install --no-cache-dir app"),
        (
            "root/.cache/pip/http/x",
            "RUN pip install -U pip && pip install app",
            "RUN pip install -U pip && pip install app \\\n && rm -rf /root/.cache/pip",
        ),
        ("var/cache/apk/APKINDEX.tar.gz", "RUN apk add curl", "RUN apk add --no-cache curl"),
        (
            "var/cache/apk/APKINDEX.tar.gz",
            "RUN apk update && apk add curl",
            "RUN apk update && apk add curl \\\n && rm -rf /var/cache/apk",
        ),
        ("var/cache/dnf/x", "RUN dnf install -y a", "RUN dnf install -y a \\\n && dnf clean all"),
        ("var/cache/yum/x", "RUN yum install -y a", "RUN yum install -y a \\\n && rm -rf /var/cache/yum"),
        ("root/.npm/_cacache/x", "RUN npm ci", "RUN npm ci \\\n && npm cache clean --force"),
        ("root/.cache/uv/x", "RUN uv sync", "RUN uv --no-cache sync"),
        (
            "usr/lib/python3/__pycache__/x.pyc",
            "RUN make install",
            "RUN make install \\\n && find /usr/lib/python3 -name __pycache__ -prune -exec rm -rf {} +",
        ),
        ("opt/app/__pycache__/x.pyc", "RUN pip install app", "RUN pip install --no-compile app"),
        ("src/.git/HEAD", "RUN git clone x /src", "RUN git clone x /src \\\n && rm -rf /src/.git"),
        ("var/log/x.log", "RUN make", "RUN make \\\n && find /var/log -type f -delete"),
    ],
)
def test_an_instruction_is_shown_as_it_should_be(path: str, instruction: str, after: str) -> None:
    (advice,) = sized([written(path, size=2 * MEGABYTE)]).advice(instruction)
    assert changes(advice) == {1: after}


@pytest.mark.parametrize(
    "instruction",
    [
        'RUN ["pip", "install", "x"]',
        "RUN <<EOF\npip install x\nEOF",
        "RUN pip  install x # comment",
        "RUN make &",
        None,
    ],
)
def test_an_instruction_that_cannot_be_continued_has_no_edits(instruction: str | None) -> None:
    (advice,) = sized([written("root/.cache/pip/http/x", size=MEGABYTE)]).advice(instruction)
    assert advice.edits == ()


def test_an_instruction_of_the_base_image_has_no_edits() -> None:
    (advice,) = sized([written("root/.cache/pip/http/x", size=MEGABYTE)]).advice("RUN pip install x", base_layers=1)
    assert advice.edits == ()


def test_a_chown_moves_into_the_copy_and_its_own_instruction_goes_away() -> None:
    image = sized([written("srv/m", size=MEGABYTE)], [written("srv/m", size=MEGABYTE, uid=33)])
    (advice,) = image.advice("COPY m /srv/", "RUN chown 33 /srv/m")
    assert advice.cause == "stored again by layer 2 for another owner: /srv/m"
    assert changes(advice) == {1: "COPY --chown=33:0 m /srv/", 2: ""}


def test_a_chmod_moves_to_the_end_of_the_run_that_writes_the_files() -> None:
    changed = [written("srv/m", size=MEGABYTE, mode=0o600)]
    image = sized([written("srv/m", size=MEGABYTE)], changed)
    (advice,) = image.advice("RUN make", "RUN chmod 600 /srv/*")
    assert changes(advice) == {1: "RUN make \\\n && chmod 600 /srv/*", 2: ""}


def test_a_chmod_of_files_of_several_layers_does_not_move() -> None:
    both: list[Content] = [written(path, path, size=MEGABYTE, mode=0o600) for path in ("a", "b")]
    image = sized([written("a", "a", size=MEGABYTE)], [written("b", "b", size=MEGABYTE)], both)
    assert [advice.edits for advice in image.advice("RUN x", "RUN y", "RUN chmod 600 /a /b")] == [(), ()]


@pytest.mark.parametrize(
    ("deleting", "is_exact"),
    [
        ("RUN rm -rf /src", True),
        ("RUN mkdir /x && rm -rf /src", True),
        ("RUN make && rm -rf /src", False),
        ("RUN rm -r /src", False),
        ("RUN rm -rf $(cat /src/list)", False),
    ],
)
def test_files_are_deleted_earlier_only_where_nothing_can_have_needed_them(deleting: str, *, is_exact: bool) -> None:
    (advice,) = sized([written("src/a", size=MEGABYTE)], [whiteout("src")]).advice("RUN get", deleting)
    assert changes(advice) == ({1: "RUN get \\\n && rm -rf /src"} if is_exact else {})


def test_an_installation_without_recommended_packages_is_shown() -> None:
    listed: list[Content] = [
        written(
            "var/lib/dpkg/status",
            "Package: app\nStatus: install ok installed\n\nPackage: extra\nStatus: install ok installed\n",
        ),
        written("var/lib/apt/extended_states", "Package: extra\nAuto-Installed: 1\n"),
        written("var/lib/dpkg/info/extra.list", "/usr/share/extra\n"),
        written("usr/share/extra", size=7 * MEGABYTE),
    ]
    (advice,) = sized(listed).advice("RUN apt-get install -y app")
    assert changes(advice) == {1: "RUN apt-get install --no-install-recommends -y app"}


def test_names_that_a_shell_would_read_are_quoted() -> None:
    image = sized([written("a b;c/x", size=MEGABYTE)], [whiteout("a b;c")])
    (advice,) = image.advice("RUN get", "RUN rm -rf /a*")
    assert changes(advice) == {1: "RUN get \\\n && rm -rf '/a b;c'"}
    image = sized([written("a\x1b/x", size=MEGABYTE)], [whiteout("a\x1b")])
    assert image.advice("RUN get", "RUN rm -rf /a*")[0].edits == ()


def test_a_chown_among_other_commands_moves_if_it_names_the_files_exactly() -> None:
    image = sized([written("srv/m", size=MEGABYTE)], [written("srv/m", size=MEGABYTE, uid=33)])
    for run, left in (
        ("RUN chown 33:0 /srv/m && make", "RUN make"),
        ("RUN make && chown 33 /srv/m", "RUN make"),
        ("RUN a && chown 33 /srv/m && b", "RUN a && b"),
    ):
        (advice,) = image.advice("COPY m /srv/", run)
        assert changes(advice) == {1: "COPY --chown=33:0 m /srv/", 2: left}
    for run in ("RUN make && chown -R 33 /srv", "RUN chown 33 /srv/m && chown 1 /x", "RUN x | chown 33 /srv/m"):
        assert image.advice("COPY m /srv/", run)[0].edits == ()


def test_a_diff_of_a_long_instruction_has_only_what_is_around_the_change() -> None:
    packages = " ".join(f"package{number}" for number in range(50))
    edits = (InstructionEdit(1, f"RUN pip install {packages}", "pip install", "pip install --no-cache-dir"),)
    old, new = diff_lines(edits)
    assert old == "- RUN pip install package0 package1 package2 package3 …"
    assert new == "+ RUN pip install --no-cache-dir package0 package1 package2 package3 …"
    edits = (InstructionEdit(1, f"RUN install {packages}", "", " \\\n && clean"),)
    assert diff_lines(edits) == [
        "- RUN … package46 package47 package48 package49",
        "+ RUN … package46 package47 package48 package49 \\",
        "+  && clean",
    ]


def test_edits_of_one_instruction_add_up() -> None:
    before = "RUN pip install x"
    flag = InstructionEdit(1, before, "pip install", "pip install --no-cache-dir")
    end = InstructionEdit(1, before, "", " \\\n && rm -rf /tmp/x")
    removal = InstructionEdit(2, "RUN chmod x", "RUN chmod x", "")
    assert new_instructions((flag, end, removal)) == {
        1: (before, "RUN pip install --no-cache-dir x \\\n && rm -rf /tmp/x"),
        2: ("RUN chmod x", ""),
    }
    assert diff_lines((removal,)) == ["- RUN chmod x"]


def test_a_cause_names_the_layer_and_the_largest_path() -> None:
    files = [written(f"src/{name}", name, size=size * MEGABYTE) for name, size in (("a", 1), ("b\x1b", 2))]
    image = sized([*files, written("x")], [whiteout("src/a"), whiteout("src/b\x1b")])
    assert image.advice("RUN get", "RUN rm")[0].cause == "deleted too late in layer 2: /src/b\\x1b and 1 other"
    image = sized([files[0]], [written("src/a", "new", size=MEGABYTE)])
    assert image.advice("RUN x", "RUN y")[0].cause == "overwritten by layer 2: /src/a"


@pytest.mark.parametrize("words", ["apt ", "apt update", "pip install ", "chmod 1 /x && "])
def test_advice_on_an_instruction_of_a_million_letters_is_short(words: str) -> None:
    image = sized([LISTS, written("x", size=MEGABYTE)], [GONE, written("x", size=MEGABYTE, mode=0o600)])
    instruction = "RUN " + words * (MEGABYTE // len(words))
    advice = image.advice(instruction, instruction)
    assert all(len(line) < 3_000 for each in advice for line in diff_lines(each.edits))


def test_all_edits_of_an_instruction_are_shown_once_with_the_first_advice_that_changes_it() -> None:
    clean, other = InstructionEdit(1, "RUN a", "", " && rm x"), InstructionEdit(2, "COPY a /", "a", "b")
    gone, moot = InstructionEdit(3, "RUN c", "RUN c", ""), InstructionEdit(3, "RUN c", "", " && rm y")
    assert [*combined_edits([(clean,), (moot, gone), (clean, other)])] == [
        ((clean,), (clean,)),
        ((gone,), (gone,)),
        ((clean, other), (other,)),
    ]
