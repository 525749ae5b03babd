"""The lines of a Dockerfile and the layers of an image: exact, or blank. The histories are those of real builders."""

from collections.abc import Mapping

import pytest

from layerscope.analysis.dockerfile.history_forms import HistoryLine
from layerscope.analysis.dockerfile.placed import (
    BuiltImage,
    PlacedBy,
    PlacedDockerfile,
    place_by_history,
    place_by_provenance,
)
from layerscope.errors import UsageError
from layerscope.model.documents import Digest
from layerscope.model.provenance import BuiltDockerfile, Material, Provenance

PLATFORM = {"TARGETARCH": "arm64", "TARGETOS": "linux"}
NO_LAYER = (
    "ARG",
    "CMD",
    "ENV",
    "EXPOSE",
    "ENTRYPOINT",
    "HEALTHCHECK",
    "LABEL",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
)


def history(*created_by: str) -> list[HistoryLine]:
    """Return a history in which each line makes a layer unless its instruction only changes the config."""
    lines, layer = list[HistoryLine](), 0
    for text in created_by:
        is_empty = text.removeprefix("/bin/sh -c #(nop) ").strip().startswith(NO_LAYER)
        layer += not is_empty
        lines.append(HistoryLine(text, None if is_empty else layer))
    return lines


def built(*created_by: str, environment: Mapping[str, str] | None = None) -> BuiltImage:
    return BuiltImage(history(*created_by), environment or {}, PLATFORM, [])


def place(text: str, *created_by: str, **facts: Mapping[str, str]) -> PlacedDockerfile:
    return place_by_history(built(*created_by, **facts), text)


def layers(placed: PlacedDockerfile) -> dict[int, tuple[int, ...]]:
    return {line: made for line, made in placed.layers.items() if made}


BASE = ("ADD rootfs.tar / # buildkit", 'CMD ["bash"]')


def test_the_layers_of_the_base_are_at_its_from() -> None:
    placed = place("FROM debian\nRUN make", *BASE, "RUN /bin/sh -c make # buildkit")
    assert layers(placed) == {1: (1,), 2: (2,)}
    assert (placed.matched, placed.expected, placed.base) == (1, 1, "debian")
    assert placed.confidence == "aligned: 1 of 1 steps match"


def test_a_step_of_the_base_that_is_repeated_stays_with_the_base() -> None:
    text = "FROM debian\nRUN make\nRUN make test"
    made = ("RUN /bin/sh -c make # buildkit", "RUN /bin/sh -c make # buildkit", "RUN /bin/sh -c make test # buildkit")
    assert layers(place(text, *made)) == {1: (1,), 2: (2,), 3: (3,)}


def test_multi_stage_only_the_chain_of_the_last_stage_is_placed() -> None:
    text = "FROM golang AS build\nRUN go build -o /out/app\nFROM debian\nCOPY --from=build /out/app /bin/\nCMD app"
    placed = place(text, *BASE, "COPY /out/app /bin/ # buildkit", 'CMD ["/bin/sh" "-c" "app"]')
    assert layers(placed) == {3: (1,), 4: (2,)}
    assert placed.origin(4) == 2
    assert [placed.stage_of_line[line].title for line in (1, 2, 3, 4)] == ["build", "build", "1", "1"]


def test_a_stage_that_continues_another_one_is_part_of_the_chain() -> None:
    text = "FROM debian AS base\nRUN a\nFROM base\nRUN b"
    placed = place(text, *BASE, "RUN /bin/sh -c a # buildkit", "RUN /bin/sh -c b # buildkit")
    assert layers(placed) == {1: (1,), 2: (2,), 4: (3,)}


def test_a_target_names_the_stage_that_was_built() -> None:
    text = "FROM scratch AS one\nCOPY a /\nFROM scratch\nCOPY b /"
    image = built("COPY a / # buildkit")
    assert layers(place_by_history(image, text, "one")) == {2: (1,)}
    assert layers(place_by_history(image, text)) == {}
    with pytest.raises(UsageError, match="has no stage two"):
        place_by_history(image, text, "two")
    with pytest.raises(UsageError, match="has no FROM"):
        place_by_history(image, "RUN a")


