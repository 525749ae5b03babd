"""The report on a build, as lines and as a document."""

from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.report.build import build_lines, write_build_document
from tests.report.documents import read_back

STEPS = (
    ReportedStep("ADD rootfs.tar /", 1, 1, is_base=True, is_cached=True),
    ReportedStep("RUN make", 2, 2, is_base=False, is_cached=True),
    ReportedStep("COPY page.html /srv/", 3, 3, is_base=False, is_cached=False),
)
MISS = CacheMiss(STEPS[2], MissCause.FILES, "page.html changed", ("page.html",))
REPORT = BuildReport("docker", 0, "docker://sha256:1", "app:1", "app/Dockerfile", STEPS, MISS, 2_000_000, 1_500_000)


def test_the_lines_name_the_step_that_missed_and_why() -> None:
    assert list(build_lines(REPORT)) == [
        "1 step from the cache, 1 run",
        "cache miss: COPY page.html /srv/ (Dockerfile:3): page.html changed",
        "size: 2.0 MB, +500 kB against app:1 before",
    ]


def test_a_build_without_an_earlier_image_has_only_its_own_size() -> None:
    first = BuildReport("podman", 0, "podman://sha256:1", None, None, STEPS[:2], None, 2_000_000)
    assert list(build_lines(first)) == ["1 step from the cache, 0 run", "size: 2.0 MB"]
    assert list(build_lines(BuildReport("docker", 1))) == []


def test_steps_of_an_unknown_dockerfile_may_be_those_of_the_base() -> None:
    steps = [ReportedStep("RUN x", layer, None, is_base=None, is_cached=layer < 3) for layer in (1, 2, 3)]
    report = BuildReport("docker", 0, steps=tuple(steps))
    assert list(build_lines(report)) == ["2 steps from the cache or the base image, 1 run"]
    assert read_back(write_build_document, report)["steps"] == [
        {"instruction": "RUN x", "line": None, "layer": layer, "base": None, "cache": cache}
        for layer, cache in ((1, None), (2, None), (3, "miss"))
    ]


def test_the_document_has_every_step() -> None:
    document = read_back(write_build_document, REPORT)
    assert document["size_delta"] == 500_000
    assert document["steps"] == [
        {"instruction": "ADD rootfs.tar /", "line": 1, "layer": 1, "base": True, "cache": None},
        {"instruction": "RUN make", "line": 2, "layer": 2, "base": False, "cache": "hit"},
        {"instruction": "COPY page.html /srv/", "line": 3, "layer": 3, "base": False, "cache": "miss"},
    ]
    assert document["miss"] == {
        "instruction": "COPY page.html /srv/",
        "line": 3,
        "layer": 3,
        "base": False,
        "cache": "miss",
        "cause": "files",
        "text": "page.html changed",
        "files": ["page.html"],
    }


def test_the_document_of_a_failed_build_has_its_status() -> None:
    document = read_back(write_build_document, BuildReport("docker", 17, tag="app:1"))
    assert (document["exit_status"], document["steps"]) == (17, [])
    assert (document["miss"], document["size_delta"]) == (None, None)


def test_steps_whose_times_say_nothing_are_not_counted_as_cached() -> None:
    steps = [ReportedStep("RUN x", layer, None, is_base=False, is_cached=None) for layer in (1, 2)]
    lines = list(build_lines(BuildReport("docker", 0, steps=tuple(steps))))
    assert lines == ["2 steps: the times in the image do not say whether from the cache"]
