"""The summary of two images: what a reviewer wants to know, short, escaped, and always the same for the same images."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from layerscope.comparison.compare import ImageComparison, compare_images
from layerscope.report.diff.summary import LONGEST, html_summary, markdown_summary
from layerscope.session.open import open_image
from tests.builders import (
    ImageRecipe,
    blob_name,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    sha256,
    write_tar,
)
from tests.heavy import BASE, HARMFUL, HEAVY
from tests.two_versions import V1, V2

Make = Callable[[ImageComparison], str]
FORMATS = pytest.mark.parametrize("make", [markdown_summary, html_summary])


def summary(folder: Path, old: ImageRecipe, new: ImageRecipe, make: Make = markdown_summary) -> str:
    names = []
    for name, recipe in (("old", old), ("new", new)):
        names.append(folder / f"{name}.tar")
        oci_archive(names[-1], recipe)
    return between(names[0], names[1], make)


def between(old: Path, new: Path, make: Make = markdown_summary) -> str:
    with ExitStack() as stack:
        sides = [stack.enter_context(open_image(str(path))).load() for path in (old, new)]
        return make(compare_images(*sides))


def section(text: str, title: str) -> list[list[str]]:
    """Return the cells of the rows below a heading."""
    part = text.partition(f"#### {title}\n")[2].partition("\n####")[0]
    rows = [
        line.replace("\N{NO-BREAK SPACE}", " ").strip("| ").split(" | ")
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return rows[2:]


def test_it_says_sizes_steps_growths_packages_and_config(tmp_path: Path) -> None:
    text = summary(tmp_path, V1, V2)
    assert text.startswith("### app:v2 compared with app:v1\n")
    assert "| content | 50 kB | 50 kB | +1 B |" in text
    assert "| pull, with the old image |  | " in text
    assert "The build cache missed at layer 3: RUN apt-get install nginx changed first, with the same content." in text
    steps = section(text, "Steps that changed")
    assert [row[-2:] for row in steps[:2]] == [
        ["rebuilt, same content", "`RUN apt-get install nginx`"],
        ["changed", "`COPY . /srv/`"],
    ]
    assert section(text, "Largest growths") == [
        ["+17 B", "", "`/srv/deep/there`"],
        ["+5 B", "", "`/srv/new`"],
        ["+1 B", "", "`/srv/binary`"],
    ]
    assert [row[2:] for row in section(text, "Packages")] == [["app", "1", "2"]]
    assert ["env", "VERSION", "1", "2"] in section(text, "Config")


def test_secrets_and_dead_bytes_are_named_only_if_they_are_new(tmp_path: Path) -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
    old = image(layer(file("root/.ssh/id_rsa", key), file("a", b"1" * 10)), layer(file("a", b"2" * 10)))
    new = image(*old.layers, layer(file("root/.ssh/id_ed25519", key), file("a", b"3" * 20)), layer(file("a", b"4" * 9)))
    text = summary(tmp_path, old, new)
    assert [row[-2] for row in section(text, "New secrets")] == ["`/root/.ssh/id_ed25519`"]
    assert [row[0] for row in section(text, "New dead bytes")] == ["20 B", "10 B"]
    assert "#### New" not in summary(tmp_path, new, new)


def test_a_folder_stands_for_many_small_files_and_a_large_file_for_itself(tmp_path: Path) -> None:
    small = [file(f"usr/lib/many/{number}", b"x" * 100) for number in range(20)]
    text = summary(tmp_path, V1, image(*V1.layers, layer(*small, file("usr/lib/one", b"y" * 5000))))
    assert section(text, "Largest growths") == [
        ["+5.0 kB", "", "`/usr/lib/one`"],
        ["+2.0 kB", "20", "`/usr/lib/many/`"],
    ]


@FORMATS
def test_values_that_may_be_credentials_are_not_repeated(tmp_path: Path, make: Make) -> None:
    def version(word: str) -> ImageRecipe:
        steps = [f"ENV DB_PASSWORD={word} MODE={word}!", f"RUN NPM_TOKEN='a {word}' npm ci"]
        history = [{"created_by": step} for step in steps]
        config = {"Env": [f"DB_PASSWORD={word}", f"MODE={word}!"], "Cmd": ["run", f"--api_key={word}"]}
        top = layer(file("srv/app", word.encode()))
        return image(BASE, top, history=history, config=config)

    text = summary(tmp_path, version("hunter1"), version("hunter2"), make)
    assert not re.search("hunter[12](?!!)", text.replace("\\", ""))
    assert "MODE" in text


@FORMATS
def test_the_same_images_give_the_same_bytes(tmp_path: Path, make: Make) -> None:
    assert summary(tmp_path, V1, HEAVY, make) == summary(tmp_path, V1, HEAVY, make)


@FORMATS
def test_a_summary_that_is_too_long_is_cut_and_says_so(tmp_path: Path, make: Make) -> None:
    names = [f"srv/{'`|<' * 70}{number}/{'&!' * 100}" for number in range(400)]
    steps = [{"created_by": f"RUN {'<`|' * 3000}{number}"} for number in range(60)]
    layers = [layer(*(file(name, bytes([number]) * 900) for name in names[number::60])) for number in range(60)]
    env = [f"V{number}={'*' * 5000}" for number in range(500)]
    text = summary(tmp_path, image(BASE), image(*layers, history=steps, config={"Env": env}), make)
    assert len(text) <= LONGEST
    assert "Rows were left out, so that this fits into a comment" in text
    assert "left out" not in summary(tmp_path, V1, V2, make)


@pytest.mark.parametrize("old", [V1, HARMFUL])
def test_no_name_is_markup(tmp_path: Path, old: ImageRecipe) -> None:
    new = HARMFUL if old is V1 else V1
    text = summary(tmp_path, old, new)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = {each.type for token in tokens for each in (token, *(token.children or ()))}
    assert kinds.isdisjoint({"link_open", "image", "html_block", "fence"})
    assert all(
        each.content == "<!-- -->" for token in tokens for each in token.children or () if each.type == "html_inline"
    )
    assert not any(
        "@everyone" in each.content for token in tokens for each in token.children or () if each.type == "text"
    )
    page = summary(tmp_path, old, new, html_summary)
    assert "<img" not in page
    assert page.count("<script") == 2


def test_an_image_with_a_missing_layer_says_so(tmp_path: Path) -> None:
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    old, new = write_tar(tmp_path / "broken.tar", files), oci_archive(tmp_path / "whole.tar", HEAVY)
    text = between(old, new)
    assert "1 layer of heavy:1 could not be read whole, the first layer 2" in text
    assert "| content | ? | 18 kB |  |" in text
    assert "| pull, with the old image |  | at most " in between(new, docker_archive(tmp_path / "plain.tar", V1))