def test_heredocs_are_placed() -> None:
    text = "FROM scratch\nRUN <<EOF\na\nb\nEOF\nCOPY <<'X' /etc/x\n1\nX\nRUN cat <<Y | sh\nc\nY"
    made = (
        "RUN /bin/sh -c a\nb\n # buildkit",
        "COPY <<X /etc/x # buildkit",
        "RUN /bin/sh -c cat <<Y | sh\nc\nY # buildkit",
    )
    assert layers(place(text, *made)) == {2: (1,), 6: (2,), 9: (3,)}


def test_heredocs_of_podman_are_placed() -> None:
    text = "FROM scratch\nRUN <<EOF\na\nb\nEOF\nCOPY <<'X' /etc/x\n1\nX\nRUN <<Y sh && c\nd\nY"
    made = (
        "/bin/sh -c <<EOF\na\nb\n",
        f"/bin/sh -c #(nop) COPY file:{'0' * 64} in /etc/x ",
        "/bin/sh -c <<Y sh && c\nd\n",
    )
    assert layers(place(text, *made)) == {2: (1,), 6: (2,), 9: (3,)}


def test_an_argument_before_from_names_the_base() -> None:
    text = "ARG TAG=12\nFROM debian:$TAG\nARG TAG\nRUN echo $TAG"
    placed = place(text, *BASE, "ARG TAG=12", "RUN |1 TAG=12 /bin/sh -c echo $TAG # buildkit")
    assert (layers(placed), placed.base) == ({2: (1,), 4: (2,)}, "debian:12")


def test_build_arguments_that_the_history_records_are_used() -> None:
    text = "FROM scratch\nARG V=1\nRUN make\nCOPY app-$V /"
    made = ("ARG V=1", "RUN |1 V=2 /bin/sh -c make # buildkit", "COPY app-2 / # buildkit")
    assert layers(place(text, *made)) == {3: (1,), 4: (2,)}


def test_onbuild_triggers_of_the_base_are_at_the_from() -> None:
    text = "FROM node:onbuild\nRUN make\nONBUILD RUN later"
    placed = place(text, *BASE, "COPY . /app # buildkit", "RUN /bin/sh -c make # buildkit")
    assert (layers(placed), placed.matched, placed.expected) == ({1: (1, 2), 2: (3,)}, 1, 1)


def test_the_escape_directive_and_continuations_with_comments_are_placed() -> None:
    text = "# escape=`\nFROM scratch\nRUN echo `\n  # one\n  a `\n  b\nCMD x"
    placed = place(text, "RUN /bin/sh -c echo   a   b # buildkit", 'CMD ["/bin/sh" "-c" "x"]')
    assert (layers(placed), placed.matched) == ({3: (1,)}, 2)


def test_json_forms_are_placed() -> None:
    shell = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'
    text = f'FROM scratch\n{shell}\nRUN ["a", "b c"]\nCOPY ["x y", "/z/"]\nCMD ["a", "-b"]'
    made = ("SHELL [/bin/bash -o pipefail -c]", "RUN a b c # buildkit", "COPY x y /z/ # buildkit", 'CMD ["a" "-b"]')
    placed = place(text, *made)
    assert (layers(placed), placed.matched, placed.expected) == ({3: (1,), 4: (2,)}, 4, 4)


def test_here_strings_are_placed() -> None:
    assert layers(
        place('FROM scratch\nRUN bash <<<"a b"\nRUN c', 'RUN /bin/sh -c bash <<<"a b"', "RUN /bin/sh -c c")
    ) == {
        2: (1,),
        3: (2,),
    }


def test_copy_with_link_owner_and_image_is_placed() -> None:
    text = "FROM scratch\nCOPY --link --chown=1:1 a /b\nCOPY --from=busybox:1 /bin/sh /bin/"
    placed = place(text, "COPY --chown=1:1 a /b # buildkit", "COPY /bin/sh /bin/ # buildkit")
    assert layers(placed) == {2: (1,), 3: (2,)}
    assert placed.origin(3) is None


