"""The reason why a step missed the build cache, from the steps and files of two images."""

import pytest

from layerscope.analysis.comparison.cache_miss import (
    BuiltSteps,
    CopiedFile,
    Files,
    WrittenInstruction,
    context_name,
    first_miss,
)
from layerscope.analysis.comparison.layer_alignment import BuildStep
from layerscope.model.build_report import CacheMiss, MissCause, ReportedStep
from layerscope.model.instruction import instruction_of


def steps(*lines: tuple[str, str | None], files: dict[int, Files] | None = None) -> BuiltSteps:
    """Return steps: a history line each, with the diff_id of its layer or None for a step without one."""
    made, layer = list[BuildStep](), 0
    for created_by, diff_id in lines:
        layer += diff_id is not None
        title = instruction_of(created_by) or ""
        made.append(BuildStep(title, title, layer if diff_id else None, diff_id))
    return BuiltSteps(made, [created_by for created_by, _ in lines], files or {})


def miss(new: BuiltSteps, old: BuiltSteps | None, cached: int, written: str = "", base: int = 1) -> CacheMiss | None:
    """Return the miss where so many layers came from the cache, ``base`` of them with the base image."""
    reported = [
        ReportedStep(step.title, step.layer, None, step.layer <= base, step.layer <= cached)
        for step in new.steps
        if step.layer
    ]
    return first_miss(reported, new, old, {cached + 1: WrittenInstruction(written, {"V", "W"})})


def reason(new: BuiltSteps, old: BuiltSteps | None, cached: int = 1, written: str = "") -> tuple[MissCause, str]:
    found = miss(new, old, cached, written)
    assert found is not None
    return found.cause, found.detail


BASE = ("ADD rootfs.tar / # buildkit", "base")
OLD = steps(BASE, ("ENV A=1", None), ("RUN /bin/sh -c make # buildkit", "m1"), ("COPY a b /srv/ # buildkit", "c1"))


def copied(**digests: str) -> Files:
    return {f"srv/{name}".encode(): CopiedFile((1,), digest.encode(), 0.0) for name, digest in digests.items()}


def test_a_build_that_took_everything_from_the_cache_missed_nothing() -> None:
    assert miss(OLD, OLD, 3) is None


def test_a_first_build_has_nothing_to_compare_with() -> None:
    assert reason(OLD, None) == (MissCause.FIRST_BUILD, "no image had the tag before")


def test_files_of_the_context_that_changed_are_listed() -> None:
    line = ("COPY a b /srv/ # buildkit", "c2")
    new = steps(
        BASE, ("ENV A=1", None), ("RUN /bin/sh -c make # buildkit", "m1"), line, files={3: copied(a="1", b="2", d="4")}
    )
    old = OLD._replace(files={3: copied(a="1", b="1", c="3")})
    found = miss(new, old, 2)
    assert found is not None
    assert (found.cause, found.detail, found.files) == (MissCause.FILES, "b, c, d changed", ("b", "c", "d"))


def test_a_long_list_of_files_is_cut_in_words_but_not_in_the_report() -> None:
    names = {f"f{number}": "1" for number in range(9)}
    new = steps(BASE, ("COPY . /srv/ # buildkit", "c2"), files={2: copied(**names)})
    found = miss(new, steps(BASE, ("COPY . /srv/ # buildkit", "c1"), files={2: {}}), 1)
    assert found is not None
    assert (found.detail, len(found.files)) == ("f0, f1, f2, f3, f4 and 4 other files changed", 9)


def test_files_that_were_not_digested_are_compared_by_their_times() -> None:
    early, late = ({b"srv/a": CopiedFile((1,), None, time)} for time in (1.0, 2.0))
    step = ("COPY a /srv/ # buildkit", "c2")
    assert (
        reason(steps(BASE, step, files={2: late}), steps(BASE, (*step[:1], "c1"), files={2: early}))[1] == "a changed"
    )


def test_a_build_argument_that_changed_is_named() -> None:
    old, new = (steps(BASE, (f"RUN |1 V={value} /bin/sh -c make # buildkit", f"m{value}")) for value in "12")
    assert reason(new, old) == (MissCause.ARGUMENT, "argument V changed from 1 to 2")


def test_another_default_of_an_argument_is_named() -> None:
    old, new = (steps(BASE, (f"ARG V={value}", None), ("COPY a /b", f"c{value}")) for value in "12")
    assert reason(new, old) == (MissCause.ARGUMENT, "ARG V=1 became ARG V=2")


