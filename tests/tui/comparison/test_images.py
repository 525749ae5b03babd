"""Two images compared: their steps side by side, and one marked tree of both."""

from pathlib import Path

from layerscope.analysis.comparison.layer_alignment import AlignedStep, BuildStep, LayerAlignment, Relation
from layerscope.tui.comparison.aligned_list import AlignedLines
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.tree.panes import FilesPanes
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
from tests.samples import SAMPLES
from tests.tui.journeys import comparing, starting_with

BASE = layer(file("etc/os", b"debian"), file("usr/big", b"x" * 50_000))
STATUS = b"Package: nginx\nStatus: install ok installed\nArchitecture: all\nVersion: %s\n\n"
STEPS = [{"created_by": text} for text in ("FROM debian", "RUN apt install nginx", "COPY . /app")]


def version(number: int) -> ImageRecipe:
    """Return an image of three layers: the base is shared, the second is built anew, the third holds something else."""
    install = layer(
        file("usr/sbin/nginx", b"program", mtime=number),
        file("var/lib/dpkg/status", STATUS % b"1.0", mtime=number),
    )
    app = layer(file("app/index.html", b"version %d" % number), file(f"app/new-{number}", b"n" * number * 1000))
    return image(BASE, install, app, history=STEPS, config={"Env": [f"VERSION={number}"], "Cmd": ["nginx"]})


def both(tmp_path: Path) -> tuple[Path, Path]:
    """Return two versions, one in each of the two formats."""
    return docker_archive(tmp_path / "v1.tar", version(1)), oci_archive(tmp_path / "v2.oci.tar", version(2))


async def test_steps_are_shared_changed_first_or_rebuilt(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (160, 45)) as at:
        lines = at.layers()
        assert lines[0].split() == ["=", "1", "1", "50", "kB", "same"]
        assert lines[3].strip() == "RUN apt install nginx"
        assert lines[4].strip() == "▸ cache misses from here: rebuilt, same content"
        assert lines[5].endswith("different content")


async def test_a_layer_rebuilt_with_the_same_content_unfolds_to_the_causes(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (160, 45)) as at:
        await at.press("tab", "up", "enter")
        await at.settle()
        lines = [line.strip() for line in at.layers()]
        assert lines[4] == "▾ cache misses from here: rebuilt, same content"
        assert lines[5] == "another compression"
        assert " ".join(lines[6:8]) == "modification times: 2 entries (/usr/sbin/nginx, /var/lib/dpkg/status)"
        assert "rewrite-timestamp=true" in " ".join(lines)
        assert lines[-2].endswith("different content")
        await at.press("enter")
        assert at.app.screen.query_one(FilesPanes).files.file_tree.has_focus, "there is nothing more to unfold"
        await at.press("shift+tab", "left")
        assert at.layers()[4].strip() == "▸ cache misses from here: rebuilt, same content"
        assert at.layers()[5].endswith("different content")


async def test_layers_that_differ_under_one_diff_id_are_not_called_the_same(tmp_path: Path) -> None:
    top = layer(file("b", b"2"))
    files = docker_files(image(BASE, top, history=STEPS[::2]))
    true = write_tar(tmp_path / "true.tar", files)
    wrong = write_tar(tmp_path / "wrong.tar", {**files, blob_name(sha256(top)): layer(file("b", b"333"))})
    async with comparing(true, wrong, (160, 45)) as at:
        assert [line.split()[-2:] for line in at.layers()[::2]] == [["kB", "same"], ["wrong", "digest"]]
        assert " · layer 1 shared · " in at.screen()


async def test_steps_take_no_more_lines_than_they_fill_when_a_small_screen_first_shows_them(tmp_path: Path) -> None:
    history = [{"created_by": f"RUN install package-{number} and its documentation"} for number in range(3)]
    archive = docker_archive(tmp_path / "one.tar", image(BASE, BASE, BASE, history=history))
    async with comparing(archive, archive, (80, 24)) as at:
        panes = at.app.screen.query_one(FilesPanes)
        before = panes.details.styles.height
        await at.press("tab")
        await at.settle()
        assert panes.steps.size.height == panes.steps.line_count()
        assert panes.details.styles.height == before, "the first picture has the right heights already"


async def test_the_cause_of_the_first_cache_miss_is_named(tmp_path: Path) -> None:
    old, new = (
        docker_archive(tmp_path / name, image(BASE, layer(file("app", name.encode())), history=STEPS[::2]))
        for name in ("one.tar", "other.tar")
    )
    async with comparing(old, new, (160, 45)) as at:
        assert at.layers()[3].strip() == "COPY . /app"
        assert at.layers()[4].strip() == "cache misses from here: content of COPY changed"


async def test_the_step_that_missed_the_cache_keeps_its_instruction_where_layers_have_one_line(tmp_path: Path) -> None:
    steps = [{"created_by": f"RUN step {number}"} for number in range(12)]
    layers = [layer(file(f"file-{number}")) for number in range(12)]
    old, new = (
        docker_archive(tmp_path / f"{name}.tar", image(*layers[:2], layer(file(name)), *layers[3:], history=steps))
        for name in ("old", "new")
    )
    async with comparing(old, new, (110, 35)) as at:
        lines = at.layers()
        assert lines[2].endswith("RUN step 2")
        assert lines[3].strip() == "cache miss: content of RUN changed"
        assert lines[4].split() == ["=", "4", "4", "0", "B", "RUN", "step", "3", "same"]


