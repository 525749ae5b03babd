"""``.dive-ci`` files as they are found in repositories."""

import pytest

from layerscope.policy.dive_rules import read_dive_rules
from layerscope.policy.rules import RulesFile


def limits(file: RulesFile) -> tuple[float | None, int | None, float | None]:
    rules = file.rules
    return rules.min_dive_efficiency, rules.max_dead_size, rules.max_user_dead_share


FORMS = [
    "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.2\n",
    "rules: {lowestEfficiency: 0.95, highestWastedBytes: 20MB, highestUserWastedPercent: 0.2}",
    "rules: { lowestEfficiency: '0.95',  # text\n highestWastedBytes: \"20MB\",\n highestUserWastedPercent: 0.2 }\n",
    '{"rules": {"lowestEfficiency": 0.95, "highestWastedBytes": "20MB", "highestUserWastedPercent": 0.2}}',
    "rules:\n    'lowestEfficiency':   0.95 #\n    \"highestWastedBytes\": '20MB'\n    highestUserWastedPercent: 0.2",
    "---\nrules:\n  lowest-efficiency: 0.95\n  highest-wasted-bytes: 20MB\n  highest-user-wasted-percent: 0.2\n...\n",
    "\ufeffrules:\r\n  lowestEfficiency: 0.95\r\n  highestWastedBytes: 20MB\r\n  highestUserWastedPercent: 0.2\r\n",
]


@pytest.mark.parametrize("text", FORMS)
def test_rules_are_read_in_block_and_flow_style(text: str) -> None:
    file = read_dive_rules(text, ".dive-ci")
    assert limits(file) == (0.95, 20_000_000, 0.2)
    assert file.ignored == ()


FOREIGN = [
    ("ci: true\nrules:\n  lowestEfficiency: 0.95\n", ("ci",)),
    ("log:\n  enabled: true\n  path: ./dive.log # don't\nrules:\n  lowestEfficiency: 0.95\n", ("log",)),
    ("keybinding:\n  # Global bindings\n  quit: ctrl+c\nrules:\n  lowestEfficiency: 0.95\n", ("keybinding",)),
    ("plugins:\n- one\n- two:\n    deep: 1\nrules:\n  lowestEfficiency: 0.95\n", ("plugins",)),
    (
        "rules:\n  lowestEfficiency: 0.95\n  noSecrets:\n    paths:\n      - /root\n  other: [a, b]\n",
        ("rules.noSecrets", "rules.other"),
    ),
    ("rules: {lowestEfficiency: 0.95, other: {a: [1, 2], b: 'x, y: z'}}", ("rules.other",)),
    (
        "other: {a: [1,\n 2]}\nrules:\n  lowestEfficiency: 0.95\nlast: |\n  rules:\n    lowestEfficiency: 0.1\n",
        ("other", "last"),
    ),
    ("x: don't: [panic\nrules:\n  lowestEfficiency: 0.95", ("x",)),
]


@pytest.mark.parametrize(("text", "ignored"), FOREIGN)
def test_keys_that_are_no_rules_of_dive_are_ignored_and_named(text: str, ignored: tuple[str, ...]) -> None:
    file = read_dive_rules(text, ".dive-ci")
    assert limits(file) == (0.95, None, 0.1)
    assert file.ignored == ignored