@pytest.mark.parametrize(
    ("written", "old", "new", "detail"),
    [
        ("COPY v-${V} /v", "COPY v-1 /v", "COPY v-2 /v", "argument V changed from 1 to 2"),
        ("COPY $V-${W}.tar /$V/", "COPY 1-x.tar /1/", "COPY 1-y.tar /1/", "argument W changed from x to y"),
        ("ADD a /$V", "ADD --chown=1 a /1", "ADD --chown=1 a /", "argument V changed from 1 to nothing"),
    ],
)
def test_a_build_argument_in_a_copy_is_named(written: str, old: str, new: str, detail: str) -> None:
    arg = ("ARG V=1", None)
    made = [steps(BASE, arg, (f"{line} # buildkit", line)) for line in (old, new)]
    assert reason(made[1], made[0], written=written) == (MissCause.ARGUMENT, detail)


@pytest.mark.parametrize(
    ("written", "old", "new"),
    [
        ("COPY v-2 /v", "COPY v-1 /v", "COPY v-2 /v"),
        ("COPY v-$V /v", "COPY other /v", "COPY v-2 /v"),
        ("COPY v-$E /v", "COPY v-1 /v", "COPY v-2 /v"),
        ("COPY v-$V /v", "COPY --chown=1 v-2 /v", "COPY --chown=2 v-2 /v"),
        ("COPY v-$V /v", "COPY --chown=1 v-1 /v", "COPY v-2 /v"),
        ("COPY v-${V:-1} /v", "COPY v-1 /v", "COPY v-2 /v"),
    ],
)
def test_another_copy_that_no_build_argument_explains_is_another_instruction(written: str, old: str, new: str) -> None:
    made = [steps(BASE, (f"{line} # buildkit", line)) for line in (old, new)]
    assert reason(made[1], made[0], written=written) == (MissCause.INSTRUCTION, f"{old} became {new}")


def test_another_instruction_before_the_step_is_named() -> None:
    new = steps(BASE, ("ENV A=2", None), ("RUN /bin/sh -c make # buildkit", "m2"))
    assert reason(new, OLD) == (MissCause.INSTRUCTION, "ENV A=1 became ENV A=2")


def test_another_instruction_that_makes_the_same_layer_is_named() -> None:
    old, new = (steps(BASE, (f"RUN /bin/sh -c {run} # buildkit", "empty")) for run in ("true", "make check"))
    assert reason(new, old) == (MissCause.INSTRUCTION, "RUN true became RUN make check")


def test_an_instruction_that_was_added_or_removed_is_named() -> None:
    run = "RUN /bin/sh -c make # buildkit"
    assert reason(steps(BASE, ("RUN /bin/sh -c new # buildkit", "n"), (run, "m2")), steps(BASE, (run, "m1"))) == (
        MissCause.INSTRUCTION,
        "RUN new was added",
    )
    assert reason(steps(BASE, (run, "m2")), steps(BASE, ("ENV B=1", None), (run, "m1")))[1] == "ENV B=1 was removed"


def test_a_base_image_that_changed_is_named() -> None:
    new = steps(("ADD rootfs.tar / # buildkit", "other"), ("RUN /bin/sh -c make # buildkit", "m2"))
    assert reason(new, steps(BASE, ("RUN /bin/sh -c make # buildkit", "m1"))) == (
        MissCause.BASE,
        "the base image changed",
    )


def test_where_nothing_differs_the_cache_was_lost() -> None:
    old, new = (steps(BASE, ("RUN /bin/sh -c make # buildkit", f"m{number}")) for number in "12")
    assert reason(new, old)[0] is MissCause.NOTHING_DIFFERS


def test_files_that_were_not_known_are_not_guessed() -> None:
    old, new = (steps(BASE, ("COPY a /srv/ # buildkit", f"c{number}")) for number in "12")
    assert reason(new, old)[0] is MissCause.UNKNOWN


def test_other_files_under_the_hash_of_the_classic_builder_are_listed() -> None:
    lines = [f"/bin/sh -c #(nop) COPY {kind}:{'a' * 64} in /srv/ " for kind in ("multi", "file")]
    old = steps(BASE, (lines[0], "c1"), files={2: copied(a="1", b="1")})
    new = steps(BASE, (lines[1], "c2"), files={2: copied(a="1")})
    assert reason(new, old) == (MissCause.FILES, "b changed")


