"""The command as a process: what it imports, closed pipes, Ctrl+C, signals, odd locales."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, write_tar
from tests.cli.runner import MY_APP, launch, start
from tests.samples import SAMPLES

_IMPORTS = """
import sys
from layerscope.cli.main import run
status = run(sys.argv[1:])
sys.stderr.write(" ".join(sys.modules))
sys.exit(status)
"""

HEAVY = {"textual", "docker", "requests", "urllib3", "magic", "logging", "asyncio", "importlib.metadata"}


def imported(*arguments: str | Path) -> set[str]:
    """Return the modules that a run of the command line has imported at its end."""
    command = [sys.executable, "-c", _IMPORTS, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)  # this interpreter
    return set(finished.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_and_version_import_next_to_nothing(arguments: tuple[str, ...]) -> None:
    modules = imported(*arguments)
    assert not modules & (HEAVY | {"rich", "msgspec", "layerscope.session.open", "layerscope.sources.open"})
    assert not {module for module in modules if module.startswith("layerscope.cli.commands.")}


@pytest.mark.parametrize("command", ["tree", "diff", "extract", "check", "images", "tags"])
def test_the_help_of_a_command_imports_no_screen(command: str) -> None:
    assert not imported(command, "--help") & HEAVY


@pytest.mark.parametrize("command", ["layers", "tree"])
def test_documents_import_no_screen(command: str) -> None:
    assert not imported(command, MY_APP, "--json") & (HEAVY | {"rich", "hashlib", "tempfile", "concurrent.futures"})


@pytest.mark.parametrize("arguments", [(MY_APP, "--no-cache"), ("layers", MY_APP), ("layers", MY_APP, "--json")])
def test_an_image_with_flags_needs_no_parser(arguments: tuple[str | Path, ...]) -> None:
    assert "typer" not in imported(*arguments)


@pytest.mark.parametrize("command", [(), ("layers",)])
@pytest.mark.parametrize("flags", [(), ("--no-cache", "--json")])
def test_a_parser_finds_the_same_answer(command: tuple[str, ...], flags: tuple[str, ...]) -> None:
    unparsed = launch(*command, MY_APP, *flags)
    parsed = launch(*command, *flags, "--", MY_APP)
    assert unparsed.status == 0
    assert unparsed == parsed


@pytest.mark.parametrize(
    "arguments",
    [
        (MY_APP,),
        ("layers", MY_APP),
        ("tree", MY_APP),
        ("diff", MY_APP, "1", "2"),
        ("diff", MY_APP, MY_APP),
        ("history", MY_APP, "/etc"),
        ("cat", MY_APP, "/etc/passwd"),
        ("why", MY_APP),
    ],
)
def test_tables_in_a_pipe_import_neither_the_explorer_nor_rich(arguments: tuple[str | Path, ...]) -> None:
    modules = imported(*arguments)
    assert not modules & (HEAVY - {"logging", "magic"} | {"rich"})
    assert not {module for module in modules if module.startswith("layerscope.tui")}


def test_the_explorer_imports_no_other_screen_before_its_first_one() -> None:
    command = [sys.executable, "-c", "import sys, layerscope.tui.app; print(*sys.modules)"]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # this interpreter
    of_screens = {module for module in modules if module.startswith("layerscope.tui.") and module.endswith(".screen")}
    assert of_screens == {"layerscope.tui.explorer.screen"}
    later = ("layerscope.tui.dialogs", "layerscope.tui.images", "layerscope.analysis.search", "layerscope.comparison")
    assert not [module for module in modules if module.startswith(later)]


@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [
        (("layers", MY_APP), ""),
        (("tree", MY_APP), ""),
        (("tree", MY_APP), "1"),
        (("tree", MY_APP, "--json"), ""),
        (("tree", MY_APP, "--json"), "1"),
        (("--help",), ""),
        (("--version",), "1"),
    ],
)
def test_a_closed_pipe_ends_silently(arguments: tuple[str | Path, ...], unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    facts = {"PYTHONUNBUFFERED": unbuffered}
    with start(*arguments, stdout=writing, stderr=subprocess.PIPE, facts=facts) as process:
        os.close(writing)
        assert process.communicate()[1] == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full, start("layers", MY_APP, stdout=full, stderr=subprocess.PIPE) as process:
        assert process.communicate()[1] == b"layerscope: cannot write the output: No space left on device\n"
    outcome = launch("layers", MY_APP, "--debug", "/dev/full")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "layerscope: cannot write the log /dev/full: No space left on device\n"
    assert process.returncode == 2


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_do_no_harm(closed: str) -> None:
    line = f'"$0" -m layerscope layers "$1" --json {closed}'
    command = ["/bin/sh", "-c", line, sys.executable, str(MY_APP)]
    finished = subprocess.run(command, capture_output=True, check=False)  # a shell closes them best
    assert finished.returncode == 0
    assert finished.stderr == b""
    if closed in ("2>&-", "<&-"):
        assert json.loads(finished.stdout)["schema_version"] == 2


@pytest.mark.parametrize("command", [["layers"], ["tree"]])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_locale_without_unicode_gets_escapes(command: list[str], encoding: str) -> None:
    outcome = launch(*command, SAMPLES / "odd-names.tar", PYTHONIOENCODING=encoding)
    assert (outcome.status, outcome.err) == (0, "")
    if encoding == "ascii":
        assert outcome.out.isascii()


def test_our_own_characters_have_a_replacement_in_ascii() -> None:
    first = launch("layers", MY_APP, PYTHONIOENCODING="ascii").out.splitlines()[0]
    assert first.startswith("my-app:v1 - linux/amd64 - 275 kB in 6 layers")


def reading_from_a_pipe(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start a run that has read the half of an archive, and waits for the other one."""
    pipe = subprocess.PIPE
    process = start("layers", "-", stdin=pipe, stdout=pipe, stderr=pipe, facts={"TMPDIR": str(tmp_path)})
    assert process.stdin is not None
    process.stdin.write(MY_APP.read_bytes()[:200_000])
    process.stdin.flush()  # returns when all but what the pipe holds, 64 KiB, has been read
    assert list(tmp_path.glob("layerscope-*/*"))
    return process


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_an_interrupted_run_ends_silently_and_leaves_nothing_behind(
    tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    process = reading_from_a_pipe(tmp_path)
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == (b"", b"", status)
    assert list(tmp_path.iterdir()) == []


_INTERRUPTED_IN_A_CALLBACK = """
import signal, weakref
from layerscope.signals import EndingSignals
class Thing: pass
with EndingSignals(lambda: None):
    thing = Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
    del thing
    while True:
        pass
"""


def test_a_signal_in_a_callback_that_cannot_raise_ends_the_run_silently() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_IN_A_CALLBACK], capture_output=True, timeout=30, check=False
    )
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"", 143)


