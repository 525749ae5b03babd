"""The patterns of a ``.dockerignore`` match as Docker's do."""

import pytest

from layerscope.analysis.dockerfile.ignore import ignore_patterns, is_ignored


@pytest.mark.parametrize(
    ("text", "ignored", "kept"),
    [
        ("*.md", ["a.md"], ["a.txt", "docs/a.md"]),
        ("**/*.md", ["a.md", "docs/a.md"], ["a.txt"]),
        ("docs", ["docs", "docs/a", "docs/b/c"], ["docs2", "src/docs"]),
        ("/docs/", ["docs/a"], ["src/docs/a"]),
        ("*/temp*", ["a/temp", "a/temporary/x"], ["temp", "a/b/temp"]),
        ("temp?", ["tempa"], ["temp", "temp/x"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["z", "a/b"]),
        ("**", ["a", "a/b"], []),
        ("*\n!keep\n!src/*.py", ["a", "src/a.c"], ["keep", "keep/x", "src/a.py"]),
        ("!keep\n*", ["keep"], []),
        ("# a comment\n\n  a  \n", ["a"], ["# a comment"]),
        ("[ab].txt", ["a.txt"], ["c.txt"]),
        (r"a\*b", ["a*b"], ["axb"]),
        ("[z", ["[z"], ["z"]),
        (".", [], ["a"]),
        ("./a/../b", ["b"], ["a"]),
    ],
)
def test_a_pattern_ignores_what_docker_leaves_out_of_a_build(text: str, ignored: list[str], kept: list[str]) -> None:
    patterns = ignore_patterns(text)
    assert [path for path in ignored if not is_ignored(path, patterns)] == []
    assert [path for path in kept if is_ignored(path, patterns)] == []
