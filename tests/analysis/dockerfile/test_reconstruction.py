"""A Dockerfile from a history: what builders record is written so that it builds, the rest is a comment."""

import pytest

from layerscope.analysis.dockerfile.history_forms import HistoryLine
from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.dockerfile.reconstruction import reconstructed
from layerscope.analysis.size.base_image import BaseImage
from tests.analysis.dockerfile.test_placed import history, layers

_HASHED, _NAMED = f"file:{'a' * 64}", f"file:{'a' * 12}"

BASE = BaseImage("debian:13", None, 1)


def written(*created_by: str, base: BaseImage | None = None) -> PlacedDockerfile:
    return reconstructed(history(*created_by), ["A", "B", "PRICE", "com.example.a"], ["80/tcp"], base)


def lines(*created_by: str) -> list[str]:
    return list(written(*created_by).dockerfile.lines[1:])


@pytest.mark.parametrize(
    ("created_by", "line"),
    [
        ("RUN /bin/sh -c make all # buildkit", "RUN make all"),
        ("/bin/sh -c make 'a && b'", "RUN make 'a && b'"),
        ("RUN /bin/sh -c echo  two   spaces # buildkit", "RUN echo  two   spaces"),
        ('CMD ["sh" "-c" "a"]', "CMD a"),
        ('/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'),
        ("ENV A=two words B=", 'ENV A="two words" B='),
        ("ENV A=x y=z", 'ENV A="x y=z"'),
        ('ENV PRICE=5$ A=say "hi"', r'ENV PRICE="5\$" A="say \"hi\""'),
        ("LABEL com.example.a=a page", 'LABEL com.example.a="a page"'),
        ("EXPOSE map[80/tcp:{}]", "EXPOSE 80/tcp"),
        ("EXPOSE &{[{{6 0} {6 0}}] 0xc001}", "EXPOSE 80/tcp"),
        ("COPY page.html /srv/ # buildkit", "COPY page.html /srv/"),
        ("COPY --chown=33:44 $odd /srv/ # buildkit", r"COPY --chown=33:44 \$odd /srv/"),
        ("WORKDIR /srv", "WORKDIR /srv"),
        (
            f"/bin/sh -c #(nop) COPY {_HASHED} in /a ",
            f"# The history does not name what is copied: COPY {_NAMED} in /a",
        ),
        ("# debian.sh --arch 'amd64'", "# layer 1, not by an instruction: # debian.sh --arch 'amd64'"),
    ],
)  # fmt: skip
def test_each_record_becomes_the_line_that_makes_it_again(created_by: str, line: str) -> None:
    assert lines(created_by) == [line]


def test_a_run_is_broken_at_its_commands_and_keeps_its_layer() -> None:
    placed = written("RUN /bin/sh -c a && b 'c && d' && e # buildkit", "RUN /bin/sh -c f # buildkit")
    assert placed.dockerfile.lines == ("FROM scratch", "RUN a \\", "    && b 'c && d' \\", "    && e", "RUN f")
    assert layers(placed) == {2: (1,), 5: (2,)}
    assert [instruction.keyword for instruction in placed.dockerfile.instructions] == ["FROM", "RUN", "RUN"]
    assert placed.dockerfile.instructions[1].text == "a     && b 'c && d'     && e"


def test_line_breaks_of_a_heredoc_stay() -> None:
    made = lines("RUN /bin/sh -c cat >f <<EOF\na\nEOF\n # buildkit")
    assert made == ["RUN <<EOF_", "cat >f <<EOF", "a", "EOF", "EOF_"]


def test_build_arguments_have_the_value_of_the_build() -> None:
    made = lines("ARG VERSION=1", "RUN |1 VERSION=2 /bin/sh -c make $VERSION # buildkit")
    assert made == ["ARG VERSION=2", "RUN make $VERSION"]


def test_an_absolute_source_may_be_of_another_stage() -> None:
    first, second = lines("COPY /out/app /bin/ # buildkit")
    assert first.startswith("# Perhaps from another stage")
    assert second == "COPY /out/app /bin/"


def test_a_base_whose_end_is_known_stands_at_the_from() -> None:
    placed = written("ADD rootfs.tar /", "RUN /bin/sh -c make # buildkit", base=BASE)
    assert placed.dockerfile.lines == ("FROM debian:13", "RUN make")
    assert layers(placed) == {1: (1,), 2: (2,)}
    assert (placed.base, placed.base_layers) == ("debian:13", (1,))


def test_a_base_whose_end_is_unknown_is_named_in_a_comment() -> None:
    placed = written("ADD rootfs.tar /", base=BaseImage("debian:13"))
    assert placed.dockerfile.lines[0].startswith("# Built on debian:13")
    assert placed.dockerfile.lines[1:] == ("FROM scratch", "ADD rootfs.tar /")


def test_podman_records_its_base_and_the_lines_as_they_were() -> None:
    steps = [
        HistoryLine("/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / ", 1),
        HistoryLine("/bin/sh -c #(nop) ENV A=1", None, "FROM localhost/base:1"),
        HistoryLine("/bin/sh -c #(nop) WORKDIR /srv/$A", 2),
    ]
    placed = reconstructed(steps, ["A"], [], None)
    assert placed.dockerfile.lines == ("FROM localhost/base:1", "ENV A=1", "WORKDIR /srv/$A")
    assert layers(placed) == {1: (1,), 3: (2,)}
