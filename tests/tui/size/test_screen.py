from pathlib import Path

from layerscope.tui.size.tables import RowsOnDemand
from layerscope.tui.size.treemap import Treemap
from layerscope.tui.widgets.row_table import RowTable, TableRow
from tests.builders import Members, OciStore, docker_archive, file, image, layer, whiteout, write_tar
from tests.tui.journeys import Journey, journey

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
BIDI = "evil\u202e\x1b[31m\\[b]"


def rows(at: Journey) -> list[str]:
    table = at.app.screen.query_one(RowTable)
    return [table.render_line(y).text.rstrip() for y in range(min(table.size.height, table.item_count()))]


async def test_a_secret_comes_before_all_advice_and_saves_nothing(tmp_path: Path) -> None:
    layers = (
        layer(file("root/.ssh/id_rsa", KEY), file("core", b"\x7fELF" + bytes(2_000_000))),
        layer(whiteout("root/.ssh/id_rsa")),
    )
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers))) as at:
        await at.press("w", "8")
        await at.settle()
        assert at.rows()[0].strip() == "! Layer 1 ships an SSH key: /root/.ssh/id_rsa, and layer 2 only hides it."
        assert rows(at)[0].split()[:2] == ["1", "secret:"]
        assert "secret" not in "".join(rows(at)[1:])


def incomplete(*layers: bytes) -> Members:
    """Return an image whose last layer ends in the middle."""
    store = OciStore()
    recipe = image(*layers)
    config = store.add(recipe.config_json, "application/vnd.oci.image.config.v1+json")
    kept = [*layers[:-1], layers[-1][:2000]]
    blobs = [store.add(blob, "application/vnd.oci.image.layer.v1.tar") for blob in kept]
    return store.files([store.manifest(config, blobs)])


async def test_an_image_with_an_unreadable_layer_is_never_said_to_have_no_waste(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "image.tar", incomplete(layer(file("a", b"a" * 2000)), layer(file("b", bytes(9000)))))
    async with journey(path) as at:
        await at.press("w")
        await at.settle()
        assert "Unknown: layer 2 could not be read whole" in at.screen()
        for view, sentence in (
            ("5", "No package database was found in the layers that could be read"),
            ("6", "The dead bytes are unknown"),
            ("7", "not all files could be compared"),
            ("8", "in the layers that could be read"),
        ):
            await at.press(view)
            await at.settle()
            assert sentence in at.screen()


async def test_the_map_has_one_tile_for_all_small_files(tmp_path: Path) -> None:
    files = [file(f"d/{number}", b"x" * (500 if number < 10 else 1)) for number in range(200)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files)))) as at:
        await at.press("w", "3")
        await at.settle()
        await at.press("enter")
        await at.settle()
        tiles = at.app.screen.query_one(Treemap)._tiles
        assert len(tiles) == 61
        assert sum(tile.size for tile in tiles) == 10 * 500 + 190
        rest = next(number for number, tile in enumerate(tiles) if tile.row.target is None)
        await at.press(*["down"] * rest, "enter")
        await at.settle()
        assert len(rows(at)) > 20, "Enter on that tile lists the folder"


async def test_names_of_files_cannot_control_the_terminal(tmp_path: Path) -> None:
    layers = layer(file(BIDI, b"x" * 5000)), layer(file(BIDI, b"y" * 5000), file("copy", b"y" * 5000))
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers))) as at:
        screens = []
        for view in "1234567":
            await at.press("w" if view == "1" else view)
            await at.settle()
            screens.append(at.screen())
        assert not any("\u202e" in screen or "\x1b" in screen for screen in screens)
        assert "\\u202e\\x1b[31m\\\\[b]" in screens[-1]


async def test_only_the_rows_on_the_screen_are_built(tmp_path: Path) -> None:
    files = [file(f"d/{number}", b"x" * (number + 1)) for number in range(3000)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files)))) as at:
        await at.press("w", "2")
        await at.settle()
        await at.press("enter")
        await at.settle()
        table = at.app.screen.query_one(RowTable)
        on_demand, built = table._rows, set[int]()
        assert isinstance(on_demand, RowsOnDemand)

        def build(index: int) -> TableRow:
            built.add(index)
            return on_demand.build(index)

        table._rows = RowsOnDemand(on_demand.count, build)
        await at.press("end", "up", "down")
        assert rows(at)[-1].endswith("  0")
        assert len(built) <= 2 * table.size.height
