"""Work in forked processes. A test process has threads and is not forked, so that each test runs a program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import SAMPLES

_START = """
import os, signal, sys, time
from layerscope.session.reading.forked import ForkedWork

def left():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return "no process is left"
    return "a process is left"
"""


def printed(program: str, *arguments: str | Path) -> list[str]:
    """Run a program, and return the lines that it prints."""
    command = [sys.executable, "-c", _START + program, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)  # this interpreter
    assert finished.stderr == ""
    return finished.stdout.splitlines()


def test_each_item_is_worked_on_once_and_ends_after_its_messages() -> None:
    lines = printed("""
def work(item, is_stopped):
    yield item, os.getpid()
    yield item * 2, os.getpid()

heard, processes = {}, set()
with ForkedWork(work, [10, 20, 30, 40], 2) as forked:
    for index, message in forked.messages(iter([3, 2, 1, 0])):
        heard.setdefault(index, []).append(message and message[0])
        processes.update(message[1:] if message else ())
print(sorted(heard.items()), os.getpid() in processes)
print(left())
""")
    items = [(index, [10 * (index + 1), 20 * (index + 1), None]) for index in range(4)]
    assert lines == [f"{items} False", "no process is left"]


def test_an_error_of_the_work_is_raised_here() -> None:
    lines = printed("""
from layerscope.errors import InvalidLayer
def work(item, is_stopped):
    yield 1
    raise InvalidLayer("the layer is odd", 512)

try:
    with ForkedWork(work, [0], 1) as forked:
        list(forked.messages(iter([0])))
except InvalidLayer as error:
    print(error, error.offset)
print(left())
""")
    assert lines == ["the layer is odd 512", "no process is left"]


def test_a_process_that_is_killed_is_reported_in_a_sentence() -> None:
    lines = printed("""
from layerscope.errors import LayerscopeError
def work(item, is_stopped):
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)
    yield 2

try:
    with ForkedWork(work, [0, 1], 2) as forked:
        list(forked.messages(iter([0, 1])))
except LayerscopeError as error:
    print(error)
print(left())
""")
    assert lines == ["a process that reads the layers ended early (killed by signal 9)", "no process is left"]


def test_a_message_larger_than_a_pipe_comes_whole() -> None:
    lines = printed("""
def work(item, is_stopped):
    yield bytes(5_000_000)

with ForkedWork(work, [0, 1], 2) as forked:
    print(sum(len(message) for _, message in forked.messages(iter([0, 1])) if message))
""")
    assert lines == ["10000000"]


def test_ctrl_c_and_an_early_end_leave_no_process() -> None:
    lines = printed("""
def work(item, is_stopped):
    while True:
        yield item

try:
    with ForkedWork(work, [0, 1], 2) as forked:
        for _ in forked.messages(iter([0, 1])):
            os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted,", left())
with ForkedWork(work, [0, 1], 2) as forked:
    next(forked.messages(iter([0, 1])))
print(left())
""")
    assert lines == ["interrupted, no process is left", "no process is left"]


def test_workers_end_with_a_process_that_is_killed() -> None:
    # the last end of the pipe is closed when the last worker has ended
    source, target = os.pipe()
    program = """
def work(item, is_stopped):
    yield item
    while not is_stopped():
        pass

with ForkedWork(work, [0, 1], 2) as forked:
    messages = forked.messages(iter([0, 1]))
    next(messages), next(messages)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", _START + program], pass_fds=[target], check=False)  # as above
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        assert pipe.read() == b""
    assert killed.returncode == -9


_EQUALITY = """
from msgspec.structs import replace
from layerscope.model.progress import ReadSoFar
from layerscope.session.open import open_image
from layerscope.session.reading import layer_parts
from layerscope.session.reading.layer_reading import read_whole
from layerscope.session.reading.layer_parts import read_in_processes

layer_parts._LEAST_DIVIDED = 1
layer_parts._ROWS = 7

def facts(entries):
    return replace(entries, paths=list(entries.paths))

for path in sys.argv[1:]:
    with open_image(path, platform="linux/amd64" if "platforms" in path else None) as session:
        layers = session.image.layers
        read = {}
        for layer, result in read_in_processes(layers, iter(reversed(layers)), 3):
            if not isinstance(result, ReadSoFar):
                read[layer.number] = read_whole(layer) if result is None else result
        assert len(read) == len(layers)
        assert all(facts(read[layer.number]) == facts(read_whole(layer)) for layer in layers), path
    print(os.path.basename(path), left())
"""


