"""``layerscope check``: each rule passes, fails and cannot be told; where rules come from; the exit status."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, oci_archive, sha256, write_tar
from tests.cli.runner import Outcome, ask
from tests.heavy import BASE, CLEAN, HARMFUL, HEAVY

Capture = pytest.CaptureFixture[str]
Check = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, where there are no rules yet."""
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "heavy.tar", HEAVY)
    docker_archive(tmp_path / "base.tar", image(BASE, tags=["base:1"]))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """An image whose second layer is missing."""
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    return write_tar(tmp_path / "broken.tar", files)


def rules(text: str, name: str = ".layerscope.toml") -> None:
    Path(name).write_text(text, encoding="utf-8")


def only_rule(outcome: Outcome) -> dict[str, Any]:
    (rule,) = json.loads(outcome.out)["rules"]
    assert isinstance(rule, dict)
    return rule


FIGURES = [
    # rule, a limit that is kept, one that is not, unit, value, excess, the layer to look at first
    ("min-efficiency", 0.5, 0.9, "fraction", 1 - 8_035 / 18_165, 0.9 - (1 - 8_035 / 18_165), 1),
    ("max-dead-size", '"8.035 kB"', 8_000, "bytes", 8_035, 35, 1),
    ("max-dead-share", '"45 %"', 0.4, "fraction", 8_035 / 18_165, 8_035 / 18_165 - 0.4, 1),
    ("max-user-dead-share", 0.8, '"50 %"', "fraction", 8_035 / 10_130, 8_035 / 10_130 - 0.5, 1),
    ("max-content-size", 18_165, '"18 kB"', "bytes", 18_165, 165, 2),
    ("max-blob-size", '"1 MB"', 0, "bytes", sum(map(len, HEAVY.layers)), sum(map(len, HEAVY.layers)), None),
    ("max-layer-size", '"10.1kB"', '"9 KiB"', "bytes", 10_100, 10_100 - 9 * 1024, 2),
    ("max-layers", 3, 1, "count", 3, 2, 3),
]


@pytest.mark.parametrize(("rule", "kept", "broken_limit", "unit", "value", "excess", "layer_number"), FIGURES)
def test_a_rule_about_figures_passes_or_reports_the_excess(  # noqa: PLR0917  # the columns of the table
    capsys: Capture,
    rule: str,
    kept: object,
    broken_limit: object,
    unit: str,
    value: float,
    excess: float,
    layer_number: int | None,
) -> None:
    rules(f"{rule} = {kept}")
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert outcome.status == 0
    assert (only_rule(outcome)["outcome"], only_rule(outcome)["unit"]) == ("passed", unit)
    assert only_rule(outcome)["value"] == pytest.approx(value)
    assert only_rule(outcome)["excess"] is None
    rules(f"{rule} = {broken_limit}")
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert outcome.status == 1
    found = only_rule(outcome)
    assert (found["rule"], found["key"], found["outcome"]) == (rule, rule, "failed")
    assert found["excess"] == pytest.approx(excess)
    if layer_number is not None:
        assert found["places"][0]["layer"] == layer_number
    assert found["places"][0]["instruction"]


UNKNOWN = {
    "max-pull-size": "1",
    "allowed-new-packages": "[]",
    "allowed-new-setuid": "[]",
    "allowed-new-secrets": "[]",
    "min-efficiency": "0.1",
    "max-dead-size": "1000000",
    "max-dead-share": "1",
    "max-user-dead-share": "1",
    "max-content-size": "1000000",
    "max-blob-size": "1000000",
    "max-layer-size": "1000000",
    "forbidden-paths": '["/nowhere"]',
    "required-paths": '["/etc/passwd"]',
    "allowed-setuid": '["*"]',
    "allowed-secrets": '["*"]',
}


@pytest.mark.parametrize(("rule", "limit"), UNKNOWN.items())
def test_a_rule_about_unreadable_content_is_unknown(capsys: Capture, broken: Path, rule: str, limit: str) -> None:
    rules(f"{rule} = {limit}")
    outcome = ask(capsys, "check", broken, "--json")
    assert outcome.status == 2
    assert only_rule(outcome)["outcome"] == "unknown"
    assert "warning: layer 2" in outcome.err


