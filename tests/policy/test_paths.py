"""Rules about paths: what they match, what they pass over, and the layer that they name."""

from collections.abc import Callable, Sequence

import pytest

from layerscope.policy import paths
from layerscope.policy.facts import CheckedImage
from layerscope.policy.outcome import Outcome, Verdict
from layerscope.policy.rules import PathPattern, Rules
from tests.builders import directory, file, hardlink, layer, symlink, whiteout
from tests.policy.conftest import Checked

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n-----END OPENSSH PRIVATE KEY-----\n"


PathRule = Callable[[CheckedImage, Sequence[PathPattern]], Verdict]


def patterns(*texts: str) -> list[PathPattern]:
    return [PathPattern(text) for text in texts]


def named(verdict: Verdict) -> list[tuple[int | None, bytes | None]]:
    """Return layer and path of each location."""
    return [(location.layer, location.path) for location in verdict.locations]


def test_forbidden_paths_are_those_of_the_final_image(checked: Checked) -> None:
    facts = checked(layer(file("a.pyc"), file("b.pyc"), file("c")), layer(whiteout("a.pyc"), file("d/e.pyc")))
    verdict = paths.forbidden_paths(facts, patterns("*.pyc"))
    assert (verdict.outcome, verdict.value) == (Outcome.FAILED, 2)
    assert named(verdict) == [(1, b"b.pyc"), (2, b"d/e.pyc")]
    assert paths.forbidden_paths(facts, patterns("/e.pyc", "/a.pyc")).outcome is Outcome.PASSED


def test_a_forbidden_folder_is_named_without_what_is_in_it(checked: Checked) -> None:
    facts = checked(layer(file("srv/.git/config", b"x" * 7), file("srv/.git/objects/a"), file("srv/git")))
    verdict = paths.forbidden_paths(facts, patterns("**/.git", "**/.git/**"))
    assert named(verdict) == [(1, b"srv/.git")]
    assert verdict.locations[0].size == 7


def test_ignored_paths_are_not_forbidden(checked: Checked) -> None:
    facts = checked(layer(file("a.key"), file("test/b.key")), rules=Rules(ignore=patterns("/test/**")))
    assert named(paths.forbidden_paths(facts, patterns("*.key"))) == [(1, b"a.key")]


def test_a_required_path_names_the_last_layer_that_removed_it(checked: Checked) -> None:
    facts = checked(layer(file("etc/app.conf"), file("etc/kept")), layer(whiteout("etc/app.conf")), layer(file("x")))
    verdict = paths.required_paths(facts, patterns("/etc/*.conf", "/etc/kept", "/never"))
    assert (verdict.outcome, verdict.value) == (Outcome.FAILED, 2)
    assert [(location.layer, location.text) for location in verdict.locations] == [
        (2, "removes /etc/*.conf"),
        (None, "no layer has /never"),
    ]
    assert paths.required_paths(facts, patterns("/etc/kept")).outcome is Outcome.PASSED


def test_setuid_files_are_files_and_hard_links_of_the_final_image(checked: Checked) -> None:
    facts = checked(
        layer(
            file("su", mode=0o4755),
            hardlink("su2", "su", mode=0o4755),
            file("gone", mode=0o4755),
            file("later", mode=0o4755),
            file("setgid", mode=0o2755),
            symlink("link", "su", mode=0o4777),
            directory("d", mode=0o4755),
        ),
        layer(whiteout("gone"), file("later", mode=0o755)),
    )
    assert named(paths.allowed_setuid(facts, [])) == [(1, b"su"), (1, b"su2")]
    assert paths.allowed_setuid(facts, patterns("/su*")).outcome is Outcome.PASSED


def test_a_secret_counts_although_a_later_layer_removed_it(checked: Checked) -> None:
    layers = layer(file("root/.ssh/id_rsa", KEY)), layer(whiteout("root/.ssh/id_rsa"))
    verdict = paths.allowed_secrets(checked(*layers), [])
    assert named(verdict) == [(1, b"root/.ssh/id_rsa")]
    assert verdict.locations[0].hidden_by == 2
    assert paths.allowed_secrets(checked(*layers), patterns("/root/**")).outcome is Outcome.PASSED
    ignoring = checked(*layers, rules=Rules(ignore=patterns("id_rsa")))
    assert paths.allowed_secrets(ignoring, []).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", [paths.forbidden_paths, paths.required_paths, paths.allowed_setuid])
def test_no_path_is_certain_in_an_image_with_a_missing_layer(checked: Checked, rule: PathRule) -> None:
    facts = checked(layer(file("a", mode=0o4755)), layer(file("b")), lost=2)
    verdict = rule(facts, patterns("/nothing"))
    assert (verdict.outcome, verdict.locations) == (Outcome.UNKNOWN, ())


def test_a_secret_that_was_read_is_certain_in_an_image_with_a_missing_layer(checked: Checked) -> None:
    layers = layer(file("id_rsa", KEY)), layer(file("b"))
    assert paths.allowed_secrets(checked(*layers, lost=2), []).outcome is Outcome.FAILED
    assert paths.allowed_secrets(checked(*layers, lost=1), []).outcome is Outcome.UNKNOWN
