"""Files that are compared by another process. A test process is not forked, so that the test runs a program."""

from pathlib import Path

from tests.builders import docker_archive, file, image, layer, sparse
from tests.session.reading.test_forked import printed

LARGE = b"x" * 9000
BASE = layer(
    file("a.txt", LARGE),
    file("b.txt", LARGE),
    file("c.txt", LARGE[:-1] + b"y"),
    file("d.txt", b"small"),
    file("e.txt", b"small"),
    file("written-again.txt", b"old bytes"),
    sparse("holes.txt", 9000, (0, LARGE[:600])),
)
TOP = layer(file("written-again.txt", b"new bytes"), file("d.txt", b"small"))

PROGRAM = """
from layerscope.session.content import content_ahead
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis, size_analysis
from layerscope.sources.layer import content

with open_image(sys.argv[1]) as session:
    expected = SizeAnalysis(session.load()).report
content_ahead._MANY = 0
content_ahead.processes_at_once = lambda: 2
with open_image(sys.argv[1]) as session:
    analysis = size_analysis(session)
    # this process reads nothing
    content.open_layer_content = None
    report = analysis.report
    print(report.duplicates == expected.duplicates, report.dead == expected.dead)
    print(len(report.duplicates), len(report.dead.entries), left())
"""


def test_another_process_reads_the_files_that_a_size_report_compares(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(BASE, TOP))
    assert printed(PROGRAM, path) == ["True True", "2 2 no process is left"]


def test_the_other_process_ends_with_the_session_if_nothing_is_compared(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(BASE, TOP))
    program = """
from layerscope.session.content import content_ahead
from layerscope.session.open import open_image

content_ahead._MANY = 0
content_ahead.processes_at_once = lambda: 2
with open_image(sys.argv[1]) as session:
    loaded = session.load(compares_files=True)
    print(left())
print(left())
"""
    assert printed(program, path) == ["a process is left", "no process is left"]