def test_a_certain_failure_is_reported_but_a_broken_image_is_unknown(capsys: Capture, broken: Path) -> None:
    rules("max-layers = 1\nmax-layer-size = 10\nmax-content-size = 10\nallowed-secrets = []")
    outcome = ask(capsys, "check", broken, "--json")
    assert outcome.status == 2
    document = json.loads(outcome.out)
    assert {rule["outcome"] for rule in document["rules"]} == {"failed"}
    assert document["outcome"] == "unknown"
    assert "layer 2" in document["problems"][0]


def test_a_broken_image_never_passes(capsys: Capture, broken: Path) -> None:
    rules("max-layers = 9")
    assert ask(capsys, "check", broken).status == 2


def test_growth_is_counted_from_the_baseline(capsys: Capture) -> None:
    rules('max-growth = "10.13 kB"')
    assert ask(capsys, "check", "heavy.tar", "--baseline", "base.tar").status == 0
    rules('max-growth = "10 kB"')
    outcome = ask(capsys, "check", "heavy.tar", "--baseline", "base.tar", "--json")
    assert outcome.status == 1
    rule = only_rule(outcome)
    assert (rule["value"], rule["excess"]) == (10_130, 130)
    assert [place["layer"] for place in rule["places"]] == [2, 3], "the new layers, the heaviest first"


def test_growth_may_be_a_share_and_the_baseline_may_be_in_the_file(capsys: Capture) -> None:
    rules('max-growth = "150 %"\nbaseline = "base.tar"')
    assert ask(capsys, "check", "heavy.tar").status == 0
    rules('max-growth = "90 %"\nbaseline = "base.tar"')
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert only_rule(outcome)["value"] == pytest.approx(10_130 / 8_035)
    assert outcome.status == 1


def test_growth_without_a_baseline_is_unknown(capsys: Capture, broken: Path) -> None:
    rules('max-growth = "1 MB"')
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert (outcome.status, only_rule(outcome)["outcome"]) == (2, "unknown")
    outcome = ask(capsys, "check", "heavy.tar", "--baseline", broken, "--json")
    assert (outcome.status, only_rule(outcome)["outcome"]) == (2, "unknown")


def test_a_baseline_without_its_rule_is_not_used_and_the_check_says_so(capsys: Capture) -> None:
    rules("max-layers = 3")
    outcome = ask(capsys, "check", "heavy.tar", "--baseline", "base.tar")
    assert outcome.status == 0
    assert outcome.err.startswith(
        "warning: --baseline is not used: .layerscope.toml has none of the rules max-growth, "
    )


def status_by_baseline(capsys: Capture, text: str, new: str, old: str = "base.tar") -> tuple[int, list[str]]:
    """Return the status of the check by one rule, and the texts of what to look at."""
    rules(text)
    outcome = ask(capsys, "check", new, "--baseline", old, "--json")
    return outcome.status, [place["text"] for place in only_rule(outcome)["places"]]


STATUS = "Package: {}\nStatus: install ok installed\nArchitecture: all\nVersion: {}\n\n"


def test_new_packages_setuid_files_and_secrets_fail_and_known_ones_do_not(capsys: Capture, tmp_path: Path) -> None:
    old = STATUS.format("app", 1).encode()
    new = (STATUS.format("app", 2) + STATUS.format("libnew", 3)).encode()
    base = layer(
        file("var/lib/dpkg/status", old), file("bin/su", b"1", mode=0o4755), file("root/.npmrc", b"_authToken=abc")
    )
    top = layer(
        file("var/lib/dpkg/status", new), file("bin/sudo", b"1", mode=0o4755), file("srv/.npmrc", b"_authToken=xyz")
    )
    docker_archive(tmp_path / "old.tar", image(base))
    docker_archive(tmp_path / "new.tar", image(base, top))
    for rule, allowed, word in (
        ("allowed-new-packages", "lib*", "brings libnew 3"),
        ("allowed-new-setuid", "/bin/sudo", "/bin/sudo"),
        ("allowed-new-secrets", "/srv/**", "/srv/.npmrc"),
    ):
        status, (text,) = status_by_baseline(capsys, f"{rule} = []", "new.tar", "old.tar")
        assert (status, word in text) == (1, True)
        assert status_by_baseline(capsys, f'{rule} = ["{allowed}"]', "new.tar", "old.tar") == (0, [])
        assert status_by_baseline(capsys, f"{rule} = []", "new.tar", "new.tar") == (0, [])


