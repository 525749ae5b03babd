"""``layerscope report``: a file whole or none, and never over another one."""

import re
import stat
from pathlib import Path

import pytest

from layerscope.errors import UsageError
from layerscope.report.atomic_write import write_whole
from tests.builders import blob_name, docker_archive, docker_files, sha256, write_tar
from tests.cli.runner import ask
from tests.heavy import HEAVY
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    docker_archive(tmp_path / "heavy.tar", HEAVY)


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.html", "<!DOCTYPE html>"),
        ("a.HTM", "<!DOCTYPE html>"),
        ("a.md", "# heavy:1"),
        ("a.markdown", "# heavy:1"),
        ("a.csv", "kind,name"),
    ],
)
def test_the_file_extension_decides_the_format(capsys: Capture, name: str, start: str) -> None:
    outcome = ask(capsys, "report", "heavy.tar", "-o", name)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", f"wrote {name}\n")
    assert Path(name).read_text(encoding="utf-8").startswith(start)
    assert names() == sorted([name, "heavy.tar"])


@pytest.mark.parametrize("name", ["a.pdf", "a", "html", ".html"])
def test_another_extension_is_an_error_before_anything_is_read(capsys: Capture, name: str) -> None:
    assert ".html, .md or .csv" in ask(capsys, "report", "nothing.tar", "-o", name).complaint


def test_an_existing_file_is_kept_without_force(capsys: Capture) -> None:
    Path("a.md").write_text("mine", encoding="utf-8")
    assert "--force" in ask(capsys, "report", "heavy.tar", "-o", "a.md").complaint
    assert Path("a.md").read_text(encoding="utf-8") == "mine"
    assert ask(capsys, "report", "heavy.tar", "-o", "a.md", "--force").status == 0
    assert Path("a.md").read_text(encoding="utf-8") != "mine"


def test_a_link_to_nowhere_is_not_followed(capsys: Capture) -> None:
    Path("a.md").symlink_to("elsewhere.md")
    assert "--force" in ask(capsys, "report", "heavy.tar", "-o", "a.md").complaint
    assert not Path("elsewhere.md").exists()


def test_a_folder_that_cannot_be_written_to_is_an_error(capsys: Capture) -> None:
    Path("folder.md").mkdir()
    assert "folder" in ask(capsys, "report", "heavy.tar", "-o", "folder.md", "--force").complaint
    assert "its folder does not exist" in ask(capsys, "report", "heavy.tar", "-o", "none/a.md").complaint


def test_an_image_that_cannot_be_opened_leaves_no_file(capsys: Capture) -> None:
    assert ask(capsys, "report", "nothing.tar", "-o", "a.md").status == 2
    assert names() == ["heavy.tar"]


def test_a_write_that_fails_names_the_file_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", full)
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(UsageError, match=r"^a\.md cannot be written: No space left on device$"):
        write_whole(Path("a.md"), "text", force=False)
    assert names() == ["heavy.tar"]


def test_a_file_has_the_permissions_of_a_new_one(capsys: Capture) -> None:
    Path("new").touch()
    ask(capsys, "report", "heavy.tar", "-o", "a.md")
    assert stat.S_IMODE(Path("a.md").stat().st_mode) == stat.S_IMODE(Path("new").stat().st_mode)


def test_an_unreadable_layer_gives_a_warning(capsys: Capture) -> None:
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    write_tar(Path("broken.tar"), files)
    outcome = ask(capsys, "report", "broken.tar", "-o", "a.html")
    assert outcome.status == 0
    assert "warning: layer 2" in outcome.err


def test_the_base_image_is_listed_separately(capsys: Capture) -> None:
    assert ask(capsys, "report", "heavy.tar", "-o", "a.md", "--base", "1").status == 0
    assert "the lowest 1 layer" in Path("a.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["a.html", "a.md", "why"])
def test_an_instruction_that_several_pieces_of_advice_change_is_shown_once(capsys: Capture, name: str) -> None:
    image = SAMPLES / "my-app.tar"
    if name == "why":
        text = ask(capsys, "why", image).out
    else:
        ask(capsys, "report", image, "-o", name)
        text = Path(name).read_text()
    changed = re.findall(r"^ *- (?:RUN|COPY) .*|<span class=\"old\">.*", text, re.MULTILINE)
    assert len(changed) == len(set(changed)) > 1
    assert "The change is among those above." in text