@pytest.mark.parametrize(
    ("path", "instruction", "name"),
    [
        (b"srv/page.html", "COPY page.html /srv/", "page.html"),
        (b"srv/page.html", "COPY page.html other /srv/", "page.html"),
        (b"srv/page.html", "COPY site/page.html /srv/", "site/page.html"),
        (b"ctx/css/a.css", "COPY . /ctx/", "css/a.css"),
        (b"ctx/css/a.css", "COPY --chown=1:1 ./ /ctx", "css/a.css"),
        (b"srv/app/main.py", "COPY app /srv/app", "app/main.py"),
        (b"etc/app.conf", "COPY conf/dev.conf /etc/app.conf", "conf/dev.conf"),
        (b"app/x", "COPY x .", "x"),
        (b"app/css/a", "COPY css .", "app/css/a"),
        (b"srv/a", "COPY dir:0123456789ab in /srv/", "a"),
        (b"srv/a", "RUN", "srv/a"),
    ],
)
def test_a_file_has_its_name_in_the_context(path: bytes, instruction: str, name: str) -> None:
    assert context_name(path, instruction) == name


HASH = "/bin/sh -c #(nop) COPY file:{} in /v "


@pytest.mark.parametrize(
    ("changed", "cause", "detail"),
    [
        ({"V": "argument V changed to 2"}, MissCause.ARGUMENT, "argument V changed to 2"),
        ({"W": "argument W changed to 2"}, MissCause.FILES, "v changed"),
        ({}, MissCause.FILES, "v changed"),
        (None, MissCause.FILES, "v changed, or argument V did: its value was not recorded"),
    ],
)
def test_an_argument_in_a_copy_that_is_recorded_as_a_hash_is_named_if_its_values_are_known(
    changed: dict[str, str] | None, cause: MissCause, detail: str
) -> None:
    old, new = (
        steps(BASE, (HASH.format(digit * 64), f"c{digit}"), files={2: {b"v": CopiedFile((1,), digit.encode(), 0.0)}})
        for digit in "12"
    )
    reported = [ReportedStep("x", 1, None, True, True), ReportedStep("COPY v-$V /v", 2, None, False, False)]
    found = first_miss(reported, new, old, {2: WrittenInstruction("COPY v-$V /v", {"V", "W"}, changed)})
    assert found is not None
    assert (found.cause, found.detail) == (cause, detail)


def test_a_label_is_no_reason_for_buildkit_and_one_for_other_builders() -> None:
    for end, expected in ((" # buildkit", "a changed"), ("", "LABEL v=1 became LABEL v=2")):
        old, new = (
            steps(BASE, (f"LABEL v={value}", None), (f"COPY a /srv/{end}", f"c{value}"), files={2: copied(a=value)})
            for value in "12"
        )
        assert reason(new, old)[1] == expected


def test_a_variable_is_a_reason_for_a_command_and_none_for_a_copy() -> None:
    for line, expected in (("RUN make", "ENV A=1 became ENV A=2"), ("COPY a /srv/", "a changed")):
        old, new = (
            steps(BASE, (f"ENV A={value}", None), (f"{line} # buildkit", f"c{value}"), files={2: copied(a=value)})
            for value in "12"
        )
        assert reason(new, old)[1] == expected


def test_an_instruction_before_a_step_from_the_cache_is_not_the_reason() -> None:
    first, copy = ("RUN first # buildkit", "f2"), ("COPY a /srv/ # buildkit", "c2")
    old = steps(BASE, ("RUN other # buildkit", "f1"), (copy[0], "c1"), files={3: copied(a="1")})
    added = steps(BASE, first, ("RUN added # buildkit", "a2"), copy)
    assert reason(added, old, cached=2) == (MissCause.INSTRUCTION, "RUN added was added")
    changed = steps(BASE, first, copy, files={3: copied(a="2")})
    assert reason(changed, old, cached=2) == (MissCause.FILES, "a changed")
    same = steps(BASE, first, copy, files={3: copied(a="1")})
    assert reason(same, old, cached=2) == (MissCause.INSTRUCTION, "RUN other became RUN first")


def test_a_file_in_a_copied_folder_is_named_as_in_the_context_where_a_hash_is_recorded() -> None:
    line = "/bin/sh -c #(nop) COPY dir:{} in /srv/site "
    old, new = (
        steps(
            BASE,
            (line.format(digit * 64), f"c{digit}"),
            files={2: {b"srv/site/a": CopiedFile((1,), digit.encode(), 0.0)}},
        )
        for digit in "12"
    )
    assert reason(new, old, written="COPY ./site /srv/site") == (MissCause.FILES, "site/a changed")
    assert reason(new, old, written="COPY $V /srv/site")[1].startswith("a changed, or argument V did")
