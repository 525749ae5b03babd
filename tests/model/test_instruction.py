"""Instructions are shown as the author of a Dockerfile knows them."""

import time

import pytest

from layerscope.model.instruction import instruction_of, keyword_of

CACHE = "--mount=type=cache,target=/root/.cache"
HASH = "2f1a9cde0123" + "4" * 52


@pytest.mark.parametrize(
    ("created_by", "instruction"),
    [
        (None, None),
        ("", None),
        ("/bin/sh -c #(nop) ", None),
        ("bazel build ...", "bazel build ..."),
        ("jib-gradle-plugin:3.4", "jib-gradle-plugin:3.4"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("ENV A=b # not buildkit", "ENV A=b # not buildkit"),
        ("WORKDIR /x", "WORKDIR /x"),
    ],
)
def test_other_lines_are_kept(created_by: str | None, instruction: str | None) -> None:
    assert instruction_of(created_by) == instruction


@pytest.mark.parametrize(
    "shell",
    [
        "/bin/sh -c",
        "/bin/bash -c",
        "/bin/dash -ec",
        "/bin/ash -eo pipefail -c",
        "/bin/bash -euxo pipefail -c",
        "/bin/bash -o errexit -o pipefail -c",
        "/bin/bash --login -c",
        "/usr/bin/env bash -c",
        "/busybox/busybox sh -c",
        "/usr/bin/fish -c",
        "bash -c",
        "sh -lc",
        "cmd /S /C",
        r"C:\Windows\System32\cmd.exe /S /C",
        "powershell -Command",
        "powershell -NoLogo -ExecutionPolicy Bypass -Command",
        "powershell -Command $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';",
        "pwsh -Command",
    ],
)
def test_one_leading_shell_is_stripped(shell: str) -> None:
    assert instruction_of(f"{shell} #(nop)  ENV A=b") == "ENV A=b"
    assert instruction_of(f"{shell} #(nop) ") is None
    for start in ("", "RUN ", "|2 A=b C=d e /", "RUN |1 A=b "):
        assert instruction_of(f"{start}{shell} apt-get  update") == "RUN apt-get update"
        assert instruction_of(f"{start}{shell} apt-get update # buildkit") == "RUN apt-get update"
        assert instruction_of(f"{start}{shell} {shell} x") == f"RUN {shell} x"


@pytest.mark.parametrize(
    ("created_by", "instruction"),
    [
        ("RUN /bin/sh -c bash -c x # buildkit", "RUN bash -c x"),
        ("RUN make -j 4 # buildkit", "RUN make -j 4"),
        ("RUN ssh -c aes host", "RUN ssh -c aes host"),
        ("RUN |1 A=b make all # buildkit", "RUN make all"),
        ("RUN |2 A= B=x make all # buildkit", "RUN make all"),
        ("|1 A=b make all", "RUN make all"),
        ("|0 /bin/sh -c make", "RUN make"),
        ("RUN |3 A=one two B=http://x/?y=z C=d /bin/bash -o pipefail -c make # buildkit", "RUN make"),
        ('/bin/sh -c echo "#(nop)"', 'RUN echo "#(nop)"'),
        ("python3 -c #(nop) CMD x", "CMD x"),
        (
            "RUN --mount=type=cache,target=/root/.cache /bin/sh -c pip install x # buildkit",
            f"RUN {CACHE} pip install x",
        ),
        (f"RUN {CACHE} --network=none |2 A=b C=d /bin/sh -c make # buildkit", f"RUN {CACHE} --network=none make"),
        (f"RUN |2 A=b C=d {CACHE} /bin/sh -c make # buildkit", f"RUN {CACHE} make"),
        (f"|2 A=b C=d /bin/sh -c {CACHE} make", f"RUN {CACHE} make"),
        (f"RUN {CACHE} /opt/own-shell -c make", f"RUN {CACHE} /opt/own-shell -c make"),
        (f"RUN {CACHE} make --sh -c x", f"RUN {CACHE} make --sh -c x"),
    ],
)
def test_build_arguments_and_exec_form(created_by: str, instruction: str) -> None:
    assert instruction_of(created_by) == instruction


@pytest.mark.parametrize("start", ["", "/bin/sh -c #(nop)  "])
@pytest.mark.parametrize(
    ("recorded", "written"),
    [
        ("EXPOSE map[80/tcp:{}]", "EXPOSE 80/tcp"),
        ("EXPOSE map[443/tcp:{} 80/tcp:{}]", "EXPOSE 443/tcp 80/tcp"),
        ("EXPOSE [80/tcp 53/udp]", "EXPOSE 80/tcp 53/udp"),
        ("EXPOSE 80", "EXPOSE 80"),
        ("USER [nova]", "USER nova"),
        ("USER nova", "USER nova"),
        ("VOLUME [/data /logs]", "VOLUME /data /logs"),
        ('VOLUME ["/data"]', 'VOLUME ["/data"]'),
        ("VOLUME map[/data:{}]", "VOLUME /data"),
        ("ENV [A=b]", "ENV A=b"),
        ("STOPSIGNAL [SIGTERM]", "STOPSIGNAL SIGTERM"),
        ("WORKDIR [/srv]", "WORKDIR /srv"),
        ('ENTRYPOINT &{["/docker-entrypoint.sh"]}', 'ENTRYPOINT ["/docker-entrypoint.sh"]'),
        ('ENTRYPOINT &{["a" "b c"]}', 'ENTRYPOINT ["a", "b c"]'),
        ('ENTRYPOINT ["/bin/sh" "-c" "exec top -b"]', "ENTRYPOINT exec top -b"),
        ('CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'),
        ('CMD ["nginx", "-g", "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'),
        ("CMD [/bin/sh]", 'CMD ["/bin/sh"]'),
        ('CMD ["/bin/sh"]', 'CMD ["/bin/sh"]'),
        ('CMD ["/bin/sh" "-c" "nginx -g \'daemon off;\'"]', "CMD nginx -g 'daemon off;'"),
        (r'CMD ["a\"b" "\x1b\a"]', r'CMD ["a\"b", "\u001b\u0007"]'),
        ("CMD nginx", "CMD nginx"),
        ("CMD []", "CMD []"),
        ("SHELL [/bin/bash -o pipefail -c]", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'),
        (
            r"""HEALTHCHECK &{["CMD-SHELL" "curl -f http://x || exit 1"] "30s" "1m30s" "0s" "0s" '\x03'}""",
            "HEALTHCHECK --interval=30s --timeout=1m30s --retries=3 CMD curl -f http://x || exit 1",
        ),
        (
            r"""HEALTHCHECK &{["CMD" "check" "--all"] "0s" "0s" "5s" '\x00'}""",
            'HEALTHCHECK --start-period=5s CMD ["check", "--all"]',
        ),
        (r"""HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" '\x00'}""", "HEALTHCHECK NONE"),
        (r"""HEALTHCHECK &{["CMD" "x"] "0s" "0s" "0s" "0s" '\n'}""", 'HEALTHCHECK --retries=10 CMD ["x"]'),
        (r"""HEALTHCHECK &{["CMD" "x"] "0s" "0s" "0s" "0s" '\''}""", 'HEALTHCHECK --retries=39 CMD ["x"]'),
        ("HEALTHCHECK --interval=5s CMD x", "HEALTHCHECK --interval=5s CMD x"),
        (f"ADD file:{HASH} in / ", "ADD file:2f1a9cde0123 in /"),
        (f"COPY dir:{HASH} in /srv ", "COPY dir:2f1a9cde0123 in /srv"),
        (f"COPY multi:{HASH} in /srv/ ", "COPY multi:2f1a9cde0123 in /srv/"),
        ("LABEL a=[x]", "LABEL a=[x]"),
    ],
)
def test_go_values_are_written_as_in_a_dockerfile(start: str, recorded: str, written: str) -> None:
    assert instruction_of(start + recorded) == written
    assert instruction_of(f"{recorded} # buildkit") == written


def test_a_heredoc_keeps_its_line_breaks() -> None:
    script = "set -e\nif true; then\n    echo a  b\nfi\n"
    assert instruction_of(f"RUN /bin/sh -c {script} # buildkit") == f"RUN {script.strip()}"
    heredoc = "RUN /bin/bash -euo pipefail -c cat <<EOF > /x\n  two  spaces\nEOF # buildkit"
    assert instruction_of(heredoc) == "RUN cat <<EOF > /x\n  two  spaces\nEOF"
    assert instruction_of("COPY <<EOF /x # buildkit") == "COPY <<EOF /x"


def test_the_keyword_is_the_first_word() -> None:
    assert [keyword_of(text) for text in ("RUN x", "RUNNER x", "", None)] == ["RUN", "", "", ""]


@pytest.mark.parametrize(
    "text",
    [
        "/" * 1_000_000,
        "a/" * 500_000,
        "sh " * 300_000,
        "sh -a " * 150_000,
        "powershell -a " * 70_000,
        "/bin/sh -c " + " \t" * 500_000,
        "|9999 " + "A=b " * 200_000,
        "|1 A=" + "x/sh " * 200_000,
        "|1 A=b" + " sh -o" * 150_000,
        "|1 A=b" + " powershell -o" * 70_000,
        'CMD ["' + '\\"' * 500_000,
        "HEALTHCHECK &{[" + '"a" ' * 200_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_huge_line_takes_linear_time(text: str) -> None:
    start = time.process_time()
    instruction_of(text)
    assert time.process_time() - start < 20
