from layerscope.comparison.filtered import MovedFile
from layerscope.report.diff.paths import move_lines


def lines(*moves: tuple[str, str]) -> list[str]:
    return list(move_lines(MovedFile(before.encode(), after.encode(), 1000) for before, after in moves))


def test_a_file_has_a_line_with_both_paths() -> None:
    assert lines(("srv/old", "srv/new")) == ["1.0 kB  /srv/old -> /srv/new"]
    assert lines(("a/x/f", "b/x/f")) == ["1.0 kB  /a/x/f -> /b/x/f"]


def test_files_that_move_with_their_folder_share_one_line() -> None:
    assert lines(("opt/a/x/f", "srv/b/x/f"), ("opt/a/g", "srv/b/g"), ("c", "d")) == [
        "2.0 kB  /opt/a/ -> /srv/b/  (2 files)",
        "1.0 kB  /c -> /d",
    ]


def test_files_can_move_from_and_to_the_root() -> None:
    assert lines(("a/f", "f"), ("a/g", "g")) == ["2.0 kB  /a/ -> /  (2 files)"]
    assert lines(("f", "a/f"), ("g", "a/g")) == ["2.0 kB  / -> /a/  (2 files)"]


def test_no_name_steers_the_terminal() -> None:
    assert lines(("\x1b[2J", "b")) == ["1.0 kB  /\\x1b[2J -> /b"]