async def test_an_instruction_has_the_room_of_a_word_that_the_mark_says_as_well(tmp_path: Path) -> None:
    titles = [f"RUN {name} {'x' * 43}" for name in ("same", "miss", "other", "gone")]
    old, new = (
        docker_archive(
            tmp_path / f"{number}.tar",
            image(
                layer(file("same")),
                *(layer(file(f"{name}-{number}")) for name in ("miss", "other")),
                *([layer(file("gone"))] if not number else []),
                history=[{"created_by": title} for title in titles[: 4 - number]],
            ),
        )
        for number in (0, 1)
    )
    async with comparing(old, new, (80, 24)) as at:
        await at.press("tab")
        await at.still()
        lines = at.layers()
        assert lines[0].endswith(f"{titles[0]}     same")
        assert lines[1].endswith(titles[1])
        assert lines[2].strip() == "cache misses from here: content of RUN changed"
        assert lines[3].endswith("RUN other                                   different content")
        assert set(lines[4].strip() + lines[5].strip()) == {"x"}
        assert lines[6].endswith(titles[3])


async def test_a_key_for_more_columns_says_that_there_is_no_room_for_them(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (80, 24)) as at:
        await at.press("o")
        await at.settle()
        header = at.header()
        await at.press("o")
        await at.settle()
        assert at.header() == header
        assert at.toasts() == ["There is no room for more columns."]


async def test_long_names_leave_the_headline_both_totals(tmp_path: Path) -> None:
    old, new = (
        docker_archive(
            tmp_path / f"{size}.tar",
            image(layer(file("f", b"x" * size)), tags=["registry.example.com/acme/service:2026.11.24-rc1"]),
        )
        for size in (1000, 3000)
    )
    async with comparing(old, new, (160, 45)) as at:
        assert at.title().startswith("service:2026.11.24-rc1 1.0 kB → service:2026.11.24-rc1 3.0 kB (+2.0 kB)")
    async with comparing(old, new, (80, 24)) as at:
        assert at.title().startswith("old 1.0 kB → new 3.0 kB (+2.0 kB)")


async def test_the_headline_gives_both_totals_and_the_growth_of_the_files(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (160, 45)) as at:
        assert at.title().startswith(
            "v1.tar 51 kB → v2.oci.tar 52 kB (+1.0 kB) · files shown +1.0 kB · layer 1 shared · config changed"
        )


async def test_bars_are_scaled_to_the_image(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (160, 45)) as at:
        assert at.line_of("+ new-2").endswith("+2.0 kB ▎")
        assert at.line_of("app/").endswith("+1.0 kB ▏")
        assert at.line_of("index.html").split() == ["~", "index.html", "9", "B", "content"]


async def test_bars_are_shorter_where_a_name_would_be_cut(tmp_path: Path) -> None:
    name = "a-module-with-a-long-name.so"
    old, new = (
        docker_archive(tmp_path / f"{size}.tar", image(layer(file(name, b"x" * size)))) for size in (10_000, 90_000)
    )
    async with comparing(old, new, (110, 35)) as at:
        assert at.line_of(f"~ {name}").split() == ["~", name, "content", "+80", "kB", "██▋"]


async def test_names_have_the_room_of_bars_that_are_too_short_to_be_seen(tmp_path: Path) -> None:
    name = f"a-package{'-and-more' * 3}.deb"
    base = layer(file(name, b"x" * 90_000))
    paths = [
        docker_archive(tmp_path / f"{text}.tar", image(base, layer(file("page", text.encode()))))
        for text in ("one", "three")
    ]
    async with comparing(paths[0], paths[1], (80, 24)) as at:
        await at.press("c")
        assert f" {name} " in at.screen()


async def test_the_tree_shows_both_images_with_sums_on_folders(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path)) as at:
        assert at.tree() == ["app/", "+ new-2", "- new-1", "~ index.html"]
        assert "+1.0 kB" in at.line_of("app/")
        assert at.frame("files") == (
            "Changes from v1.tar to v2.oci.tar",
            "+1 ~1 -1 · +1.0 kB · changes only · by change · 4 rows",
        )
        await at.pilot.resize_terminal(50, 24)
        await at.settle()
        assert at.frame("files")[1] == "+1 ~1 -1 · +1.0 kB · changes only · by change", "no word is cut"


async def test_the_details_describe_cache_and_config(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path), (160, 45)) as at:
        assert "Env VERSION: 1 → 2" in at.details()
        assert "The build cache missed at layer 2" in at.details()