def test_layers_read_in_processes_are_those_that_one_process_reads() -> None:
    images = [*sorted(SAMPLES.glob("*.tar")), SAMPLES / "my-app-v2-zstd"]
    assert printed(_EQUALITY, *images) == [f"{image.name} no process is left" for image in images]


def test_a_command_reads_a_large_image_in_processes_and_prints_the_same() -> None:
    lines = printed(
        """
import io
from contextlib import redirect_stdout
from layerscope.cli.main import run
from layerscope.session.reading import layer_reading

outputs = []
for trial in (10, -1):
    layer_reading._TRIAL_SECONDS, layer_reading._LONG_SECONDS, layer_reading._MANY_COMPRESSED = trial, trial, abs(trial)
    for name in sys.argv[1:]:
        with redirect_stdout(io.StringIO()) as output:
            run(["layers", name, "--json"])
        outputs.append(output.getvalue())
half = len(outputs) // 2
print(outputs[:half] == outputs[half:], "layerscope.session.reading.layer_parts" in sys.modules, left())
""",
        SAMPLES / "my-app.tar",
        SAMPLES / "my-app-v2.oci.tar",
    )
    assert lines == ["True True no process is left"]


def test_two_images_read_together_in_processes_have_the_same_differences() -> None:
    lines = printed(
        """
import io
from contextlib import redirect_stdout
from layerscope.cli.main import run
from layerscope.session.reading import layer_reading

outputs = []
for many in (1 << 30, 0):
    layer_reading._MANY_COMPRESSED = many
    with redirect_stdout(io.StringIO()) as output:
        run(["diff", *sys.argv[1:], "--json", "--no-cache"])
    outputs.append(output.getvalue())
print(outputs[0] == outputs[1], "layerscope.session.reading.layer_parts" in sys.modules, left())
""",
        SAMPLES / "my-app-v2-zstd",
        SAMPLES / "my-app-v2.oci.tar",
    )
    assert lines == ["True True no process is left"]


def test_processes_hash_fewer_sizes_from_the_moment_that_they_are_limited() -> None:
    lines = printed("""
from layerscope.sources.tar.content_taker import HashedSizes

sizes = HashedSizes()
def work(item, is_stopped):
    yield 0 in sizes
    while 0 in sizes:
        pass
    yield 7 in sizes

with ForkedWork(work, [0], 1) as forked:
    messages = forked.messages(iter([0]))
    print(next(messages)[1])
    sizes.limit([7])
    print([message for _, message in messages])
""")
    assert lines == ["True", "[True, None]"]


def test_files_compared_while_the_tree_is_built_give_the_same_report() -> None:
    lines = printed(
        """
import io
from contextlib import redirect_stdout
from layerscope.cli.main import run
from layerscope.session.content import content_ahead

for path in sys.argv[1:]:
    outputs = []
    for many in (1 << 30, 0):
        content_ahead._MANY = many
        with redirect_stdout(io.StringIO()) as output:
            run(["why", path, "--json", "--no-cache"])
        outputs.append(output.getvalue())
    print(outputs[0] == outputs[1], left())
""",
        *sorted(SAMPLES.glob("*.tar")),
    )
    assert set(lines) == {"True no process is left"}


@pytest.mark.parametrize("refused", ["fork", "pipe"])
def test_this_process_reads_what_no_other_can_be_started_for(refused: str) -> None:
    lines = printed(
        """
import errno
from layerscope.session.open import open_image
from layerscope.session.reading.layer_parts import read_in_processes

def refuse():
    raise OSError(errno.EAGAIN, "no more processes")

setattr(os, sys.argv[2], refuse)
with open_image(sys.argv[1]) as session:
    layers = session.image.layers
    results = list(read_in_processes(layers, iter(layers), 2))
print(results == [(layer, None) for layer in layers], left())
""",
        SAMPLES / "my-app.tar",
        refused,
    )
    assert lines == ["True no process is left"]
