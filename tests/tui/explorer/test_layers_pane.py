"""The layer list: shown before the layers are read, chosen by keys, with the errors of unreadable layers."""

from pathlib import Path

import pytest

from layerscope.model.image import Compression, Layer
from layerscope.session.reading.background import LayerRead
from layerscope.tui.explorer.state import Reading
from layerscope.tui.size.screen import SizeScreen
from tests.builders import (
    blob_name,
    directory,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    sha256,
    whiteout,
    write_tar,
)
from tests.tui.journeys import MY_APP, held_journey, journey, starting_with

THREE = (
    layer(directory("etc"), file("etc/hosts", b"one")),
    layer(file("etc/hosts", b"three"), file("srv/app", b"x" * 2000)),
    layer(whiteout("etc/hosts"), file("top", b"top")),
)


@pytest.fixture
def three_layers(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "three.tar", image(*THREE, tags=["three:1"]))


async def test_steps_are_listed_before_any_layer_is_read(three_layers: Path) -> None:
    async with held_journey(three_layers) as (at, reader):
        assert len(starting_with(at.layers(), "COPY layer-")) == 3
        assert "waiting" in at.layers()[0]
        assert "reading 0 %" in at.title()
        assert at.entry() == "Layer 3 is being read."
        reader.release()
        await at.settle()
        assert "2.0 kB  +2  ~1" in at.layers()[2]
        assert at.title().startswith("three:1 · linux/amd64 · 2.0 kB in 3 layers")
        assert at.tree() == ["etc/", "srv/", "+ top"]


async def test_the_chosen_layer_is_shown_before_previous_layers_are_read(three_layers: Path) -> None:
    async with held_journey(three_layers) as (at, reader):
        reader.release(2)
        await at.until(lambda: at.tree() != [])
        assert at.tree() == ["top"], "no marks: what is below is not known"
        assert at.frame("files")[1].startswith("previous layers are still being read")
        assert [line.split()[-1] for line in starting_with(at.layers(), "3")] == ["read"], "not: reading 100 %"
        reader.release()
        await at.settle()
        assert at.tree() == ["etc/", "srv/", "+ top"]


async def test_the_sizes_are_shown_while_layers_are_read_and_all_of_them_at_the_end(three_layers: Path) -> None:
    async with held_journey(three_layers) as (at, reader):
        await at.press("w")
        assert "Size so far" in at.screen()
        assert "stored, 0 % read" in at.screen()
        reader.release(2)
        await at.until(lambda: "stored, 100 % read" in at.screen())
        assert "stored, 0 % read" in at.screen()
        reader.release()
        await at.until(lambda: isinstance(at.app.screen, SizeScreen))


async def test_a_size_so_far_leads_to_its_layer(three_layers: Path) -> None:
    async with held_journey(three_layers) as (at, reader):
        await at.press("w", "down", "enter")
        assert at.layer() != 3
        assert at.entry().endswith("is being read.")
        reader.release()
        await at.settle()


async def test_a_folder_is_written_by_the_layer_that_changed_it(tmp_path: Path) -> None:
    layers = (
        layer(directory("etc"), file("etc/hosts", b"1")),
        layer(directory("etc"), file("etc/passwd", b"2")),
        layer(directory("etc", mode=0o700), file("etc/group", b"3")),
        layer(directory("etc", mode=0o700), file("etc/shadow", b"4")),
    )
    async with journey(docker_archive(tmp_path / "folders.tar", image(*layers))) as at:
        await at.press("tab")
        await at.go_to_row("etc")
        assert "written by layer 3" in at.entry()
        await at.press("left_square_bracket", "left_square_bracket")
        assert "written by layer 1" in at.entry()


async def test_notices_leave_with_their_screen(three_layers: Path) -> None:
    async with journey(three_layers) as at:
        await at.press("p")
        assert at.toasts() == ["There is only this image, for one platform."]
        await at.press("w")
        assert at.toasts() == []


async def test_what_few_ask_of_a_layer_is_behind_a_key() -> None:
    async with journey(MY_APP) as at:
        assert "media type" not in at.details().lower()
        await at.press("i")
        assert "media type application/vnd." in at.details()