def test_what_a_pull_takes_beside_the_baseline_is_bounded(capsys: Capture, tmp_path: Path) -> None:
    oci_archive(tmp_path / "packed.tar", HEAVY)
    pulled = json.loads(ask(capsys, "diff", "base.tar", "packed.tar", "--json").out)["pull_size"]
    assert status_by_baseline(capsys, f"max-pull-size = {pulled}", "packed.tar") == (0, [])
    status, places = status_by_baseline(capsys, f"max-pull-size = {pulled - 1}", "packed.tar")
    assert (status, len(places)) == (1, 2)
    stored = sum(map(len, HEAVY.layers[1:]))
    assert status_by_baseline(capsys, f"max-pull-size = {stored}", "heavy.tar") == (0, []), "it compresses to less"
    assert status_by_baseline(capsys, f"max-pull-size = {stored - 1}", "heavy.tar") == (2, [])


def test_the_baseline_may_be_the_layers_document_which_tells_sizes_alone(capsys: Capture) -> None:
    Path("base.json").write_text(ask(capsys, "layers", "base.tar", "--json").out, encoding="utf-8")
    assert status_by_baseline(capsys, 'max-growth = "10.13 kB"', "heavy.tar", "base.json") == (0, [])
    assert status_by_baseline(capsys, 'max-growth = "10 kB"', "heavy.tar", "base.json")[0] == 1
    for rule in ("allowed-new-packages", "allowed-new-setuid", "allowed-new-secrets"):
        assert status_by_baseline(capsys, f"{rule} = []", "heavy.tar", "base.json") == (2, [])


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 2}', "[" * 100_000, '{"schema_version": 1}', "\udcff"])
def test_a_json_file_of_another_kind_is_no_baseline(capsys: Capture, text: str) -> None:
    Path("base.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    rules("max-growth = 1")
    assert "base.json is not the document of" in ask(capsys, "check", "heavy.tar", "--baseline", "base.json").complaint


def test_forbidden_paths_are_named_once_with_their_layer(capsys: Capture) -> None:
    rules('forbidden-paths = ["/srv", "/srv/*.bin", "*.pyc"]')
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert outcome.status == 1
    rule = only_rule(outcome)
    assert [place["path"] for place in rule["places"]] == ["/srv"], "what is below it goes without saying"
    rules('forbidden-paths = ["*.BIN", "/root/.ssh/**", "bin/copy.bin"]')
    assert ask(capsys, "check", "heavy.tar").status == 0, "case counts, and what a layer removed is not there"


def test_a_removed_required_path_names_the_layer_that_removed_it(capsys: Capture) -> None:
    rules('required-paths = ["/etc/passwd", "/var/cache/apt/*.bin", "/opt/app"]')
    rule = only_rule(ask(capsys, "check", "heavy.tar", "--json"))
    assert (rule["outcome"], rule["value"]) == ("failed", 2)
    assert [place["layer"] for place in rule["places"]] == [3, None]
    rules('required-paths = ["passwd", "/usr/**"]')
    assert ask(capsys, "check", "heavy.tar").status == 0


def test_setuid_files_are_forbidden_unless_listed(capsys: Capture) -> None:
    rules("allowed-setuid = []")
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert outcome.status == 1
    assert [(place["path"], place["layer"]) for place in only_rule(outcome)["places"]] == [("/usr/bin/su", 2)]
    rules('allowed-setuid = ["/usr/bin/su"]')
    assert ask(capsys, "check", "heavy.tar").status == 0


def test_secrets_are_forbidden_unless_listed_even_if_removed_later(capsys: Capture) -> None:
    rules("allowed-secrets = []")
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    assert outcome.status == 1
    (place,) = only_rule(outcome)["places"]
    assert (place["path"], place["layer"], place["hidden_by"]) == ("/root/.ssh/id_rsa", 1, 3)
    rules('allowed-secrets = ["id_rsa"]')
    assert ask(capsys, "check", "heavy.tar").status == 0


def test_ignored_paths_are_left_out_of_all_rules(capsys: Capture) -> None:
    rules(
        'ignore = ["/srv/**", "/var/**", "/etc/*", "id_rsa", "su"]\nmin-efficiency = 1\nmax-dead-size = 0\n'
        'forbidden-paths = ["copy.bin"]\nallowed-setuid = []\nallowed-secrets = []'
    )
    outcome = ask(capsys, "check", "heavy.tar")
    assert outcome.status == 0, outcome.out


def test_the_table_says_what_failed_by_how_much_and_where(capsys: Capture) -> None:
    rules("max-dead-size = 8000\nmax-layers = 5")
    outcome = ask(capsys, "check", "heavy.tar")
    assert (outcome.status, outcome.err) == (1, "")
    assert "failed  max-dead-size" in outcome.out
    assert "35 B over the limit of 8.0 kB" in outcome.out
    assert "RUN chown 33 /srv/model.bin" in outcome.out or "ADD rootfs.tar /" in outcome.out
    assert outcome.out.splitlines()[-1] == "heavy:1 passes 1 of 2 rules of .layerscope.toml: 1 failed."


def test_no_name_steers_the_terminal(capsys: Capture) -> None:
    docker_archive(Path("harmful.tar"), HARMFUL)
    rules('forbidden-paths = ["/srv/*"]\nmax-dead-size = 0')
    outcome = ask(capsys, "check", "harmful.tar")
    assert outcome.status == 1
    assert all(line.isprintable() for line in outcome.out.splitlines())


# where the rules come from


def test_our_own_file_wins_over_pyproject_and_pyproject_over_dive(capsys: Capture) -> None:
    rules("rules:\n  lowestEfficiency: 0.1\n", ".dive-ci")
    document = json.loads(ask(capsys, "check", "heavy.tar", "--json").out)
    assert document["rules_file"] == ".dive-ci"
    rules("[tool.other]\nlayerscope = 1\n", "pyproject.toml")
    assert json.loads(ask(capsys, "check", "heavy.tar", "--json").out)["rules_file"] == ".dive-ci"
    rules("[tool.layerscope]\nmax-layers = 3\n", "pyproject.toml")
    assert json.loads(ask(capsys, "check", "heavy.tar", "--json").out)["rules_file"] == "pyproject.toml"
    rules("max-layers = 3")
    assert json.loads(ask(capsys, "check", "heavy.tar", "--json").out)["rules_file"] == ".layerscope.toml"


def test_a_file_may_be_named(capsys: Capture) -> None:
    rules("max-layers = 1", "strict.toml")
    assert ask(capsys, "check", "heavy.tar", "--config", "strict.toml").status == 1


def test_missing_rules_are_an_error_with_a_hint(capsys: Capture) -> None:
    complaint = ask(capsys, "check", "heavy.tar").complaint
    assert ".layerscope.toml" in complaint
    assert "--init" in complaint


BROKEN_FILES = [
    ("max-layers = 3\nmax-dead-size = = 1", ["line 2"]),
    ("# limits\nmax-layer = 3", ["line 2", "max-layer"]),
    ('max-layers = "three"', ["max-layers", "int"]),
    ("max-layers = -1", ["max-layers"]),
    ("max-layers = true", ["max-layers"]),
    ('max-dead-size = "20 XB"', ["max-dead-size", "20 XB"]),
    ("max-dead-size = -1", ["max-dead-size"]),
    ("min-efficiency = 2", ["min-efficiency"]),
    ("min-efficiency = nan", ["min-efficiency"]),
    ('min-efficiency = "120 %"', ["min-efficiency"]),
    ('forbidden-paths = "/etc"', ["forbidden-paths"]),
    ('max-layers = 9\nforbidden-paths = ["/etc", 3]', ["line 2", "forbidden-paths", "1"]),
    ('forbidden-paths = ["/"]', ["forbidden-paths"]),
    ('ignore = ["*.pyc"]', ["no rule"]),
    ("", ["no rule"]),
]


@pytest.mark.parametrize(("text", "words"), BROKEN_FILES)
def test_a_broken_rules_file_is_an_error_that_names_line_and_key(capsys: Capture, text: str, words: list[str]) -> None:
    rules(text)
    complaint = ask(capsys, "check", "heavy.tar").complaint
    assert ".layerscope.toml" in complaint
    for word in words:
        assert word in complaint


def test_a_rules_file_that_cannot_be_read_is_an_error(capsys: Capture) -> None:
    assert "none.toml" in ask(capsys, "check", "heavy.tar", "--config", "none.toml").complaint
    Path("latin.toml").write_bytes(b"# \xe9\nmax-layers = 3")
    assert "UTF-8" in ask(capsys, "check", "heavy.tar", "--config", "latin.toml").complaint
    rules("[project]\nname = 'a'", "pyproject.toml")
    assert "[tool.layerscope]" in ask(capsys, "check", "heavy.tar", "--config", "pyproject.toml").complaint


# dive's rules


def test_the_keys_of_dive_are_supported(capsys: Capture) -> None:
    rules(
        "# from dive's README\n---\nrules:\n  # a comment\n  lowestEfficiency: 0.95 # ratio\n"
        "  highestWastedBytes: '20MB'\n\n  highestUserWastedPercent: \"0.20\"\n",
        ".dive-ci",
    )
    outcome = ask(capsys, "check", "heavy.tar", "--json")
    found = {rule["key"]: (rule["outcome"], rule["limit"]) for rule in json.loads(outcome.out)["rules"]}
    assert found == {
        "lowestEfficiency": ("failed", 0.95),
        "highestWastedBytes": ("passed", 20_000_000),
        "highestUserWastedPercent": ("failed", 0.2),
    }
    assert outcome.status == 1


def test_the_efficiency_of_a_dive_file_is_by_its_formula_with_the_exact_figure_beside_it(capsys: Capture) -> None:
    docker_archive(Path("a.tar"), image(layer(file("a", b"x" * 10)), layer(file("a", b"y" * 30)), tags=["a:1"]))
    rules("rules:\n  lowestEfficiency: 0.2\n  highestUserWastedPercent: disabled\n", "my.dive-ci")
    (rule,) = json.loads(ask(capsys, "check", "a.tar", "--config", "my.dive-ci", "--json").out)["rules"]
    assert (rule["rule"], rule["key"], rule["value"]) == ("min-dive-efficiency", "lowestEfficiency", 0.25)
    assert "25 % (by bytes, 75 %)" in rule["text"]


def test_what_a_dive_file_states_for_others_is_ignored_with_one_line(capsys: Capture) -> None:
    rules("ci: true\nrules: {lowestEfficiency: 0.1, highestUserWastedPercent: 1, noSecrets: {a: 1}}\n", ".dive-ci")
    outcome = ask(capsys, "check", "heavy.tar")
    assert outcome.status == 0
    assert outcome.err == "warning: .dive-ci: ignored keys that layerscope does not know: ci, rules.noSecrets\n"


def test_a_key_missing_from_a_dive_file_has_the_default_of_dive(capsys: Capture) -> None:
    rules("rules:\n  highest-wasted-bytes: disabled\n", ".dive-ci")
    limits = {
        rule["key"]: rule["limit"] for rule in json.loads(ask(capsys, "check", "heavy.tar", "--json").out)["rules"]
    }
    assert limits == {"lowestEfficiency": 0.9, "highestUserWastedPercent": 0.1}


BROKEN_DIVE_FILES = [
    ("rules:\n  lowestEfficiency: high", ["line 2", "lowestEfficiency"]),
    ("rules:\n  lowestEfficiency: 1.5", ["line 2", "lowestEfficiency"]),
    ("rules:\n  highestWastedBytes: 20 XB", ["line 2", "highestWastedBytes"]),
    ("rules:\n  lowestEfficiency: 0.9\n  lowestEfficiency: 0.8", ["line 3", "lowestEfficiency"]),
    ("rules:\n  lowestEfficiency: 0.9\n     highestWastedBytes: 1MB", ["line 3"]),
    ("rules: {lowestEfficiency: high}", ["line 1", "lowestEfficiency"]),
    ("rules: {lowestEfficiency: 0.9", ["line 1"]),
    ("rules: {lowestEfficiency: [0.9]}", ["line 1", "lowestEfficiency", "a collection"]),
    ("lowestEfficiency: 0.9", ["line 1", "rules"]),
    ("rules:\n- lowestEfficiency", ["line 2"]),
    ("  lowestEfficiency: 0.9", ["line 1"]),
    (
        "rules:\n  lowestEfficiency: off\n  highestWastedBytes: false\n  highestUserWastedPercent: disabled",
        ["disables"],
    ),
]


@pytest.mark.parametrize(("text", "words"), BROKEN_DIVE_FILES)
def test_a_broken_dive_file_is_an_error_that_names_the_line(capsys: Capture, text: str, words: list[str]) -> None:
    rules(text, ".dive-ci")
    complaint = ask(capsys, "check", "heavy.tar").complaint
    for word in words:
        assert word in complaint


# --init


def test_init_writes_the_current_figures_so_that_the_image_passes_and_names_its_secrets(capsys: Capture) -> None:
    outcome = ask(capsys, "check", "heavy.tar", "--init")
    assert (outcome.status, outcome.out) == (0, "")
    text = Path(".layerscope.toml").read_text(encoding="utf-8")
    assert "max-dead-size = 8035  # 8.0 kB" in text
    assert '"/usr/bin/su"' in text
    assert 'allowed-secrets = [\n    "/root/.ssh/id_rsa",\n]' in text
    assert outcome.err.endswith("warning: the image holds 1 secret, which the rules allow: /root/.ssh/id_rsa\n")
    assert ask(capsys, "check", "heavy.tar", "--baseline", "base.tar").status == 0


def test_init_leaves_a_file_alone_unless_forced(capsys: Capture) -> None:
    rules("max-layers = 1")
    assert "--force" in ask(capsys, "check", "heavy.tar", "--init").complaint
    assert Path(".layerscope.toml").read_text(encoding="utf-8") == "max-layers = 1"
    assert ask(capsys, "check", "heavy.tar", "--init", "--force").status == 0


@pytest.mark.parametrize("name", ["pyproject.toml", ".dive-ci", "rules.yml"])
def test_init_never_overwrites_a_file_of_another_kind(capsys: Capture, name: str) -> None:
    rules("[project]", name)
    assert name in ask(capsys, "check", "heavy.tar", "--init", "--force", "--config", name).complaint
    assert Path(name).read_text(encoding="utf-8") == "[project]"


def test_init_refuses_a_broken_image(capsys: Capture, broken: Path) -> None:
    assert "layer 2" in ask(capsys, "check", broken, "--init").complaint
    assert not Path(".layerscope.toml").exists()


@pytest.mark.parametrize("name", ['q"uote', "back\\slash", "new\nline", "é\u202e", "\U0001f600", "raw\udcff", "s*t?r"])
def test_init_writes_any_name_as_toml(capsys: Capture, tmp_path: Path, name: str) -> None:
    odd = docker_archive(tmp_path / "odd.tar", image(layer(file(f"bin/{name}", b"x", mode=0o4755)), tags=[name[:1]]))
    assert ask(capsys, "check", odd, "--init").status == 0
    outcome = ask(capsys, "check", odd)
    assert outcome.status == 0, outcome


# what is written where


def test_the_outcome_can_be_written_to_a_file(capsys: Capture) -> None:
    rules("max-layers = 1")
    outcome = ask(capsys, "check", "heavy.tar", "--json", "-o", "out.json")
    assert (outcome.status, outcome.out) == (1, "")
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["outcome"] == "failed"
    assert sorted(path.name for path in Path().iterdir() if "out" in path.name) == ["out.json"]


def test_two_formats_are_an_error(capsys: Capture) -> None:
    rules("max-layers = 1")
    assert "--json" in ask(capsys, "check", "heavy.tar", "--json", "--format", "sarif").complaint


def test_a_clean_image_passes_strict_rules(capsys: Capture) -> None:
    docker_archive(Path("clean.tar"), CLEAN)
    rules("min-efficiency = 1\nmax-dead-size = 0\nallowed-setuid = []\nallowed-secrets = []")
    outcome = ask(capsys, "check", "clean.tar")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "clean:1 passes all 4 rules of .layerscope.toml."