async def test_the_details_have_whole_instructions_where_everything_fits(tmp_path: Path) -> None:
    long = f"RUN install {' '.join(f'package-{number}' for number in range(20))}"
    steps = [{"created_by": "FROM debian"}, {"created_by": long}]
    old, new = (
        docker_archive(tmp_path / f"v{number}.tar", image(BASE, layer(file("app", b"%d" % number)), history=steps))
        for number in range(2)
    )
    async with comparing(old, new, (160, 45)) as at:
        await at.until(lambda: f"{long} changed first, with different content." in at.details())
        await at.pilot.resize_terminal(80, 16)
        await at.press("shift+tab")
        await at.until(lambda: f"{long[:59]}… changed first, with different content." in at.details())


async def test_packages_that_differ_are_listed(tmp_path: Path) -> None:
    one = image(layer(file("var/lib/dpkg/status", STATUS % b"1.0")))
    other = image(layer(file("var/lib/dpkg/status", STATUS % b"1.1")))
    paths = docker_archive(tmp_path / "one.tar", one), docker_archive(tmp_path / "other.tar", other)
    async with comparing(*paths, (160, 45)) as at:
        assert "~ nginx 1.0 → 1.1" in at.details()


async def test_the_images_are_compared_at_any_step(tmp_path: Path) -> None:
    async with comparing(*both(tmp_path)) as at:
        await at.press("left_square_bracket")
        await at.settle()
        assert at.frame("files")[0] == "Changes from v1.tar layer 2 to v2.oci.tar layer 2"
        assert "No path differs" in at.entry()


async def test_a_step_that_a_small_screen_hides_and_that_changes_no_file_is_reported() -> None:
    async with comparing(SAMPLES / "my-app.tar", SAMPLES / "my-app-v2.tar", (80, 24)) as at:
        await at.press("left_square_bracket")
        assert at.toasts() == ["The files are the same at this step."]
        await at.press("question_mark", *["pagedown"] * 2)
        assert "Go to the files that differ at the step" in at.screen()


async def test_one_image_in_two_formats_does_not_differ() -> None:
    async with comparing(SAMPLES / "my-app-v2.tar", SAMPLES / "my-app-v2.oci.tar") as at:
        assert "No path differs between old and new." in at.entry()
        assert not starting_with(at.layers(), "~")


async def test_an_unreadable_layer_is_reported(tmp_path: Path) -> None:
    old, _ = both(tmp_path)
    broken = image(BASE, layer(file("app/index.html", b"x" * 9000))[:-16000])
    async with comparing(old, docker_archive(tmp_path / "broken.tar", broken), (160, 45)) as at:
        assert "Problem broken.tar, layer 2: " in at.details()


async def test_differences_that_depend_on_an_unreadable_layer_are_marked(tmp_path: Path) -> None:
    old = docker_archive(tmp_path / "old.tar", image(layer(file("a", b"1"), file("b", b"1"))))
    broken = layer(file("b", bytes(9000)))[:2000]
    new = docker_archive(tmp_path / "new.tar", image(layer(file("a", b"2")), broken, layer(file("c", b"3"))))
    async with comparing(old, new) as at:
        assert "?" in at.line_of("a"), "the unreadable layer may have written it"
        assert "?" not in at.line_of("c"), "a later layer wrote it"
        assert "? 2 uncertain" in at.title()
        await at.go_to_row("a")
        assert "uncertain because a layer could not be read" in at.entry()


async def test_images_whose_steps_alone_differ_are_not_said_to_be_equal(tmp_path: Path) -> None:
    base = layer(file("a", b"1"))
    old, new = (
        docker_archive(tmp_path / f"{name}.tar", image(base, history=[{"created_by": f"COPY {name} /"}]))
        for name in ("old", "new")
    )
    async with comparing(old, new, (120, 30)) as at:
        assert "no path differs" in at.title()
        assert "othing differs" not in at.screen()


async def test_images_with_an_unreadable_layer_are_never_said_to_be_equal(tmp_path: Path) -> None:
    old, new = (
        docker_archive(tmp_path / f"{name}.tar", image(layer(file("a", b"1")), layer(file("b", bytes(9000)))[:2000]))
        for name in ("old", "new")
    )
    async with comparing(old, new) as at:
        assert "path differs" not in at.screen()
        assert "not all layers could be read" in at.entry()


def test_the_lines_of_100000_steps_are_built_one_by_one() -> None:
    step = BuildStep("RUN true " + "x" * 1_000_000, None)
    alignment = LayerAlignment(tuple(AlignedStep(step, step, Relation.SAME) for _ in range(100_000)))
    lines = AlignedLines(alignment)
    assert len(lines) == 100_000
    assert lines.layers_at(99_999) == (0, 0)
    assert lines[50_000].step.old is step


async def test_a_long_instruction_is_cut_on_the_screen(tmp_path: Path) -> None:
    history = [{"created_by": "RUN true " + "x" * 1_000_000}]
    old, new = (
        docker_archive(tmp_path / f"{name}.tar", image(layer(file("a", name.encode())), history=history))
        for name in ("old", "new")
    )
    async with comparing(old, new) as at:
        assert at.layers()[1].strip() == "RUN true"
        assert at.layers()[-2].endswith("xxx…")
        screen = at.app.screen
        assert isinstance(screen, ComparisonScreen)
        assert "(1,000,009 characters in all)" in screen._states.fields()[0][0][1]