def test_layers_without_a_known_size_are_counted_while_they_are_read() -> None:
    layers = [Layer(number, None, Compression.NONE, known_size=size) for number, size in ((1, 100), (2, None))]
    reading = Reading(layers, is_awaited=False)
    reading.take(LayerRead(1))
    assert reading.words == "1 read", "not: reading 100 %"


async def test_keys_work_while_layers_are_read(three_layers: Path) -> None:
    async with held_journey(three_layers) as (at, reader):
        await at.press("up")
        assert at.layer() == 2
        assert at.entry() == "Layer 2 is being read."
        assert reader.wishes == [2]
        await at.press("slash", *"hosts", "enter", "s", "a", "question_mark", "escape")
        reader.release()
        await at.settle()
        assert at.tree() == ["etc/", "~ hosts"]


async def test_the_nodes_of_a_layer_that_was_looked_at_are_not_looked_for_again(three_layers: Path) -> None:
    async with journey(three_layers) as at:
        await at.press("a")
        first = at.files.file_tree.rows
        await at.press("left_square_bracket", "right_square_bracket")
        again = at.files.file_tree.rows
        assert first is not None
        assert again is not None
        assert again is not first
        assert again.in_view is first.in_view
        await at.press("r")
        await at.until(lambda: "unchanged" in " ".join(at.toasts()))
        await at.settle()
        read_again = at.files.file_tree.rows
        assert read_again is not None
        assert read_again.in_view.tree is read_again.tree


async def test_arrows_and_brackets_choose_a_layer() -> None:
    async with journey(MY_APP) as at:
        assert at.layer() == 6
        await at.press("left_square_bracket")
        assert at.layer() == 5
        assert at.frame("files")[0] == "Files after layer 5"
        assert "Layer 5" in at.frame("details")[0]
        await at.press("k")
        assert at.layer() == 4
        await at.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert at.layer() == 6, "there is none above the last"
        await at.press("home")
        assert at.layer() == 1


async def test_brackets_say_that_there_is_no_other_layer() -> None:
    async with journey(MY_APP) as at:
        await at.press("right_square_bracket")
        assert at.toasts() == ["This is the last layer."]
        assert at.layer() == 6
    async with journey(MY_APP) as at:
        await at.press("home", "left_square_bracket")
        assert at.toasts() == ["This is the first layer."]


async def test_a_key_that_says_the_same_again_leaves_one_notice() -> None:
    async with journey(MY_APP) as at:
        await at.press(*["right_square_bracket"] * 4)
        assert at.toasts() == ["This is the last layer."]
        assert sum("last layer" in row for row in at.rows()) == 1


async def test_a_step_without_a_layer_shows_the_files_of_the_previous_layer() -> None:
    async with journey(MY_APP) as at:
        await at.press("end")
        assert at.layer() == 6
        assert at.frame("details")[0] == "Step without a layer"
        assert "CMD" in at.details()


async def test_a_step_without_a_layer_has_no_digest_to_copy() -> None:
    async with journey(MY_APP) as at:
        await at.press("end", "y")
        assert at.toasts() == ["This step made no layer: there is no digest to copy."]


async def test_steps_without_a_layer_can_be_hidden() -> None:
    async with journey(MY_APP) as at:
        await at.press("end", "e")
        assert not starting_with(at.layers(), "·")
        assert at.layer() == 6
        assert at.frame("details")[0] == "Layer 6"
        await at.press("e")
        assert starting_with(at.layers(), "· CMD")


async def test_hiding_a_first_step_without_a_layer_shows_the_first_layer(tmp_path: Path) -> None:
    history = [{"created_by": "ENV A=1", "empty_layer": True}, {"created_by": "COPY . /"}]
    path = docker_archive(tmp_path / "image.tar", image(layer(file("only")), history=history))
    async with journey(path) as at:
        await at.press("home")
        assert at.entry() == "There is no layer at this step yet."
        await at.press("e")
        assert at.tree() == ["+ only"]