_LOST = """
import contextlib, signal
from layerscope.signals import EndingSignals
with EndingSignals(lambda: None):
    with contextlib.suppress(SystemExit):
        signal.raise_signal(signal.SIGTERM)
    while True:
        pass
"""


def test_a_signal_whose_exception_is_lost_ends_the_run_all_the_same() -> None:
    run = subprocess.run([sys.executable, "-c", _LOST], capture_output=True, timeout=30, check=False)
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"", 143)


_CLEANING_UP = """
import contextlib, os, signal, sys
from layerscope.signals import EndingSignals
with EndingSignals(lambda: None) as signals:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.raise_signal(signal.SIGALRM)
        with contextlib.suppress(OSError):
            os.stat("")
        try:
            os.stat("")
        except OSError:
            signal.raise_signal(signal.SIGALRM)
        os.write(2, b"cleaned up")
"""


def test_a_clean_up_after_a_signal_is_not_interrupted() -> None:
    run = subprocess.run([sys.executable, "-c", _CLEANING_UP], capture_output=True, timeout=30, check=False)
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"cleaned up", 143)


_ENDED_AT_THE_END = """
import signal, sys
import layerscope.__main__
from layerscope.signals import EndingSignals
class Late(EndingSignals):
    def stop_raising(self):
        super().stop_raising()
        signal.raise_signal(signal.SIGTERM)
import layerscope.cli.main
layerscope.cli.main.EndingSignals = Late
sys.argv[1:] = ["--version"]
layerscope.__main__.main()
"""


