"""Reports of checks that fail, for tests of the output formats."""

from collections.abc import Mapping
from pathlib import Path

from layerscope.policy.check import check
from layerscope.policy.outcome import CheckReport
from layerscope.policy.rules import RulesFile, rules_from
from layerscope.session.open import open_image
from tests.builders import blob_name, docker_archive, docker_files, sha256, write_tar
from tests.heavy import HARMFUL, HEAVY

STRICT = {
    "min-efficiency": 0.99,
    "max-dead-size": 10,
    "max-layers": 5,
    "forbidden-paths": ["/srv/*"],
    "required-paths": ["/nowhere"],
}
LINES = {key: number for number, key in enumerate(STRICT, 3)}


def report_of(path: Path, rules: Mapping[str, object] | None = None) -> CheckReport:
    """Return what became of the rules, which stand in lines 3 and on of a file."""
    stated = rules_from(dict(STRICT if rules is None else rules), "rules.toml")
    with open_image(str(path)) as session:
        return check(session.load(), RulesFile("ci/my rules.toml", stated, LINES))


def reports(folder: Path) -> dict[str, CheckReport]:
    """Return a report on an image that passes, on one that fails, on harmful names, and on a broken image."""
    folder.mkdir(exist_ok=True)
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    heavy = docker_archive(folder / "heavy.tar", HEAVY)
    return {
        "passed": report_of(heavy, {"max-layers": 3}),
        "failed": report_of(heavy),
        "harmful": report_of(docker_archive(folder / "harmful.tar", HARMFUL)),
        "unknown": report_of(write_tar(folder / "broken.tar", files)),
    }