async def test_image_details_replace_the_details_of_the_step() -> None:
    async with journey(MY_APP, (110, 60)) as at:
        assert "COPY . /var/www/html/" in at.details()
        assert "2.4 kB, 0.9 % of the image" in at.details()
        assert "Digest sha256:630d670c35835a25…" in at.details()
        await at.press("i")
        assert at.frame("details")[0] == "Image"
        assert "linux/amd64" in at.details()
        assert "Env" in at.details()
        await at.press("i")
        assert at.frame("details")[0] == "Layer 6"


async def test_a_truncated_layer_shows_its_error_and_the_others_work(tmp_path: Path) -> None:
    files = docker_files(image(*THREE, tags=["three:1"]))
    name = blob_name(sha256(THREE[1]))
    whole = files[name]
    assert isinstance(whole, bytes)
    files[name] = whole[:1536]
    async with journey(write_tar(tmp_path / "broken.tar", files)) as at:
        assert at.tree() == ["etc/", "srv/", "+ top"]
        assert "!" in at.layers()[2]
        await at.press("left_square_bracket")
        assert "Problem" in at.details()
        await at.press("left_square_bracket")
        assert at.tree() == ["+ etc/"]
        await at.press("end")
        assert "a previous layer could not be read completely" in at.details()
        assert "dead bytes unknown" in at.title()


async def test_a_missing_layer_shows_its_error_and_the_others_work(tmp_path: Path) -> None:
    files = docker_files(image(*THREE, tags=["three:1"]))
    del files[blob_name(sha256(THREE[2]))]
    async with journey(write_tar(tmp_path / "missing.tar", files)) as at:
        assert "!" in at.layers()[4]
        assert "Problem" in at.details()
        await at.press("left_square_bracket")
        assert at.tree() == ["etc/", "+ srv/"]


async def test_an_unreadable_layer_shows_its_error_in_the_tree(tmp_path: Path) -> None:
    files = docker_files(image(b"no tar at all" * 100, tags=["bad:1"]))
    async with journey(write_tar(tmp_path / "bad.tar", files)) as at:
        assert at.tree() == []
        assert at.entry().startswith("Layer 1: ")


async def test_a_layer_with_a_warning_is_marked_and_its_details_say_why(tmp_path: Path) -> None:
    evil = layer(file("../evil", b"x"), file("good"))
    async with journey(docker_archive(tmp_path / "evil.tar", image(evil, THREE[0], tags=["evil:1"]))) as at:
        assert at.layers()[0].startswith("1 !")
        assert at.layers()[2].startswith("2  ")
        await at.press("up")
        assert "Warning left out ../evil" in at.details()


async def test_a_layer_on_top_of_a_broken_one_is_marked(tmp_path: Path) -> None:
    files = docker_files(image(*THREE, tags=["three:1"]))
    del files[blob_name(sha256(THREE[1]))]
    async with journey(write_tar(tmp_path / "missing.tar", files)) as at:
        assert at.layers()[4].startswith("3 ?")


async def test_an_image_without_layers(tmp_path: Path) -> None:
    history = [{"created_by": "ENV A=1", "empty_layer": True}]
    async with journey(docker_archive(tmp_path / "empty.tar", image(history=history, tags=["empty:1"]))) as at:
        assert at.entry() == "This image has no layers."
        assert "no dead bytes" in at.title()
        await at.press(
            "down", "left_square_bracket", "e", "a", "s", "Z", "i", "tab", "down", "space", "y", "slash", "x"
        )
        assert at.entry() == "This image has no layers."


async def test_an_image_without_history(tmp_path: Path) -> None:
    path = oci_archive(tmp_path / "image.tar", image(*THREE, history=[]))
    async with journey(path) as at:
        assert len(starting_with(at.layers(), "(no instruction recorded)")) == 3
        assert at.tree() == ["etc/", "srv/", "+ top"]


async def test_as_many_layers_as_docker_allows_are_listed_and_chosen(tmp_path: Path) -> None:
    layers = [layer(file(f"file-{number}", b"x" * number)) for number in range(1, 128)]
    async with journey(docker_archive(tmp_path / "many.tar", image(*layers))) as at:
        assert at.layer() == 127
        assert at.layers()[-1].startswith("127")
        await at.press("home")
        assert at.layer() == 1
        assert at.layers()[0].startswith("  1")
        assert at.tree() == ["+ file-1"]
        await at.press("tab", *["right_square_bracket"] * 3)
        assert at.tree() == ["file-1", "file-2", "file-3", "+ file-4"]