def test_values_are_compared_after_substitution() -> None:
    own = 'ENV DIR=/srv X="b c"\nENV PATH=$DIR/bin:$PATH\nWORKDIR app\nWORKDIR ${DIR}\nWORKDIR sub'
    text = f"FROM debian\n{own}\nCOPY a $DIR/$TARGET$HOME"
    made = ("ENV DIR=/srv X=b c", "ENV PATH=/srv/bin:/usr/bin", "WORKDIR /opt/app", "WORKDIR /srv", "WORKDIR /srv/sub")
    environment = {"DIR": "/srv", "X": "b c", "PATH": "/srv/bin:/usr/bin", "HOME": "/root"}
    placed = place(text, *BASE, *made, "COPY a /srv//root # buildkit", environment=environment)
    assert (placed.matched, placed.expected) == (6, 6)


def test_config_is_compared_in_the_words_of_each_builder() -> None:
    text = "FROM scratch\nEXPOSE 80 53/udp\nVOLUME /a /b\nHEALTHCHECK --interval=5m --retries=2 CMD x\nCOPY a /b\nRUN y"
    go = (
        "EXPOSE map[53/udp:{} 80/tcp:{}]",
        "VOLUME [/a /b]",
        'HEALTHCHECK &{["CMD-SHELL" "x"] "5m0s" "0s" "0s" "0s" \'\\x02\'}',
    )
    classic = [f"/bin/sh -c #(nop)  {line}" for line in go]
    copied = f"/bin/sh -c #(nop) COPY file:{'a' * 64} in /b "
    podman = [f"/bin/sh -c #(nop) {line}" for line in text.splitlines()[1:4]]
    for lines in (go, classic, podman):
        copy = "COPY a /b # buildkit" if lines is go else copied
        placed = place(text, *lines, copy, "/bin/sh -c y")
        assert (placed.matched, layers(placed)) == (5, {5: (1,), 6: (2,)})


def test_podman_records_words_as_they_are_written() -> None:
    text = 'FROM scratch\nENV A="b c"\nRUN ["x", "y"]\nRUN <<EOF\nz\nEOF\nWORKDIR sub'
    made = (
        '/bin/sh -c #(nop) ENV A="b c"',
        '/bin/sh -c ["x", "y"]',
        "/bin/sh -c <<EOF",
        "/bin/sh -c #(nop) WORKDIR sub",
    )
    assert place(text, *made).matched == 4


def test_lines_that_do_not_match_stay_blank() -> None:
    text = "FROM debian\nRUN a\nRUN other\nRUN c"
    placed = place(text, *BASE, *(f"RUN /bin/sh -c {word} # buildkit" for word in "abc"))
    assert layers(placed) == {1: (1,), 2: (2,), 4: (4,)}
    assert (placed.matched, placed.expected) == (2, 3)
    assert layers(place("FROM debian\nRUN x", *BASE)) == {}


def test_steps_that_occur_twice_are_not_guessed() -> None:
    text = "FROM debian\nRUN a\nRUN a\nRUN changed"
    made = [f"RUN /bin/sh -c {word} # buildkit" for word in "aaz"]
    assert layers(place(text, *BASE, *made)) == {}


def test_steps_in_another_order_are_not_placed() -> None:
    text = "FROM scratch\nRUN a\nRUN b\nRUN changed"
    assert layers(place(text, *(f"RUN /bin/sh -c {word} # buildkit" for word in "baz"))) == {}


def test_more_steps_than_a_dockerfile_from_scratch_has_are_not_its_base() -> None:
    assert layers(place("FROM scratch\nRUN b", "RUN /bin/sh -c a", "RUN /bin/sh -c b")) == {2: (2,)}


def test_a_stage_that_was_committed_as_one_layer_belongs_to_no_line() -> None:
    lines = [
        HistoryLine("/bin/sh -c a", None),
        HistoryLine("/bin/sh -c b", None),
        HistoryLine("/bin/sh -c #(nop) CMD c", 1),
    ]
    placed = place_by_history(BuiltImage(lines, {}, {}, []), "FROM scratch\nRUN a\nRUN b\nCMD c")
    assert (layers(placed), placed.matched) == ({}, 3)


