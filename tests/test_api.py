"""The Python API."""

import doctest
import gc
import gzip
import io
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import layerscope
from layerscope import api
from layerscope.report.diff.document import DiffDocument
from layerscope.report.layers import LayersDocument
from layerscope.report.tree import TreeDocument
from layerscope.report.why import WhyDocument
from tests import api_report
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, whiteout, write_tar
from tests.cli.runner import MY_APP, PLATFORMS, document
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]

README = Path(__file__).parents[1] / "README.md"
COMPARED = ("summary", "moves", "pull_size", "layers", "config", "packages", "changes")
IMAGES = sorted(path for path in SAMPLES.iterdir() if path.name.endswith(".tar") or path.name.startswith("my-app-"))


def test_the_import_is_next_to_nothing() -> None:
    program = "import sys; old = set(sys.modules); import layerscope; print(set(sys.modules) - old)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == (
        "{'layerscope'}\n"
    )


def test_the_names_are_those_of_the_module_and_are_documented() -> None:
    assert layerscope.__all__ == api.__all__
    assert all(getattr(layerscope, name).__doc__ for name in layerscope.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = layerscope.nothing


def test_the_examples_of_the_readme_print_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    (example,) = re.findall(r"```pycon\n(.*?)```", README.read_text(), re.DOTALL)
    test = doctest.DocTestParser().get_doctest(example, {}, "README", str(README), 0)
    assert len(test.examples) > 10
    problems = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=problems.write)
    assert not problems.getvalue()


def test_a_short_script_reproduces_the_layer_table_and_the_dead_files_of_every_sample(capsys: Capture) -> None:
    assert len(Path(api_report.__file__).read_text().splitlines()) <= 20
    expected = list[tuple[object, ...]]()
    for path in IMAGES:
        listed = msgspec.convert(document(capsys, "layers", path), LayersDocument)
        why = msgspec.convert(document(capsys, "why", path), WhyDocument)
        expected.append((listed.image.reference, listed.image.content_size, why.dead.total))
        for each in listed.layers:
            sizes, changes = (each.content_size, each.blob_size), (each.added, each.modified, each.removed)
            expected.append((each.layer, *sizes, *changes, each.dead_size, each.instruction))
        expected += [(ascii(dead.path), *msgspec.structs.astuple(dead)[1:]) for dead in why.dead.entries]
    program = [sys.executable, api_report.__file__, *map(str, IMAGES)]
    run = subprocess.run(program, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [" ".join(map(str, row)) for row in expected]
    assert run.stderr == ""


def test_a_tree_has_the_entries_of_the_document_and_makes_those_that_are_asked_for(capsys: Capture) -> None:
    entries = msgspec.convert(document(capsys, "tree", MY_APP, "--layer", "5"), TreeDocument).entries
    with layerscope.open(MY_APP) as opened:
        tree = opened.tree(5)
        present = [entry for entry in entries if entry.change != "removed"]
        assert list(tree) == present
        assert len(tree) == len(present)
        assert tree["/etc/timezone"] in present
        assert tree.get("etc/timezone") == tree["/etc/timezone"]
        assert "/etc/timezone" in tree
        assert "/usr/share/man/man8" not in tree
        with pytest.raises(layerscope.LayerscopeError, match="does not exist after layer 5: layers 1, 3 hold it"):
            _ = tree["/usr/share/man/man8"]
        assert list(opened.changes(5)) == [entry for entry in entries if entry.change != "unchanged"]


def test_a_file_is_read_as_it_was_at_a_layer_and_its_history_says_who_wrote_it() -> None:
    opened = layerscope.open(MY_APP)
    assert opened.read("/etc/timezone", 1) == b"Etc/UTC\n"
    assert opened.read("/etc/timezone") == b"".join(opened.chunks("/etc/timezone", 5)) == b"Etc/GMT\n"
    assert [(event.layer, event.change) for event in opened.history("/etc/timezone")] == [(1, "added"), (5, "modified")]


def test_two_images_are_compared_open_or_not(capsys: Capture) -> None:
    paths = MY_APP, SAMPLES / "my-app-v2.tar"
    expected = msgspec.convert(document(capsys, "diff", *paths), DiffDocument)
    with layerscope.open(paths[0]) as old, layerscope.open(paths[1]) as new:
        both_open = layerscope.compare(old, new)
    for found in (both_open, layerscope.compare(*paths), layerscope.compare(str(paths[0]), layerscope.open(paths[1]))):
        assert [getattr(found, name) for name in COMPARED] == [getattr(expected, name) for name in COMPARED]


@pytest.mark.parametrize("reference", ["", "no/such", str(SAMPLES), str(SAMPLES / "README.md"), "a\0b"])
def test_what_is_no_image_is_refused_when_it_is_opened(reference: str) -> None:
    with pytest.raises(layerscope.LayerscopeError):
        layerscope.open(reference)


Question = Callable[[layerscope.OpenImage], object]

WRONG: dict[str, Question] = {
    "has no layer 9": lambda opened: opened.tree(9),
    "has no layer 0": lambda opened: opened.changes(0),
    "/nope is in no layer": lambda opened: opened.chunks("/nope"),
    "/x is in no layer": lambda opened: opened.history("/x"),
    "/etc is a directory": lambda opened: opened.read("/etc"),
    "there is no engine rkt: there are docker, podman": lambda _: layerscope.open("x", engine="rkt"),
    "linux/s390x": lambda _: layerscope.open(PLATFORMS, platform="linux/s390x"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_question_raises_the_error_that_the_command_line_prints(sentence: str) -> None:
    with layerscope.open(MY_APP) as opened, pytest.raises(layerscope.LayerscopeError, match=sentence):
        WRONG[sentence](opened)


def test_a_broken_layer_has_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    base, top = layer(file("a", b"1")), layer(file("b", b"2"))
    files = docker_files(image(base, top))
    del files[blob_name(sha256(top))]
    opened = layerscope.open(write_tar(tmp_path / "a.tar", files))
    assert [bool(each.error) for each in opened.layers] == [False, True]
    assert opened.dead_size is None
    assert opened.read("/a", 1) == b"1"


def test_temporary_files_go_with_the_block_or_with_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    plain = docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1")), layer(whiteout("a"))))
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    with layerscope.open(packed, cache=False) as opened:
        assert opened.layers[0].dead_size == 1
        assert list(spool.iterdir())
    assert not list(spool.iterdir())
    with pytest.raises(layerscope.LayerscopeError, match=r"a\.tar\.gz has been closed"):
        opened.read("/a", 1)
    opened = layerscope.open(packed, cache=False)
    assert list(spool.iterdir())
    del opened
    gc.collect()
    assert not list(spool.iterdir())


def test_nothing_is_printed_and_no_signal_handler_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    kept = [signal.getsignal(number) for number in signal.valid_signals()]
    with layerscope.open(SAMPLES / "odd-names.tar", cache=False) as opened:
        assert opened.layers
        assert opened.why.verdict
        assert repr(opened).startswith("<OpenImage '")
    assert [signal.getsignal(number) for number in signal.valid_signals()] == kept
    assert capfd.readouterr() == ("", "")