async def test_the_explorer_reports_a_reader_that_dies(tmp_path: Path) -> None:
    big = layer(*(file(f"folder/file-{number}") for number in range(8_000)))
    async with held_journey(docker_archive(tmp_path / "big.tar", image(big, THREE[0]))) as (at, reader):
        reader.kill()
        reader.release()
        await at.settle()
        assert "ended early (killed by signal 9)" in at.title()
        await at.press("up", "tab", "j", "s", "i", "question_mark", "escape")
        assert "ended early" in at.title()


async def test_warnings_of_an_image_are_in_its_title_and_details(tmp_path: Path) -> None:
    files = docker_files(image(*THREE, history=[{"created_by": "COPY one /"}], tags=["three:1"]))
    async with journey(write_tar(tmp_path / "short.tar", files), (140, 40)) as at:
        assert "1 warning" in at.title()
        await at.press("i")
        assert "Warning the history describes 1 layer and the manifest lists 3" in at.details()


async def test_instructions_are_wrapped_where_the_pane_has_room(tmp_path: Path) -> None:
    words = " ".join(f"word-{number}" for number in range(20))
    history = [{"created_by": "COPY a /"}, {"created_by": f"COPY {words} /"}]
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("a")), layer(file("b")), history=history))
    async with journey(archive, (110, 40)) as at:
        layers = at.explorer.layer_list
        shown = " ".join(layers.render_line(line).text.strip() for line in layers.lines_of(1))
        assert shown.endswith(f"COPY {words} /")
        await at.press("up", "down")
        assert at.layer() == 2
        await at.pilot.resize_terminal(110, 14)
        await at.settle()
        assert layers.line_count() == layers.size.height
        assert layers.render_line(layers.line_count() - 1).text.rstrip().endswith("…")


async def test_a_zoomed_pane_shows_instructions_whole(tmp_path: Path) -> None:
    words = " ".join(f"word-{number}" for number in range(40))
    steps = [{"created_by": f"COPY {words} /"}, {"created_by": f"LABEL {words}", "empty_layer": True}]
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("a")), history=steps))
    async with journey(archive, (160, 45)) as at:
        await at.press("z")
        shown = " ".join(" ".join(at.layers()).split())
        assert f"COPY {words} / · LABEL {words}" in shown
        assert "…" not in shown


async def test_wrapped_instructions_are_drawn_while_the_pane_becomes_wider(tmp_path: Path) -> None:
    history = [{"created_by": "RUN " + " ".join(["echo a-long-instruction"] * 9)}]
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("a")), history=history))
    async with journey(archive, (160, 45)) as at:
        assert len(at.layers()) > 3
        await at.press("z")
        assert len(at.layers()) == 2


async def test_no_step_moves_when_another_one_is_chosen(tmp_path: Path) -> None:
    steps = [{"created_by": "RUN short"}, {"created_by": "RUN " + " ".join(["echo a-long-instruction"] * 40)}]
    layers = [layer(file(f"file-{number}")) for number in range(6)]
    archive = docker_archive(tmp_path / "image.tar", image(*layers, history=steps * 3))
    async with journey(archive, (110, 35)) as at:
        await at.press("home")
        places = [line.split()[0] for line in at.layers() if line.split()]
        for _ in range(5):
            await at.press("down")
            assert [line.split()[0] for line in at.layers() if line.split()] == places


async def test_many_layers_show_counts_and_dead_bytes_where_the_pane_has_room(tmp_path: Path) -> None:
    layers = [layer(file("same", b"x" * 200_000), file(f"file-{number}", b"y")) for number in range(30)]
    steps = [{"created_by": f"RUN {'echo an-instruction ' * 9}"}] * 30
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers, history=steps)), (160, 45)) as at:
        assert at.layers()[0].split()[2:8] == ["200", "kB", "+1", "~1", "200", "kB"]
        assert "dead  RUN echo an-instruc" in at.layers()[0]
        await at.pilot.resize_terminal(110, 45)
        await at.settle()
        assert "200 kB  RUN echo an-instruc" in at.layers()[0], "the instruction keeps its room"