def test_a_command_without_a_layer_is_that_of_a_commit_only_where_buildah_built() -> None:
    copied = f"/bin/sh -c #(nop) COPY file:{'0' * 64} in /f "
    text = "FROM x\nRUN true\nCOPY f /f"
    for comment, expected in ((None, {1: (1,), 3: (2,)}), ("FROM x", {1: (1,)})):
        lines = [HistoryLine("base", 1), HistoryLine("/bin/sh -c true", None, comment), HistoryLine(copied, 2)]
        assert layers(place_by_history(BuiltImage(lines, {}, {}, []), text)) == expected


def test_a_copy_with_another_owner_or_mode_is_not_the_same_step() -> None:
    text = "FROM scratch\nCOPY --chmod=640 a /a\nCOPY --from=x --chown=1 b /b\nCOPY --link c /c"
    made = ("COPY a /a # buildkit", "COPY --chown=1 b /b # buildkit", "COPY c /c # buildkit")
    assert layers(place(text, *made)) == {3: (2,), 4: (3,)}


def test_options_of_a_command_and_variables_of_a_destination_are_placed_as_podman_records_them() -> None:
    text = "FROM scratch\nARG D=/opt\nRUN --mount=type=bind,source=f,target=/m cp /m /c\nRUN --network=none b"
    text += "\nCOPY f ${D}/f"
    made = (
        "/bin/sh -c #(nop) ARG D",
        f"/bin/sh -c --mount=type=bind,source=f,target=/m cp /m /c:sha256:{'0' * 64}",
        "/bin/sh -c --network=none b",
        f"/bin/sh -c #(nop) COPY file:{'0' * 64} in ${{D}}/f ",
    )
    assert layers(place(text, *made)) == {3: (1,), 4: (2,), 5: (3,)}


def digest(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


TEXT = "ARG V\nFROM debian:12\nARG V\nRUN make $V\nCOPY a-$V /"
STEPS = ("ADD x /", "ARG V=2", "RUN |1 V=2 /bin/sh -c make $V # buildkit", "COPY a-2 / # buildkit")


def test_provenance_places_lines_by_the_layers_that_it_names() -> None:
    chains = {2: (digest("a"),), 4: (digest("a"), digest("b")), 5: (digest("a"), digest("b"), digest("c"))}
    provenance = Provenance(
        build_arguments={"V": "2"},
        materials=(Material("pkg:docker/debian@12?platform=linux%2Famd64", "sha256:1"), Material("https://x", "")),
        dockerfile=BuiltDockerfile(TEXT, chains),
    )
    image = BuiltImage(history("unknown", "unknown", "unknown"), {}, {}, [digest(letter) for letter in "abc"])
    placed = place_by_provenance(image, provenance)
    assert placed is not None
    assert (placed.placed_by, placed.confidence) == (PlacedBy.PROVENANCE, "from provenance")
    assert placed.base == "debian:12@sha256:1"
    assert layers(placed) == {4: (2,), 5: (3,)}
    aligned = place_by_provenance(image._replace(steps=history(*STEPS)), provenance)
    assert aligned is not None
    assert layers(aligned) == {2: (1,), 4: (2,), 5: (3,)}


def test_layers_that_were_compressed_again_are_placed_by_the_history() -> None:
    provenance = Provenance(
        build_arguments={"V": "2"}, dockerfile=BuiltDockerfile(TEXT, {4: (digest("x"), digest("y"))})
    )
    placed = place_by_provenance(BuiltImage(history(*STEPS), {}, {}, [digest(letter) for letter in "abc"]), provenance)
    assert placed is not None
    assert layers(placed) == {2: (1,), 4: (2,), 5: (3,)}


def test_provenance_without_the_source_places_nothing() -> None:
    assert place_by_provenance(built(*STEPS), Provenance()) is None


def test_a_range_of_ports_is_compared_as_builders_record_it() -> None:
    text = "FROM scratch\nEXPOSE 8000-8002\nEXPOSE 1-65535"
    assert place(text, "EXPOSE map[8000/tcp:{} 8001/tcp:{} 8002/tcp:{}]", "EXPOSE 1-65535").matched == 2
    assert place(text, "EXPOSE &{[{{1 0} {1 0}}] 0xc0004a1c00}", "EXPOSE 1-65535").matched == 2