def test_a_signal_at_the_very_end_has_its_exit_status() -> None:
    run = subprocess.run([sys.executable, "-c", _ENDED_AT_THE_END], capture_output=True, timeout=30, check=False)
    assert (run.stderr, run.returncode) == (b"", 143)


_INTERRUPTED_DURING_IMPORT = """
import signal, sys
import layerscope.__main__
class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "layerscope.cli.main":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
layerscope.__main__.main()
"""


def test_ctrl_c_during_the_first_imports_ends_silently() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_DURING_IMPORT], capture_output=True, timeout=30, check=False
    )
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"", -signal.SIGINT)


def test_nothing_is_imported_before_ctrl_c_is_handled() -> None:
    code = "import sys; before = set(sys.modules); import layerscope.__main__; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"layerscope", "layerscope.__main__"}


def test_ctrl_c_before_the_first_import_ends_silently() -> None:
    code = "import layerscope.__main__; import signal; signal.raise_signal(signal.SIGINT)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    assert (run.stderr, run.returncode) == (b"", -signal.SIGINT)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_further_signals_do_not_disturb_the_clean_up(tmp_path: Path, sent: signal.Signals) -> None:
    process = reading_from_a_pipe(tmp_path)
    for _ in range(20):
        process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == (b"", b"", 128 + sent)
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_a_run_whose_output_is_not_read(tmp_path: Path) -> None:
    path = docker_archive(
        tmp_path / "image.tar", image(layer(*(file(f"long-name-{number}") for number in range(9_000))))
    )
    with start("tree", path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_an_outcome_that_cannot_be_told_is_no_finding(tmp_path: Path) -> None:
    files = docker_files(image(layer(file("a")), layer(file("b"))))
    del files[blob_name(sha256(layer(file("b"))))]
    broken = write_tar(tmp_path / "broken.tar", files)
    (tmp_path / "rules.toml").write_text("max-layers = 9")
    with Path("/dev/full").open("w") as full:
        for stdout in (subprocess.PIPE, full):
            arguments = ("check", broken, "--config", tmp_path / "rules.toml")
            with start(*arguments, stdout=stdout, stderr=full) as process:
                process.communicate()
            assert process.returncode == 2


def test_a_failed_check_is_told_by_its_status_after_a_closed_pipe(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("max-layers = 1")
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ("check", MY_APP, "--config", tmp_path / "rules.toml")
    with start(*arguments, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert process.communicate()[1] == b""
    assert process.returncode == 1


def test_no_other_file_is_written(tmp_path: Path) -> None:
    docker_archive(tmp_path / "image.tar", image(layer(file("a"))))
    outcome = launch("layers", tmp_path / "image.tar", TMPDIR=str(tmp_path), HOME=str(tmp_path))
    assert outcome.status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["image.tar"]
    assert tempfile.gettempdir() != str(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize(("limit", "status"), [(9, 0), (0, 1)])
def test_a_check_keeps_its_status_whatever_becomes_of_standard_error(tmp_path: Path, limit: int, status: int) -> None:
    archive = docker_archive(tmp_path / "a.tar", image(layer(file("../outside"), file("a"))))
    (tmp_path / "rules.toml").write_text(f"max-layers = {limit}", encoding="utf-8")
    command = ("check", archive, "--config", tmp_path / "rules.toml", "--json")
    with Path("/dev/full").open("w") as full, start(*command, stdout=subprocess.PIPE, stderr=full) as process:
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, len(json.loads(output)["rules"])) == (status, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_an_outcome_that_cannot_be_written_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("max-layers = 9", encoding="utf-8")
    command = ("check", MY_APP, "--config", tmp_path / "rules.toml")
    with Path("/dev/full").open("w") as full, start(*command, stdout=full, stderr=full) as process:
        process.communicate(timeout=60)
    assert process.returncode == 2
